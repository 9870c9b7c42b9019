"""`audit`: a log verified and told, for a person and for a machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
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
    human, unsent = (
        "confirmed by a human",
        "(no request had been announced, so probably none was sent)",
    )
    run_id = lines_of(log)[0]["run"]
    assert shown.output.splitlines()[:6] == [
        f"2026-11-22 10:01:00  {run_id}.1  update_thing  write  applied  PUT tickets/7 → 200",
        f"2026-11-22 10:07:00  {run_id}.3  {lost}  {human}  PUT tickets/7 was announced",
        f"2026-11-22 10:09:00  {run_id}.4  {lost}  {unsent}  ticket_id 7",
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
    assert ("is no audit log" if content else "The log is empty") in shown.output


def test_a_missing_file_or_a_damaged_key_is_said_in_one_line(log: Path) -> None:
    missing = log.with_name("none.jsonl")
    for arguments in ((missing, "--key", f"{log}.key"), (missing,), (missing, log)):
        shown = run(*arguments)
        told = f"Error: {missing}: No such file or directory\n"
        assert (shown.exit_code, shown.output) == (2, told)
    Path(f"{log}.key").write_text("damaged")
    shown = run(log)
    assert shown.exit_code == 2
    assert "its key audit.jsonl.key is damaged: put back a copy of it" in shown.output
    assert run(log, "--since", "yesterday").exit_code == 2


def test_a_server_does_not_start_with_a_key_that_is_damaged(log: Path) -> None:
    Path(f"{log}.key").write_text("damaged")
    shown = CliRunner().invoke(main, ["serve", "--demo", "--audit-log", str(log)])
    assert shown.exit_code == 1
    assert "cannot be written: its key audit.jsonl.key is damaged" in shown.output


@pytest.fixture
def rotated(tmp_path: Path) -> list[Path]:
    """A run in the newest file, one that goes through all three, and one that never ended."""
    log = tmp_path / "audit.jsonl"
    clock = _minutes()
    killed, long = (Audit(log, workspace="acme", clock=lambda: next(clock)) for _ in range(2))
    write_call(killed, 7)
    write_call(long, 7)
    log.rename(tmp_path / "audit.jsonl.2")
    write_call(long, 8)
    log.rename(tmp_path / "audit.jsonl.1")
    write_call(long, 9)
    long.close()
    return [log, tmp_path / "audit.jsonl.1", tmp_path / "audit.jsonl.2"]


def test_a_rotated_log_is_read_in_the_order_of_its_lines(rotated: list[Path]) -> None:
    for named in permutations(rotated):
        shown = run(*named, "--writes")
        assert shown.exit_code == 0, shown.output
        assert [line.count("tickets/") for line in shown.output.splitlines()[:4]] == [1] * 4
        assert "The log is whole: 17 lines of 2 runs" in shown.output
    assert run(*rotated, *rotated).exit_code == 0, "a file that is named twice is read once"


def test_the_key_that_a_shell_names_with_the_log_is_left_out(rotated: list[Path]) -> None:
    key = Path(f"{rotated[0]}.key")
    shown = run(*rotated, key)
    assert shown.exit_code == 0
    assert f"note: {key}: is a key, and was left out" in shown.output
    shown = run(key)
    told = f"Error: {key} is the key of an audit log; name the log\n"
    assert (shown.exit_code, shown.output) == (2, told)


def test_files_named_in_the_right_order_are_whole_though_a_clock_was_set_back(log: Path) -> None:
    older = log.rename(log.with_name("audit.jsonl.1"))
    audit = Audit(log, workspace="acme", clock=lambda: _TEN - timedelta(hours=1))
    write_call(audit, 9)
    audit.close()
    assert run(older, log).exit_code == 0
    older.write_text(older.read_text().replace("tickets/8", "tickets/9"))
    assert run(older, log).exit_code == 1


@pytest.mark.parametrize("suffix", [".1", "-20261122", ".2026-11-22"])
def test_a_rotated_file_alone_is_read_with_the_key_that_stayed(log: Path, suffix: str) -> None:
    name = f"{log.name}{suffix}"
    shown = run(log.rename(log.with_name(name)))
    assert shown.exit_code == 0
    assert f"note: {log.with_name(name)}:10: run" in shown.output


def test_a_note_names_the_file_in_which_a_run_stands(rotated: list[Path]) -> None:
    (note,) = [line for line in run(*rotated).output.splitlines() if "note:" in line]
    assert note.startswith(f"  note: {rotated[2]}:4: run {lines_of(rotated[2])[0]['run']}, begun")


def test_lines_of_another_key_cannot_be_verified_and_break_nothing(log: Path) -> None:
    kept = Path(f"{log}.key").rename(log.with_name("kept"))
    audit = Audit(log, workspace="acme")
    write_call(audit, 8)
    audit.close()
    shown = run(log, "--ticket", 8)
    assert shown.exit_code == 2
    assert "THE LOG CANNOT BE VERIFIED: 15 lines of 2 runs, 1 sealed with another key." in (
        shown.output
    )
    assert f"  {log}:1: run {lines_of(log)[0]['run']} was sealed with another key" in shown.output
    assert "NOT AS IT WAS WRITTEN" not in shown.output
    told = json.loads(run(log, "--ticket", 8, "--json").output)
    assert [call["as_written"] for call in told["calls"]] == [None, True]
    assert (told["whole"], told["problems_found"], len(told["unverified"])) == (False, 0, 1)
    log.write_text(log.read_text().replace("tickets/8", "tickets/9"))
    assert run(log, "--key", kept).exit_code == 1, "a change is a change"
    assert run(log).exit_code == 1


def test_a_call_that_sent_nothing_is_told_with_its_records(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    audit = Audit(file, workspace="acme")
    call = audit.call("update_thing", SPEC)
    call.intent({"ticket_id": 7})
    call.outcome({"ticket_id": 7}, kind="policy_refused", outcome="not_applied", milliseconds=1)
    audit.close()
    assert "write  not applied (policy_refused)  ticket_id 7\n" in run(file, "--writes").output


@pytest.mark.parametrize("content", ["notes of mine\n", '{"foreign": true}\n'])
def test_a_server_does_not_start_on_a_file_that_is_no_audit_log(
    tmp_path: Path, content: str
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text(content)
    notes.chmod(0o644)
    shown = CliRunner().invoke(main, ["serve", "--demo", "--audit-log", str(notes)])
    assert shown.exit_code == 1
    assert shown.output == (
        f"Error: the audit log {notes} cannot be written: it holds something else than audit "
        "lines; name another file\n"
    )
    assert (notes.read_text(), list(tmp_path.iterdir())) == (content, [notes])


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
