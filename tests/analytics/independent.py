"""Every report, counted again from the raw exports in plain Python: no SQL, none of its code.

``differences`` compares an answer of ``ticket_report`` with that. It wants the exports as Zendesk
gives them (tickets with their ``metric_set``, ticket events, metric events, ratings) and the names
of groups, users, organizations, brands, forms and fields.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from analytics.independent_counts import _bucket, buckets, labels, records, status_at
from analytics.independent_exports import (
    DONE,
    TIMES,
    Case,
    Json,
    Raw,
    Record,
    moment,
    share,
    within,
)
from analytics.independent_measures import measures, rank
from analytics.independent_words import terms

__all__ = ["Case", "Raw", "differences"]

UNITS = {"minutes": 1, "hours": 60, "days": 1_440}
MOST = 15


def differences(raw: Raw, case: Case, columns: list[str], rows: list[list[Any]]) -> list[str]:
    """What an answer tells otherwise than the exports; nothing where it is right."""
    if case.report in {"tags", "topics", "complaints"}:
        return _moved(raw, case, rows)
    if case.report == "busiest_hours":
        return _hours(raw, case, rows)
    if case.report == "backlog" and case.group_by in TIMES:
        return _backlog_over_time(raw, case, columns, rows)
    now = records(raw, case, case.now, current=True)
    before = records(raw, case, case.before, current=False) if case.before else []
    return [*_rows(raw, case, columns, rows, now, before)]


def _rows(
    raw: Raw,
    case: Case,
    columns: list[str],
    rows: list[list[Any]],
    now: list[Record],
    before: list[Record],
) -> Iterable[str]:
    by = case.group_by or _INNER.get(case.report)
    if by is None:
        yield from _cells(case, columns, rows[0], now, before, "")
        return
    sides = [_by_label(raw, case, by, found, side) for side, found in enumerate((now, before))]
    shown = {str(row[0]) for row in rows}
    names = {name for side in sides for name, _ in side}
    keys = {key: _named(key, shown, names) for side in sides for key in side}
    hidden = {key for key, name in keys.items() if name not in shown}
    others = [row for row in rows if str(row[0]).startswith("(others")]
    yield from _parts(case, columns, rows)
    for row in rows:
        label = str(row[0])
        if label == "(all)":
            here = [now, before]
        elif row in others:
            if label != f"(others: {len([one for one in hidden if one[1] is not None])})":
                yield f"{label}, but {len(hidden)} are hidden"
            here = [[one for key in hidden for one in side.get(key, [])] for side in sides]
        else:
            here = [
                [one for key in keys if keys[key] == label for one in side.get(key, [])]
                for side in sides
            ]
        yield from _cells(case, columns[1:], row[1:], here[0], here[1], label)
    if by in TIMES:
        yield from (f"{name} is left out" for name, _ in hidden if sides[0].get((name, name)))
        return
    if hidden and not others:
        yield f"left out: {sorted(map(str, hidden))[:5]}"
    ranked = {key: rank(case, sides[0].get(key, [])) for key in keys}
    if hidden and len(shown) > 1:
        least = min(rank for key, rank in ranked.items() if key not in hidden)
        if least < max(ranked[key] for key in hidden):
            yield "a row is hidden that has more than one that is shown"


def _parts(case: Case, columns: list[str], rows: list[list[Any]]) -> Iterable[str]:
    """Each status's part of all waiting, from the tickets and their mean."""
    if "time_percent" in columns:
        at = {name.partition("_")[0]: place for place, name in enumerate(columns)}
        spent = [row[at["tickets"]] * (row[at["mean"]] or 0) for row in rows]
        for row, part in zip(rows, spent, strict=True):
            if abs((row[at["time"]] or 0) - 100 * part / sum(spent)) > 1:
                yield f"{row[0]}: {row[at['time']]} % of all time, but {100 * part / sum(spent)}"


def _named(key: tuple[str, Any], shown: set[str], _: set[str]) -> str:
    name, number = key
    return f"{name} ({number})" if f"{name} ({number})" in shown else name


_INNER = {
    "backlog": "age",
    "first_reply_time": "clock",
    "resolution_time": "clock",
    "sla_breaches": "target",
    "load": "group",
    "waiting": "waiting_status",
}


def _by_label(
    raw: Raw, case: Case, by: str, records: list[Record], side: int
) -> dict[tuple[str, Any], list[Record]]:
    found = defaultdict(list)
    for record in records:
        for key in labels(raw, case, by, record, side):
            found[key].append(record)
    return found


def _cells(
    case: Case,
    columns: Sequence[str],
    row: Sequence[Any],
    now: list[Record],
    before: list[Record],
    label: str,
) -> Iterable[str]:
    sides = measures(case, now), measures(case, before)
    base = ""
    for name, shown in zip(columns, row, strict=True):
        if name == "time_percent":
            continue
        if name == "change_percent":
            one, two = sides[0][base], sides[1][base]
            true = None if one is None or not two else 100 * (one - two) / two
            unit, room = 1, 0.51
        else:
            side = sides[name.endswith("_before")]
            plain = name.removesuffix("_before")
            base, unit = _unit(plain, side)
            true = side[base]
            room = 0.051 if plain.endswith("_percent") else 0.0
        if not _same(shown, true, unit, room):
            yield f"{label} {name}: {shown}, but {true}"


def _unit(name: str, side: dict[str, Any]) -> tuple[str, int]:
    if name in side:
        return name, 1
    base, _, unit = name.rpartition("_")
    return base, UNITS[unit]


def _same(shown: Any, true: Any, unit: int, room: float) -> bool:
    if shown is None or true is None:
        return shown is None and true is None
    if isinstance(true, int) and unit == 1 and not room:
        return bool(shown == true)
    wanted = float(true) / unit
    return math.isclose(float(shown), wanted, rel_tol=0.0052, abs_tol=room or 0.0051)


def _backlog_over_time(
    raw: Raw, case: Case, columns: list[str], rows: list[list[Any]]
) -> list[str]:
    """How many were unsolved when each day, week or month ended."""
    wrong = []
    ends: list[list[datetime]] = []
    for (first, until), span in zip(case.days, (case.now, case.before), strict=False):
        found: dict[str, date] = {}
        for n in range((until - first).days):
            day = first + timedelta(days=n)
            found[_bucket(day, str(case.group_by))] = day + timedelta(days=1)
        last = (span or case.now)[1]
        starts = [
            datetime.combine(day, datetime.min.time(), case.zone).astimezone(UTC)
            for day in found.values()
        ]
        ends.append([min(one, last) for one in starts])
    labels = buckets(*case.days[0], str(case.group_by))

    def unsolved(at: datetime) -> int:
        return sum(status_at(raw, one, at) not in {None, *DONE} for one in raw.tickets)

    for row in rows:
        place = labels.index(row[0])
        if row[1] != unsolved(ends[0][place]):
            wrong.append(f"{row[0]}: {row[1]}, but {unsolved(ends[0][place])}")
        if "unsolved_before" in columns and place < len(ends[1]):
            shown = row[columns.index("unsolved_before")]
            if shown is not None and shown != unsolved(ends[1][place]):
                wrong.append(f"{row[0]} before: {shown}, but {unsolved(ends[1][place])}")
    return wrong


def _hours(raw: Raw, case: Case, rows: list[list[Any]]) -> list[str]:
    counts: Counter[tuple[int, int]] = Counter()
    for one in raw.tickets:
        if within(one["created_at"], case.now):
            local = moment(one["created_at"]).astimezone(case.zone)
            counts[local.weekday(), local.hour] += 1
    true = [[counts[day, hour] for hour in range(24)] for day in range(7)]
    true.append([sum(column) for column in zip(*true, strict=True)])
    return [
        f"{row[0]}: {row[1:]}"
        for row, line in zip(rows, true, strict=True)
        if row[1:] != [*line, sum(line)]
    ]


def _unhappy(raw: Raw, one: Json) -> bool:
    missed = any(
        event["type"] == "breach"
        for events in raw.targets.get(one["id"], {}).values()
        for event in events
    )
    again = (one.get("metric_set", {}).get("reopens") or 0) > 0
    return missed or again or (one["satisfaction_rating"] or {}).get("score") == "bad"


def _z(here: int, all_here: int, there: int, all_there: int) -> float | None:
    if not all_here or not all_there:
        return None
    share = (here + there) / (all_here + all_there)
    if share >= 1:
        return None
    error = math.sqrt(share * (1 - share) * (1 / all_here + 1 / all_there))
    return (here / all_here - there / all_there) / error


def _moved(raw: Raw, case: Case, rows: list[list[Any]]) -> list[str]:
    """What is told of each tag or word, and that nothing was left out that moved more."""
    inside = [one for one in raw.tickets if within(one["created_at"], case.now)]
    if case.report == "complaints":
        sides = [
            [one for one in inside if _unhappy(raw, one) is wanted] for wanted in (True, False)
        ]
    else:
        assert case.before is not None
        sides = [inside, [one for one in raw.tickets if within(one["created_at"], case.before)]]
    counts = [Counter(name for one in side for name in _things(raw, case, one)) for side in sides]
    here, there = counts
    totals = [len(side) for side in sides]
    scores = {
        name: _z(here[name], totals[0], there[name], totals[1])
        for name in {*here, *there}
        if max(here[name], there[name]) >= 5
    }
    wrong = []
    shown = {row[0]: row for row in rows if row[0] != "(all)"}
    for name, row in shown.items():
        true = scores.get(name)
        if case.report == "complaints":
            every = here[name] + there[name]
            wanted = [every, here[name], share(here[name], every), true]
        else:
            parts = [share(here[name], totals[0]), share(there[name], totals[1])]
            wanted = [here[name], there[name], *parts, true]
        told = row[1 : len(wanted) + 1]
        if not all(_same(one, two, 1, 0.051) for one, two in zip(told, wanted, strict=True)):
            wrong.append(f"{row}, but {wanted}")
    for row in rows:
        every = sum(totals)
        part = share(totals[0], every)
        right = row[1:3] == [every, totals[0]] and _same(row[3], part, 1, 0.051)
        if row[0] == "(all)" and not right:
            wrong.append(f"{row}, but {every}, {totals[0]}")
    if case.report != "topics" and rows:
        sign = (lambda z: z) if case.report == "complaints" else abs
        left = [sign(z) for name, z in scores.items() if z is not None and name not in shown]
        told_all = [sign(scores[name] or 0) for name in shown]
        if len(shown) == MOST and left and max(left) > min(told_all) + 1e-9:
            wrong.append("one that moved more is left out")
        if len(shown) < MOST and any(z >= 2 for z in left):
            wrong.append("one that moved is left out")
    return wrong


def _things(raw: Raw, case: Case, one: Json) -> set[str]:
    if case.report == "topics":
        return terms(one["subject"])
    if case.report == "complaints" and case.group_by:
        return {name for name, _ in labels(raw, case, case.group_by, Record(one, None, {}), 0)}
    return set(one["tags"])
