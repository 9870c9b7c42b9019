"""Bad input over HTTP: it is explained, and costs nobody else anything."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing

import anyio.to_thread
import httpx
import pytest

from mcp_server_zendesk.hosting import bodies
from mcp_server_zendesk.hosting.connections import PatientProtocol
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from team import JSON_AND_STREAM, Team, team, until

pytestmark = pytest.mark.anyio

PUBLIC = {
    "allowed_hosts": "mcp.example.com",
    "allowed_origins": "https://app.example.com",
}


def connected(served: Team) -> socket.socket:
    host, _, port = served.address.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def read_to_the_end(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def request(served: Team, *headers: str) -> bytes:
    host = served.address.removeprefix("http://")
    head = ["POST /mcp HTTP/1.1", f"Host: {host}", "Content-Type: application/json", *headers]
    return "\r\n".join([*head, "", ""]).encode()


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_large_is_explained(*, declared: bool) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"[" + b"1," * (bodies.MOST_BYTES // 2) + b"1]"

    sent = b"x" * (bodies.MOST_BYTES + 1) if declared else content()
    async with team() as served, httpx.AsyncClient(headers=JSON_AND_STREAM, timeout=30) as http:
        answer = await http.post(
            served.url(), content=sent, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == 413
    assert "larger than the 8 MiB" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/mcp", "/healthz"])
async def test_a_request_of_two_lengths_is_refused_with_all_that_follows(path: str) -> None:
    """What one of two takes for a body, the other takes for a caller's next request."""
    async with team() as served:
        with closing(connected(served)) as smuggling:
            two = request(served, "Content-Length: 5", "Transfer-Encoding: chunked")
            hidden = request(served, "Content-Length: 0").replace(b"/mcp", b"/healthz")
            smuggling.sendall(two.replace(b"/mcp", path.encode()) + b"0\r\n\r\n" + hidden)
            told = await anyio.to_thread.run_sync(read_to_the_end, smuggling)
    assert told.startswith(b"HTTP/1.1 400")
    assert b"and not both" in told
    assert told.count(b"HTTP/1.1") == 1


async def test_a_file_as_large_as_a_tool_takes_arrives() -> None:
    flags = {"scopes": "read write", "toolsets": "attachments"}
    async with team({"demo": flags}) as served, served.client() as client:
        text = "a" * 5_000_000
        result = await client.call_tool("upload_attachment", {"file_name": "a.txt", "text": text})
        assert not result.is_error, result.content


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.2)
    async with team() as served:
        with closing(connected(served)) as slow:
            slow.sendall(request(served, "Content-Length: 100") + b"{")
            told = await anyio.to_thread.run_sync(read_to_the_end, slow)
    assert told.startswith(b"HTTP/1.1 408")
    assert b"had not arrived whole" in told


async def test_connections_that_say_nothing_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "head_seconds", 0.2)
    async with team() as served:
        for begun in (b"", b"POST /mcp HTTP/1.1\r\nHost: a"):
            with closing(connected(served)) as silent:
                silent.sendall(begun)
                assert await anyio.to_thread.run_sync(read_to_the_end, silent) == b""


async def test_a_kept_connection_may_not_drip_either(monkeypatch: pytest.MonkeyPatch) -> None:
    async with team() as served:
        with closing(connected(served)) as kept:
            host = served.address.removeprefix("http://")
            kept.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = b""
            while b"healthy" not in answer:  # its head may arrive before its body
                arrived = await anyio.to_thread.run_sync(kept.recv, 65_536)
                assert arrived
                answer += arrived
            assert answer.startswith(b"HTTP/1.1 200")
            monkeypatch.setattr(PatientProtocol, "head_seconds", 0.2)
            kept.sendall(b"G")
            assert await anyio.to_thread.run_sync(read_to_the_end, kept) == b""


async def test_hundreds_of_half_open_connections_keep_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PatientProtocol, "most_waiting", 50)
    async with team() as served:
        with ExitStack() as opened:
            for _ in range(200):
                opened.enter_context(closing(connected(served))).sendall(b"POST ")
            async with served.client() as client:
                result = await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
                assert not result.is_error
            assert len(PatientProtocol._waiting) <= 50
        await until(lambda: not PatientProtocol._waiting)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "mcp.example.com"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "mcp.example.com.evil.example"}, 421),
        ({"Host": "mcp.example.com", "Origin": "https://app.example.com"}, 200),
        ({"Host": "mcp.example.com", "Origin": "https://evil.example"}, 403),
    ],
)
async def test_hosts_and_origins_are_those_that_were_named(
    headers: dict[str, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    async with (
        team(settings=PUBLIC) as served,
        httpx.AsyncClient(headers=JSON_AND_STREAM, timeout=30) as http,
    ):
        answer = await http.post(served.url(), json=hello, headers=headers)
    assert answer.status_code == status
    if status != 200:
        setting = "allowed_hosts" if status == 421 else "allowed_origins"
        assert setting in answer.json()["error"]["message"]
        assert "evil" not in answer.text
        assert f"not among {setting}" in caplog.text


async def test_pages_of_the_allowed_origins_alone_may_read_answers() -> None:
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, mcp-protocol-version, mcp-method",
    }
    origin = {"Origin": "https://app.example.com"}
    async with (
        team(settings=PUBLIC, callers={"anna": "read"}) as served,
        httpx.AsyncClient(timeout=30) as http,
    ):
        before = await http.options(served.url(), headers={**asks, **origin})
        refused = await http.post(served.url(), headers=origin)
        foreign = await http.options(served.url(), headers={**asks, "Origin": "https://e.com"})
    assert before.status_code == 200
    assert before.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    assert "Access-Control-Allow-Credentials" not in before.headers
    assert refused.status_code == 401
    assert "WWW-Authenticate" in refused.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in foreign.headers


@pytest.mark.parametrize("path", ["/", "/mcp/", "/demo/mcp", "/sse", "/messages/"])
async def test_there_is_nothing_at_other_paths(path: str) -> None:
    async with team() as served, httpx.AsyncClient(follow_redirects=False, timeout=30) as http:
        answer = await http.post(served.address + path)
    assert answer.status_code == 404
    assert "/mcp" in answer.json()["error"]["message"]
