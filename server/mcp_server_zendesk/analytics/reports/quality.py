"""What went wrong and what customers said: reopened tickets, missed promises, ratings."""

from __future__ import annotations

from dataclasses import replace

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked
from mcp_server_zendesk.analytics.reports.groupings import EVERYTHING, Grouping
from mcp_server_zendesk.analytics.reports.histories import DONE, REOPENINGS, SOLUTIONS
from mcp_server_zendesk.analytics.reports.report import Made, Report, counted
from mcp_server_zendesk.analytics.reports.tallies import Counted, Measure, number, share

REOPENS = Report(
    name="reopens",
    title="Reopened tickets",
    counts="Tickets that were solved in the period, and how many of them were opened again after "
    "that, until now; times counts each time. Those solved lately may still be reopened.",
    groupings=EVERYTHING,
    timely=True,
    histories=True,
    make=counted(
        (
            Counted(
                {
                    "times": "CASE WHEN h.ticket_id IS NULL THEN coalesce(t.reopens, 0) "
                    "ELSE coalesce(r.times, 0) END"
                },
                "s.solved_at",
                origin=f"tickets t JOIN {SOLUTIONS} s ON s.ticket_id = t.id "
                "LEFT JOIN (SELECT DISTINCT ticket_id FROM status_changes) h "
                "ON h.ticket_id = t.id LEFT JOIN (SELECT o.ticket_id, count(*) AS times FROM "
                f"reopenings o JOIN {SOLUTIONS} s ON s.ticket_id = o.ticket_id "
                "AND o.changed_at >= s.solved_at GROUP BY o.ticket_id) r ON r.ticket_id = t.id",
                shared=f"reopenings AS MATERIALIZED {REOPENINGS}",
            ),
        ),
        (
            number("solved", "TRUE"),
            number("reopened", "times > 0", compared=True),
            share("reopened_percent", "times > 0", "TRUE", compared=True),
            Measure("times", "coalesce(sum(times) FILTER ({w}), 0)::BIGINT"),
        ),
        rank="count(*) FILTER ({w} AND times > 0)",
        drawn=("reopened",),
    ),
)

_TARGETS = "(x.metric || coalesce(' \u00b7 ' || x.policy, ''))"
SLA_BREACHES = Report(
    name="sla_breaches",
    title="SLA targets missed",
    counts="Targets that SLA policies set in the period, one for each ticket and metric, and how "
    "many of them were missed until now. Those set lately may still be missed.",
    groupings=EVERYTHING,
    make=counted(
        (
            Counted(
                {"missed": "x.breached_at IS NOT NULL", "ticket": "t.id"},
                "coalesce(x.applied_at, x.breached_at)",
                origin="tickets t JOIN sla_targets x ON x.ticket_id = t.id",
            ),
        ),
        (
            number("targets", "TRUE"),
            number("missed", "missed", compared=True),
            share("missed_percent", "missed", "TRUE", compared=True),
            Measure("tickets", "count(DISTINCT ticket) FILTER ({w} AND missed)"),
        ),
        inner=Grouping("target", _TARGETS),
        rank="count(*) FILTER ({w} AND missed)",
        drawn=("missed",),
    ),
)

REASON = "reason"
_GIVEN = Counted(
    {"score": "x.score", "reason": "x.reason"},
    "x.updated_at",
    origin="tickets t JOIN satisfaction x ON x.ticket_id = t.id",
    where="x.score IN ('good', 'bad')",
)
_OFFERED = Counted(
    {"offered": "t.satisfaction"},
    "t.solved_at",
    where=f"t.status IN {DONE} AND t.satisfaction IN ('offered', 'good', 'bad')",
)
_RATED = (
    number("good", "score = 'good'"),
    number("bad", "score = 'bad'", compared=True),
    share("good_percent", "score = 'good'", "score IS NOT NULL", compared=True),
    share("answered_percent", "offered IN ('good', 'bad')", "offered IS NOT NULL"),
)
_scores = counted(
    (_GIVEN, _OFFERED), _RATED, rank="count(score) FILTER ({w})", drawn=("good_percent",)
)
_reasons = counted(
    (replace(_GIVEN, where="x.score = 'bad'"),),
    (number("bad", "TRUE", compared=True),),
    inner=Grouping(REASON, "x.reason"),
    drawn=("bad",),
)


async def _satisfaction(asked: Asked, ask: Ask) -> Made:
    if asked.grouping is None or asked.grouping.name != REASON:
        return await _scores(asked, ask)
    return await _reasons(replace(asked, grouping=Grouping(REASON, "x.reason")), ask)


SATISFACTION = Report(
    name="satisfaction",
    title="Satisfaction",
    counts="Ratings that customers gave in the period. answered_percent: of the tickets solved in "
    "the period whose customer was asked, how many have a rating.",
    groupings=(*EVERYTHING, REASON),
    timely=True,
    make=_satisfaction,
)
