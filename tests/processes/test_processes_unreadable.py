"""A process that is sent what is no message: whoever waits is answered, and the rest goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

SERVE = [sys.executable, "-m", "mcp_server_zendesk", "serve", "--demo", "--toolsets", "all"]
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
LIST = {"jsonrpc": "2.0", "id": "list", "method": "tools/list", "params": {"_meta": ENVELOPE}}
UNREADABLE = {
    7: b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"\\ud83d"}}',
    8: b'{"jsonrpc":"2.0","id":8,"method":"tools/list","params":[]}',
    9: b'{"jsonrpc":"2.0","id":9,"method":"ping","params":{"a":"\xff"}}',
    None: b"no JSON",
}


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ZENDESK_")}
    pipe = subprocess.PIPE
    with subprocess.Popen(SERVE, env=kept, stdin=pipe, stdout=pipe, stderr=pipe) as started:
        yield started
        started.kill()


def test_whoever_waits_is_answered_among_large_answers_and_the_era_is_still_open(
    process: subprocess.Popen[bytes],
) -> None:
    rounds = 30
    assert process.stdin
    assert process.stdout
    whole = json.dumps(LIST).encode()
    said = [*UNREADABLE.values(), whole, b"\r", whole.replace(b", ", b",\r ")] * rounds
    said += [
        b'{"jsonrpc":"2.0","id":5,"error":{}}',
        json.dumps({**LIST, "id": "end"}).encode(),
        b"",
    ]
    writer = threading.Thread(target=process.stdin.write, args=[b"\n".join(said)])
    writer.start()
    told: list[dict[str, Any]] = []
    while not told or len(told) < rounds * (2 + len(UNREADABLE)) + 1:
        told.append(json.loads(process.stdout.readline()))
    writer.join()
    process.stdin.close()
    assert process.wait(10) == 0
    assert process.stdout.read() == b""
    listed = [answer for answer in told if answer["id"] == "list"]
    assert len(listed) == 2 * rounds
    assert all(len(answer["result"]["tools"]) > 20 for answer in listed)
    for message_id in UNREADABLE:
        refused = [answer for answer in told if answer["id"] == message_id]
        assert len(refused) == rounds
        assert all("Nothing was done" in answer["error"]["message"] for answer in refused)
    assert [answer["id"] for answer in told].count("end") == 1
    assert process.stderr
    assert b"Traceback" not in process.stderr.read()


def test_what_a_library_prints_is_no_protocol() -> None:
    printing = (
        "import sys, os, mcp_server_zendesk.serving.server as s\n"
        "listed = s.ZendeskServer.list_tools\n"
        "async def prints(self):\n"
        "    print('printed', flush=True); os.write(1, b'written')\n"
        "    assert sys.stdin.read() == '' == os.read(0, 9).decode()\n"
        "    return await listed(self)\n"
        "s.ZendeskServer.list_tools = prints\n"
        "from mcp_server_zendesk.cli import main\n"
        "main(['serve', '--demo'])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", printing],
        input=json.dumps(LIST).encode() + b"\n",
        capture_output=True,
        timeout=50,
        check=True,
    )
    assert json.loads(ran.stdout)["id"] == "list"
    assert "result" in json.loads(ran.stdout)
    assert b"printed" in ran.stderr
    assert b"written" in ran.stderr
