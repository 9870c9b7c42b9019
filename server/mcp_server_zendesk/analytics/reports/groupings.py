"""By what a report can be divided: time, what is written on a ticket, or a custom field."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mcp_server_zendesk.analytics.querying.reading import Answer
from mcp_server_zendesk.analytics.reports.periods import Period, Unit, floor, stepped
from mcp_server_zendesk.serving.refusals import InvalidArguments

NONE = "(none)"
FIELD = "field:"
TIMES: tuple[Unit, ...] = ("day", "week", "month", "quarter", "year")
_MOST_ROWS = {"day": 31, "week": 27, "month": 36, "quarter": 24, "year": 250}
_SHOWN_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to divide: ``key`` and ``shown`` are SQL over the ticket ``t`` and ``join``.

    ``many`` where a ticket can be in several; ``order`` where its keys are known and have one;
    ``unit`` where it is time. ``parameter`` is the value of ``{parameter}`` in ``join``.
    """

    name: str
    key: str = "NULL"
    shown: str = ""
    join: str = ""
    many: bool = False
    order: tuple[tuple[str, str], ...] = ()
    unit: Unit | None = None
    parameter: int | None = None


def _named(name: str, key: str, shown: str) -> Grouping:
    return Grouping(name, f"t.{key}::VARCHAR", f"coalesce(t.{shown}, '{name} ' || t.{key})")


STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("urgent", "high", "normal", "low")

DIMENSIONS = {
    one.name: one
    for one in (
        _named("group", "group_id", "group_name"),
        _named("assignee", "assignee_id", "assignee"),
        _named("organization", "organization_id", "organization"),
        Grouping("channel", "t.channel"),
        Grouping("priority", "t.priority"),
        Grouping("type", "t.type"),
        Grouping("form", "t.form"),
        Grouping("brand", "t.brand"),
        Grouping("status", "t.status"),
        Grouping("tag", "g.tag", join="JOIN tags g ON g.ticket_id = t.id", many=True),
    )
}
ALL_DIMENSIONS = (*DIMENSIONS, FIELD)
EVERYTHING = (*TIMES[:3], *ALL_DIMENSIONS)

_FIELDS = (
    "SELECT field_id, any_value(field) AS title, max(times) AS times FROM "
    "(SELECT ticket_id, field_id, any_value(field) AS field, count(*) AS times "
    "FROM custom_fields GROUP BY ticket_id, field_id) GROUP BY field_id ORDER BY count(*) DESC"
)

Ask = Callable[[str, Sequence[Any]], Awaitable[Answer]]


async def grouping(
    given: str | None, allowed: Iterable[str], ask: Ask, *, report: str
) -> Grouping | None:
    """What ``group_by`` means.

    Args:
        given: As the model wrote it: one of the names, or ``field:`` and a title or an id.
        allowed: The names that the report knows.
        ask: Asks the store which custom fields there are.
        report: The report's name, for a refusal.

    Raises:
        InvalidArguments: It is none, or not of this report; the nearest are told.
    """
    names = [*allowed]
    name = (given or "").strip()
    if not name:
        return None
    plain = name.casefold().replace(" ", "_")
    if name.casefold().startswith(FIELD) and FIELD in names:
        return await _field(name[len(FIELD) :].strip(), ask)
    if plain in names and plain != FIELD:
        time = next((unit for unit in TIMES if unit == plain), None)
        return Grouping(plain, unit=time) if time else DIMENSIONS.get(plain, Grouping(plain))
    if not names:
        raise InvalidArguments.of("group_by", f"is not known to {report}; leave it out")
    known = ["field:TITLE" if one == FIELD else one for one in names]
    near = difflib.get_close_matches(plain, known, n=len(known), cutoff=0.5)
    known.sort(key=lambda one: near.index(one) if one in near else len(near))
    raise InvalidArguments.of(
        "group_by", f"is nothing that {report} can be grouped by", allowed_values=known
    )


async def _field(wanted: str, ask: Ask) -> Grouping:
    fields = (await ask(_FIELDS, ())).rows
    plain = wanted.casefold()
    found = [one for one in fields if plain in {str(one[0]), str(one[1]).casefold()}]
    if not found:
        titles = {str(title or number).casefold(): title or number for number, title, _ in fields}
        near = difflib.get_close_matches(plain, titles, n=_SHOWN_FIELDS, cutoff=0.3)
        shown = [*near, *(one for one in titles if one not in near)][:_SHOWN_FIELDS]
        raise InvalidArguments.of(
            "group_by",
            "names no custom field that has a value in the local copy",
            allowed_values=[f"{FIELD}{titles[one]}" for one in shown],
        )
    if len(found) > 1:
        raise InvalidArguments.of(
            "group_by",
            "names several custom fields; take an id",
            allowed_values=[f"{FIELD}{number}" for number, *_ in found],
        )
    number, title, times = found[0]
    join = (
        "LEFT JOIN (SELECT DISTINCT ticket_id, value FROM custom_fields "
        "WHERE field_id = {parameter}) g ON g.ticket_id = t.id"
    )
    name = f"{FIELD}{title or number}"
    return Grouping(name, "g.value", join=join, many=times > 1, parameter=int(number))


def fitting(period: Period, wanted: Unit | None) -> Unit:
    """The unit of time by which a period has few enough rows, no smaller than the one wanted."""
    units = TIMES[TIMES.index(wanted) if wanted else 0 :]
    for unit in units:
        if (
            period.days / {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}[unit]
            <= (_MOST_ROWS[unit])
        ):
            return unit
    return units[-1]


@dataclass(frozen=True, slots=True)
class Bucket:
    """One day, week or month of a period, cut to it."""

    label: str
    period: Period


def buckets(period: Period, unit: Unit) -> list[Bucket]:
    """The days, weeks or months of a period. The first and the last may be cut."""
    found = []
    first = floor(period.first, unit)
    while first < period.until:
        until = stepped(first, unit, 1)
        begins, ends = max(first, period.first), min(until, period.until)
        found.append(Bucket(_label(first, unit), Period(begins, ends, period.zone)))
        first = until
    return found


def _label(first: date, unit: Unit) -> str:
    match unit:
        case "day":
            return first.isoformat()
        case "week":
            year, week, _ = (first + timedelta(days=3)).isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return f"{first:%Y-%m}"
        case "quarter":
            return f"{first.year}-Q{(first.month + 2) // 3}"
        case "year":
            return f"{first.year}"
