"""A client that settles what it set out to do, and the ledger of all that clients did.

A client that is cut off does what a careful one does: a read it repeats; after a write it looks
whether it was done, and repeats it only if it was not.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import httpx2
from mcp import Client, MCPError
from mcp_types import CallToolResult

from mcp_server_zendesk.serving.explanation import META_KEY

Ending = Literal["answered", "refused", "cut"]

SECONDS_FOR_A_CALL = 60

_TRIES = 12
_SECONDS_BEFORE_LOOKING = 1.0
_CUT = frozenset({None, 200, 202, 502, 504})
_BROKEN = (MCPError, TimeoutError, httpx2.HTTPError, anyio.ClosedResourceError)


@dataclass
class Task:
    """One thing that a client sets out to do. ``marker`` stands in what a write sends."""

    caller: str | None
    """By the audit; nobody over stdio."""
    tool: str
    arguments: dict[str, Any]
    marker: str | None = None
    ending: Literal["done", "refused", "lost"] = "lost"
    found: bool = False
    """Its answer was cut off, and it was found to be done."""
    seconds: float = 0.0
    why: str | None = None


@dataclass(frozen=True)
class Called:
    """One call of a task, and what its client was told."""

    task: Task
    ending: Ending
    kind: str
    """That of an explained refusal; ``ok`` where it was answered."""
    told: bool
    """There was a result, whatever it says."""


@dataclass
class Ledger:
    """What all clients sent, and what came of it."""

    tasks: list[Task] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
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
class Settler:
    """One client, which does one thing after another. How it connects is its kind's."""

    name: str | None
    ledger: Ledger
    status: int | None = None
    """That of the last HTTP answer, where there is HTTP."""
    ticket_id: int = 0
    client: Client | None = None
    opened: AsyncExitStack | None = None

    async def connect(self) -> None:
        """Begin anew, however the last connection ended."""
        await self.disconnect()
        stack = AsyncExitStack()
        self.client = await self.join(stack)
        self.opened = stack

    async def join(self, stack: AsyncExitStack) -> Client:
        """A client whose connection the stack holds."""
        raise NotImplementedError

    async def disconnect(self) -> None:
        """Hang up."""
        opened, self.opened, self.client = self.opened, None, None
        if opened is not None:
            await opened.aclose()

    async def recover(self) -> None:
        """After a call was cut off: some connections have to be made anew."""

    async def settle(self, task: Task) -> None:
        """Do it, whatever happens to the server meanwhile."""
        self.ledger.tasks.append(task)
        begun, doubtful = time.perf_counter(), False
        for _ in range(_TRIES):
            ending, result = await self.try_(task)
            if ending == "answered":
                task.ending = "done"
                break
            if ending == "refused" and _told(result).get("outcome") == "applied":
                task.ending, task.why = "done", kind_of(result, self.status)
                break
            refused = ending == "refused" and not _retryable(result, self.status)
            doubtful = bool(task.marker) and (doubtful or ending == "cut")
            await anyio.sleep(0 if refused else _SECONDS_BEFORE_LOOKING)
            if doubtful and await self._is_done(task):
                task.ending, task.found = "done", True
                break
            if refused:
                task.ending, task.why = "refused", kind_of(result, self.status)
                break
        task.seconds = time.perf_counter() - begun
        self.ledger.settle()

    async def try_(self, task: Task) -> tuple[Ending, CallToolResult | None]:
        """Make the call of a task once, and write down what came of it."""
        self.ledger.sent += 1
        begun = time.perf_counter()
        ending, result = await self._call(task.tool, task.arguments)
        kind = "ok" if ending == "answered" else kind_of(result, self.status)
        if ending == "answered":
            self.ledger.seconds.append(time.perf_counter() - begun)
        if ending == "refused":
            self.ledger.refusals[kind] += 1
        self.ledger.endings[ending] += 1
        self.ledger.calls.append(Called(task, ending, kind, told=result is not None))
        if result is None and ending == "cut":
            await self.recover()
        return ending, result

    async def _call(
        self, tool: str, arguments: dict[str, Any]
    ) -> tuple[Ending, CallToolResult | None]:
        if self.client is None:
            raise RuntimeError("not connected")
        self.status = None
        try:
            with anyio.fail_after(SECONDS_FOR_A_CALL):
                result = await self.client.call_tool(tool, arguments)
        except _BROKEN:
            return ("cut" if self.is_cut() else "refused"), None
        if not result.is_error:
            return "answered", result
        return ("cut" if _told(result).get("outcome") == "unknown" else "refused"), result

    def is_cut(self) -> bool:
        """Whether a call without a result may have been carried out."""
        return self.status in _CUT

    async def _is_done(self, task: Task) -> bool:
        """Whether a write that was cut off was carried out."""
        await anyio.sleep(self.seconds_until_done(task))
        for _ in range(_TRIES):
            looking = self.look_for(task)
            ending, result = await self.try_(looking)
            if ending == "answered" and result is not None:
                return str(task.marker) in str(result.structured_content)
            await anyio.sleep(_SECONDS_BEFORE_LOOKING)
        raise RuntimeError("a ticket could not be read any more")

    def seconds_until_done(self, _: Task) -> float:
        """For how long Zendesk may go on with a write that it has taken."""
        return 0.0

    def look_for(self, task: Task) -> Task:
        """The read in whose answer a task's marker stands, once it was carried out."""
        return Task(self.name, "list_ticket_comments", {"ticket_id": task.arguments["ticket_id"]})


def kind_of(result: CallToolResult | None, status: int | None) -> str:
    """Of what sort a refusal is."""
    if result is None:
        return f"HTTP {status}"
    return str(_told(result).get("kind", "unexplained"))


def _told(result: CallToolResult | None) -> dict[str, Any]:
    """What the explanation of a refusal says; nothing where there is none."""
    return dict((result.meta or {}).get(META_KEY, {})) if result is not None else {}


def _retryable(result: CallToolResult | None, status: int | None) -> bool:
    if result is None:
        return status in {429, 503}
    return bool(_told(result).get("retryable"))
