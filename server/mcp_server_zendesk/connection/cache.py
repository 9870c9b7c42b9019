"""A small memory of what rarely changes in a Zendesk account."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import anyio

T = TypeVar("T")

KEEP_SECONDS = 600.0
PATIENCE_SECONDS = 5.0
"""How long a caller waits for what another one loads, whose turn may be long in coming."""


class Cache:
    """Values by name for ten minutes; each is loaded by one caller while the others wait a little.

    A failed load is not kept. ``hits`` and ``loads`` count by the part of the name before a colon,
    to see that it works: what stands behind it may be somebody's own.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, Any]] = {}
        self._locks: dict[str, anyio.Lock] = {}
        self.hits = Counter[str]()
        self.loads = Counter[str]()

    async def get(self, name: str, load: Callable[[], Awaitable[T]]) -> T:
        """The kept value, or a freshly loaded one."""
        lock = self._locks.setdefault(name, anyio.Lock())
        waited = False
        with anyio.move_on_after(PATIENCE_SECONDS):
            await lock.acquire()
            waited = True
        try:
            if (kept := self._kept.get(name)) and self._clock() < kept[0]:
                self.hits[name.partition(":")[0]] += 1
                return cast("T", kept[1])
            self.loads[name.partition(":")[0]] += 1
            value = await load()
            self._forget()
            self._kept[name] = (self._clock() + KEEP_SECONDS, value)
            return value
        finally:
            if waited:
                lock.release()
            if name not in self._kept and not lock.statistics().locked:
                self._locks.pop(name, None)

    def _forget(self) -> None:
        now = self._clock()
        for old in [name for name, (until, _) in self._kept.items() if until <= now]:
            del self._kept[old]
            self._locks.pop(old, None)  # a slow load may go on without it
