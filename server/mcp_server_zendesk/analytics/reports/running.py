"""From what a model asked to a finished report."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked, Freshness, Span, spans
from mcp_server_zendesk.analytics.reports.catalogue import REPORTS
from mcp_server_zendesk.analytics.reports.drawings import Drawing
from mcp_server_zendesk.analytics.reports.freshness import caveats, freshness
from mcp_server_zendesk.analytics.reports.groupings import Grouping, fitting, grouping
from mcp_server_zendesk.analytics.reports.periods import PREVIOUS, Period, floor, period, time_zone
from mcp_server_zendesk.analytics.reports.report import Report
from mcp_server_zendesk.analytics.reports.tables import Small
from mcp_server_zendesk.serving.local_store import Analytics
from mcp_server_zendesk.serving.refusals import InvalidArguments


@dataclass(frozen=True, slots=True)
class Wish:
    """What a model asked for, as it wrote it."""

    report: str
    period: str = "last_30_days"
    group_by: str | None = None
    compare_with: str | None = None
    zone: str = "UTC"
    chart: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """A report that is done: what it counts, of when, and how fresh the copy is."""

    title: str
    counts: str
    now: Span
    before: Span | None
    freshness: Freshness
    small: Small
    notes: list[str]
    drawing: Drawing | None


async def run(
    wish: Wish,
    analytics: Analytics,
    ask: Ask,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Finished:
    """Make a report.

    Raises:
        InvalidArguments: The report, the period, the time zone or the grouping is none.
        NeverSynced: There is nothing to report of.
    """
    moment = now()
    report = _report(wish.report, analytics)
    zone = time_zone(wish.zone)
    today = moment.astimezone(zone).date()
    asked_for = period(wish.period, today, zone)
    compared = _compared(wish.compare_with, report, asked_for, moment)
    copy = await freshness(ask)
    by = await grouping(wish.group_by, report.groupings, ask, report=report.name)
    neighbour = compared is not None and (wish.compare_with or PREVIOUS) == PREVIOUS
    span, before = spans(asked_for, compared, copy.as_of, neighbour=neighbour)
    notes: list[str] = []
    by = _in_time(by, report, asked_for, notes, charted=wish.chart)
    asked = Asked(span, before, zone, by, copy, charted=wish.chart, notes=notes)
    made = await report.make(asked, ask)
    if by is not None and by.many:
        notes.append("A ticket counts in each row that it is in.")
    if wish.chart and made.drawing is None:
        notes.append("There is too little here for a chart.")
    return Finished(
        _title(report, asked),
        report.counts,
        span,
        before,
        copy,
        made.small,
        [*caveats(asked, report, analytics, moment), *notes],
        made.drawing,
    )


def _report(name: str, analytics: Analytics) -> Report:
    report = REPORTS.get(name)
    offered = [key for key, one in REPORTS.items() if analytics.texts or not one.texts]
    if report is None:
        near = difflib.get_close_matches(name, offered, n=3, cutoff=0.4)
        rest = [one for one in offered if one not in near]
        raise InvalidArguments.of("report", "is no report", allowed_values=[*near, *rest])
    if report.texts and not analytics.texts:
        raise InvalidArguments.of(
            "report",
            "needs the subjects of tickets, which are not kept: the admin has analytics_keep = "
            "fields",
            allowed_values=offered,
        )
    return report


def _compared(
    text: str | None, report: Report, asked_for: Period, moment: datetime
) -> Period | None:
    given = (text or "").strip()
    if given and report.compares == "never":
        raise InvalidArguments.of("compare_with", f"is not known to {report.name}; leave it out")
    if not given and report.compares != "always":
        return None
    if given in {"", PREVIOUS}:
        return asked_for.previous()
    zone = asked_for.zone
    return period(given, moment.astimezone(zone).date(), zone, "compare_with")


def _in_time(
    by: Grouping | None, report: Report, asked_for: Period, notes: list[str], *, charted: bool
) -> Grouping | None:
    """By a unit of time by which there are few enough rows."""
    if by is None and charted and report.timely:
        by = Grouping("day", unit="day")
    if by is None or by.unit is None:
        return by
    unit = fitting(asked_for, by.unit)
    edges = (asked_for.first, asked_for.until)
    if any(floor(edge, unit) != edge for edge in edges):
        notes.append(f"The first or the last {unit} is cut by the period.")
    if unit != by.unit:
        notes.append(f"By {unit}: by {by.unit} there would be too many rows.")
    return Grouping(unit, unit=unit)


def _title(report: Report, asked: Asked) -> str:
    title = f"{report.title}, {asked.now.period.words}"
    if asked.before is not None:
        title += f" compared with {asked.before.period.words}"
    if asked.grouping is not None:
        title += f", by {asked.grouping.name.removeprefix('field:')}"
    return title
