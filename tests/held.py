"""A Zendesk whose answers a test lets go when it likes."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio
import httpx

from mcp_server_zendesk.sandbox import Sandbox


@dataclass
class Held(httpx.AsyncBaseTransport):
    """Holds the requests of one method until ``go``."""

    sandbox: Sandbox
    method: str = "PUT"
    arrived: anyio.Event = field(default_factory=anyio.Event)
    go: anyio.Event = field(default_factory=anyio.Event)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == self.method:
            self.arrived.set()
            await self.go.wait()
        return await httpx.ASGITransport(app=self.sandbox).handle_async_request(request)
