"""The reports that every support lead asks for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from mcp_server_zendesk.analytics.admission import readable
from mcp_server_zendesk.analytics.reports.charts import picture
from mcp_server_zendesk.analytics.reports.running import Finished, Wish, run
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.results import Illustrated, Image, Line, Time
from mcp_server_zendesk.serving.tables import Table, tabled

Name = Literal[
    "volume",
    "backlog",
    "first_reply_time",
    "resolution_time",
    "reopens",
    "sla_breaches",
    "satisfaction",
    "tags",
    "topics",
    "complaints",
    "load",
    "waiting",
    "busiest_hours",
]


class Report(Table, Illustrated):
    """A small table, with what it counts, of when, and how fresh the local copy is."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    title: Line
    counts: Annotated[Line, Field(description="What is counted")]
    from_: Annotated[Time, Field(alias="from")]
    to: Annotated[Time, Field(description="The first instant that is not within any more")]
    compared_from: Time | None = None
    compared_to: Time | None = None
    as_of: Annotated[Time, Field(description="Until when the local copy is complete")]
    notes: list[Line] | None = None


async def ticket_report(
    zendesk: Zendesk,
    inventory: Inventory,
    report: Annotated[Name, Field(description="What to report on")],
    period: Annotated[
        str,
        Field(
            description="today, last_week, this_month, last_30_days, 2026-11, 2026-Q3, "
            "2026-11-01..2026-11-15, since 2026-11-01"
        ),
    ] = "last_30_days",
    group_by: Annotated[
        str | None,
        Field(
            description="day, week, month, group, assignee, channel, priority, type, form, brand, "
            "organization, tag, status or field:TITLE"
        ),
    ] = None,
    compare_with: Annotated[str | None, Field(description="previous, or another period")] = None,
    time_zone: Annotated[str, Field(description="IANA, where days begin")] = "UTC",
    chart: Annotated[bool, Field(description="Add a chart as an image")] = False,
) -> Report:
    """Report on all tickets of a period, from the local copy: times as percentiles; tags, and
    topics (words of subjects), that moved most; complaints: what unhappy customers share; load by
    group; waiting: time in each status. For what no report answers use query_tickets.
    sync_tickets renews the copy.
    """
    reader = await readable(zendesk, inventory)
    wish = Wish(report, period, group_by, compare_with, time_zone, chart=chart)
    made = await run(wish, reader.analytics, reader.ask)
    return await _answer(made)


async def _answer(made: Finished) -> Report:
    notes = [*made.notes]
    images: tuple[Image, ...] = ()
    if made.drawing is not None:
        drawn = await picture(made.drawing, made.title, made.freshness.as_of)
        if drawn is None:
            notes.append("The chart took too long to draw and was left out.")
        else:
            images = (Image(drawn, "image/png"),)
    before = made.before
    table = tabled(made.small.columns, made.small.rows)
    return Report(
        **table._asdict(),
        title=made.title,
        counts=made.counts,
        from_=made.now.begins,
        to=made.now.ends,
        compared_from=before and before.begins,
        compared_to=before and before.ends,
        as_of=made.freshness.as_of,
        notes=notes or None,
        images=images,
    )
