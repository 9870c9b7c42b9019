"""How many tickets came in and were solved."""

from __future__ import annotations

from mcp_server_zendesk.analytics.reports.groupings import EVERYTHING
from mcp_server_zendesk.analytics.reports.histories import DONE
from mcp_server_zendesk.analytics.reports.report import Report, counted
from mcp_server_zendesk.analytics.reports.tallies import Counted, Measure, number

CREATED = Counted({"created": "TRUE"}, "t.created_at")
SOLVED = Counted({"solved": "TRUE"}, "t.solved_at", where=f"t.status IN {DONE}")

VOLUME = Report(
    name="volume",
    title="Tickets created and solved",
    counts="Tickets that came in, and tickets that are solved now and were so last in the period; "
    "net is by how many the former are more.",
    groupings=EVERYTHING,
    timely=True,
    metrics=True,
    make=counted(
        (CREATED, SOLVED),
        (
            number("created", "created", compared=True),
            number("solved", "solved", compared=True),
            Measure(
                "net",
                "count(*) FILTER ({w} AND created) - count(*) FILTER ({w} AND solved)",
            ),
        ),
        drawn=("created", "solved"),
    ),
)
