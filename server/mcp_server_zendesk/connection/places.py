"""Requests under way to one account at a time, shared out fairly among callers."""

from __future__ import annotations

from collections import OrderedDict, deque

import anyio

AT_ONCE = 16
"""Requests under way to one account at a time; Zendesk documents no number."""


class RequestPlaces:
    """So many places; where all are taken, callers wait and get one in turn, round and round.

    However many requests of one caller wait, another caller's is the next but the other callers
    that wait. Those of one caller go in the order in which they came.
    """

    def __init__(self, count: int = AT_ONCE) -> None:
        self._free = count
        self._waiting: OrderedDict[str, deque[anyio.Event]] = OrderedDict()

    def taken(self) -> bool:
        """Whether a place was free, and is taken now. Free ones are nobody's turn."""
        if self._free == 0:
            return False
        self._free -= 1
        return True

    async def wait(self, caller: str) -> None:
        """Wait for a place, and take it."""
        if self.taken():
            return
        turn = anyio.Event()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():
                self.release()
            else:
                self._forget(caller, turn)
            raise

    def release(self) -> None:
        """Give a place to whose turn it is."""
        if not self._waiting:
            self._free += 1
            return
        caller, turns = self._waiting.popitem(last=False)
        turns.popleft().set()
        if turns:
            self._waiting[caller] = turns

    def _forget(self, caller: str, turn: anyio.Event) -> None:
        turns = self._waiting[caller]
        turns.remove(turn)
        if not turns:
            del self._waiting[caller]
