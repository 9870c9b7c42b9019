"""Each caller's share of a server: so many calls at a time, so many within a minute.

What goes beyond waits in the caller's own queue, and holds nobody else up.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from mcp_server_zendesk.connection.call_limits import Allowance, CallLimits, NotYet
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.refusals import TooManyCalls

LEFT_SECONDS = 15.0
"""What a call needs of its time once it has waited."""
TELL_SECONDS = 5.0
"""Between two signs of life while a call waits."""
_BUSY_SECONDS = 1.0
_WAITING = "Waiting for this caller's other calls, as this server's admin limits them"


@dataclass(slots=True, eq=False)
class _Queue:
    """The calls of one caller, in the order in which they came."""

    running: int = 0
    waiting: dict[anyio.Event, None] = field(default_factory=dict)


@dataclass(slots=True)
class Fairness:
    """Lets calls begin as each caller's allowance says, which may change at any time."""

    limits: CallLimits
    allowance: Allowance
    _queues: dict[str, _Queue] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, call: Zendesk) -> AsyncIterator[None]:
        """Wait for the turn of a call, within its time and telling its caller, and hold it.

        Raises:
            TooManyCalls: It would take longer.
        """
        queue = self._queues.setdefault(call.caller, _Queue())
        name = uuid.uuid4().hex
        await self._take(queue, call)
        try:
            await self._enter(call, name)
            try:
                yield
            finally:
                await self.limits.leave(call.caller, name)
        finally:
            self._give(queue, call.caller)

    async def _take(self, queue: _Queue, call: Zendesk) -> None:
        """A place among those of this caller that run."""
        if queue.running < self.allowance.at_once and not queue.waiting:
            queue.running += 1
            return
        turn = anyio.Event()
        queue.waiting[turn] = None
        try:
            async with anyio.create_task_group() as waiting:
                waiting.start_soon(_tell, call, waiting)
                await turn.wait()
                waiting.cancel_scope.cancel()
        except BaseException:
            if turn.is_set():
                self._give(queue, call.caller)
            raise
        finally:
            queue.waiting.pop(turn, None)
        if not turn.is_set():
            allowed = self.allowance.at_once
            raise TooManyCalls("calls_at_once", allowed, retry_after=_BUSY_SECONDS)

    def _give(self, queue: _Queue, caller: str) -> None:
        """The place of a call that has ended, to whoever waited longest."""
        queue.running -= 1
        while queue.waiting and queue.running < self.allowance.at_once:
            turn = next(iter(queue.waiting))
            del queue.waiting[turn]
            queue.running += 1
            turn.set()
        if queue.running == 0 and self._queues.get(caller) is queue:
            del self._queues[caller]

    async def _enter(self, call: Zendesk, name: str) -> None:
        """Count the call, once this minute and the other replicas leave it room."""
        told = float("-inf")
        while (not_yet := await self.limits.enter(call.caller, name, self.allowance)) is not None:
            if not_yet.seconds > _time_left(call):
                allowed = self._allowed(not_yet)
                raise TooManyCalls(not_yet.limit, allowed, retry_after=not_yet.seconds)
            if call.now() - told >= TELL_SECONDS:
                told = call.now()
                await call.progress(told - call.began, None, _WAITING)
            await call.access.sleep(min(not_yet.seconds, TELL_SECONDS))

    def _allowed(self, not_yet: NotYet) -> int:
        if not_yet.limit == "calls_at_once":
            return self.allowance.at_once
        return self.allowance.per_minute or 0


async def _tell(call: Zendesk, waiting: TaskGroup) -> None:
    """Tell the caller now and then that the call waits, and end that when its time is up.

    A client that does not listen holds nothing up.
    """
    while (left := _time_left(call)) > 0:
        waiting.start_soon(call.progress, call.now() - call.began, None, _WAITING)
        await call.access.sleep(min(TELL_SECONDS, left))
    waiting.cancel_scope.cancel()


def _time_left(call: Zendesk) -> float:
    return call.seconds_left() - LEFT_SECONDS
