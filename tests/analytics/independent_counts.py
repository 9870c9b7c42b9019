"""What a report counts, thing by thing, read off the exports; and in which rows it belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from analytics.independent_exports import (
    DONE,
    NONE,
    TIMES,
    Case,
    Json,
    Raw,
    Record,
    minutes_of,
    moment,
    solved_at,
    within,
)

AGES = {"under 1 day": 1, "1 to 3 days": 3, "3 to 7 days": 7, "7 to 30 days": 30}
OLDEST = "over 30 days"
WAITING = ("new", "open", "pending", "hold")
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


def labels(raw: Raw, case: Case, by: str, record: Record, side: int) -> list[tuple[str, Any]]:  # noqa: PLR0911 - one a kind
    ticket = record.ticket
    if by in TIMES:
        if record.at is None:
            return []
        labels = [buckets(first, until, by) for first, until in case.days]
        own = _bucket(record.at.astimezone(case.zone).date(), by)
        place = labels[side].index(own)
        return [(labels[0][place], labels[0][place])] if place < len(labels[0]) else []
    if by in {"age", "clock", "waiting_status", "target", "reason"}:
        value = record.data[by]
        if by == "reason" and record.data.get("reason_code", 1) in {None, 0}:
            value = None
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


@cache
def buckets(first: date, until: date, unit: str) -> list[str]:
    days = (first + timedelta(days=n) for n in range((until - first).days))
    return [*dict.fromkeys(_bucket(day, unit) for day in days)]


def records(
    raw: Raw, case: Case, span: tuple[datetime, datetime], *, current: bool
) -> list[Record]:
    makers: dict[str, Callable[[Json], Iterable[Record]]] = {
        "volume": lambda one: _came_and_went(one, span),
        "backlog": lambda one: _unsolved(raw, case, one, span[1]),
        "first_reply_time": lambda one: _timed(case, one, one["created_at"], span),
        "resolution_time": lambda one: _timed(case, one, solved_at(one), span),
        "reopens": lambda one: _solutions(raw, one, span),
        "sla_breaches": lambda one: _targets(raw, one, span),
        "satisfaction": lambda one: _ratings(case, raw, one, span),
        "load": lambda one: _loads(one, span, current=current),
        "waiting": lambda one: _waits(raw, case, one, span),
    }
    return [record for one in raw.tickets for record in makers[case.report](one)]


def _came_and_went(one: Json, span: Any) -> Iterable[Record]:
    for kind, at in (("created", one["created_at"]), ("solved", solved_at(one))):
        if at is not None and within(at, span):
            yield Record(one, moment(at), {"kind": kind})


def status_at(raw: Raw, one: Json, at: datetime) -> str | None:
    history = raw.histories.get(one["id"])
    if history is None:
        if moment(one["created_at"]) >= at:
            return None
        if one["status"] not in DONE:
            return "open"
        solved = solved_at(one)
        return "open" if solved is not None and moment(solved) >= at else "solved"
    earlier = [to for when, to in history if when < at]
    return earlier[-1] if earlier else None


def _unsolved(raw: Raw, case: Case, one: Json, ends: datetime) -> Iterable[Record]:
    if ends >= case.as_of:
        unsolved = one["status"] not in DONE and moment(one["created_at"]) < ends
    else:
        unsolved = status_at(raw, one, ends) not in {None, *DONE}
    if unsolved:
        days = (ends - moment(one["created_at"])) / timedelta(days=1)
        age = next((name for name, below in AGES.items() if days < below), OLDEST)
        yield Record(one, None, {"age": age})


def _timed(case: Case, one: Json, at: str | None, span: Any) -> Iterable[Record]:
    if at is None or not within(at, span):
        return
    clocks = _CLOCKS[case.report]
    known = one.get("metric_set", {}).get("replies") is not None
    times = {clock: minutes_of(one, *source) for clock, source in clocks.items()}
    if case.group_by is None:
        for clock, minutes in times.items():
            yield Record(one, moment(at), {"clock": clock, "minutes": minutes, "known": known})
    else:
        calendar, business, *_ = times.values()
        yield Record(one, moment(at), {"minutes": calendar, "business": business, "known": known})


def _solutions(raw: Raw, one: Json, span: Any) -> Iterable[Record]:
    history = raw.histories.get(one["id"])
    if history is None:
        at = solved_at(one)
        if at is not None and within(at, span):
            times = one.get("metric_set", {}).get("reopens") or 0
            yield Record(one, moment(at), {"times": times})
        return
    solved = [at for at, to in history if to == "solved" and span[0] <= at < span[1]]
    if solved:
        times = sum(
            was == "solved" and to not in DONE and at >= solved[0]
            for (_, was), (at, to) in pairwise(history)
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
        if within(at, span):
            yield Record(one, moment(at), {"target": target, "missed": bool(missed)})


def _ratings(case: Case, raw: Raw, one: Json, span: Any) -> Iterable[Record]:
    for rating in raw.rated.get(one["id"], []):
        if within(rating["updated_at"], span):
            if rating["score"] not in {"good", "bad"}:
                continue
            if case.group_by != "reason" or rating["score"] == "bad":
                yield Record(one, moment(rating["updated_at"]), rating)
    offered = (one["satisfaction_rating"] or {}).get("score")
    at = solved_at(one)
    asked = offered in {"offered", "good", "bad"} and case.group_by != "reason"
    if asked and at is not None and within(at, span):
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
