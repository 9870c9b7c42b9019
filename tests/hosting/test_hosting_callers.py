"""Real MCP clients of every era behind the gate: each request is its own token's caller's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer
from mcp.types import TextContent
from starlette.applications import Starlette
from starlette.routing import Mount

from hosting.ground import Needs, served
from hosting.issuer import Issuer
from mcp_server_zendesk.hosting.authentication import Authentication
from mcp_server_zendesk.hosting.gate import Gate
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving.callers import current_caller

pytestmark = pytest.mark.anyio


NEEDS = Needs({"act": "tickets:write"})


@dataclass
class Team:
    """A server at a real address, and the issuer of its callers' tokens."""

    origin: str
    issuer: Issuer
    path: str
    entered: anyio.Event
    leave: anyio.Event

    def token(self, name: str, scope: str = "read", **claims: Any) -> str:
        return self.issuer.sign(sub=name, scope=scope, aud=f"{self.origin}{self.path}", **claims)

    @asynccontextmanager
    async def client(self, token: str, mode: str = "auto") -> AsyncIterator[Client]:
        headers = {"Authorization": f"Bearer {token}"}
        url = self.origin + self.path
        if self.path == "/sse":
            async with Client(sse_client(url, headers=headers), mode="legacy") as client:
                yield client
        else:
            async with (
                httpx2.AsyncClient(headers=headers, timeout=30) as http,
                Client(streamable_http_client(url, http_client=http), mode=mode) as client,
            ):
                yield client


def whoami_server(entered: anyio.Event, leave: anyio.Event) -> MCPServer:
    server = MCPServer("whoami")

    @server.tool()
    async def whoami() -> str:
        caller = current_caller()
        return f"{caller.name} {' '.join(sorted(caller.scopes or ()))}"

    @server.tool()
    async def act() -> str:
        return "done"

    @server.tool()
    async def wait() -> str:
        entered.set()
        await leave.wait()
        return str(current_caller().name)

    return server


@asynccontextmanager
async def team(path: str = "/mcp", **options: Any) -> AsyncIterator[Team]:
    issuer = Issuer()
    entered, leave = anyio.Event(), anyio.Event()
    server = whoami_server(entered, leave)
    if path == "/sse":
        inside: Starlette = server.sse_app()
    else:
        inside = server.streamable_http_app(**options)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with inside.router.lifespan_context(inside):
            yield

    app = Starlette(lifespan=lifespan)
    async with served(issuer) as address, served(app) as origin:
        issuer.address = address
        authentication = Authentication(ServerSettings(issuer=address))
        resource = authentication.resource(origin + path)
        verifier = authentication.verifier_of("acme", resource)
        gate = Gate(inside, verifier=verifier, resource=resource, scopes_needed=NEEDS)
        metadata = resource.metadata_routes(["read", "tickets:write"], "acme")
        app.router.routes.extend([*metadata, Mount("/", gate)])
        yield Team(origin, issuer, path, entered, leave)
        leave.set()
        await authentication.aclose()


def text_of(result: Any) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
@pytest.mark.parametrize("stateless", [False, True])
async def test_every_era_tells_callers_apart(mode: str, stateless: bool) -> None:
    async with (
        team(stateless_http=stateless) as found,
        found.client(found.token("alice", "read tickets:write"), mode) as alice,
        found.client(found.token("bob"), mode) as bob,
    ):
        for _ in range(2):
            assert text_of(await alice.call_tool("whoami", {})) == "alice read tickets:write"
            assert text_of(await bob.call_tool("whoami", {})) == "bob read"


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_a_client_can_show_why_it_is_not_let_in(mode: str) -> None:
    async with team() as found:
        told = pytest.RaisesExc(MCPError, match=r"^The token has expired\. Nothing was done\.$")
        with pytest.RaisesGroup(told, allow_unwrapped=True, flatten_subgroups=True):
            async with found.client(found.token("alice", exp=1), mode) as alice:
                await alice.list_tools()


async def test_a_client_that_cannot_step_up_shows_the_scopes_that_it_takes() -> None:
    async with team() as found, found.client(found.token("bob")) as bob:
        with pytest.raises(MCPError, match=r"lacks scopes.*: read tickets:write\. Nothing"):
            await bob.call_tool("act", {})


async def test_sse_tells_callers_apart() -> None:
    async with (
        team("/sse") as found,
        found.client(found.token("alice")) as alice,
        found.client(found.token("bob", "read tickets:write")) as bob,
    ):
        for _ in range(2):
            assert text_of(await alice.call_tool("whoami", {})) == "alice read"
            assert text_of(await bob.call_tool("whoami", {})) == "bob read tickets:write"


async def test_a_session_goes_on_with_a_new_token_and_its_scopes_at_once() -> None:
    async with team() as found:
        headers = {"Authorization": f"Bearer {found.token('alice', 'read tickets:write')}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            transport = streamable_http_client(f"{found.origin}/mcp", http_client=http)
            async with Client(transport, mode="legacy") as client:
                assert text_of(await client.call_tool("whoami", {})) == "alice read tickets:write"
                http.headers["Authorization"] = f"Bearer {found.token('alice', 'read')}"
                assert text_of(await client.call_tool("whoami", {})) == "alice read"


@pytest.mark.parametrize("path", ["/mcp", "/sse"])
async def test_a_session_is_of_no_use_to_another_caller(path: str) -> None:
    """Whoever has got hold of a session's id still needs its owner's token."""
    async with team(path) as found:
        seen: list[str] = []
        headers = {"Authorization": f"Bearer {found.token('alice')}"}
        if path == "/mcp":
            async with httpx.AsyncClient(
                base_url=found.origin, headers=headers, timeout=30
            ) as http:
                opened = await http.post("/mcp", json=HELLO, headers=ACCEPT)
                session = opened.headers["mcp-session-id"]
            target, extra = "/mcp", {"Mcp-Session-Id": session}
            bob = await _post(found, "bob", target, extra)
            alice = await _post(found, "alice", target, extra)
        else:
            transport = sse_client(
                f"{found.origin}/sse", headers=headers, on_session_created=seen.append
            )
            async with Client(transport, mode="legacy"):
                target = f"/messages/?session_id={seen[0]}"
                bob = await _post(found, "bob", target, {})
                alice = await _post(found, "alice", target, {})
        assert (bob, alice) == (404, 200 if path == "/mcp" else 202)


ACCEPT = {"Accept": "application/json, text/event-stream"}
HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


async def _post(found: Team, name: str, target: str, extra: dict[str, str]) -> int:
    headers = {**ACCEPT, **extra, "Authorization": f"Bearer {found.token(name)}"}
    body = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    async with httpx.AsyncClient(base_url=found.origin, timeout=30) as http:
        return (await http.post(target, json=body, headers=headers)).status_code


async def test_a_call_whose_token_expires_under_way_is_finished() -> None:
    async with team() as found:
        answers: list[str] = []
        token = found.token("alice")
        async with found.client(token) as client, anyio.create_task_group() as tasks:

            async def call() -> None:
                answers.append(text_of(await client.call_tool("wait", {})))

            tasks.start_soon(call)
            await found.entered.wait()
            found.issuer.keys.clear()  # nobody could get in with it any more
            found.leave.set()
        assert answers == ["alice"]


async def test_a_client_of_today_is_told_to_step_up_and_one_of_yesterday_is_explained_to() -> None:
    async with team() as found:
        token = found.token("bob")
        async with found.client(token, "legacy") as client:
            assert text_of(await client.call_tool("act", {})) == "done"
        answers: list[httpx2.Response] = []

        async def keep(answer: httpx2.Response) -> None:
            answers.append(answer)

        headers = {"Authorization": f"Bearer {token}"}
        hooks: Any = {"response": [keep]}
        async with httpx2.AsyncClient(headers=headers, event_hooks=hooks, timeout=30) as http:
            transport = streamable_http_client(f"{found.origin}/mcp", http_client=http)
            async with Client(transport, mode="2026-07-28") as client:
                with pytest.raises(Exception):  # noqa: B017, PT011 - the SDK's own affair
                    await client.call_tool("act", {})
        assert answers[-1].status_code == 403
        assert 'scope="read tickets:write"' in answers[-1].headers["www-authenticate"]


async def test_the_metadata_say_who_issues_tokens_and_need_none() -> None:
    async with team() as found, httpx.AsyncClient(base_url=found.origin, timeout=30) as http:
        refused = await http.post("/mcp", json=HELLO)
        address = refused.headers["www-authenticate"].partition('resource_metadata="')[2][:-1]
        answer = await http.get(address)
        assert answer.json() == {
            "resource": f"{found.origin}/mcp",
            "authorization_servers": [found.issuer.address],
            "scopes_supported": ["read", "tickets:write"],
            "bearer_methods_supported": ["header"],
            "resource_name": "acme",
        }
