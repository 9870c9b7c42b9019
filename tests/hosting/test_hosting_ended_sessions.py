"""An older client that hangs up while its last message is on the way: nothing went wrong."""

from __future__ import annotations

import json
import logging
import socket

import anyio
import httpx
import pytest
from anyio.to_thread import run_sync

from team import JSON_AND_STREAM, team

pytestmark = pytest.mark.anyio

SESSIONS = 10
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"},
    },
}
CANCELLED = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}


def posted(method: str, session: str, host: str, message: object = None) -> bytes:
    body = b"" if message is None else json.dumps(message).encode()
    headers = {"Host": host, "Mcp-Session-Id": session, "Content-Length": len(body)}
    headers |= {**JSON_AND_STREAM, "Content-Type": "application/json", "Connection": "close"}
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} /mcp HTTP/1.1\r\n{told}\r\n".encode() + body


async def test_a_session_that_ends_while_a_message_comes_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers: list[bytes] = []
    async with team() as served, httpx.AsyncClient(headers=JSON_AND_STREAM, timeout=20) as http:
        host = served.address.removeprefix("http://")
        place = (host.split(":")[0], int(host.split(":")[1]))
        for _ in range(SESSIONS):
            hello = await http.post(served.url(), json=HELLO)
            session = hello.headers["mcp-session-id"]
            two = [await run_sync(socket.create_connection, place, 20) for _ in range(2)]
            await anyio.sleep(0.01)
            # Both at once, before the server, which shares this loop, can take either.
            two[0].sendall(posted("POST", session, host, CANCELLED))
            two[1].sendall(posted("DELETE", session, host))
            for one in two:
                answers.append(await run_sync(one.recv, 65_536))
                one.close()
    assert {answer[9:12] for answer in answers} <= {b"200", b"202", b"404"}
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
