"""The gate before clients that send too much, forge, or put tokens where they do not belong."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from hosting.door import Door, door
from hosting.issuer import KEYS, METADATA
from mcp_server_zendesk.hosting import keys

pytestmark = pytest.mark.anyio


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as found:
        yield found


async def test_a_large_body_of_a_stranger_is_not_waited_for(own: Door) -> None:
    """A careless client sends everything at once and only then reads."""

    def stranger() -> bytes:
        host = own.url.removeprefix("http://").split(":")
        with socket.create_connection((host[0], int(host[1])), timeout=10) as one:
            one.sendall(b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n{")
            return one.recv(65_536)

    with anyio.fail_after(15):
        answer = await anyio.to_thread.run_sync(stranger)
    assert answer.startswith(b"HTTP/1.1 401")


async def test_a_client_that_sends_much_before_it_reads_is_told_too(own: Door) -> None:
    for token in (None, "zmcp_x", "a" * 40):
        shown = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = await own.http.post("/mcp", content=b"x" * 5_000_000, headers=shown)
        assert answer.status_code == 401


async def test_a_flood_of_forged_tokens_leaves_the_issuer_in_peace(
    own: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "RETRY_SECONDS", 3_600.0)
    statuses: list[int] = []

    async def forge(number: int) -> None:
        token = own.issuer.sign(header={"kid": f"forged-{number}"})
        statuses.append((await own.ask(token)).status_code)

    async with anyio.create_task_group() as tasks:
        for number in range(200):
            tasks.start_soon(forge, number)
    assert statuses == [401] * 200
    assert own.issuer.requests == [METADATA, KEYS]


async def test_no_log_holds_a_token(own: Door, caplog: pytest.LogCaptureFixture) -> None:
    good = [own.static, own.issuer.sign(scope="zd.read")]
    bad = ["zmcp_canary-of-a-token", "c" * 40, own.issuer.sign(exp=1), own.issuer.sign(aud="x")]
    with caplog.at_level(logging.DEBUG):
        for token in (*good, *bad):
            await own.ask(token)
            await own.http.post("/mcp", params={"access_token": token})
        own.issuer.status[KEYS] = 500
        await own.ask(own.issuer.sign(header={"kid": "unknown"}))
    told = "\n".join(f"{record.name} {record.getMessage()}" for record in caplog.records)
    ours = [line for line in told.splitlines() if line.startswith("mcp_server_zendesk")]
    assert len(ours) >= len(bad)
    for token in (*good, *bad):
        assert not any(token in line or token[-20:] in line for line in ours)
