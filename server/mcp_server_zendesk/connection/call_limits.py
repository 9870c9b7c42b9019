"""How many calls one caller may make: at a time, and within a minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

MINUTE = 60.0

Limit = Literal["calls_per_minute", "calls_at_once"]


@dataclass(slots=True)
class Allowance:
    """What each caller may do. ``per_minute`` None: as many as they like."""

    at_once: int
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class NotYet:
    """A call may not begin before so many seconds, by the limit that says so."""

    seconds: float
    limit: Limit


class CallLimits(Protocol):
    """Counts the calls of each caller."""

    async def enter(self, caller: str, call: str, allowance: Allowance) -> NotYet | None:
        """None: the call has begun, and counts until ``leave``. ``call`` names it, to nobody."""
        ...

    async def leave(self, caller: str, call: str) -> None:
        """A call that had begun has ended."""
        ...


class CallsHere:
    """Those of one process, whose queue of each caller sees to how many run at a time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lately: dict[str, deque[float]] = {}
        self._forgotten = clock()

    async def enter(self, caller: str, call: str, allowance: Allowance) -> NotYet | None:
        """Count a call, unless this minute has no place for it."""
        del call
        if allowance.per_minute is None:
            return None
        now = self._clock()
        self._forget(now)
        lately = self._lately.setdefault(caller, deque())
        while lately and now - lately[0] >= MINUTE:
            lately.popleft()
        if len(lately) >= allowance.per_minute:
            oldest = lately[len(lately) - allowance.per_minute]
            return NotYet(MINUTE - (now - oldest), "calls_per_minute")
        lately.append(now)
        return None

    async def leave(self, caller: str, call: str) -> None:
        """A minute is no shorter for a call that has ended."""

    def _forget(self, now: float) -> None:
        """Callers who have been away for a minute."""
        if now - self._forgotten >= MINUTE:
            self._forgotten = now
            self._lately = {
                caller: lately
                for caller, lately in self._lately.items()
                if lately and now - lately[-1] < MINUTE
            }
