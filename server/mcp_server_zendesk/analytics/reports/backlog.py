"""What is not solved: by age, and how it grew."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked, Values
from mcp_server_zendesk.analytics.reports.drawings import Series, Stacked
from mcp_server_zendesk.analytics.reports.groupings import (
    EVERYTHING,
    Bucket,
    Grouping,
)
from mcp_server_zendesk.analytics.reports.histories import DONE, UNSOLVED
from mcp_server_zendesk.analytics.reports.periods import Unit
from mcp_server_zendesk.analytics.reports.report import (
    LEAST_CHARTED,
    Made,
    Report,
    picture,
)
from mcp_server_zendesk.analytics.reports.tables import table
from mcp_server_zendesk.analytics.reports.tallies import (
    Counted,
    Measure,
    Row,
    Tally,
    number,
    tally,
    unfinished,
    within,
)

_DAY = 86_400
AGES = (
    ("under_1_day", 0, _DAY),
    ("1_to_3_days", _DAY, 3 * _DAY),
    ("3_to_7_days", 3 * _DAY, 7 * _DAY),
    ("7_to_30_days", 7 * _DAY, 30 * _DAY),
    ("over_30_days", 30 * _DAY, None),
)
"""Each from so many seconds to just below so many."""

_THEN = (
    "(SELECT ticket_id FROM unsolved WHERE {ends} < {as_of} AND since < {ends} "
    "AND (until IS NULL OR until >= {ends}) UNION ALL SELECT id FROM tickets "
    f"WHERE {{ends}} >= {{as_of}} AND status NOT IN {DONE} AND created_at < {{ends}})"
)
_SHARED = f"unsolved AS MATERIALIZED {UNSOLVED}"
_AGE = "(epoch({ends}) - epoch(t.created_at))"


def _within(low: int, high: int | None) -> str:
    return f"age >= {low}" + ("" if high is None else f" AND age < {high}")


_CASES = " ".join(f"WHEN {_AGE} >= {low} THEN '{name}'" for name, low, _ in reversed(AGES) if low)
_BY_AGE = Grouping(
    "age",
    f"CASE {_CASES} ELSE '{AGES[0][0]}' END",
    order=tuple((name, name.replace("_", " ")) for name, *_ in AGES),
)
_FACTS = (
    Counted(
        {"age": _AGE}, origin=f"tickets t JOIN {_THEN} u ON u.ticket_id = t.id", shared=_SHARED
    ),
)
_UNSOLVED = number("unsolved", "TRUE", compared=True)
_SERIES = Measure("unsolved", "", compared=True)


async def _make(asked: Asked, ask: Ask) -> Made:
    if asked.grouping is not None and asked.grouping.unit is not None:
        found = await _over_time(asked, ask, asked.grouping.unit)
        return Made(table(found), picture(asked, found, ("unsolved",)) if asked.charted else None)
    grouping = asked.grouping or _BY_AGE
    measures = [_UNSOLVED]
    if asked.grouping is not None:
        measures += [number(name, _within(low, high)) for name, low, high in AGES]
    found = await tally(asked, ask, _FACTS, measures, grouping=grouping)
    drawing = None
    if asked.charted and asked.grouping is None:
        drawing = picture(asked, found, ("unsolved",))
    elif asked.charted and len(found.labels) >= LEAST_CHARTED:
        parts = [Series(name.replace("_", " "), found.column(name)) for name, *_ in AGES]
        drawing = Stacked(found.labels, parts, "tickets")
    return Made(table(found), drawing)


async def _over_time(asked: Asked, ask: Ask, unit: Unit) -> Tally:
    """How many were unsolved at the end of each day, week or month."""
    values = Values()
    statements, shown = [], []
    for span in asked.spans:
        days = within(span, unit)
        shown.append(days)
        ends = values.of([min(one.period.ends, span.ends).timestamp() for one in days], "DOUBLE[]")
        current = "TRUE" if span is asked.now else "FALSE"
        statements.append(
            f"SELECT {current}, b.place, sum(d.step) FROM (SELECT since AS at, 1 AS step "
            "FROM unsolved UNION ALL SELECT until, -1 FROM unsolved WHERE until IS NOT NULL) d "
            f"ASOF JOIN (SELECT unnest(range(1, {len(days) + 1})) AS place, "
            f"to_timestamp(unnest({ends})) AS ends) b ON d.at < b.ends GROUP BY b.place"
        )
    statement = f"WITH {_SHARED} {' UNION ALL '.join(statements)}"
    steps = {(now, place): step for now, place, step in (await ask(statement, values.given)).rows}
    now = _sums(shown[0], steps, current=True)
    before = _sums(shown[1], steps, current=False) if asked.before else []
    oldest = asked.freshness.oldest
    rows = [
        Row(bucket.label, (now[place],), (before[place] if place < len(before) else None,))
        for place, bucket in enumerate(shown[0])
        if oldest is None or bucket.period.ends > oldest
    ]
    return Tally(
        unit,
        (_SERIES,),
        tuple(rows),
        asked.before is not None,
        unfinished=bool(shown[0]) and unfinished(asked, shown[0][-1], unit),
    )


def _sums(
    days: Sequence[Bucket], steps: dict[tuple[bool, int], int], *, current: bool
) -> list[int]:
    return [*accumulate(int(steps.get((current, place), 0)) for place in range(1, len(days) + 1))]


BACKLOG = Report(
    name="backlog",
    title="Unsolved tickets",
    counts="Tickets that were neither solved nor closed at the end of the period, or are not now "
    "where it is not over, by how long ago they came in.",
    groupings=EVERYTHING,
    histories=True,
    make=_make,
)
