"""The audit of real processes: killed in the midst of a write, and several at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from audited import lines_of, verified
from mcp_server_zendesk.sandbox import DEMO_TOKEN
from mcp_server_zendesk.sandbox.faults import Fault
from mcp_server_zendesk.sandbox.landmarks import NEW_TICKET
from reach import COMMAND, Reach, reachable


class _Server:
    """A server as a client starts it, with an audit log."""

    def __init__(self, reach: Reach, log: Path) -> None:
        environment = reach.environment(
            ZENDESK_SUBDOMAIN="northwind-demo",
            ZENDESK_AUTH="oauth_token",
            ZENDESK_OAUTH_TOKEN=DEMO_TOKEN,
            ZENDESK_SCOPES="read tickets:write",
        )
        self.process = subprocess.Popen(
            [COMMAND, "serve", "--audit-log", str(log)],
            env=environment,
            cwd=reach.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        client = {"name": "raw", "version": "1"}
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        self.ask(1, "initialize", params)
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, number: int, method: str, params: dict[str, Any]) -> None:
        assert self.process.stdout
        self.say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        self.process.stdout.readline()

    def hang_up(self) -> None:
        self.process.communicate(timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def _running(reach: Reach, log: Path) -> Iterator[_Server]:
    server = _Server(reach, log)
    try:
        yield server
    finally:
        server.kill()


def _note(number: int) -> dict[str, Any]:
    arguments = {"ticket_id": NEW_TICKET, "body": f"Note {number}."}
    return {"name": "add_internal_note", "arguments": arguments}


@contextmanager
def _in_the_midst_of_a_write(reach: Reach, log: Path) -> Iterator[_Server]:
    """A server whose request has arrived at Zendesk, which holds its answer back."""
    arrived, answer = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        answer.wait(20)

    reach.sandbox.faults.add("PUT", "/tickets/", 1, Fault(effect=hold))
    try:
        with _running(reach, log) as server:
            server.say({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": _note(1)})
            assert arrived.wait(20)
            yield server
    finally:
        answer.set()


@pytest.fixture
def reach(tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path) as reached:
        yield reached


def test_a_process_killed_between_sending_and_outcome_leaves_the_truth(
    reach: Reach, tmp_path: Path
) -> None:
    log = tmp_path / "audit.jsonl"
    with _in_the_midst_of_a_write(reach, log) as server:
        server.kill()
    assert lines_of(log)[-1]["phase"] == "sending"
    shown = reach.invoke("audit", str(log), "--ticket", str(NEW_TICKET))
    assert shown.code == 0
    assert "add_internal_note  write  unknown  no outcome was recorded, look at" in shown.out
    assert f"PUT tickets/{NEW_TICKET} was announced" in shown.out
    assert "has no end" in shown.out
    with _running(reach, log) as server:
        server.ask(2, "tools/call", _note(2))
        server.hang_up()
    verification, calls = verified(log)
    assert verification.problems == []
    assert [call.outcome is None for call in calls] == [False, True]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a child at once")
def test_a_process_that_is_asked_to_end_closes_its_log(reach: Reach, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with _running(reach, log) as server:
        server.ask(2, "tools/call", _note(1))
        server.process.terminate()
        assert server.process.wait(timeout=20) == 128 + signal.SIGTERM
    assert lines_of(log)[-1]["phase"] == "end"
    assert verified(log)[0].notices == []


def test_processes_that_append_at_once_lose_and_mix_nothing(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    writing = """
import sys
from pathlib import Path
from audited import write_call
from mcp_server_zendesk.serving.auditing.audit import Audit
audit = Audit(Path(sys.argv[1]), workspace="acme")
print("ready", flush=True)
sys.stdin.readline()
for ticket in range(25):
    write_call(audit, ticket)
audit.close()
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", writing, str(log)],
            env={"PYTHONPATH": str(Path(__file__).parent.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=40) and process.returncode for process in started] == [
        0
    ] * 3
    verification, calls = verified(log)
    assert verification.problems == verification.notices == []
    assert (verification.runs, len(calls)) == (3, 75)


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a child at once")
def test_a_call_under_way_is_written_down_when_the_process_is_asked_to_end(
    reach: Reach, tmp_path: Path
) -> None:
    log = tmp_path / "audit.jsonl"
    with _in_the_midst_of_a_write(reach, log) as server:
        server.process.terminate()
        server.process.wait(timeout=20)
    outcome, end = lines_of(log)[-2:]
    assert (outcome["phase"], outcome["kind"], outcome["outcome"], end["phase"]) == (
        "outcome",
        "cancelled",
        "unknown",
        "end",
    )
