"""What a start imports: a listing needs no tool's code, and a team's server has all of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from zendesk_tools import CATALOGUE

_TELLS_WHAT_IT_IMPORTED = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from mcp_server_zendesk.cli import main
main()
"""
_SERVES = [sys.executable, "-c", _TELLS_WHAT_IT_IMPORTED, "serve", "--demo"]
_CLIENT = {"name": "start", "version": "1"}
_MESSAGES = (
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": _CLIENT},
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)
_FOR_CALLS = {
    f"mcp_server_zendesk.{name}"
    for name in ("serving.boundary", "serving.cleaning.text", "connection.records")
}


def _imported(stderr: str) -> set[str]:
    return set(json.loads(stderr.splitlines()[-1]))


def _code_of_tools() -> set[str]:
    return {spec.act.__module__ for spec in CATALOGUE}


def test_a_listing_needs_no_code_of_a_tool_nor_what_only_a_call_needs() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(_SERVES, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for message in _MESSAGES:
            process.stdin.write(f"{json.dumps(message)}\n")
            process.stdin.flush()
            answered = process.stdout.readline() if "id" in message else ""
        _, stderr = process.communicate(timeout=30)
    listed = json.loads(answered)["result"]["tools"]
    assert "get_ticket" in {tool["name"] for tool in listed}
    imported = _imported(stderr)
    assert "mcp_server_zendesk.serving.server" in imported
    assert not imported & (_code_of_tools() | _FOR_CALLS)
    assert not {name for name in imported if name.startswith("mcp_server_zendesk.hosting")}


def test_a_server_of_a_team_has_all_of_it_before_anyone_calls() -> None:
    http = [*_SERVES, "--transport", "streamable-http", "--port", "0"]
    with subprocess.Popen(http, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "Serving at" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    assert not (_code_of_tools() | _FOR_CALLS) - _imported(stderr)
