"""Ten questions of a support lead, with the calls of a model that reads the tools' descriptions.

They were written down before anything was measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

_QUERIES = Path(__file__).with_name("queries.sql")

Call = tuple[str, dict[str, Any]]


def _report(report: str, **more: Any) -> Call:
    return "ticket_report", {"report": report, **more}


QUESTIONS: tuple[tuple[str, tuple[Call, ...]], ...] = (
    (
        "What have customers complained about in the last 30 days?",
        (
            _report("complaints"),
            _report("topics", compare_with="previous"),
        ),
    ),
    (
        "Which tags grew since the release five weeks ago?",
        (_report("tags", period="last_35_days", compare_with="previous"),),
    ),
    (
        "Where do tickets wait longest?",
        (_report("waiting", period="last_90_days"), _report("waiting", group_by="group")),
    ),
    (
        "How many tickets came in this quarter, week by week, against the last one? With a chart.",
        (
            _report(
                "volume",
                period="this_quarter",
                group_by="week",
                compare_with="previous",
                chart=True,
            ),
        ),
    ),
    (
        "How fast do we answer, by group, and is it better than the month before?",
        (_report("first_reply_time", group_by="group", compare_with="previous"),),
    ),
    ("What does our backlog look like, and whose is it?", (_report("backlog", group_by="group"),)),
    ("Do we keep our SLAs?", (_report("sla_breaches", compare_with="previous"),)),
    (
        "How satisfied are customers by channel, and why are they not?",
        (
            _report("satisfaction", period="last_90_days", group_by="channel"),
            _report("satisfaction", period="last_90_days", group_by="reason"),
        ),
    ),
    (
        "When should the night shift be on?",
        (_report("busiest_hours", period="last_90_days", time_zone="Europe/Stockholm"),),
    ),
    (
        "Who reopened most urgent tickets this year, and how long did they take?",
        (
            (
                "query_tickets",
                {
                    "sql": "SELECT organization, count(*) AS tickets, "
                    "median(full_resolution_minutes) AS median_minutes FROM tickets "
                    "WHERE priority = 'urgent' AND reopens > 0 AND organization IS NOT NULL "
                    "AND created_at >= date_trunc('year', now()) "
                    "GROUP BY organization ORDER BY tickets DESC LIMIT 10"
                },
            ),
        ),
    ),
)

QUERIES = tuple(one for one in _QUERIES.read_text(encoding="utf-8").splitlines() if one)
"""A dozen typical ones."""
