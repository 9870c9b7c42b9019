"""The baseline: the SDK's server with one tool that asks Zendesk itself, and nothing of ours."""

import os

from mcp.server.mcpserver import MCPServer

server = MCPServer("bare", log_level="WARNING")
clients = []


@server.tool()
async def get_user(user: str) -> str:
    """Read a user."""
    if not clients:
        import httpx  # noqa: PLC0415 - not needed to list tools

        clients.append(
            httpx.AsyncClient(
                base_url=f"https://{os.environ['ZENDESK_SUBDOMAIN']}.zendesk.com",
                headers={"Authorization": f"Bearer {os.environ['ZENDESK_OAUTH_TOKEN']}"},
            )
        )
    return (await clients[0].get(f"/api/v2/users/{user}")).text


server.run("stdio")
