"""A workspace behind a gate, over real connections, and what its callers are told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import uvicorn
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_server_zendesk.hosting.listening import listen
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving.callers import current_caller

URL = "https://mcp.example.com/mcp"


@dataclass
class Needs:
    """Scopes that a workspace's tools need."""

    tools: Mapping[str, str] = field(
        default_factory=lambda: {"get_ticket": "tickets:read", "update_ticket": "tickets:write"}
    )

    def at_first(self, *, steps_up: bool) -> tuple[str, ...]:
        return ("read",) if steps_up else ("read", "tickets:write")

    def for_tool(self, tool: str, held: frozenset[str]) -> tuple[str, ...]:
        needed = self.tools.get(tool)
        if needed is None or needed in held:
            return ()
        return tuple(sorted({*held, needed}))


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that tells what it sees of its caller."""
    user = scope["user"]
    assert isinstance(user, AuthenticatedUser)
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    caller = current_caller()
    told = {
        "name": caller.name,
        "key": caller.key,
        "scopes": sorted(caller.scopes or ()),
        "token": user.access_token.token,
        "expires_at": user.access_token.expires_at,
        "auth": sorted(scope["auth"].scopes),
        "headers": sorted(name.decode() for name, _ in scope["headers"]),
        "body": len(body),
    }
    content = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@asynccontextmanager
async def served(app: ASGIApp, **options: Any) -> AsyncIterator[str]:
    """The address at which this process serves an application, as the product does."""
    with listen(ServerSettings(port=0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, ws="none", **options)
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listening])
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = server.force_exit = True


def challenge(header: str) -> dict[str, str]:
    """The parameters of ``WWW-Authenticate``."""
    scheme, _, rest = header.partition(" ")
    assert scheme == "Bearer"
    parts = (part.partition("=") for part in rest.split('", ') if part)
    return {name.strip(): value.strip('"') for name, _, value in parts}
