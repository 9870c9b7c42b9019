"""Business hours: how much of a span of time is worked, as Zendesk's schedules tell it."""

from __future__ import annotations

from dataclasses import dataclass

_DAY = 86_400
_WEEK = 7 * _DAY
_MONDAY = 4 * _DAY
"""The first Monday after the epoch, a Thursday."""


@dataclass(frozen=True)
class Schedule:
    """The same hours on each working day, from Monday on, in UTC. All numbers are seconds."""

    opens: int = 8 * 3_600
    closes: int = 18 * 3_600
    days: int = 5

    def worked(self, at: int) -> int:
        """What has been worked until a moment, since some Monday long ago."""
        week, rest = divmod(at - _MONDAY, _WEEK)
        day, second = divmod(rest, _DAY)
        length = self.closes - self.opens
        if day >= self.days:
            return (week + 1) * self.days * length
        today = min(max(second - self.opens, 0), length)
        return (week * self.days + day) * length + today

    def when(self, worked: int) -> int:
        """The moment by which so much has been worked: the inverse of `worked`."""
        length = self.closes - self.opens
        days, rest = divmod(worked, length)
        week, day = divmod(days, self.days)
        return _MONDAY + week * _WEEK + day * _DAY + self.opens + rest


def spent(schedule: Schedule | None, start: int, end: int) -> tuple[int, int]:
    """Calendar and business seconds between two moments; the same where there is no schedule."""
    calendar = end - start
    if schedule is None:
        return calendar, calendar
    return calendar, schedule.worked(end) - schedule.worked(start)
