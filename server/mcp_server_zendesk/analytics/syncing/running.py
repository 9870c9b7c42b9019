"""One run of a sync: asks Zendesk when its limits allow it, and writes what came, page by page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import anyio

from mcp_server_zendesk.analytics.store import Batch, Store
from mcp_server_zendesk.analytics.syncing.places import zendesk_clock
from mcp_server_zendesk.analytics.syncing.rows import Keeping
from mcp_server_zendesk.analytics.syncing.streams import Put
from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.client import Answer
from mcp_server_zendesk.connection.errors import (
    ConnectionFailed,
    RateLimited,
    TimedOut,
    Unavailable,
)
from mcp_server_zendesk.connection.handle import Progress, Zendesk
from mcp_server_zendesk.connection.paths import Segment, api_path
from mcp_server_zendesk.connection.reading import Params
from mcp_server_zendesk.serving.local_store import Analytics

SMALLEST_PAGE = 10

_MINUTE = 60.0
_PATIENCE = (10.0, 30.0, 60.0, 120.0, 300.0)
"""How long a run without an end waits for a Zendesk that fails, each time after the handle's own
attempts.
"""
_MOST_WAITS = 20

T = TypeVar("T")


class Paused(Exception):
    """The run ends before the end, with all that came stored: ``why``, in a sentence."""

    def __init__(self, why: str, continue_in_seconds: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.continue_in_seconds = math.ceil(continue_in_seconds)


@dataclass(slots=True)
class Run:
    """What all parts of one run share. ``clock`` is Zendesk's time, by its latest answer."""

    access: Access
    analytics: Analytics
    handle: Callable[[], Zendesk]
    seconds: float | None
    progress: Progress
    now: Callable[[], datetime]
    per_page: int
    store: Store
    keeping: Keeping
    began: float = field(init=False)
    clock: datetime | None = None
    stored: int = 0
    removed: int = 0
    requests: int = 0
    pages: int = 0

    def __post_init__(self) -> None:
        self.began = self.access.clock()

    def left(self) -> float:
        """Seconds until the run has to end."""
        if self.seconds is None:
            return math.inf
        return self.began + self.seconds - self.access.clock()

    def zendesk_now(self) -> datetime:
        """The time by Zendesk's clock, by ours where it does not tell."""
        return self.clock or self.now()

    async def ask(self, *path: Segment, params: Params | None = None) -> Answer:
        """Read one answer, waiting ahead of the limits and for those that were met anyway.

        Raises:
            Paused: It would take longer than the run may.
            ZendeskError: In one of its kinds.
        """
        waits = failures = 0
        while True:
            await self._wait_ahead(api_path(*path))
            zendesk = self.handle()
            before = zendesk.requests
            try:
                answer = await zendesk.look(*path, params=params)
            except RateLimited as error:
                waits += 1
                if waits > _MOST_WAITS:
                    raise
                asked = error.refusal.retry_after
                await self._wait(_MINUTE if asked is None else asked)
            except (ConnectionFailed, TimedOut, Unavailable) as error:
                smaller = isinstance(error, TimedOut) and _size_of(params) > SMALLEST_PAGE
                if smaller or self.seconds is not None or failures >= len(_PATIENCE):
                    raise
                await self._say(f"Zendesk failed: waiting {_PATIENCE[failures]:.0f} s")
                await self.access.sleep(_PATIENCE[failures])
                failures += 1
            else:
                self.clock = zendesk_clock(answer.date) or self.clock
                return answer
            finally:
                self.requests += zendesk.requests - before

    async def _wait_ahead(self, path: str) -> None:
        gate = self.access.connection.gate
        if self.left() <= 0:
            wait, _ = gate.seconds_to_wait("GET", path, self.handle().caller)
            raise Paused("The time of this call is used up.", wait)
        while (wait := gate.seconds_to_wait("GET", path, self.handle().caller)[0]) > 0:
            await self._wait(wait)

    async def _wait(self, seconds: float) -> None:
        if seconds > self.left():
            raise Paused("Zendesk's limit of such requests a minute is used up.", seconds)
        await self._say(f"Zendesk limits such requests a minute: waiting {seconds:.0f} s")
        await self.access.sleep(seconds)

    async def _say(self, message: str) -> None:
        await self.progress(self.stored, None, message)

    async def write(self, put: Callable[[Batch], T]) -> T:
        """Carry out a batch in a thread: all of it or nothing, whoever ends the run meanwhile.

        Raises:
            LocalRefusal: The store cannot be written.
        """
        return await anyio.to_thread.run_sync(self._write, put)

    def _write(self, put: Callable[[Batch], T]) -> T:
        with self.store.batch() as batch:
            return put(batch)

    async def note(self, put: Put, name: str, records: int, until: datetime | None) -> None:
        """Count what one page came to, and tell of it."""
        self.pages += 1
        self.stored += put.rows
        self.removed += put.removed
        as_of = "" if until is None else f", up to {until:%Y-%m-%d %H:%M} UTC"
        await self._say(f"{name.replace('_', ' ')}: {records:,} read{as_of}")


def _size_of(params: Params | None) -> int:
    size = (params or {}).get("per_page", 0)
    return size if isinstance(size, int) else 0
