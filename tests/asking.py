"""A human before a confirming tool: what a client showed, and what was answered to it."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
from mcp import Client
from mcp_types import (
    CallToolResult,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)

from desk import text_of
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.serving.confirmation import WAITING_SECONDS
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.serving.server import ZendeskServer
from mcp_server_zendesk.workspace import build_server

ERAS = ["legacy", "auto"]

Reply = Callable[[str], ElicitResult]
Human = Callable[[Any], ElicitResult | Awaitable[Any]]
"""Takes the whole question as a client has it; may take its time."""


def types(text: str | int) -> Reply:
    """Someone who types this, whatever is asked."""
    return lambda _: ElicitResult(action="accept", content={"typed": str(text)})


def agrees(_: str) -> ElicitResult:
    """Someone who ticks the box."""
    return ElicitResult(action="accept", content={"agree": True})


def declines(_: str) -> ElicitResult:
    """Someone who says no."""
    return ElicitResult(action="decline")


@dataclass
class Asked:
    """One call with a human before it."""

    result: CallToolResult
    shown: list[str] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)

    @property
    def answer(self) -> dict[str, Any]:
        """The answer of a call that succeeded."""
        assert not self.result.is_error, text_of(self.result)
        return dict(json.loads(text_of(self.result)))

    @property
    def error(self) -> dict[str, Any]:
        """The explanation of a call that failed."""
        assert self.result.is_error, text_of(self.result)
        return dict((self.result.meta or {})[META_KEY])


@dataclass
class Session:
    """A client with a human before it."""

    server: ZendeskServer
    client: Client
    shown: list[str]
    told: list[str]

    async def call(self, tool: str, arguments: dict[str, Any]) -> Asked:
        """A call, with however many questions it takes."""

        async def heard(progress: float, total: float | None, message: str | None) -> None:
            del progress, total
            self.told.append(message or "")

        result = await self.client.call_tool(tool, arguments, progress_callback=heard)
        return Asked(result, self.shown, self.told)

    async def question(self, tool: str, arguments: dict[str, Any]) -> InputRequiredResult:
        """What today's clients get for a call that a human has to agree to."""
        first = await self.answered(tool, arguments)
        assert isinstance(first, InputRequiredResult), first
        return first

    async def answered(
        self,
        tool: str,
        arguments: dict[str, Any],
        answers: Any = None,
        sealed: str | None = None,
    ) -> CallToolResult | InputRequiredResult:
        """The same call, with the answers of a human and what came with the question."""
        return await self.client.session.call_tool(
            tool,
            arguments,
            input_responses=answers,
            request_state=sealed,
            allow_input_required=True,
        )


def answers_to(asked: InputRequiredResult, human: Human) -> Any:
    """What a human says to each question."""
    return {key: human(one.params) for key, one in (asked.input_requests or {}).items()}


@asynccontextmanager
async def session(
    sandbox: Sandbox,
    human: Human | None,
    *,
    era: str = "auto",
    waits: int = 0,
    audit_log: Path | None = None,
    **flags: Any,
) -> AsyncIterator[Session]:
    """A client whose human replies so; with none, the client cannot ask.

    All tools are offered, unless ``flags`` say otherwise. Time stands still while a human thinks,
    but for as many ``waits`` of the server's.
    """
    shown: list[str] = []
    passing = anyio.Semaphore(waits)

    async def asked(_: Any, params: Any) -> Any:
        assert isinstance(params, ElicitRequestFormParams)
        shown.append(params.message)
        assert human is not None
        reply = human(params)
        return await reply if inspect.isawaitable(reply) else reply

    async def sleep(seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        if seconds == WAITING_SECONDS:
            await passing.acquire()

    server = build_server(
        embedded_settings({"scopes": "read write", "toolsets": "all", **flags}),
        transport=httpx.ASGITransport(app=sandbox),
        sleep=sleep,
        audit_log=audit_log,
    )
    callback: Any = None if human is None else asked
    async with server.running(), Client(server, mode=era, elicitation_callback=callback) as client:
        yield Session(server, client, shown, [])


async def call(
    sandbox: Sandbox,
    tool: str,
    human: Reply | None,
    *,
    era: str = "auto",
    scopes: str = "read write",
    toolsets: str = "all",
    **arguments: Any,
) -> Asked:
    """One call by a client whose human replies so to a question's text."""
    reply = None if human is None else lambda params: human(params.message)
    async with session(sandbox, reply, era=era, scopes=scopes, toolsets=toolsets) as one:
        return await one.call(tool, arguments)


def writes(sandbox: Sandbox) -> list[str]:
    """What was sent that changes something, as ``METHOD path``."""
    return [
        f"{request.method} {request.path.removeprefix('/api/v2/')}"
        for request in sandbox.requests
        if request.method != "GET"
    ]
