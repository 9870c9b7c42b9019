"""A human before a confirming tool: what a client showed, and what was answered to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio.lowlevel
import httpx
from mcp import Client
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult

from desk import text_of
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.workspace import build_server

ERAS = ["legacy", "auto"]

Reply = Callable[[str], ElicitResult]


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
    """One call by a client whose human replies so; with none, the client cannot ask."""
    shown: list[str] = []
    told: list[str] = []

    async def asked(_: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        shown.append(params.message)
        assert human is not None
        return human(params.message)

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        told.append(message or "")

    async def sleep(_: float) -> None:
        await anyio.lowlevel.checkpoint()

    server = build_server(
        embedded_settings({"scopes": scopes, "toolsets": toolsets}),
        transport=httpx.ASGITransport(app=sandbox),
        sleep=sleep,
    )
    callback: Any = None if human is None else asked
    async with server.running(), Client(server, mode=era, elicitation_callback=callback) as client:
        result = await client.call_tool(tool, arguments, progress_callback=heard)
    return Asked(result, shown, told)


def writes(sandbox: Sandbox) -> list[str]:
    """What was sent that changes something, as ``METHOD path``."""
    return [
        f"{request.method} {request.path.removeprefix('/api/v2/')}"
        for request in sandbox.requests
        if request.method != "GET"
    ]
