"""Two hundred MCP clients of mixed scopes."""

from __future__ import annotations

import random
import ssl
import uuid
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from bench.team.settling import SECONDS_FOR_A_CALL, Ledger, Settler, Task
from humans import agree
from mcp_server_zendesk.sandbox import landmarks as at

READER, SUPPORT, LIMITED = "reader", "support", "limited"
SCOPES = {READER: "read", SUPPORT: "read tickets:write", LIMITED: "tickets:read"}

LEGACY_EACH = 5  # and not 4, by which kinds go
_TICKETS = (at.OPEN_TICKET, at.PENDING_TICKET)


@dataclass
class HttpSettler(Settler):
    """One that connects over HTTP, by the older handshake where it is ``legacy``."""

    url: str = ""
    token: str = field(default="", repr=False)
    trusted: ssl.SSLContext | bool = True
    legacy: bool = False

    async def join(self, stack: AsyncExitStack) -> Client:
        """Connect to the server at ``url``, with the token."""
        http = await stack.enter_async_context(
            httpx2.AsyncClient(
                headers={"Authorization": f"Bearer {self.token}"},
                verify=self.trusted,
                timeout=SECONDS_FOR_A_CALL,
                trust_env=False,
                event_hooks={"request": [self._asks], "response": [self._hears]},
            )
        )
        mode = "legacy" if self.legacy else "2026-07-28"
        transport = streamable_http_client(self.url, http_client=http)
        client = Client(transport, mode=mode, elicitation_callback=agree)
        return await stack.enter_async_context(client)

    async def _asks(self, _: httpx2.Request) -> None:
        self.status = None

    async def _hears(self, response: httpx2.Response) -> None:
        self.status = response.status_code


@dataclass
class Caller(HttpSettler):
    """One of the team, who may do what its kind may."""

    number: int = 0
    kind: str = READER

    async def open_ticket(self) -> None:
        """A ticket of its own: others who write to it would be a conflict."""
        marker = f"ticket-{uuid.uuid4().hex}"
        arguments = {"subject": marker, "body": "For the load test."}
        task = Task(self.name, "create_ticket", arguments, marker)
        self.ledger.tasks.append(task)
        ending, result = await self.try_(task)
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
