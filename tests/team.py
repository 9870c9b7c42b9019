"""An HTTP server in this process, over real sockets, and callers with tokens.

async with team({"demo": {"scopes": "read tickets:write"}}) as served:
    async with served.client("anna") as client:
        await client.list_tools()
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import httpx2
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.provider import AccessToken
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.call_limits import Allowance
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.hosting.app import app_of, unguarded
from mcp_server_zendesk.hosting.challenges import Resource
from mcp_server_zendesk.hosting.doors import Doors
from mcp_server_zendesk.hosting.gate import Gate
from mcp_server_zendesk.hosting.host import prepared
from mcp_server_zendesk.hosting.hosted import HostedWorkspace
from mcp_server_zendesk.hosting.lifetime import Lifetime, Signals
from mcp_server_zendesk.hosting.listening import listen
from mcp_server_zendesk.hosting.reloading import Part, Reloader
from mcp_server_zendesk.hosting.verifying import TokenRefused
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.team import Team as SharedByTeam

Flags = dict[str, Any]
JSON_AND_STREAM = {"Accept": "application/json, text/event-stream"}


@dataclass
class Tokens:
    """A verifier with a list: a token may be given to anybody, and taken away, at any time."""

    known: dict[str, AccessToken] = field(default_factory=dict)

    def give(
        self,
        token: str,
        scopes: str,
        *,
        name: str = "",
        subject: str | None = None,
        issuer: str | None = None,
    ) -> None:
        self.known[token] = AccessToken(
            token="",
            client_id=name or token,
            subject=subject,
            scopes=scopes.split(),
            claims={"iss": issuer or "tests"},
        )

    async def verify(self, token: str) -> AccessToken:
        if token not in self.known:
            raise TokenRefused("it is none of ours")
        return self.known[token]


@dataclass
class Flagged:
    """Settings by flags that a test may change, as somebody who edits the file; a source."""

    workspaces: dict[str, Flags]
    transport: httpx.AsyncBaseTransport
    several: bool = False
    settings: ServerSettings = field(default_factory=lambda: ServerSettings(port=0))

    def server(self) -> ServerSettings:
        return self.settings

    def names(self) -> tuple[str, ...]:
        return tuple(self.workspaces) if self.several else ()

    def workspace(self, name: str) -> Settings:
        flags = self.workspaces[name or next(iter(self.workspaces))]
        if "wrong" in flags:
            raise ConfigurationError("a test made it wrong")
        made = embedded_settings({key: value for key, value in flags.items() if key != "subdomain"})
        subdomain = flags.get("subdomain", made.subdomain)
        return made.model_copy(update={"workspace": name or "demo", "subdomain": subdomain})


class Raised(Signals):
    """Signals that a test raises."""

    def __init__(self) -> None:
        self._came = []

    def come(self, number: int) -> None:
        self._came.append(number)


@dataclass
class Team:
    """A server that runs."""

    address: str
    sandbox: Sandbox
    source: Flagged
    workspaces: list[HostedWorkspace]
    doors: Doors
    lifetime: Lifetime
    signals: Raised
    reloader: Reloader
    tokens: Tokens
    ended: anyio.Event

    def url(self, prefix: str = "", transport: str = "mcp") -> str:
        return f"{self.address}{prefix}/{transport}"

    @asynccontextmanager
    async def client(
        self,
        token: str | None = None,
        *,
        prefix: str = "",
        mode: str = "auto",
        sse: bool = False,
        http: httpx2.AsyncClient | None = None,
        **options: Any,
    ) -> AsyncIterator[Client]:
        """A real client with a token; ``http`` may be shared, as a proxy's connections are."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if sse:
            reached = sse_client(self.url(prefix, "sse"), headers)
            async with Client(reached, mode=mode, **options) as client:
                yield client
            return
        own = http or httpx2.AsyncClient(headers=headers, timeout=30)
        async with own:
            reached_by = streamable_http_client(self.url(prefix), http_client=own)
            async with Client(reached_by, mode=mode, **options) as client:
                yield client


@asynccontextmanager
async def team(
    workspaces: Mapping[str, Flags] | None = None,
    *,
    callers: Mapping[str, str] | None = None,
    several: bool = False,
    sse: bool = False,
    settings: Mapping[str, Any] | None = None,
    sandbox: Sandbox | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    issuer: str | None = None,
    parts: Collection[tuple[str, Part]] = (),
) -> AsyncIterator[Team]:
    """Serve workspaces until the end of the block.

    Args:
        workspaces: Flags by workspace; one with its defaults where none are given.
        callers: Scopes by token; without any, nobody has to show one.
        several: Each workspace at its own path.
        sse: The older HTTP+SSE too.
        settings: Of the server.
        sandbox: The Zendesk that they reach.
        transport: Another way to it.
        issuer: Of the callers' tokens, who could give them more scopes.
        parts: What else takes up the server's settings.
    """
    desk = sandbox or Sandbox()
    server = ServerSettings(**{"port": 0, "finish_seconds": 10, **(settings or {})})
    reached = transport or httpx.ASGITransport(app=desk)
    source = Flagged(dict(workspaces or {"demo": {}}), reached, several, server)
    shared = SharedByTeam(
        Allowance(server.calls_at_once, server.calls_per_minute), server.state_keys
    )
    hosted = prepared(server, source, shared)
    doors, signals, tokens = Doors(), Raised(), Tokens()
    for token, scopes in (callers or {}).items():
        tokens.give(token, scopes, issuer=issuer)
    lifetime = Lifetime(server, hosted, doors, signals)
    reloader = Reloader(hosted, server, source.server, parts=parts, start=lifetime.start)

    def guard(
        workspace: HostedWorkspace, path: str, app: ASGIApp
    ) -> tuple[ASGIApp, list[BaseRoute]]:
        resource = Resource(address + path, issuer)
        return Gate(app, verifier=tokens, resource=resource, scopes_needed=workspace), []

    with listen(server) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        guarding = unguarded if callers is None else guard
        app = app_of(server, hosted, doors, sse=sse, guarding=guarding)
        ended = anyio.Event()

        async def run() -> None:
            await lifetime.serve(app, listening, reloader)
            ended.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await until_ready(address)
            yield Team(
                address,
                desk,
                source,
                hosted,
                doors,
                lifetime,
                signals,
                reloader,
                tokens,
                ended,
            )
            signals.come(2)
            signals.come(2)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    with anyio.fail_after(20):
        while True:
            if true():
                return
            await anyio.sleep(0.01)


async def until_ready(address: str) -> None:
    """Wait until a server says that it takes calls."""
    async with httpx.AsyncClient(timeout=30) as http:
        with anyio.fail_after(20):
            while True:
                with suppress(httpx.TransportError):
                    if (await http.get(f"{address}/readyz")).is_success:
                        return
                await anyio.sleep(0.02)
