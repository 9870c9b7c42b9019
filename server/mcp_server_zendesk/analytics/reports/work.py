"""Who has how much to do, when it comes in, and where it waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked, Span, Values
from mcp_server_zendesk.analytics.reports.drawings import Dots, Heat, Series, Stacked
from mcp_server_zendesk.analytics.reports.groupings import (
    ALL_DIMENSIONS,
    DIMENSIONS,
    STATUSES,
    Grouping,
)
from mcp_server_zendesk.analytics.reports.histories import DONE, SPANS
from mcp_server_zendesk.analytics.reports.report import LEAST_CHARTED, Made, Report, counted
from mcp_server_zendesk.analytics.reports.tables import Small, scaled, table, unit_of
from mcp_server_zendesk.analytics.reports.tallies import (
    Counted,
    Measure,
    Tally,
    number,
    percentile,
    source,
    tally,
)

LOAD = Report(
    name="load",
    title="Load",
    counts="By group, or by what is asked for, as tickets are assigned now: open are unsolved now; "
    "created and solved in the period; replies and the median resolution are of those solved.",
    groupings=ALL_DIMENSIONS,
    metrics=True,
    make=counted(
        (
            Counted({"open": "TRUE"}, where=f"t.status NOT IN {DONE}", only_now=True),
            Counted({"created": "TRUE"}, "t.created_at"),
            Counted(
                {
                    "solved": "TRUE",
                    "replies": "t.replies",
                    "minutes": "t.full_resolution_minutes",
                },
                "t.solved_at",
                where=f"t.status IN {DONE}",
            ),
        ),
        (
            number("open", "open"),
            number("created", "created", compared=True),
            number("solved", "solved", compared=True),
            Measure("replies", "coalesce(sum(replies) FILTER ({w}), 0)::BIGINT"),
            percentile("median_resolution", "minutes", 50),
        ),
        inner=DIMENSIONS["group"],
        rank="count(*) FILTER ({w} AND open)",
        drawn=("open",),
    ),
)

WAITING = STATUSES[:4]
_SINCE = "greatest(x.since, {begins})"
_UNTIL = "least(coalesce(x.until, {as_of}), {ends})"
_SPENT = Counted(
    {"ticket": "t.id", "status": "s.status", "minutes": "s.minutes"},
    origin="tickets t JOIN (SELECT x.ticket_id, x.status, "
    f"sum(epoch({_UNTIL}) - epoch({_SINCE})) / 60 AS minutes FROM spans x "
    f"WHERE x.status NOT IN {DONE} AND {_UNTIL} > {_SINCE} "
    "GROUP BY x.ticket_id, x.status) s ON s.ticket_id = t.id",
    shared=f"spans AS MATERIALIZED {SPANS}",
)
_BY_STATUS = Grouping("status", "s.status", order=tuple((one, one) for one in WAITING), many=True)
_TICKETS = Measure("tickets", "count(DISTINCT ticket) FILTER ({w})", compared=True)
_LEAST_RANKED = 5


def _mean(name: str, status: str) -> Measure:
    tickets = "nullif(count(DISTINCT ticket) FILTER ({w}), 0)"
    sql = f"coalesce(sum(minutes) FILTER ({{w}} AND {status}), 0) / {tickets}"
    return Measure(name, sql, "minutes", compared=name == "waiting")


async def _waiting(asked: Asked, ask: Ask) -> Made:
    if asked.grouping is None:
        measures = [
            replace(_TICKETS, compared=False),
            percentile("p50", "minutes", 50, compared=True),
            percentile("p90", "minutes", 90),
            Measure("mean", "avg(minutes) FILTER ({w})", "minutes"),
            Measure(
                "time_percent",
                "100.0 * sum(minutes) FILTER ({w}) / (SELECT sum(minutes) FROM facts WHERE {w})",
                "percent",
            ),
        ]
        found = await tally(asked, ask, (_SPENT,), measures, grouping=_BY_STATUS)
        small = table(found)
        return Made(small, _drawn(found) if asked.charted else None)
    measures = [
        replace(_TICKETS, compared=False),
        _mean("waiting", "TRUE"),
        *(_mean(one, f"status = '{one}'") for one in WAITING),
    ]
    rank = (
        f"CASE WHEN count(DISTINCT ticket) FILTER ({{w}}) >= {_LEAST_RANKED} THEN "
        "sum(minutes) FILTER ({w}) / count(DISTINCT ticket) FILTER ({w}) END"
    )
    found = await tally(asked, ask, (_SPENT,), measures, grouping=asked.grouping, rank=rank)
    drawing = None
    if asked.charted and len(found.labels) >= LEAST_CHARTED:
        unit = unit_of(found)
        parts = [
            Series(one, [scaled(value, "minutes", unit) for value in found.column(one)])
            for one in WAITING
        ]
        drawing = Stacked(found.labels, parts, f"{unit} a ticket")
    return Made(table(found), drawing)


def _drawn(found: Tally) -> Dots:
    unit = unit_of(found)
    series = [
        Series(name, [scaled(value, "minutes", unit) for value in found.column(name)])
        for name in ("p50", "p90")
    ]
    return Dots(found.labels, series, unit)


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = tuple(f"{hour:02}" for hour in range(24))
_FIRST_DAY = 3  # 1 January 1970 was a Thursday


async def _busiest_hours(asked: Asked, ask: Ask) -> Made:
    values = Values()
    changes = offsets(asked.now, asked.zone)
    begins = values.of([since.timestamp() for since, _ in changes], "DOUBLE[]")
    shifts = values.of([shift for _, shift in changes], "BIGINT[]")
    facts = source(Counted({}, "t.created_at"), asked.now, asked, values, None)
    statement = (
        f"SELECT ((local // 86400) + {_FIRST_DAY}) % 7, (local % 86400) // 3600, count(*) FROM "
        "(SELECT floor(epoch(f.at))::BIGINT + o.shift AS local FROM "
        f"({facts}) f ASOF JOIN (SELECT to_timestamp(unnest({begins})) AS since, "
        f"unnest({shifts}) AS shift) o ON f.at >= o.since) GROUP BY ALL"
    )
    counts = {(day, hour): found for day, hour, found in (await ask(statement, values.given)).rows}
    grid = [[int(counts.get((day, hour), 0)) for hour in range(24)] for day in range(7)]
    rows = [[name, *line, sum(line)] for name, line in zip(WEEKDAYS, grid, strict=True)]
    every = [sum(column) for column in zip(*grid, strict=True)]
    rows.append(["(all)", *every, sum(every)])
    drawing = None
    if asked.charted and sum(every):
        drawing = Heat([*WEEKDAYS], [*_HOURS], [[*line] for line in grid], "tickets")
    return Made(Small(["weekday", *_HOURS, "day"], rows), drawing)


def offsets(span: Span, zone: ZoneInfo) -> list[tuple[datetime, int]]:
    """From when on the clocks there differ by how many seconds from UTC, within a span."""

    def shift(moment: datetime) -> int:
        return int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())

    found = [(span.begins, shift(span.begins))]
    step = timedelta(days=1)
    days = int((span.ends - span.begins) / step) + 1
    edges = [min(span.begins + step * count, span.ends) for count in range(days + 1)]
    for early, late in pairwise(edges):
        if shift(early) == shift(late):
            continue
        low, high = int(early.timestamp()), int(late.timestamp())
        while high - low > 1:
            middle = (low + high) // 2
            same = shift(datetime.fromtimestamp(middle, UTC)) == shift(early)
            low, high = (middle, high) if same else (low, middle)
        found.append((datetime.fromtimestamp(high, UTC), shift(late)))
    return found


WAITING_TIMES = Report(
    name="waiting",
    title="Where tickets wait",
    counts="How long tickets were new, open, pending or on hold within the period, each ticket's "
    "time together. Grouped: the mean of a ticket, by what it is now.",
    groupings=ALL_DIMENSIONS,
    histories=True,
    make=_waiting,
)
BUSIEST_HOURS = Report(
    name="busiest_hours",
    title="When tickets come in",
    counts="Tickets that came in in the period, by weekday and by hour in the time zone.",
    groupings=(),
    compares="never",
    make=_busiest_hours,
)
