"""`audit`: a log verified and told, for a person and for a machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audited import SPEC, lines_of, write_call
from mcp_server_zendesk.cli import main
from mcp_server_zendesk.connection.sent import Sent
from mcp_server_zendesk.serving.auditing.audit import Audit

_TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)


def _minutes() -> Iterator[datetime]:
    moment = _TEN
    while True:
        yield moment
        moment += timedelta(minutes=1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Tickets 7 and 8 changed, one request on 7 that was cut short; a line a minute."""
    file = tmp_path / "audit.jsonl"
    clock = _minutes()
    audit = Audit(file, workspace="acme", clock=lambda: next(clock))
    write_call(audit, 7)
    write_call(audit, 8)
    crashed = audit.call("update_thing", SPEC)
    crashed.intent({"ticket_id": 7})
    crashed.sending(Sent("PUT", "tickets/7"), "human", "Really?")
    audit.call("update_thing", SPEC).intent({"ticket_id": 7})
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)])


def test_a_ticket_is_told_in_plain_lines_in_the_order_of_time(log: Path) -> None:
    shown = run(log, "--ticket", 7)
    lost = "update_thing  write  unknown  no outcome was recorded, look at the record in Zendesk"
    assert shown.exit_code == 0
    assert shown.output.splitlines()[:6] == [
        "2026-11-22 10:01:00  update_thing  write  applied  PUT tickets/7 → 200",
        f"2026-11-22 10:07:00  {lost}  confirmed by a human  PUT tickets/7 was announced",
        f"2026-11-22 10:09:00  {lost}  (no request had been announced, so probably none was sent)",
        "",
        "The log is whole: 10 lines of 1 run, each as it was written.",
        shown.output.splitlines()[5],
    ]
    assert "still runs, was killed, or its last lines were cut off" in shown.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), 0),
        (("--writes",), 4),
        (("--ticket", 8), 1),
        (("--ticket", 9), 0),
        (("--since", "2026-11-22T10:05:00"), 2),
        (("--until", "2026-11-22T11:04:00+01:00"), 1),
        (("--since", "2026-11-23"), 0),
        (("--ticket", 7, "--until", "2026-11-22T10:08:00"), 2),
    ],
)
def test_calls_are_chosen_by_ticket_time_and_effect(
    log: Path, arguments: tuple[object, ...], told: int
) -> None:
    shown = run(log, *arguments)
    assert shown.output.count("update_thing") == told
    assert ("No call of this log fits." in shown.output) == (bool(arguments) and not told)


def test_a_call_is_found_by_its_id_and_told_to_machines(log: Path) -> None:
    wanted = lines_of(log)[4]["call"]
    shown = json.loads(run(log, "--call", wanted, "--json").output)
    (call,) = shown.pop("calls")
    assert (call["call"], call["outcome"], call["kind"]) == (wanted, "applied", "ok")
    assert call["sent"] == [{"method": "PUT", "path": "tickets/8", "statuses": [200]}]
    assert (shown["whole"], shown["lines"], shown["problems"]) == (True, 10, [])


def test_a_broken_log_names_its_lines_and_exits_with_1(log: Path) -> None:
    log.write_text(log.read_text().replace("tickets/8", "tickets/9"))
    shown = run(log, "--ticket", 9)
    assert shown.exit_code == 1
    assert "THIS ENTRY IS NOT AS IT WAS WRITTEN" in shown.output
    assert "THE LOG IS BROKEN" in shown.output
    assert f"{log}:6: was changed" in shown.output


def test_what_moves_a_terminals_cursor_is_not_printed(log: Path) -> None:
    log.write_text(log.read_text().replace('"path":"tickets/8"', '"path":"\\u001b[2J\\u202e"'))
    shown = run(log, "--writes")
    assert "\x1b" not in shown.output
    assert "\u202e" not in shown.output


@pytest.mark.parametrize("content", [b"", b"not a log\n", b'{"phase":"old"}\n', b"\x00\xff" * 9])
def test_what_cannot_be_verified_is_said_in_one_line(log: Path, content: bytes) -> None:
    other = log.with_name("other.jsonl")
    other.write_bytes(content)
    shown = run(other)
    assert (shown.exit_code, shown.output.count("\n")) == (2, 1)
    assert "there is no key at" in shown.output
    shown = run(other, "--key", f"{log}.key")
    assert (shown.exit_code, shown.output.count("\n")) == ((2 if content else 0), 1)
    assert ("is no audit log" if content else "whole: 0 lines of 0 runs") in shown.output


def test_a_missing_file_or_a_damaged_key_is_said_in_one_line(log: Path) -> None:
    shown = run(log.with_name("none.jsonl"), "--key", f"{log}.key")
    assert (shown.exit_code, shown.output) == (
        2,
        f"Error: {log.with_name('none.jsonl')}: No such file or directory\n",
    )
    Path(f"{log}.key").write_text("damaged")
    shown = run(log)
    assert shown.exit_code == 2
    assert "is damaged" in shown.output
    assert run(log, "--since", "yesterday").exit_code == 2


def test_a_server_does_not_start_with_a_key_that_is_damaged(log: Path) -> None:
    Path(f"{log}.key").write_text("damaged")
    shown = CliRunner().invoke(main, ["serve", "--demo", "--audit-log", str(log)])
    assert shown.exit_code == 1
    assert "cannot be written: its key audit.jsonl.key is damaged" in shown.output


def test_a_rotated_log_is_read_with_the_key_beside_the_newest(log: Path) -> None:
    old = log.rename(log.with_name("audit.jsonl.1"))
    audit = Audit(log, workspace="acme")
    write_call(audit, 7)
    audit.close()
    shown = run(old, log, "--ticket", 7)
    assert shown.exit_code == 0
    assert shown.output.count("update_thing") == 4
    assert "2 runs" in shown.output


def test_nothing_of_the_server_is_loaded_and_a_long_log_takes_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    audit = Audit(file, workspace="acme")
    for ticket in range(5_000):
        audit.call("update_thing", SPEC).outcome(
            {"ticket_id": ticket}, kind="ok", outcome="applied", milliseconds=1
        )
    audit.close()
    watched = """
import sys, tracemalloc
from mcp_server_zendesk.cli import main
from mcp_server_zendesk.serving.auditing import story, verification
tracemalloc.start()
try:
    main(["audit", *sys.argv[1:]])
except SystemExit as ended:
    print(ended.code, tracemalloc.get_traced_memory()[1], *sys.modules)
"""
    ran = subprocess.run(
        [sys.executable, "-c", watched, file, "--ticket", "7"],
        capture_output=True,
        text=True,
        check=True,
    )
    *_, last = ran.stdout.splitlines()
    code, memory, *modules = last.split()
    assert code == "0"
    assert int(memory) < file.stat().st_size / 4
    assert {"mcp", "mcp_types", "httpx", "pydantic", "anyio"}.isdisjoint(modules)
