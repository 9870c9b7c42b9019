"""Where HTTP may be served, and that an answer leaves at once."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_server_zendesk.hosting.listening import UnsafeAddress, listen
from mcp_server_zendesk.server_settings import ServerSettings

SAFE: dict[str, Any] = {
    "host": "0.0.0.0",  # noqa: S104 - the subject
    "port": 0,
    "tokens_file": Path("/etc/tokens.json"),
    "allowed_hosts": "mcp.example.com",
    "public_url": "https://mcp.example.com",
}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "::1", "[::1]"]
)
def test_loopback_needs_nothing_more(host: str) -> None:
    with listen(ServerSettings(host=host, port=0)) as listening:
        assert listening.getsockname()[1]


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.5", "example.com", "127.0.0.1.nip.io", "", " ", "0", "1"],  # noqa: S104
)
def test_anything_else_is_refused_without_authentication(host: str) -> None:
    with pytest.raises(UnsafeAddress, match="loopback"):
        listen(ServerSettings(host=host, port=0))


def test_a_server_behind_a_proxy_lets_nobody_in_whom_it_does_not_know(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = {**SAFE, "host": "127.0.0.1"}
    with listen(ServerSettings(**given)):
        assert not caplog.text
    del given["tokens_file"]
    with pytest.raises(UnsafeAddress, match="public_url says that others reach"):
        listen(ServerSettings(**given))
    with listen(ServerSettings(**{**given, "public_url": "http://localhost:8000"})):
        assert "whoever gets through the proxy is let in" in caplog.text


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (["tokens_file"], "without authentication (issuer or tokens_file); set it,"),
        (["allowed_hosts"], "without allowed_hosts; set it,"),
        (["public_url"], "without public_url; set it,"),
        (["allowed_hosts", "public_url"], "without allowed_hosts, public_url; set them,"),
    ],
)
def test_everything_that_is_missing_is_named(missing: list[str], words: str) -> None:
    given = {name: value for name, value in SAFE.items() if name not in missing}
    with pytest.raises(UnsafeAddress) as refused:
        listen(ServerSettings(**given))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "way", [{}, {"tokens_file": None, "issuer": "https://issuer.example/"}], ids=str
)
def test_a_server_that_knows_its_callers_may_be_reached(way: dict[str, Any]) -> None:
    with listen(ServerSettings(**{**SAFE, **way})) as listening:
        assert listening.getsockname()[0] == SAFE["host"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_answer_does_not_wait_for_more_to_send(host: str) -> None:
    """With Nagle's algorithm each answer of a head and a body takes 40 ms."""

    async def accepted() -> int:
        options: asyncio.Queue[int] = asyncio.Queue()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            one = writer.get_extra_info("socket")
            await options.put(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen(ServerSettings(host=host, port=0))
        async with await asyncio.start_server(serve, sock=listening):
            address = listening.getsockname()[:2]
            _, writer = await asyncio.open_connection(*address)
            writer.close()
            return await asyncio.wait_for(options.get(), 10)

    assert anyio.run(accepted) == 1
