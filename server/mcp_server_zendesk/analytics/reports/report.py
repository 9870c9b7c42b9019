"""A report is a value: its name, what it counts, by what, and how it is made and drawn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked
from mcp_server_zendesk.analytics.reports.drawings import Bars, Columns, Drawing, Lines, Series
from mcp_server_zendesk.analytics.reports.groupings import Grouping
from mcp_server_zendesk.analytics.reports.tables import Small, named, scaled, table, unit_of
from mcp_server_zendesk.analytics.reports.tallies import Counted, Measure, Tally, tally

LEAST_CHARTED = 2
"""Fewer names are no chart."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a report came to."""

    small: Small
    drawing: Drawing | None = None


Make = Callable[[Asked, Ask], Awaitable[Made]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report.

    ``counts`` says in a sentence what is counted, ``make`` does it. ``compares`` tells whether it
    needs something to compare with, can, or cannot. ``texts``, ``histories`` and ``metrics`` are
    what it reads of the copy besides tickets. ``timely``: where a chart is wanted and
    nothing is said of groups, it is drawn over time.
    """

    name: str
    title: str
    counts: str
    groupings: tuple[str, ...]
    make: Make
    compares: Literal["always", "can", "never"] = "can"
    timely: bool = False
    texts: bool = False
    histories: bool = False
    metrics: bool = False


def counted(
    facts: Sequence[Counted],
    measures: Sequence[Measure],
    *,
    drawn: Sequence[str],
    inner: Grouping | None = None,
    rank: str = "count(*) FILTER ({w})",
    total: bool = True,
) -> Make:
    """How a report is made that only counts: ``drawn`` are the measures of its chart."""

    async def make(asked: Asked, ask: Ask) -> Made:
        found = await tally(
            asked,
            ask,
            facts,
            measures,
            grouping=asked.grouping or inner,
            rank=rank,
            total=total,
        )
        return Made(table(found), picture(asked, found, drawn) if asked.charted else None)

    return make


def picture(asked: Asked, found: Tally, drawn: Sequence[str]) -> Drawing | None:
    """The chart of what was counted: over time as lines, else as bars."""
    if len(found.labels) < LEAST_CHARTED:
        return None
    unit = unit_of(found)
    chosen = [one for one in found.measures if one.name in drawn]
    over_time = asked.grouping is not None and asked.grouping.unit is not None
    series = []
    for one in chosen if over_time else chosen[:1]:
        name = named(one, unit).replace("_", " ")
        now = found.column(one.name)
        series.append(Series(name, [scaled(value, one.kind, unit) for value in now]))
        if found.compared and one.compared and one is chosen[0]:
            before = found.column(one.name, before=True)
            series.append(
                Series(name, [scaled(value, one.kind, unit) for value in before], before=True)
            )
    counts = "tickets" if over_time else chosen[0].name.replace("_", " ")
    words = {"percent": "%", "minutes": unit}.get(chosen[0].kind, counts)
    if over_time:
        return Lines(found.labels, series, words, found.unfinished)
    if found.ordered:
        return Columns(found.labels, series, words)
    return sorted_bars(found.labels, series, words)


def sorted_bars(labels: Sequence[str], series: Sequence[Series], unit: str) -> Bars:
    """Bars by length, the longest first."""

    def length(place: int) -> float:
        value = series[0].values[place]
        return float("-inf") if value is None else float(value)

    order = sorted(range(len(labels)), key=length, reverse=True)
    shown = [Series(one.name, [one.values[place] for place in order], one.before) for one in series]
    return Bars([labels[place] for place in order], shown, unit)
