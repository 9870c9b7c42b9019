"""Counts what a report is about, by one statement: now and before, in rows that are few.

A percentile is the continuous one: between two values that lie around it, it is interpolated
linearly (``quantile_cont`` in SQL, Hyndman and Fan's type 7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked, Span, Values
from mcp_server_zendesk.analytics.reports.groupings import NONE, Bucket, Grouping, buckets
from mcp_server_zendesk.analytics.reports.periods import Unit, floor, stepped

Kind = Literal["count", "number", "percent", "minutes"]

MOST = 15
"""Rows of a dimension; what is beyond them is one row more."""

NOW = "current"
BEFORE = "NOT current"


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted: a row a ticket, each at a time.

    ``values`` are SQL over the ticket ``t`` and what else is in ``origin``. ``at`` is the time by
    which a row belongs to a span; without one, ``origin`` and ``where`` say it, by ``{begins}``,
    ``{ends}`` and ``{as_of}``, which stand for instants everywhere here. ``shared`` is made once
    for all spans: a named part of the statement.
    """

    values: Mapping[str, str]
    at: str | None = None
    origin: str = "tickets t"
    where: str = "TRUE"
    only_now: bool = False
    shared: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column: an aggregate of facts, in which ``{w}`` stands for the span's filter."""

    name: str
    sql: str
    kind: Kind = "count"
    compared: bool = False

    def of(self, span: str) -> str:
        """The aggregate over one of the spans."""
        return self.sql.replace("{w}", span)


def number(name: str, condition: str, *, compared: bool = False) -> Measure:
    """How many rows there are of which something holds."""
    return Measure(name, f"count(*) FILTER ({{w}} AND {condition})", compared=compared)


def share(name: str, part: str, whole: str, *, compared: bool = False) -> Measure:
    """How many of a hundred."""
    sql = (
        f"100.0 * count(*) FILTER ({{w}} AND {part}) "
        f"/ nullif(count(*) FILTER ({{w}} AND {whole}), 0)"
    )
    return Measure(name, sql, "percent", compared=compared)


def percentile(name: str, value: str, percent: int, *, compared: bool = False) -> Measure:
    """The time within which so many of a hundred were done."""
    sql = f"quantile_cont({value}, {percent / 100}) FILTER ({{w}})"
    return Measure(name, sql, "minutes", compared=compared)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its measures in their order, now and before."""

    label: str
    now: tuple[Any, ...]
    before: tuple[Any, ...]
    sort: Literal["one", "others", "all"] = "one"


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted. ``heading`` names what a row is; None where there is one row only.

    ``ordered`` where rows are classes in an order of their own; ``unfinished`` where they are
    times, and the last one is not whole.
    """

    heading: str | None
    measures: tuple[Measure, ...]
    rows: tuple[Row, ...]
    compared: bool
    ordered: bool = False
    unfinished: bool = False

    def column(self, name: str, *, before: bool = False) -> list[Any]:
        """One measure of the rows that are one thing each."""
        place = [one.name for one in self.measures].index(name)
        rows = [row for row in self.rows if row.sort == "one"]
        return [(row.before if before else row.now)[place] for row in rows]

    @property
    def labels(self) -> list[str]:
        """Of the rows that are one thing each."""
        return [row.label for row in self.rows if row.sort == "one"]


async def tally(
    asked: Asked,
    ask: Ask,
    facts: Sequence[Counted],
    measures: Sequence[Measure],
    *,
    grouping: Grouping | None = None,
    rank: str = "count(*) FILTER ({w})",
    total: bool = True,
) -> Tally:
    """Count facts.

    Args:
        asked: Of when, in comparison with when.
        ask: Asks the store.
        facts: What is counted; of several, each has its own values.
        measures: The columns.
        grouping: By what.
        rank: What puts the rows of a dimension in order, the greatest first.
        total: Whether all together are a row too, where no ticket is in several rows.
    """
    values = Values()
    split = _Split.of(asked, grouping)
    statement = split.statement(asked, values, facts, measures, rank)
    found = sorted((await ask(statement, values.given)).rows, key=lambda row: int(row[0]))
    width = len(measures)
    rows = []
    for place, key, shown, members, *counted in found:
        now, before = tuple(counted[:width]), tuple(counted[width:])
        rows.append((place, key, shown, members, now, before))
    return Tally(
        grouping.name if grouping else None,
        tuple(measures),
        split.rows(asked, rows, total=total),
        asked.before is not None,
        ordered=grouping is not None and bool(grouping.order),
        unfinished=bool(split.now) and unfinished(asked, split.now[-1], split.unit),
    )


def unfinished(asked: Asked, last: Bucket, unit: Unit) -> bool:
    """Whether the last day, week or month is not whole: the period or the copy ends before it."""
    whole = stepped(floor(last.period.first, unit), unit, 1)
    return last.period.until < whole or asked.now.ends < last.period.ends


@dataclass(frozen=True, slots=True)
class _Split:
    """How facts are put into rows."""

    grouping: Grouping | None
    now: tuple[Bucket, ...] = ()
    before: tuple[Bucket, ...] = ()

    @property
    def unit(self) -> Unit:
        """Of time; without one, a day stands for it."""
        return (self.grouping and self.grouping.unit) or "day"

    @classmethod
    def of(cls, asked: Asked, grouping: Grouping | None) -> _Split:
        if grouping is None or grouping.unit is None:
            return cls(grouping)
        days, *more = (within(span, grouping.unit) for span in asked.spans)
        return cls(grouping, days, more[0] if more else ())

    def statement(
        self,
        asked: Asked,
        values: Values,
        facts: Sequence[Counted],
        measures: Sequence[Measure],
        rank: str,
    ) -> str:
        sources = " UNION ALL BY NAME ".join(
            source(one, span, asked, values, self.grouping)
            for span in asked.spans
            for one in facts
            if span is asked.now or not one.only_now
        )
        shared = "".join(f"{one.shared}, " for one in facts if one.shared)
        columns = [one.of(NOW) for one in measures]
        columns += [one.of(BEFORE) for one in measures] if asked.before else []
        if self.grouping is None:
            counts = ", ".join(columns)
            return f"WITH {shared}facts AS ({sources}) SELECT 0, NULL, NULL, 0, {counts} FROM facts"
        placed = self._placed(self.grouping, values, rank)
        return (
            f"WITH {shared}facts AS ({sources}), placed AS ({placed}) "
            "SELECT CASE WHEN grouping(place) = 1 THEN 0 ELSE place END, any_value(key), "
            f"any_value(shown), count(DISTINCT key), {', '.join(columns)} FROM placed "
            "GROUP BY GROUPING SETS ((place), ()) ORDER BY 1"
        )

    def _placed(self, grouping: Grouping, values: Values, rank: str) -> str:
        if grouping.unit:
            lists = [
                f"SELECT {current} AS current, unnest(range(1, {len(days) + 1})) AS place, "
                f"to_timestamp(unnest({_begins(values, days)})) AS begins"
                for current, days in (("TRUE", self.now), ("FALSE", self.before))
                if days
            ]
            if not lists:
                return "SELECT *, 0 AS place FROM facts WHERE FALSE"
            return (
                f"SELECT f.*, b.place FROM facts f ASOF JOIN ({' UNION ALL '.join(lists)}) b "
                "ON f.current = b.current AND f.at >= b.begins"
            )
        if grouping.order:
            keys = values.of([key for key, _ in grouping.order], "VARCHAR[]")
            return (
                f"SELECT * FROM (SELECT *, list_position({keys}, key) AS place FROM facts) "
                "WHERE place IS NOT NULL"
            )
        ordered = rank.replace("{w}", NOW)
        return (
            f"SELECT f.*, least(r.place, {MOST + 1}) AS place FROM facts f JOIN (SELECT key, "
            f"row_number() OVER (ORDER BY {ordered} DESC NULLS LAST, key) AS place FROM facts "
            "GROUP BY key) r ON f.key IS NOT DISTINCT FROM r.key"
        )

    def rows(self, asked: Asked, found: Sequence[Any], *, total: bool) -> tuple[Row, ...]:
        """The rows to show: none too many, none left out that is a day without anything."""
        counts = {
            place: _Counts(key, shown, members, now, before)
            for place, key, shown, members, now, before in found
        }
        everything = counts.pop(0)
        if self.grouping is None:
            return (Row("", everything.now, everything.before),)
        rows = [*self._labelled(asked, self.grouping, counts, everything)]
        if total and not self.grouping.many and len(rows) > 1:
            rows.append(Row("(all)", everything.now, everything.before, "all"))
        return tuple(rows)

    def _labelled(
        self, asked: Asked, grouping: Grouping, counts: dict[int, _Counts], everything: _Counts
    ) -> list[Row]:
        nothing = _Counts(None, None, 0, _zeros(everything.now), _zeros(everything.before))
        if grouping.unit:
            oldest = asked.freshness.oldest
            labels = [
                (place, bucket.label)
                for place, bucket in enumerate(self.now, 1)
                if oldest is None or bucket.period.ends > oldest or place == len(self.now)
            ]
        else:
            labels = [(place, label) for place, (_, label) in enumerate(grouping.order, 1)]
        if grouping.unit or grouping.order:
            shown = [(label, counts.get(place, nothing)) for place, label in labels]
            return [Row(label, one.now, one.before) for label, one in shown]
        names = [one.shown for place, one in counts.items() if place <= MOST]
        return [one.row(place, names) for place, one in counts.items()]


@dataclass(frozen=True, slots=True)
class _Counts:
    """What was counted of one key, or of several."""

    key: str | None
    shown: str | None
    members: int
    now: tuple[Any, ...]
    before: tuple[Any, ...]

    def row(self, place: int, names: Sequence[str | None]) -> Row:
        """The row of a dimension; of two things of one name both have their id."""
        if place > MOST:
            return Row(f"(others: {self.members})", self.now, self.before, "others")
        if self.shown is None:
            return Row(NONE, self.now, self.before)
        twin = names.count(self.shown) > 1
        label = f"{self.shown} ({self.key})" if twin else self.shown
        return Row(label, self.now, self.before)


def _zeros(like: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a row without facts counts: nothing, where a count is a whole number."""
    return tuple(0 if isinstance(one, int) else None for one in like)


def within(span: Span, unit: Unit) -> tuple[Bucket, ...]:
    """The days, weeks or months of a span, as far as the copy goes."""
    every = buckets(span.period, unit)
    return tuple(one for one in every if one.period.begins < span.ends)


def _begins(values: Values, days: Sequence[Bucket]) -> str:
    return values.of([one.period.begins.timestamp() for one in days], "DOUBLE[]")


def source(
    facts: Counted, span: Span, asked: Asked, values: Values, grouping: Grouping | None
) -> str:
    """The statement that gives facts of one span, each with what it is grouped by."""
    by = grouping or Grouping("")
    join = by.join
    if by.parameter is not None:
        join = join.replace("{parameter}", values.of(by.parameter, "BIGINT"))
    within = f" AND {facts.at} >= {{begins}} AND {facts.at} < {{ends}}" if facts.at else ""
    columns = [
        f"{by.key} AS key",
        f"{by.shown or by.key} AS shown",
        f"{'TRUE' if span is asked.now else 'FALSE'} AS current",
        f"{facts.at or 'NULL::TIMESTAMPTZ'} AS at",
        *(f"{sql} AS {name}" for name, sql in facts.values.items()),
    ]
    text = f"SELECT {', '.join(columns)} FROM {facts.origin} {join} WHERE {facts.where}{within}"
    as_of = asked.freshness.as_of
    for name, moment in (("{begins}", span.begins), ("{ends}", span.ends), ("{as_of}", as_of)):
        if name in text:
            text = text.replace(name, values.instant(moment))
    return text
