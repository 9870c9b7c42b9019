"""Clients that work for as long as they are told to, whatever happens to their server."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult

from bench.endurance import errands
from bench.team.callers import HttpSettler
from bench.team.processes import COMMAND
from bench.team.settling import Ending, Settler, Task
from humans import agree
from mcp_server_zendesk.sandbox import Rules
from mcp_server_zendesk.sandbox import landmarks as at

_READS, _MISTAKES = 0.55, 0.08
_CANCELLED = 0.02
_TASKS_OF_A_TICKET = 40
_TASKS_OF_A_CONNECTION = 60
_SECONDS_BETWEEN_TRIES = 0.5
_SECONDS_TO_RETURN = 60
_SECONDS_TO_HANG_UP = 20
_SECONDS_OF_A_JOB = Rules().job_seconds + 1


def _happened() -> anyio.Event:
    event = anyio.Event()
    event.set()
    return event


@dataclass
class Worker(Settler):
    """One client with its own ticket; ``pause`` is about how long it thinks, in seconds."""

    chance: random.Random = field(default_factory=random.Random)
    pause: float = 0.5
    writes: bool = True
    cancelled: int = 0
    reconnected: int = 0
    connections: TaskGroup | None = None
    leaving: anyio.Event = field(default_factory=anyio.Event)
    left: anyio.Event = field(default_factory=_happened)

    async def work(self, over: anyio.Event) -> None:
        """Do one thing after another until it is over; what was begun is settled."""
        async with anyio.create_task_group() as self.connections:
            await self.recover()
            await self._work(over)
            await self.disconnect()
            self.connections.cancel_scope.cancel()

    async def _work(self, over: anyio.Event) -> None:
        done = 0
        while not over.is_set():
            if done % _TASKS_OF_A_TICKET == 0:
                await self.open_ticket()
            if done % _TASKS_OF_A_CONNECTION == _TASKS_OF_A_CONNECTION - 1:
                await self.recover()
            await self.settle(self.next_task())
            done += 1
            with anyio.move_on_after(self.pause * 2 * self.chance.random()):
                await over.wait()

    def next_task(self) -> Task:
        """Mostly reads."""
        kind = self.chance.random()
        if kind < _READS:
            return errands.read(self.name, self.chance, self.ticket_id)
        if kind < _READS + _MISTAKES:
            return errands.mistake(self.name, self.chance, self.ticket_id)
        return errands.write(self.name, self.chance, self.ticket_id)

    async def open_ticket(self) -> None:
        """Begin a ticket of its own and learn its number; who may not looks at another's."""
        if not self.writes:
            self.ticket_id = at.OPEN_TICKET
            return
        found: list[dict[str, Any]] = []
        while not found:
            task = errands.opened(self.name)
            await self.settle(task)
            result = None
            while task.ending == "done" and (result is None or result.is_error):
                _, result = await self.try_(errands.look_for(task))
            # Where a ticket is told as created and is not there, the reconciliation tells it.
            found = (result.structured_content or {})["items"] if result is not None else []
        self.ticket_id = int(found[0]["id"])

    def seconds_until_done(self, task: Task) -> float:
        """Jobs run beside: this client has nobody to ask for the job of a call that was cut."""
        return _SECONDS_OF_A_JOB if task.tool == "update_tickets" else 0.0

    def look_for(self, task: Task) -> Task:
        """By the tool."""
        return errands.look_for(task)

    async def recover(self) -> None:
        """Connect anew, once the server is there again."""
        with anyio.fail_after(_SECONDS_TO_RETURN):
            while True:
                with suppress(Exception):
                    await self.connect()
                    self.reconnected += 1
                    return
                await anyio.sleep(_SECONDS_BETWEEN_TRIES)

    async def connect(self) -> None:
        """Begin anew. A connection has a task of its own, in which it may break."""
        await self.disconnect()
        if self.connections is None:
            raise RuntimeError("it does not work")
        self.client = await self.connections.start(self._connected)

    async def disconnect(self) -> None:
        """Hang up, however badly it goes."""
        self.client = None
        self.leaving.set()
        with anyio.move_on_after(_SECONDS_TO_HANG_UP):
            await self.left.wait()

    async def _connected(self, *, task_status: TaskStatus[Client]) -> None:
        leaving, left = self.leaving, self.left = anyio.Event(), anyio.Event()
        try:
            with suppress(Exception):
                async with AsyncExitStack() as stack:
                    task_status.started(await self.join(stack))
                    await leaving.wait()
        finally:
            left.set()

    def is_cut(self) -> bool:
        """A session that its server no longer knows is one that was cut off."""
        return super().is_cut() or self.status == 404

    async def _call(
        self, tool: str, arguments: dict[str, Any]
    ) -> tuple[Ending, CallToolResult | None]:
        """Now and then somebody changes his mind in the middle of a call."""
        if self.chance.random() >= _CANCELLED:
            return await super()._call(tool, arguments)
        self.cancelled += 1
        with anyio.move_on_after(self.chance.random()):
            return await super()._call(tool, arguments)
        return "cut", None


@dataclass
class HttpWorker(Worker, HttpSettler):
    """Over HTTP."""


@dataclass
class StdioWorker(Worker):
    """With a server of its own, as a desktop assistant has one."""

    config: Path = field(default_factory=Path)
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    legacy: bool = False

    async def recover(self) -> None:
        """Start another server only where this one does not answer."""
        with suppress(Exception), anyio.fail_after(_SECONDS_TO_HANG_UP):
            if self.client is not None:
                await self.client.list_tools()
                return
        await super().recover()

    async def join(self, stack: AsyncExitStack) -> Client:
        """Start the server and greet it."""
        log = stack.enter_context((self.config.parent / "log.txt").open("a"))
        server = StdioServerParameters(
            command=COMMAND, args=["serve", "--config", str(self.config)], env=self.variables
        )
        mode = "legacy" if self.legacy else "2026-07-28"
        client = Client(stdio_client(server, errlog=log), mode=mode, elicitation_callback=agree)
        return await stack.enter_async_context(client)
