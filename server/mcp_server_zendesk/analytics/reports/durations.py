"""How long customers waited for an answer, and for a solution."""

from __future__ import annotations

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked
from mcp_server_zendesk.analytics.reports.drawings import Dots, Drawing, Series
from mcp_server_zendesk.analytics.reports.groupings import EVERYTHING, Grouping
from mcp_server_zendesk.analytics.reports.histories import DONE
from mcp_server_zendesk.analytics.reports.report import (
    LEAST_CHARTED,
    Made,
    Make,
    Report,
    picture,
)
from mcp_server_zendesk.analytics.reports.tables import scaled, table, unit_of
from mcp_server_zendesk.analytics.reports.tallies import (
    Counted,
    Measure,
    Tally,
    number,
    percentile,
    tally,
)

_MEASURED = "t.replies IS NOT NULL"
"""Whether Zendesk's metrics of the ticket are there: without them it is not known if it waits."""
PERCENTILES = (50, 75, 90, 95)


def _clocks(*clocks: tuple[str, str]) -> Grouping:
    """A row a clock: each ticket is in all of them."""
    keys = ", ".join(f"'{name}'" for name, _ in clocks)
    return Grouping(
        "clock",
        "c.clock",
        join=f"CROSS JOIN (SELECT unnest([{keys}]) AS clock) c",
        many=True,
        order=tuple((name, name.replace("_", " ")) for name, _ in clocks),
    )


def _of_clock(*clocks: tuple[str, str]) -> str:
    cases = " ".join(f"WHEN '{name}' THEN t.{column}" for name, column in clocks)
    return f"CASE c.clock {cases} END"


def _measures(*, business: bool) -> list[Measure]:
    every = [
        number("tickets", "minutes IS NOT NULL", compared=True),
        *(percentile(f"p{one}", "minutes", one, compared=one == 50) for one in PERCENTILES),  # noqa: PLR2004 - the median
        Measure("mean", "avg(minutes) FILTER ({w})", "minutes"),
    ]
    if business:
        every += [percentile(f"business_p{one}", "business", one) for one in (50, 90)]
    return every


def _durations(
    clocks: tuple[tuple[str, str], ...], at: str, where: str, more: list[Measure]
) -> Make:
    async def make(asked: Asked, ask: Ask) -> Made:
        (_, calendar), (_, business), *_ = clocks
        if asked.grouping is None:
            values = {"minutes": _of_clock(*clocks), "measured": _MEASURED}
            grouping = _clocks(*clocks)
            measures = _measures(business=False) + more
        else:
            values = {"minutes": f"t.{calendar}", "business": f"t.{business}"}
            values["measured"] = _MEASURED
            grouping = asked.grouping
            measures = _measures(business=True) + more
        facts = (Counted(values, at, where=where),)
        rank = "count(minutes) FILTER ({w})"
        found = await tally(asked, ask, facts, measures, grouping=grouping, rank=rank)
        return Made(table(found), _drawn(asked, found) if asked.charted else None)

    return make


def _drawn(asked: Asked, found: Tally) -> Drawing | None:
    if asked.grouping is not None and asked.grouping.unit is not None:
        return picture(asked, found, ("p50", "p90"))
    labels = found.labels
    if len(labels) < LEAST_CHARTED:
        return None
    unit = unit_of(found)
    series = [
        Series(f"p{one}", [scaled(value, "minutes", unit) for value in found.column(f"p{one}")])
        for one in PERCENTILES
    ]
    return Dots(labels, series, unit)


FIRST_REPLY_TIME = Report(
    name="first_reply_time",
    title="Time to the first reply",
    counts="For tickets that came in in the period and were answered: from coming in to an agent's "
    "first public reply, by the calendar and in business hours. unanswered had none yet.",
    groupings=EVERYTHING,
    metrics=True,
    make=_durations(
        (
            ("calendar", "first_reply_minutes"),
            ("business_hours", "first_reply_business_minutes"),
        ),
        "t.created_at",
        "TRUE",
        [number("unanswered", "minutes IS NULL AND measured")],
    ),
)
RESOLUTION_TIME = Report(
    name="resolution_time",
    title="Time to resolution",
    counts="For tickets that are solved now and were so last in the period: from coming in to that "
    "solution (full), by the calendar and in business hours; first is to the first one.",
    groupings=EVERYTHING,
    metrics=True,
    make=_durations(
        (
            ("full", "full_resolution_minutes"),
            ("full_business_hours", "full_resolution_business_minutes"),
            ("first", "first_resolution_minutes"),
            ("first_business_hours", "first_resolution_business_minutes"),
        ),
        "t.solved_at",
        f"t.status IN {DONE}",
        [],
    ),
)
