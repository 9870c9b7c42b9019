"""Processes of servers before an embedded Zendesk that is a process of its own, over TLS.

Its names resolve to it in the servers' processes alone; the names of everything else fail there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN

TESTS = Path(__file__).parent.parent
BARE = [sys.executable, str(Path(__file__).with_name("bare_server.py"))]
OURS = [sys.executable, "-m", "mcp_server_zendesk"]
_KEPT = ("PATH", "LANG")
_SECONDS = 60
_CLIENT = {"name": "bench", "version": "1"}


def environment(**more: str) -> dict[str, str]:
    """Nothing of this process's but what any process needs."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, **more}


def reaching(port: int, authority: str) -> dict[str, str]:
    """With which a process's ``*.zendesk.com`` is what listens there."""
    return environment(
        PYTHONPATH=str(TESTS / "redirected"),
        REDIRECTED_PORT=str(port),
        SSL_CERT_FILE=authority,
        REQUESTS_CA_BUNDLE=authority,
    )


def settings(scopes: str = "read tickets:write") -> dict[str, str]:
    """Of this server, for the embedded workspace."""
    return {
        "ZENDESK_SUBDOMAIN": DEMO_SUBDOMAIN,
        "ZENDESK_AUTH": "oauth_token",
        "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN,
        "ZENDESK_SCOPES": scopes,
    }


@contextmanager
def zendesk() -> Iterator[dict[str, str]]:
    """An embedded Zendesk on a port; the environment that leads to it."""
    command = [sys.executable, "-m", "mcp_server_zendesk.sandbox", "--port", "0", "--tls"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = dict(
                line.split(": ", 1) for line in iter(process.stdout.readline, "Ctrl-C ends it.\n")
            )
            port = int(told["Embedded Zendesk"].rsplit(":", 1)[1].partition("/")[0])
            yield reaching(port, told["CA to trust"].strip())
        finally:
            process.terminate()


@dataclass(frozen=True)
class Started:
    """How long until tools/list was answered, the memory then in KiB, and what was listed."""

    seconds: float
    memory: int
    tools: list[dict[str, object]]


def spawn(command: Sequence[str], env: dict[str, str]) -> Started:
    """Start a server over stdio as a client does, and end it."""
    begun = time.perf_counter()
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": _CLIENT}
        answer = b"{}"
        for message in (
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}},
        ):
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
            while "id" in message and json.loads(answer).get("id") != message["id"]:
                answer = process.stdout.readline()
        seconds = time.perf_counter() - begun
        memory = resident(process.pid)
        process.communicate(timeout=_SECONDS)
    return Started(seconds, memory, json.loads(answer)["result"]["tools"])


def resident(pid: int) -> int:
    """The memory of a process in KiB; 1 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 1
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def size(value: object) -> int:
    """Bytes of its compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
