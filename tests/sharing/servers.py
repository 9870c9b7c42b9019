"""Several servers of one workspace before one Zendesk, as replicas are, each with a client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio.lowlevel
import httpx
from mcp import Client
from mcp_types import CallToolResult, InputRequiredResult

from asking import agrees, answers_to
from desk import Workspace
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.workspace import build_server, team_of
from stores import RedisServer

STATE_KEY = "canary-state-key-" + "0" * 32


class Replica(Workspace):
    """A workspace of a replica, whose client can ask a human."""

    async def question(self, tool: str, **arguments: Any) -> InputRequiredResult:
        asked = await self.client.session.call_tool(tool, arguments, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult), asked
        return asked

    async def answered(
        self, asked: InputRequiredResult, tool: str, **arguments: Any
    ) -> CallToolResult | InputRequiredResult:
        """The same call with a yes."""
        yes: Any = answers_to(asked, lambda _: agrees(""))
        return await self.client.session.call_tool(
            tool,
            arguments,
            input_responses=yes,
            request_state=asked.request_state,
            allow_input_required=True,
        )


@asynccontextmanager
async def replicas(
    redis: RedisServer,
    count: int = 2,
    *,
    sandbox: Sandbox | None = None,
    server: dict[str, Any] | None = None,
    **flags: Any,
) -> AsyncIterator[list[Replica]]:
    """Servers with stores of their own, which lead to one Redis."""
    desk = sandbox or Sandbox()
    settings = ServerSettings.model_validate(
        {"store_url": redis.url, "state_keys": STATE_KEY, **(server or {})}
    )

    async def sleep(_: float) -> None:
        await anyio.lowlevel.checkpoint()

    async def never(*_: Any) -> Any:  # a test answers itself
        raise AssertionError

    callback: Any = never
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            team = team_of(settings, sleep=sleep)
            one = build_server(
                embedded_settings({"scopes": "read write", "toolsets": "all", **flags}),
                transport=httpx.ASGITransport(app=desk),
                sleep=sleep,
                team=team,
            )
            await stack.enter_async_context(team.running())
            await stack.enter_async_context(one.running())
            client = await stack.enter_async_context(Client(one, elicitation_callback=callback))
            opened.append(Replica(desk, one, client))
        yield opened
