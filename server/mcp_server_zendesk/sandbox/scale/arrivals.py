"""When generated tickets come in: more by day than by night, fewer at weekends, more each year."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from mcp_server_zendesk.sandbox.scale.mixing import mix

SPREAD = 3 * 365 * 86_400
"""The seconds within which all of them came in."""
_HOUR = 3_600
_WEEK_HOURS = 168
_MONDAY_HOURS = 96
_BY_DAY = (1.25, 1.15, 1.05, 1.0, 0.9, 0.4, 0.35)
"""From Monday on."""
_BY_HOUR = (
    *(0.15, 0.1, 0.08, 0.08, 0.1, 0.2, 0.4, 0.8, 1.4, 1.9, 2.0, 1.8),
    *(1.5, 1.6, 1.7, 1.6, 1.5, 1.3, 1.1, 1.0, 0.9, 0.7, 0.45, 0.25),
)
_GROWTH = 1.4
"""How much more comes in at the end than at the beginning, in parts of the beginning."""


class Arrivals:
    """The moments at which so many tickets came in, a function of each one's place.

    Args:
        count: How many there are.
        born: When the youngest came in, in seconds since the epoch.
    """

    def __init__(self, count: int, born: int) -> None:
        self._count = max(1, count)
        self._started = born - SPREAD
        hours = SPREAD // _HOUR
        first = self._started // _HOUR - _MONDAY_HOURS
        total = 0.0
        self._until = array("d", [0.0])
        for hour in range(hours):
            day, at = divmod((first + hour) % _WEEK_HOURS, 24)
            total += _BY_DAY[day] * _BY_HOUR[at] * (1 + _GROWTH * hour / hours)
            self._until.append(total)
        self._each = total / self._count

    def at(self, place: int) -> int:
        """When the ticket of this place came in, from 0 on; later ones never came before it."""
        shaken = 0 if place + 1 == self._count else (mix(place, 1) & 0xFFFF) / 0x10000
        wanted = (place + 1 - shaken) * self._each
        hour = min(bisect_right(self._until, wanted), len(self._until) - 1) - 1
        before = self._until[hour]
        part = min(1.0, (wanted - before) / (self._until[hour + 1] - before))
        return self._started + int((hour + part) * _HOUR)
