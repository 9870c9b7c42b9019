"""Periods as people name them: ``last_month``, ``2026-Q3``, ``since 2026-11-01``.

A period is a run of whole days in a time zone; as instants it is half-open, so that neighbours
touch whatever the clocks do. Weeks are those of ISO 8601 and begin on Mondays. ``last_7_days`` and
its like end with yesterday: whole days can be compared with whole days.
"""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from mcp_server_zendesk.serving.refusals import InvalidArguments

Unit = Literal["day", "week", "month", "quarter", "year"]

EXAMPLES = (
    "today",
    "yesterday",
    "this_week",
    "last_week",
    "this_month",
    "last_month",
    "this_quarter",
    "last_quarter",
    "this_year",
    "last_year",
    "last_7_days",
    "last_30_days",
    "last_90_days",
    "last_12_months",
    "2026",
    "2026-Q3",
    "2026-11",
    "2026-W48",
    "2026-11-15",
    "2026-11-01..2026-11-15",
    "since 2026-11-01",
)
PREVIOUS = "previous"

_FIRST_YEAR, _LAST_YEAR = 1971, 2199
_MOST_DAYS = 3_660
_DAY = timedelta(days=1)
_WEEK_DAYS = 7
_LONGEST = 60  # of what a person writes: more is no period, and is not matched against anything

_OF_NOW = re.compile(r"(this|last)_(day|week|month|quarter|year)")
_LATEST = re.compile(r"last_(\d{1,4})_(day|week|month|quarter|year)s?")
_YEAR = re.compile(r"(\d{4})")
_QUARTER = re.compile(r"(\d{4})-?q([1-4])")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_WEEK = re.compile(r"(\d{4})-?w(\d{1,2})")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})")
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})_?(?:\.\.|_to_|_until_|/)_?(\d{4}-\d{2}-\d{2})")
_SINCE = re.compile(r"(?:since|from)_(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from ``first`` to the day before ``until``; a ``unit`` where they are one."""

    first: date
    until: date
    zone: ZoneInfo
    unit: Unit | None = None

    @property
    def begins(self) -> datetime:
        """The first instant, in UTC."""
        return midnight(self.first, self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant that is no longer within, in UTC."""
        return midnight(self.until, self.zone)

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.until - self.first).days

    @property
    def words(self) -> str:
        """As a heading says it: ``November 2026``, ``1-15 Nov 2026``."""
        first, last = self.first, self.until - _DAY
        if self.unit in {"month", "quarter", "year"}:
            named = {"month": f"{first:%B} ", "quarter": f"Q{_quarter(first)} "}
            return f"{named.get(self.unit, '')}{first.year}"
        if first == last:
            return _spoken(last)
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}\u2013{_spoken(last)}"
        begins = f"{first.day} {first:%b}" if first.year == last.year else _spoken(first)
        return f"{begins} \u2013 {_spoken(last)}"

    def previous(self) -> Period:
        """The calendar's neighbour before, or as many days before."""
        if self.unit is None:
            return Period(self.first - timedelta(days=self.days), self.first, self.zone)
        return Period(stepped(self.first, self.unit, -1), self.first, self.zone, self.unit)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins there, in UTC; where its midnight is skipped, with what follows."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def time_zone(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        InvalidArguments: There is none of this name; the nearest ones are told.
    """
    known = {one.casefold(): one for one in zoneinfo.available_timezones()}
    found = known.get(name.strip().replace(" ", "_").casefold()[:_LONGEST])
    if found is None:
        near = difflib.get_close_matches(name.casefold()[:_LONGEST], known, n=5, cutoff=0.5)
        raise InvalidArguments.of(
            "time_zone",
            "is no IANA time zone, such as Europe/Berlin",
            allowed_values=[known[one] for one in near] or ["UTC"],
        )
    return ZoneInfo(found)


def period(text: str, today: date, zone: ZoneInfo, argument: str = "period") -> Period:
    """What a person calls a period.

    Args:
        text: One of ``EXAMPLES``, or of their like.
        today: The day it is in the zone.
        zone: Where days begin.
        argument: The tool's argument that is told where it is refused.

    Raises:
        InvalidArguments: It is no period, or ends before it begins.
    """
    plain = re.sub(r"[\s_]+", "_", text.strip().casefold()) if len(text) <= _LONGEST else ""
    for pattern, read in _FORMS:
        if found := pattern.fullmatch(plain):
            try:
                first, until, unit = read(today, *found.groups())
            except (ValueError, OverflowError):
                raise _refused(argument, "names a day or week that does not exist") from None
            if first >= until:
                raise _refused(argument, "ends before it begins")
            if first.year < _FIRST_YEAR or (until - _DAY).year > _LAST_YEAR:
                raise _refused(argument, f"lies outside {_FIRST_YEAR} to {_LAST_YEAR}")
            return Period(first, until, zone, unit)
    raise _refused(argument, "is not a period that is understood")


def _refused(argument: str, problem: str) -> InvalidArguments:
    allowed = EXAMPLES if argument == "period" else (PREVIOUS, *EXAMPLES)
    return InvalidArguments.of(argument, f"{problem}; write one like these", allowed_values=allowed)


Read = tuple[date, date, Unit | None]


def floor(day: date, unit: Unit) -> date:
    """The first day of the week, month, quarter or year that a day is in."""
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=_quarter(day) * 3 - 2, day=1)
        case "year":
            return day.replace(month=1, day=1)


def stepped(first: date, unit: Unit, count: int) -> date:
    """So many units after the first day of one."""
    if unit in {"day", "week"}:
        return first + timedelta(days=count * (_WEEK_DAYS if unit == "week" else 1))
    months = {"month": 1, "quarter": 3, "year": 12}[unit] * count
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _whole(first: date, unit: Unit) -> Read:
    return first, stepped(first, unit, 1), unit


def _of_now(today: date, which: str, unit: Unit) -> Read:
    return _whole(stepped(floor(today, unit), unit, 0 if which == "this" else -1), unit)


def _latest(today: date, count: str, unit: Unit) -> Read:
    until = floor(today, unit)
    first = stepped(until, unit, -int(count))
    if (until - first).days > _MOST_DAYS:
        raise ValueError
    return first, until, unit if int(count) == 1 else None


def _week(_: date, year: str, week: str) -> Read:
    return _whole(date.fromisocalendar(int(year), int(week), 1), "week")


def _range(_: date, first: str, last: str) -> Read:
    begins, until = date.fromisoformat(first), date.fromisoformat(last) + _DAY
    for unit in ("month", "quarter", "year"):
        if (begins, until) == _whole(floor(begins, unit), unit)[:2]:
            return begins, until, unit
    return begins, until, None


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Read]], ...] = (
    (re.compile("today"), lambda today: _whole(today, "day")),
    (re.compile("yesterday"), lambda today: _whole(today - _DAY, "day")),
    (_OF_NOW, _of_now),
    (_LATEST, _latest),
    (_YEAR, lambda _, year: _whole(date(int(year), 1, 1), "year")),
    (_QUARTER, lambda _, year, n: _whole(date(int(year), int(n) * 3 - 2, 1), "quarter")),
    (_MONTH, lambda _, year, month: _whole(date(int(year), int(month), 1), "month")),
    (_WEEK, _week),
    (_DATE, lambda _, day: _whole(date.fromisoformat(day), "day")),
    (_RANGE, _range),
    (_SINCE, lambda today, first: (date.fromisoformat(first), today + _DAY, None)),
)


def _quarter(day: date) -> int:
    return (day.month + 2) // 3


def _spoken(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
