"""One workspace as a test drives it: an MCP client, the real server, the embedded Zendesk."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from mcp import Client
from mcp_types import CallToolResult, TextContent

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.serving.server import ZendeskServer


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


@dataclass
class Workspace:
    """One workspace as a test drives it."""

    sandbox: Sandbox
    server: ZendeskServer
    client: Client
    slept: list[float] = field(default_factory=list)

    async def tools(self) -> list[str]:
        return [tool.name for tool in (await self.client.list_tools()).tools]

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a call that must succeed."""
        result = await self.client.call_tool(tool, arguments)
        text = text_of(result)
        assert not result.is_error, text
        assert result.structured_content == json.loads(text)
        return dict(result.structured_content or {})

    async def fail(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The explanation of a call that must fail."""
        result = await self.client.call_tool(tool, arguments)
        text = text_of(result)
        assert result.is_error, text
        assert result.structured_content is None
        error: dict[str, Any] = json.loads(text)["error"]
        assert (result.meta or {}).get(META_KEY) == error
        return error

    def sent(self, method: str | None = None) -> list[str]:
        """What the tools sent to Zendesk, as ``METHOD path``; the token's own check left out."""
        return [
            f"{request.method} {request.path.removeprefix('/api/v2/')}"
            for request in self.sandbox.requests
            if method in {None, request.method} and "/oauth/" not in request.path
        ]


OpenWorkspace = Callable[..., AbstractAsyncContextManager[Workspace]]
