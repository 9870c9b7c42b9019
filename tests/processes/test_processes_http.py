"""Streamable HTTP and SSE over real sockets."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from mcp import Client
from mcp.client.sse import sse_client

from in_process import run_command
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET

pytestmark = pytest.mark.anyio

COMMAND = [sys.executable, "-m", "mcp_server_zendesk", "serve", "--demo", "--port", "0"]


@contextmanager
def serving(transport: str) -> Iterator[str]:
    """A server process, by the address that it says it serves at."""
    process = subprocess.Popen(
        [*COMMAND, "--transport", transport], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    try:
        for line in process.stderr:
            if found := re.search(r"http://\S+", line):
                yield found[0]
                break
        else:
            pytest.fail("the server did not say where it serves")
    finally:
        number = signal.SIGTERM if transport == "sse" else signal.SIGINT
        process.send_signal(number)
        _, err = process.communicate(timeout=15)
        assert "Traceback" not in err
        assert os.name == "nt" or process.returncode == 128 + number


@pytest.fixture(scope="module")
def streamable() -> Iterator[str]:
    with serving("streamable-http") as url:
        yield url


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_streamable_http_serves_every_era(streamable: str, mode: str) -> None:
    async with Client(streamable, mode=mode) as client:
        assert "get_ticket" in [tool.name for tool in (await client.list_tools()).tools]
        result = await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        assert not result.is_error
        refused = await client.call_tool("update_ticket", {"ticket_id": 1, "priority": "low"})
        assert refused.is_error


async def test_sse_serves_older_clients() -> None:
    with serving("sse") as url:
        for _ in range(2):  # a second client finds the connection to Zendesk still open
            async with Client(sse_client(url), mode="legacy") as client:
                result = await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
                assert not result.is_error


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_another_host_or_origin_is_refused(
    streamable: str, headers: dict[str, str], status: int
) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accept = {"Accept": "application/json, text/event-stream"}
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.post(streamable, json=body, headers={**accept, **headers})
    assert answer.status_code == status


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])  # noqa: S104 - refused
def test_binding_anything_but_loopback_is_refused(host: str, tmp_path: Path) -> None:
    flags = ["--transport", "streamable-http", "--host", host]
    ended = run_command([*COMMAND[3:], *flags], os.environ, tmp_path)
    assert ended.exit_code == 1
    assert "loopback" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [*COMMAND[:-1], port, "--transport", "sse"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=dict(os.environ),
        )
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
