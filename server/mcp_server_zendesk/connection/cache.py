"""A small memory of what rarely changes in a Zendesk account."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import anyio

T = TypeVar("T")

KEEP_SECONDS = 600.0


class Cache:
    """Values by name for ten minutes; each is loaded by one caller while the others wait.

    A failed load is not kept. ``hits`` and ``loads`` count by name, to see that it works.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, Any]] = {}
        self._locks: dict[str, anyio.Lock] = {}
        self.hits: dict[str, int] = {}
        self.loads: dict[str, int] = {}

    async def get(self, name: str, load: Callable[[], Awaitable[T]]) -> T:
        """The kept value, or a freshly loaded one."""
        async with self._locks.setdefault(name, anyio.Lock()):
            if (kept := self._kept.get(name)) and self._clock() < kept[0]:
                self.hits[name] = self.hits.get(name, 0) + 1
                return cast("T", kept[1])
            self.loads[name] = self.loads.get(name, 0) + 1
            value = await load()
            self._forget()
            self._kept[name] = (self._clock() + KEEP_SECONDS, value)
            return value

    def _forget(self) -> None:
        now = self._clock()
        for old in [name for name, (until, _) in self._kept.items() if until <= now]:
            del self._kept[old]
            self._locks.pop(old, None)  # a slow load may go on without it
