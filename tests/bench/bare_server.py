"""The baseline: the SDK's server with one tool that asks Zendesk itself, and nothing of ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mcp.server.mcpserver import MCPServer

if TYPE_CHECKING:
    import httpx

server = MCPServer("bare", log_level="WARNING")
clients: list[httpx.AsyncClient] = []


@server.tool()
async def get_user(user: str) -> str:
    """Read a user."""
    if not clients:
        import httpx  # noqa: PLC0415 - not needed to list tools

        origin = f"https://{os.environ['ZENDESK_SUBDOMAIN']}.zendesk.com"
        signed = {"Authorization": f"Bearer {os.environ['ZENDESK_OAUTH_TOKEN']}"}
        clients.append(httpx.AsyncClient(base_url=origin, headers=signed))
    answer = await clients[0].get(f"/api/v2/users/{user}")
    return answer.text


server.run("stdio")
