"""Two hundred MCP clients of mixed scopes, each of which settles what it set out to do.

A client that is cut off does what a careful one does: a read it repeats; after a write it looks
whether it was done, and repeats it only if it was not.
"""

from __future__ import annotations

import random
import ssl
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from humans import agree
from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.serving.explanation import META_KEY

Ending = Literal["answered", "refused", "cut"]

READER, SUPPORT, LIMITED = "reader", "support", "limited"
SCOPES = {READER: "read", SUPPORT: "read tickets:write", LIMITED: "tickets:read"}

_TRIES = 12
_SECONDS_BEFORE_LOOKING = 1.0
_SECONDS_FOR_A_CALL = 60
_LEGACY_EACH = 5  # and not 4, by which kinds go
_TICKETS = (at.OPEN_TICKET, at.PENDING_TICKET)
_CUT = frozenset({None, 200, 202, 502, 504})


@dataclass
class Task:
    """One thing that a client sets out to do. ``marker`` stands in what a write sends."""

    caller: str
    tool: str
    arguments: dict[str, Any]
    marker: str | None = None
    ending: Literal["done", "refused", "lost"] = "lost"
    found: bool = False
    """Its answer was cut off, and it was found to be done."""
    seconds: float = 0.0
    why: str | None = None


@dataclass
class Ledger:
    """What all clients sent, and what came of it."""

    tasks: list[Task] = field(default_factory=list)
    sent: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Of each call that was answered."""
    settled: int = 0
    _waiting: list[tuple[int, anyio.Event]] = field(default_factory=list)

    def settle(self) -> None:
        """One more task has come to its end."""
        self.settled += 1
        for count, reached in self._waiting:
            if self.settled >= count:
                reached.set()

    async def until(self, count: int) -> None:
        """Wait until so many have."""
        reached = anyio.Event()
        if self.settled < count:
            self._waiting.append((count, reached))
            await reached.wait()


@dataclass
class Caller:
    """One client, which does one thing after another."""

    number: int
    name: str
    kind: str
    token: str = field(repr=False)
    url: str
    trusted: ssl.SSLContext
    ledger: Ledger
    status: int | None = None
    ticket_id: int = 0
    client: Client | None = None
    opened: AsyncExitStack | None = None

    async def connect(self) -> None:
        """Begin anew, however the last connection ended."""
        await self.disconnect()
        stack = AsyncExitStack()
        http = await stack.enter_async_context(
            httpx2.AsyncClient(
                headers={"Authorization": f"Bearer {self.token}"},
                verify=self.trusted,
                timeout=_SECONDS_FOR_A_CALL,
                trust_env=False,
                event_hooks={"request": [self._asks], "response": [self._hears]},
            )
        )
        mode = "legacy" if self.number % _LEGACY_EACH == 0 else "2026-07-28"
        transport = streamable_http_client(self.url, http_client=http)
        client = Client(transport, mode=mode, elicitation_callback=agree)
        self.client = await stack.enter_async_context(client)
        self.opened = stack

    async def disconnect(self) -> None:
        """Hang up."""
        opened, self.opened = self.opened, None
        if opened is not None:
            await opened.aclose()

    async def _asks(self, _: httpx2.Request) -> None:
        self.status = None

    async def _hears(self, response: httpx2.Response) -> None:
        self.status = response.status_code

    async def settle(self, task: Task) -> None:
        """Do it, whatever happens to the server meanwhile."""
        self.ledger.tasks.append(task)
        begun = time.perf_counter()
        for _ in range(_TRIES):
            ending, result = await self._try(task)
            if ending == "answered":
                task.ending = "done"
                break
            if ending == "refused" and not _retryable(result, self.status):
                task.ending, task.why = "refused", _kind(result, self.status)
                break
            await anyio.sleep(_SECONDS_BEFORE_LOOKING)
            if task.marker and ending == "cut" and await self._is_done(task.marker):
                task.ending, task.found = "done", True
                break
        task.seconds = time.perf_counter() - begun
        self.ledger.settle()

    async def _try(self, task: Task) -> tuple[Ending, CallToolResult | None]:
        self.ledger.sent += 1
        begun = time.perf_counter()
        ending, result = await self._call(task.tool, task.arguments)
        if ending == "answered":
            self.ledger.seconds.append(time.perf_counter() - begun)
        if ending == "refused":
            self.ledger.refusals[_kind(result, self.status)] += 1
        self.ledger.endings[ending] += 1
        return ending, result

    async def _call(
        self, tool: str, arguments: dict[str, Any]
    ) -> tuple[Ending, CallToolResult | None]:
        if self.client is None:
            raise RuntimeError("not connected")
        try:
            with anyio.fail_after(_SECONDS_FOR_A_CALL):
                result = await self.client.call_tool(tool, arguments)
        except (MCPError, TimeoutError, httpx2.HTTPError, anyio.ClosedResourceError):
            return ("cut" if self.status in _CUT else "refused"), None
        if not result.is_error:
            return "answered", result
        told = (result.meta or {}).get(META_KEY, {})
        return ("cut" if told.get("outcome") == "unknown" else "refused"), result

    async def _is_done(self, marker: str) -> bool:
        """Whether a note that was cut off stands in the ticket."""
        for _ in range(_TRIES):
            looking = Task(self.name, "list_ticket_comments", {"ticket_id": self.ticket_id})
            ending, result = await self._try(looking)
            if ending == "answered" and result is not None:
                return marker in str(result.structured_content)
            await anyio.sleep(_SECONDS_BEFORE_LOOKING)
        raise RuntimeError("a ticket could not be read any more")

    async def open_ticket(self) -> None:
        """A ticket of its own: others who write to it would be a conflict."""
        marker = f"ticket-{uuid.uuid4().hex}"
        arguments = {"subject": marker, "body": "For the load test."}
        task = Task(self.name, "create_ticket", arguments, marker)
        self.ledger.tasks.append(task)
        ending, result = await self._try(task)
        if ending != "answered" or result is None:
            raise RuntimeError("a ticket could not be created")
        task.ending = "done"
        self.ticket_id = int((result.structured_content or {})["ticket_id"])

    def next_task(self, chance: random.Random) -> Task:
        """Mostly reads; what somebody may not do, now and then."""
        if self.kind == SUPPORT and chance.random() < 0.4:
            tool = "reply_to_ticket" if chance.random() < 0.2 else "add_internal_note"
            marker = f"note-{uuid.uuid4().hex}"
            arguments = {"ticket_id": self.ticket_id, "body": f"Seen. {marker}"}
            return Task(self.name, tool, arguments, marker)
        if self.kind == LIMITED and chance.random() < 0.3:
            body = {"ticket_id": at.OPEN_TICKET, "body": f"Never. note-{uuid.uuid4().hex}"}
            return Task(self.name, "add_internal_note", body)
        if self.kind == READER and chance.random() < 0.3:
            return Task(self.name, "search_tickets", {"query": "status:open", "limit": 5})
        return Task(self.name, "get_ticket", {"ticket_id": chance.choice(_TICKETS)})


async def at_work(
    callers: list[Caller], tasks_each: int, midway: Callable[[Ledger], Coroutine[Any, Any, None]]
) -> None:
    """All at once; ``midway`` runs beside them."""
    ledger = callers[0].ledger

    async def work(caller: Caller) -> None:
        chance = random.Random(caller.number)  # noqa: S311 - the same mix each time
        await caller.connect()
        if caller.kind == SUPPORT:
            await caller.open_ticket()
        connected.append(caller)
        if len(connected) == len(callers):
            all_are.set()
        await all_are.wait()
        for _ in range(tasks_each):
            await caller.settle(caller.next_task(chance))
        await caller.disconnect()

    connected: list[Caller] = []
    all_are = anyio.Event()
    async with anyio.create_task_group() as beside:
        beside.start_soon(midway, ledger)
        async with anyio.create_task_group() as working:
            for caller in callers:
                working.start_soon(work, caller)


def trusting(authority: Path) -> ssl.SSLContext:
    """The proxy's certificate and no other."""
    return ssl.create_default_context(cafile=str(authority))


def _kind(result: CallToolResult | None, status: int | None) -> str:
    if result is None:
        return f"HTTP {status}"
    return str((result.meta or {}).get(META_KEY, {}).get("kind", "unexplained"))


def _retryable(result: CallToolResult | None, status: int | None) -> bool:
    if result is None:
        return status in {429, 503}
    return bool((result.meta or {}).get(META_KEY, {}).get("retryable"))
