"""What happened to generated tickets in the order of time, without looking at all of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from mcp_server_zendesk.sandbox.scale.life import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mcp_server_zendesk.sandbox.scale.bulk import Bulk

_MOMENT_BITS, _PLACE_BITS = 34, 8
_PLACES = (1 << _PLACE_BITS) - 1
_NUMBERS = (1 << (_MOMENT_BITS - _PLACE_BITS)) - 1
_KEPT_WINDOWS = 3


class Moment(NamedTuple):
    """Something that happened: when, to which ticket, and its place among what happened to it."""

    at: int
    number: int
    place: int


class Timeline:
    """An index of moments in windows, each made when it is looked at and forgotten later.

    A ticket is over within `LONGEST` of its creation, so that a window of that length holds
    moments of the tickets of two windows only.

    Args:
        bulk: The tickets.
        moments: When something happened to a ticket, in order.
    """

    def __init__(self, bulk: Bulk, moments: Callable[[int], Iterable[int]]) -> None:
        self._bulk = bulk
        self._moments = moments
        self._windows: OrderedDict[int, array[int]] = OrderedDict()
        self._carried: dict[int, list[int]] = {}
        """What a window leaves to the one after it, which is mostly the next that is asked for."""
        self._last = (bulk.born - bulk.began) // LONGEST

    def since(self, at: int) -> Iterator[Moment]:
        """What happened from then on, in order."""
        start = max(0, at - self._bulk.began)
        for window in range(start // LONGEST, self._last + 1):
            packed = self._window(window)
            first = bisect_left(packed, start << _MOMENT_BITS)
            for index in range(first, len(packed)):
                yield self._unpacked(packed[index])

    def before(self, at: int) -> Iterator[Moment]:
        """What happened until then, that second too, the latest first."""
        end = at - self._bulk.began
        for window in range(min(self._last, end // LONGEST), -1, -1):
            packed = self._window(window)
            for index in range(bisect_right(packed, (end + 1) << _MOMENT_BITS) - 1, -1, -1):
                if packed[index] >> _MOMENT_BITS <= end:
                    yield self._unpacked(packed[index])

    def _unpacked(self, packed: int) -> Moment:
        number = self._bulk.first + (packed >> _PLACE_BITS & _NUMBERS)
        return Moment(self._bulk.began + (packed >> _MOMENT_BITS), number, packed & _PLACES)

    def _window(self, window: int) -> array[int]:
        known = self._windows.get(window)
        if known is None:
            known = self._windows[window] = self._made(window)
            while len(self._windows) > _KEPT_WINDOWS:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(window)
        return known

    def _made(self, window: int) -> array[int]:
        packed = self._carried.pop(window, None)
        if packed is None:
            packed = self._split(window - 1, window)[0]
        mine, later = self._split(window, window)
        self._carried = {window + 1: later}
        packed += mine
        packed.sort()
        return array("q", packed)

    def _split(self, came_in: int, window: int) -> tuple[list[int], list[int]]:
        """What happened in a window to the tickets that came in in one, and what after it."""
        bulk = self._bulk
        start = came_in * LONGEST + bulk.began
        begin, end = window * LONGEST, (window + 1) * LONGEST
        first = bisect_left(bulk.numbers, start, key=bulk.created)
        last = bisect_left(bulk.numbers, start + LONGEST, key=bulk.created)
        within: list[int] = []
        later: list[int] = []
        for index in range(first, last):
            for place, at in enumerate(self._moments(bulk.numbers[index])):
                since = at - bulk.began
                if since >= begin:
                    chosen = within if since < end else later
                    chosen.append(since << _MOMENT_BITS | index << _PLACE_BITS | place)
        return within, later
