"""One caller who opens all that there is leaves room for the others."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from calling import calling_as
from held import Held
from mcp_server_zendesk.hosting import crowds
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from team import JSON_AND_STREAM, Team, team, until

pytestmark = pytest.mark.anyio

CALLERS = {"anna": "read", "mallory": "read"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


async def hello(served: Team, name: str, method: str = "POST", **headers: str) -> httpx.Response:
    shown = {**JSON_AND_STREAM, "Authorization": f"Bearer {name}", **headers}
    async with httpx.AsyncClient(timeout=30) as http:
        body = HELLO if method == "POST" else None
        return await http.request(method, served.url(), json=body, headers=shown)


async def works(served: Team, name: str, **options: Any) -> bool:
    async with served.client(name, **options) as client:
        result = await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        return not result.is_error


async def test_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "MOST_SESSIONS", 3)
    async with team(callers=CALLERS) as served:
        opened = [await hello(served, "mallory") for _ in range(4)]
        assert [one.status_code for one in opened] == [200, 200, 200, 429]
        assert "End those that nobody uses" in opened[-1].json()["error"]["message"]
        assert "retry-after" in opened[-1].headers
        assert await works(served, "anna", mode="legacy")
        assert await works(served, "mallory", mode="2026-07-28"), "which needs no session"
        ended = {"Mcp-Session-Id": opened[0].headers["mcp-session-id"]}
        assert (await hello(served, "mallory", "DELETE", **ended)).is_success
        assert (await hello(served, "mallory")).status_code == 200
        monkeypatch.setattr(crowds, "IDLE_SECONDS", 0)
        assert (await hello(served, "mallory")).status_code == 200, "the others have ended"


async def test_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "MOST_REQUESTS", 2)
    held = Held(Sandbox(), method="GET")
    async with (
        team(callers=CALLERS, sandbox=held.sandbox, transport=held) as served,
        served.client("mallory", mode="2026-07-28") as client,
        anyio.create_task_group() as tasks,
    ):
        done: list[Any] = []

        async def call() -> None:
            done.append(await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET}))

        tasks.start_soon(call)
        tasks.start_soon(call)
        await until(lambda: served.doors.under_way == 2)
        assert (await hello(served, "mallory")).status_code == 429
        assert (await hello(served, "anna")).status_code == 200
        held.go.set()
        await until(lambda: len(done) == 2)
        assert (await hello(served, "mallory")).status_code == 200


@pytest.mark.parametrize("length", [b"5242880", None, b"999999999", b"-1"])
async def test_the_memory_that_messages_take(
    monkeypatch: pytest.MonkeyPatch, length: bytes | None
) -> None:
    """What does not say how long it is may be as long as any."""
    monkeypatch.setattr(crowds, "MOST_BYTES_AT_ONCE", 9 * 1024**2)
    entered, go, statuses = list[str](), anyio.Event(), list[int]()

    async def inside(_: Scope, __: Receive, send: Send) -> None:
        entered.append("one")
        await go.wait()
        await Response()(scope, receive, send)

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [] if length is None else [(b"content-length", length)]
    scope: Scope = {"type": "http", "method": "POST", "headers": headers}
    app = crowds.Room(inside, crowds.Crowds(), sessions=False)

    async def post(name: str, **changed: Any) -> None:
        with calling_as(name):
            await app({**scope, **changed}, receive, send)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post, "mallory")
        await until(lambda: len(entered) == 1)
        await post("mallory")
        assert statuses == [429]
        tasks.start_soon(post, "anna")
        tasks.start_soon(partial(post, "mallory", method="GET"))
        await until(lambda: len(entered) == 3)
        go.set()
    await post("mallory")
    assert statuses == [429, 200, 200, 200, 200]
