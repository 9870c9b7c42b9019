"""Every report, counted again from the raw exports in plain Python: no SQL, none of its code.

``differences`` compares an answer of ``ticket_report`` with that. It wants the exports as Zendesk
gives them (tickets with their ``metric_set``, ticket events, metric events, ratings) and the names
of groups, users, organizations, brands, forms and fields.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from analytics.independent_words import terms

Json = dict[str, Any]

DONE = {"solved", "closed"}
NONE = "(none)"
UNITS = {"minutes": 1, "hours": 60, "days": 1_440}
TIMES = ("day", "week", "month", "quarter", "year")
AGES = {"under 1 day": 1, "1 to 3 days": 3, "3 to 7 days": 7, "7 to 30 days": 30}
OLDEST = "over 30 days"
WAITING = ("new", "open", "pending", "hold")
MOST = 15
_CLOCKS = {
    "first_reply_time": {
        "calendar": ("reply_time_in_minutes", "calendar"),
        "business hours": ("reply_time_in_minutes", "business"),
    },
    "resolution_time": {
        "full": ("full_resolution_time_in_minutes", "calendar"),
        "full business hours": ("full_resolution_time_in_minutes", "business"),
        "first": ("first_resolution_time_in_minutes", "calendar"),
        "first business hours": ("first_resolution_time_in_minutes", "business"),
    },
}


@dataclass
class Raw:
    """What Zendesk exports: ``tickets`` with their ``metric_set``, ``ticket_events`` and so on."""

    tickets: list[Json] = field(default_factory=list)
    ticket_events: list[Json] = field(default_factory=list)
    metric_events: list[Json] = field(default_factory=list)
    ratings: list[Json] = field(default_factory=list)
    users: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    organizations: list[Json] = field(default_factory=list)
    brands: list[Json] = field(default_factory=list)
    forms: list[Json] = field(default_factory=list)
    fields: list[Json] = field(default_factory=list)
    as_of: datetime = datetime.max.replace(tzinfo=UTC)

    @cached_property
    def names(self) -> dict[str, dict[int, str]]:
        kinds = {
            "assignee": self.users,
            "group": self.groups,
            "organization": self.organizations,
            "brand": self.brands,
            "form": self.forms,
        }
        return {kind: {one["id"]: one["name"] for one in found} for kind, found in kinds.items()}

    @cached_property
    def histories(self) -> dict[int, list[tuple[datetime, str]]]:
        found = defaultdict(list)
        for event in self.ticket_events:
            for child in event["child_events"]:
                if "status" in child:
                    at = moment(event["created_at"])
                    found[event["ticket_id"]].append((at, child["id"], child["status"]))
        return {key: [(at, to) for at, _, to in sorted(steps)] for key, steps in found.items()}

    @cached_property
    def targets(self) -> dict[int, dict[tuple[str, int], list[Json]]]:
        found: dict[int, Any] = defaultdict(lambda: defaultdict(list))
        for one in self.metric_events:
            if one["type"] in {"apply_sla", "breach"}:
                found[one["ticket_id"]][one["metric"], one["instance_id"]].append(one)
        return found

    @cached_property
    def numbered(self) -> dict[int, Json]:
        return {one["id"]: one for one in self.tickets}


@dataclass(frozen=True)
class Case:
    """What was asked: half-open spans in UTC, the days that they were cut from, and by what."""

    report: str
    now: tuple[datetime, datetime]
    before: tuple[datetime, datetime] | None
    days: tuple[tuple[date, date], ...]
    group_by: str | None
    zone: ZoneInfo
    as_of: datetime


@dataclass(frozen=True)
class Record:
    """One thing that is counted, with its ticket."""

    ticket: Json
    at: datetime | None
    data: Json


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def differences(raw: Raw, case: Case, columns: list[str], rows: list[list[Any]]) -> list[str]:
    """What an answer tells otherwise than the exports; nothing where it is right."""
    if case.report in {"tags", "topics", "complaints"}:
        return _moved(raw, case, rows)
    if case.report == "busiest_hours":
        return _hours(raw, case, rows)
    if case.report == "backlog" and case.group_by in TIMES:
        return _backlog_over_time(raw, case, columns, rows)
    now = _records(raw, case, case.now, current=True)
    before = _records(raw, case, case.before, current=False) if case.before else []
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
    ranked = {key: _rank(case, sides[0].get(key, [])) for key in keys}
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
        for key in _labels(raw, case, by, record, side):
            found[key].append(record)
    return found


def _labels(raw: Raw, case: Case, by: str, record: Record, side: int) -> list[tuple[str, Any]]:
    ticket = record.ticket
    if by in TIMES:
        if record.at is None:
            return []
        labels = [_buckets(first, until, by) for first, until in case.days]
        own = _bucket(record.at.astimezone(case.zone).date(), by)
        place = labels[side].index(own)
        return [(labels[0][place], labels[0][place])] if place < len(labels[0]) else []
    if by in {"age", "clock", "waiting_status", "target", "reason"}:
        value = record.data[by]
        return [(NONE if value is None else value, value)]
    if by == "tag":
        return [(tag, tag) for tag in ticket["tags"]]
    if by.startswith("field:"):
        wanted = by.removeprefix("field:").casefold()
        (number,) = [
            one["id"] for one in raw.fields if wanted in {one["title"].casefold(), str(one["id"])}
        ]
        given = [one["value"] for one in ticket["custom_fields"] if one["id"] == number]
        flat = [one for value in given for one in (value if isinstance(value, list) else [value])]
        kept = [one for one in flat if one not in (None, "")]
        return [(str(one), one) for one in dict.fromkeys(kept)] or [(NONE, None)]
    if by in {"group", "assignee", "organization"}:
        number = ticket[f"{by}_id"]
        if number is None:
            return [(NONE, None)]
        return [(raw.names[by].get(number, f"{by} {number}"), number)]
    if by in {"brand", "form"}:
        number = ticket["brand_id" if by == "brand" else "ticket_form_id"]
        name = raw.names[by].get(number)
        return [(NONE if name is None else name, name)]
    value = ticket["via"]["channel"] if by == "channel" else ticket[by]
    return [(NONE if value is None else value, value)]


def _bucket(day: date, unit: str) -> str:
    match unit:
        case "day":
            return day.isoformat()
        case "week":
            return "{}-W{:02}".format(*day.isocalendar()[:2])
        case "month":
            return day.isoformat()[:7]
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case _:
            return str(day.year)


def _buckets(first: date, until: date, unit: str) -> list[str]:
    days = (first + timedelta(days=n) for n in range((until - first).days))
    return [*dict.fromkeys(_bucket(day, unit) for day in days)]


def _within(at: str | None, span: tuple[datetime, datetime]) -> bool:
    return at is not None and span[0] <= moment(at) < span[1]


def _solved_at(ticket: Json) -> str | None:
    found = ticket.get("metric_set", {}).get("solved_at")
    return found if ticket["status"] in DONE else None


def _minutes(ticket: Json, name: str, clock: str) -> int | None:
    found: int | None = (ticket.get("metric_set", {}).get(name) or {}).get(clock)
    return found


def _records(
    raw: Raw, case: Case, span: tuple[datetime, datetime], *, current: bool
) -> list[Record]:
    makers: dict[str, Callable[[Json], Iterable[Record]]] = {
        "volume": lambda one: _came_and_went(one, span),
        "backlog": lambda one: _unsolved(raw, case, one, span[1]),
        "first_reply_time": lambda one: _timed(case, one, one["created_at"], span),
        "resolution_time": lambda one: _timed(case, one, _solved_at(one), span),
        "reopens": lambda one: _solutions(raw, one, span),
        "sla_breaches": lambda one: _targets(raw, one, span),
        "satisfaction": lambda one: _ratings(case, raw, one, span),
        "load": lambda one: _loads(one, span, current=current),
        "waiting": lambda one: _waits(raw, case, one, span),
    }
    return [record for one in raw.tickets for record in makers[case.report](one)]


def _came_and_went(one: Json, span: Any) -> Iterable[Record]:
    for kind, at in (("created", one["created_at"]), ("solved", _solved_at(one))):
        if at is not None and _within(at, span):
            yield Record(one, moment(at), {"kind": kind})


def _status_at(raw: Raw, one: Json, at: datetime) -> str | None:
    history = raw.histories.get(one["id"])
    if history is None:
        if moment(one["created_at"]) >= at:
            return None
        if one["status"] not in DONE:
            return "open"
        solved = _solved_at(one)
        return "open" if solved is not None and moment(solved) >= at else "solved"
    earlier = [to for when, to in history if when < at]
    return earlier[-1] if earlier else None


def _unsolved(raw: Raw, case: Case, one: Json, ends: datetime) -> Iterable[Record]:
    if ends >= case.as_of:
        unsolved = one["status"] not in DONE and moment(one["created_at"]) < ends
    else:
        unsolved = _status_at(raw, one, ends) not in {None, *DONE}
    if unsolved:
        days = (ends - moment(one["created_at"])) / timedelta(days=1)
        age = next((name for name, below in AGES.items() if days < below), OLDEST)
        yield Record(one, None, {"age": age})


def _timed(case: Case, one: Json, at: str | None, span: Any) -> Iterable[Record]:
    if at is None or not _within(at, span):
        return
    clocks = _CLOCKS[case.report]
    times = {clock: _minutes(one, *source) for clock, source in clocks.items()}
    if case.group_by is None:
        for clock, minutes in times.items():
            yield Record(one, moment(at), {"clock": clock, "minutes": minutes})
    else:
        calendar, business, *_ = times.values()
        yield Record(one, moment(at), {"minutes": calendar, "business": business})


def _solutions(raw: Raw, one: Json, span: Any) -> Iterable[Record]:
    history = raw.histories.get(one["id"])
    if history is None:
        at = _solved_at(one)
        if at is not None and _within(at, span):
            times = one.get("metric_set", {}).get("reopens") or 0
            yield Record(one, moment(at), {"times": times})
        return
    solved = [at for at, to in history if to == "solved" and span[0] <= at < span[1]]
    if solved:
        times = sum(
            was == "solved" and to not in DONE and at >= solved[0]
            for (_, was), (at, to) in zip(history, history[1:], strict=False)
        )
        yield Record(one, solved[0], {"times": times})


def _targets(raw: Raw, one: Json, span: Any) -> Iterable[Record]:
    for (metric, _), events in raw.targets.get(one["id"], {}).items():
        applied = sorted(event["time"] for event in events if event["type"] == "apply_sla")
        missed = sorted(event["time"] for event in events if event["type"] == "breach")
        at = (applied or missed)[0]
        named = [event for event in events if event.get("sla", {}).get("policy")]
        named.sort(key=lambda event: event["id"])
        policy = named[-1]["sla"]["policy"]["title"] if named else None
        target = metric if policy is None else f"{metric} \u00b7 {policy}"
        if _within(at, span):
            yield Record(one, moment(at), {"target": target, "missed": bool(missed)})


def _ratings(case: Case, raw: Raw, one: Json, span: Any) -> Iterable[Record]:
    for rating in raw.ratings:
        if rating["ticket_id"] == one["id"] and _within(rating["updated_at"], span):
            if rating["score"] not in {"good", "bad"}:
                continue
            if case.group_by != "reason" or rating["score"] == "bad":
                yield Record(one, moment(rating["updated_at"]), rating)
    offered = one["satisfaction_rating"]["score"]
    at = _solved_at(one)
    if case.group_by != "reason" and at is not None and _within(at, span):
        if offered in {"offered", "good", "bad"}:
            yield Record(one, moment(at), {"offered": offered})


def _loads(one: Json, span: Any, *, current: bool) -> Iterable[Record]:
    yield from _came_and_went(one, span)
    if current and one["status"] not in DONE:
        yield Record(one, None, {"kind": "open"})


def _waits(raw: Raw, case: Case, one: Json, span: Any) -> Iterable[Record]:
    history = raw.histories.get(one["id"], [])
    ends = [at for at, _ in history[1:]] + [case.as_of]
    spent: Counter[str] = Counter()
    for (at, status), until in zip(history, ends, strict=False):
        seconds = (min(until, span[1]) - max(at, span[0])).total_seconds()
        if status not in DONE and seconds > 0:
            spent[status] += int(seconds)
    for status, seconds in spent.items():
        yield Record(one, None, {"waiting_status": status, "minutes": seconds / 60})


def _cells(
    case: Case,
    columns: Sequence[str],
    row: Sequence[Any],
    now: list[Record],
    before: list[Record],
    label: str,
) -> Iterable[str]:
    sides = _measures(case, now), _measures(case, before)
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


def _percentile(values: list[float], percent: int) -> float | None:
    """Between two values it is interpolated linearly (type 7 of Hyndman and Fan)."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _measures(case: Case, found: list[Record]) -> dict[str, Any]:
    data = [one.data for one in found]
    times = [one["minutes"] for one in data if one.get("minutes") is not None]
    kinds = Counter(one.get("kind") for one in data)
    mean = sum(times) / len(times) if times else None
    match case.report:
        case "volume":
            created, solved = kinds["created"], kinds["solved"]
            return {"created": created, "solved": solved, "net": created - solved}
        case "backlog":
            ages = Counter(one["age"].replace(" ", "_") for one in data)
            return {
                "unsolved": len(data),
                **{
                    name.replace(" ", "_"): ages[name.replace(" ", "_")] for name in (*AGES, OLDEST)
                },
            }
        case "first_reply_time" | "resolution_time":
            business = [one["business"] for one in data if one.get("business") is not None]
            return {
                "tickets": len(times),
                "unanswered": len(data) - len(times),
                "mean": mean,
                **{f"p{one}": _percentile(times, one) for one in (50, 75, 90, 95)},
                **{f"business_p{one}": _percentile(business, one) for one in (50, 90)},
            }
        case "reopens":
            again = sum(one["times"] > 0 for one in data)
            return {
                "solved": len(data),
                "reopened": again,
                "reopened_percent": _share(again, len(data)),
                "times": sum(one["times"] for one in data),
            }
        case "sla_breaches":
            missed = [one for one in found if one.data["missed"]]
            return {
                "targets": len(data),
                "missed": len(missed),
                "missed_percent": _share(len(missed), len(data)),
                "tickets": len({one.ticket["id"] for one in missed}),
            }
        case "satisfaction":
            scores = Counter(one["score"] for one in data if "score" in one)
            offered = Counter(one["offered"] for one in data if "offered" in one)
            return {
                "good": scores["good"],
                "bad": scores["bad"],
                "good_percent": _share(scores["good"], scores.total()),
                "answered_percent": _share(offered["good"] + offered["bad"], offered.total()),
            }
        case "load":
            solved_ones = [one.ticket for one in found if one.data["kind"] == "solved"]
            full = [
                _minutes(one, "full_resolution_time_in_minutes", "calendar") for one in solved_ones
            ]
            return {
                **{kind: kinds[kind] for kind in ("open", "created", "solved")},
                "replies": sum(
                    one.get("metric_set", {}).get("replies") or 0 for one in solved_ones
                ),
                "median_resolution": _percentile([one for one in full if one is not None], 50),
            }
        case _:
            tickets = len({one.ticket["id"] for one in found})
            each = {
                status: sum(one["minutes"] for one in data if one["waiting_status"] == status)
                / tickets
                if tickets
                else None
                for status in WAITING
            }
            return {
                "tickets": tickets,
                "waiting": sum(times) / tickets if tickets else None,
                "mean": mean,
                **{f"p{one}": _percentile(times, one) for one in (50, 90)},
                **each,
            }


def _rank(case: Case, found: list[Record]) -> float:
    counted = _measures(case, found)
    match case.report:
        case "volume":
            return float(len(found))
        case "backlog":
            return float(counted["unsolved"])
        case "first_reply_time" | "resolution_time":
            return float(counted["tickets"])
        case "reopens":
            return float(counted["reopened"])
        case "sla_breaches":
            return float(counted["missed"])
        case "satisfaction":
            return float(counted["good"] + counted["bad"])
        case "load":
            return float(counted["open"])
        case _:
            return float(counted["waiting"]) if counted["tickets"] >= 5 else -1.0


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
    labels = _buckets(*case.days[0], str(case.group_by))

    def unsolved(at: datetime) -> int:
        return sum(_status_at(raw, one, at) not in {None, *DONE} for one in raw.tickets)

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
        if _within(one["created_at"], case.now):
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
    return missed or again or one["satisfaction_rating"]["score"] == "bad"


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
    inside = [one for one in raw.tickets if _within(one["created_at"], case.now)]
    if case.report == "complaints":
        sides = [
            [one for one in inside if _unhappy(raw, one) is wanted] for wanted in (True, False)
        ]
    else:
        assert case.before is not None
        sides = [inside, [one for one in raw.tickets if _within(one["created_at"], case.before)]]
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
            wanted = [every, here[name], _share(here[name], every), true]
        else:
            parts = [_share(here[name], totals[0]), _share(there[name], totals[1])]
            wanted = [here[name], there[name], *parts, true]
        told = row[1 : len(wanted) + 1]
        if not all(_same(one, two, 1, 0.051) for one, two in zip(told, wanted, strict=True)):
            wrong.append(f"{row}, but {wanted}")
    for row in rows:
        every = sum(totals)
        share = _share(totals[0], every)
        right = row[1:3] == [every, totals[0]] and _same(row[3], share, 1, 0.051)
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
        return {name for name, _ in _labels(raw, case, case.group_by, Record(one, None, {}), 0)}
    return set(one["tags"])
