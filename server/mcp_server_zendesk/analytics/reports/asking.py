"""What a report is asked: of when, in comparison with when, by what, and how fresh the copy is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mcp_server_zendesk.analytics.querying.reading import Answer
from mcp_server_zendesk.analytics.reports.groupings import Grouping
from mcp_server_zendesk.analytics.reports.periods import Period

Ask = Callable[[str, Sequence[Any]], Awaitable[Answer]]
"""Puts a statement of ours to the store, as ``Reader.ask`` does."""


class Values:
    """The parameters of a statement, by the numbers they have in it."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def of(self, value: Any, kind: str = "") -> str:
        """What stands for a value in the statement."""
        self.given.append(value)
        return f"${len(self.given)}" + (f"::{kind}" if kind else "")

    def instant(self, moment: datetime) -> str:
        """What stands for an instant."""
        return f"to_timestamp({self.of(moment.timestamp(), 'DOUBLE')})"


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to just before another, in UTC; ``period`` is the days it was cut from."""

    begins: datetime
    ends: datetime
    period: Period

    @property
    def cut(self) -> bool:
        """Whether the copy ends within it."""
        return self.ends < self.period.ends


@dataclass(frozen=True, slots=True)
class Freshness:
    """Until when the copy holds what, and what it lacks.

    ``as_of`` is until when the tickets are there, ``histories`` until when their changes are.
    """

    as_of: datetime
    histories: datetime | None
    complete: bool
    tickets: int
    oldest: datetime | None
    without_metrics: int
    streams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a report, all of it settled."""

    now: Span
    before: Span | None
    zone: ZoneInfo
    grouping: Grouping | None
    freshness: Freshness
    charted: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The one asked for, and the one it is compared with."""
        return (self.now,) if self.before is None else (self.now, self.before)


def spans(
    asked: Period, compared: Period | None, as_of: datetime, *, neighbour: bool
) -> tuple[Span, Span | None]:
    """Both periods as far as the copy goes.

    Where the one asked for is not over and the other is its ``neighbour``, both are counted to the
    same point by the clock on the wall: half a month with half a month.
    """
    now = Span(asked.begins, max(asked.begins, min(asked.ends, as_of)), asked)
    if compared is None:
        return now, None
    ends = min(compared.ends, as_of)
    if neighbour and now.cut:
        zone = asked.zone
        passed = _on_the_wall(now.ends, zone) - _on_the_wall(now.begins, zone)
        same = (_on_the_wall(compared.begins, zone) + passed).replace(tzinfo=zone).astimezone(UTC)
        ends = min(ends, same)
    return now, Span(compared.begins, max(compared.begins, ends), compared)


def _on_the_wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
