"""A process that serves a session with tracing on, as the HTTP server switches it on."""

from __future__ import annotations

import anyio
from mcp import Client

from mcp_server_zendesk.embedded import embedded_settings, embedded_transport
from mcp_server_zendesk.hosting.observers import watching
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.workspace import build_server


async def session() -> None:
    """One call, traced."""
    with watching(ServerSettings(tracing=True)) as watch:
        settings = embedded_settings({"scopes": "read"})
        server = build_server(settings, transport=embedded_transport(), observer=watch.observer)
        async with server.running(), Client(server) as client:
            await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})


if __name__ == "__main__":
    anyio.run(session)
