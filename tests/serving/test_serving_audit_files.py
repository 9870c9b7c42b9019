"""The audit's file: rotated, cut off by a crash, full, written by several."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import deque
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from audited import SPEC, end_call, lines_of, verified, write_call
from desk import OpenWorkspace
from mcp_server_zendesk.connection.sent import Sent
from mcp_server_zendesk.sandbox.landmarks import NEW_TICKET, OPEN_TICKET
from mcp_server_zendesk.serving.auditing import file as audit_file
from mcp_server_zendesk.serving.auditing.audit import Audit, CallLines
from mcp_server_zendesk.serving.auditing.seal import kept_key
from mcp_server_zendesk.serving.refusals import AuditUnavailable

if sys.platform == "win32":
    pytest.skip("an open file can neither be renamed nor locked there", allow_module_level=True)

import fcntl


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def _rename(file: Path, old: Path) -> None:
    file.rename(old)


def _copy_and_truncate(file: Path, old: Path) -> None:
    shutil.copy(file, old)
    os.truncate(file, 0)


@pytest.mark.parametrize("rotate", [_rename, _copy_and_truncate])
@pytest.mark.parametrize("after", ["intent", "outcome"])
def test_a_rotated_log_goes_on_in_the_new_file_and_is_verified_across_both(
    file: Path, rotate: object, after: str
) -> None:
    old = file.with_name("audit.jsonl.1")
    audit = Audit(file, workspace="acme")
    call = audit.call("update_thing", SPEC)
    call.intent({"ticket_id": 7})
    if after == "outcome":
        end_call(call, 7)
    rotate(file, old)  # type: ignore[operator]
    if after == "intent":
        end_call(call, 7)
    write_call(audit, 8)
    audit.close()
    assert lines_of(file)[0]["phase"] == "continued"
    verification, calls = verified(old, file, key=kept_key(file))
    assert verification.problems == verification.notices == []
    assert [call.outcome is not None for call in calls] == [True, True]
    verification, _ = verified(file)
    assert verification.problems == []
    assert "not in these files" in verification.notices[0].text
    verification, _ = verified(file, old)
    assert verification.problems, "in the wrong order"


def test_a_file_that_is_taken_away_is_made_anew_and_the_gap_is_told(file: Path) -> None:
    audit = Audit(file, workspace="acme")
    write_call(audit, 7)
    file.unlink()
    write_call(audit, 8)
    audit.close()
    verification, _ = verified(file)
    assert "the first 4 lines of run" in verification.notices[0].text


def test_a_folder_that_is_taken_away_refuses_what_would_leave_no_trace(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    audit = Audit(folder / "audit.jsonl", workspace="acme")
    write_call(audit, 7)
    shutil.rmtree(folder)
    with pytest.raises(AuditUnavailable, match="No such file"):
        audit.call("update_thing", SPEC).intent({"ticket_id": 8})
    folder.mkdir()
    write_call(audit, 9)
    audit.close()
    assert "could not be written before it (a full disk?): 1 line" in (
        str(verified(folder / "audit.jsonl", key=audit._key)[0].notices)
    )


def test_a_process_that_was_stopped_in_its_turn_does_not_stop_the_others(file: Path) -> None:
    audit = Audit(file, workspace="acme")
    with file.open("ab") as stopped, mock.patch.object(audit_file, "_MOST_TRIES", 2):
        fcntl.flock(stopped, fcntl.LOCK_EX)
        write_call(audit, 7)
    audit.close()
    assert verified(file)[0].whole


def test_a_file_system_without_locks_will_do(file: Path) -> None:
    audit = Audit(file, workspace="acme")
    with mock.patch.object(fcntl, "flock", side_effect=OSError(37, "No locks available")):
        write_call(audit, 7)
    audit.close()
    assert verified(file)[0].whole


def test_lines_lost_in_copying_and_truncating_are_missed(file: Path) -> None:
    old = file.with_name("audit.jsonl.1")
    audit = Audit(file, workspace="acme")
    write_call(audit, 7)
    shutil.copy(file, old)
    write_call(audit, 8)
    os.truncate(file, 0)
    write_call(audit, 9)
    audit.close()
    verification, _ = verified(old, file, key=kept_key(file))
    assert verification.problems[0].text == "missing before it: 3 lines of its run"


def test_an_unfinished_last_line_is_ended_by_the_next_run_and_forgiven(file: Path) -> None:
    crashed = Audit(file, workspace="acme")
    write_call(crashed, 7)
    whole = file.read_bytes()
    for cut in (1, 2, 40, len(whole) - whole.rindex(b"\n", 0, -1) - 2):
        file.write_bytes(whole[:-cut])
        verification, _ = verified(file)
        assert verification.problems == [], "what a crash leaves is nobody's fault"
        audit = Audit(file, workspace="acme")
        write_call(audit, 8)
        audit.close()
        verification, calls = verified(file)
        assert verification.problems == []
        assert len(calls) == 2
        assert lines_of_whole(file)[-1]["phase"] == "end"


def lines_of_whole(file: Path) -> list[dict[str, object]]:
    kept = [line for line in file.read_text().splitlines() if line.endswith("}")]
    file.with_name("kept").write_text("\n".join(kept))
    return lines_of(file.with_name("kept"))


def test_after_the_end_nothing_is_written_and_so_nothing_is_done(file: Path) -> None:
    audit = Audit(file, workspace="acme")
    write_call(audit, 7)
    audit.close()
    before = file.read_bytes()
    with pytest.raises(AuditUnavailable, match="closed"):
        audit.call("update_thing", SPEC).intent({"ticket_id": 8})
    assert file.read_bytes() == before


def test_another_process_ends_what_a_crashed_one_began(file: Path) -> None:
    running = Audit(file, workspace="acme")
    write_call(running, 7)
    with file.open("ab") as crashed:
        crashed.write(b'{"v":1,"time":"2026')
    write_call(running, 8)
    running.close()
    verification, calls = verified(file)
    assert verification.problems == []
    assert [one.text for one in verification.notices] == [
        "has no end: a crash or a full disk cut it off"
    ]
    assert len(calls) == 2


def test_runs_at_once_in_one_file_are_told_apart(file: Path) -> None:
    one, other = Audit(file, workspace="acme"), Audit(file, workspace="acme")
    for ticket in range(20):
        write_call(one, ticket)
        write_call(other, ticket)
    one.close()
    other.close()
    verification, calls = verified(file)
    assert verification.problems == verification.notices == []
    assert (verification.runs, len(calls)) == (2, 40)


def _writes_half(descriptor: int, content: bytes) -> int:
    return _write(descriptor, content[: len(content) // 2])


_write = os.write


def test_a_disk_that_fills_up_loses_lines_and_says_so_afterwards(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit = Audit(file, workspace="acme")
    call = audit.call("update_thing", SPEC)
    call.intent({"ticket_id": 7})
    with mock.patch.object(os, "write", _writes_half):
        end_call(call, 7)
        with pytest.raises(AuditUnavailable, match="No space left"):
            audit.call("update_thing", SPEC).intent({"ticket_id": 8})
    (told,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert told.getMessage().startswith(
        f"The audit log {file} could not be written (No space left on device): it misses the "
        "outcome line of"
    )
    assert told.exc_info is None, "a reason says more than a traceback"
    write_call(audit, 9)
    audit.close()
    verification, calls = verified(file)
    assert verification.problems == []
    assert "could not be written before it (a full disk?): 2 lines" in str(verification.notices)
    assert [found.outcome is None for found in calls] == [False, True]


def test_a_line_is_on_the_disk_before_a_request_is_sent(file: Path) -> None:
    audit = Audit(file, workspace="acme")
    with mock.patch.object(os, "fsync", side_effect=OSError(5, "Input/output error")):
        call = audit.call("update_thing", SPEC)
        with pytest.raises(AuditUnavailable):
            call.intent({"ticket_id": 7})
        with pytest.raises(AuditUnavailable):
            call.sending(Sent("PUT", "tickets/7"), None, None)
        end_call(call, 7)
    audit.close()
    assert verified(file)[0].problems == []


_FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(
    not _FULL.exists(), reason="this system has no device that is always full"
)


@needs_full_device
@pytest.mark.anyio
async def test_on_a_full_device_reading_works_and_nothing_is_changed(
    open_workspace: OpenWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_workspace(audit_log=_FULL) as desk:
        error = await desk.fail("add_internal_note", ticket_id=NEW_TICKET, body="A note.")
        assert "audit log cannot be written (No space left on device)" in error["message"]
        assert (error["who"], error["outcome"]) == ("admin", "not_applied")
        assert [line for line in desk.sent() if not line.startswith("GET")] == []
        await desk.ask("get_ticket", ticket_id=NEW_TICKET)
    assert "could not be written" in caplog.text


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    place = tmp_path / "collector"
    os.mkfifo(place)
    return place


def test_a_pipe_takes_the_lines_to_whoever_reads_it(pipe: Path) -> None:
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    audit = Audit(pipe, workspace="acme")
    write_call(audit, 7)
    audit.close()
    lines = [json.loads(line) for line in os.read(reading, 100_000).splitlines()]
    os.close(reading)
    assert [line["phase"] for line in lines] == ["start", "intent", "sending", "outcome", "end"]
    assert list(pipe.parent.iterdir()) == [pipe], "no key is put beside it"


@pytest.mark.anyio
async def test_a_write_is_made_and_told_through_a_pipe(
    open_workspace: OpenWorkspace, pipe: Path
) -> None:
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    async with open_workspace(audit_log=pipe) as desk:
        await desk.ask("add_internal_note", ticket_id=NEW_TICKET, body="A note.")
    lines = [json.loads(line) for line in os.read(reading, 100_000).splitlines()]
    os.close(reading)
    assert [line.get("outcome") for line in lines] == [None, None, None, "applied", None]


def test_a_pipe_without_a_reader_is_refused_at_the_start(pipe: Path) -> None:
    with pytest.raises(OSError, match="nothing reads from it"):
        Audit(pipe, workspace="acme")


def test_a_reader_that_goes_away_or_is_slow_stops_writes_and_holds_nothing_up(pipe: Path) -> None:
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    audit = Audit(pipe, workspace="acme")
    with pytest.raises(AuditUnavailable, match="is too slow"):
        deque(map(partial(write_call, audit), range(1_000)), maxlen=0)
    os.close(reading)
    with pytest.raises(AuditUnavailable, match="Broken pipe"):
        write_call(audit, 7)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.read(reading, 1_000_000)
    write_call(audit, 8)
    lines = [json.loads(line) for line in os.read(reading, 1_000_000).splitlines()]
    os.close(reading)
    assert [line["phase"] for line in lines] == ["intent", "sending", "outcome"]
    assert lines[0]["lost"] == 2


def test_a_line_that_a_pipe_took_in_part_is_ended_before_the_next(pipe: Path) -> None:
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    audit = Audit(pipe, workspace="acme")
    call = audit.call("update_thing", SPEC)
    call.intent({"ticket_id": 7})
    with mock.patch.object(os, "write", _writes_half):
        end_call(call, 7)
    write_call(audit, 8)
    lines = os.read(reading, 100_000).splitlines()
    os.close(reading)
    assert json.loads(lines[3])["mended"] is True


@needs_full_device
def test_a_device_is_left_as_it_is_and_has_no_key_beside_it() -> None:
    mode = _FULL.stat().st_mode
    Audit(_FULL, workspace="acme").close()
    assert _FULL.stat().st_mode == mode
    assert not _FULL.with_name("full.key").exists()


@pytest.mark.anyio
@pytest.mark.parametrize("failing", ["intent", "sending"])
async def test_what_cannot_be_written_down_is_not_sent(
    open_workspace: OpenWorkspace, file: Path, failing: str
) -> None:
    def refuse(*_: object) -> None:
        raise AuditUnavailable("Permission denied")

    async with open_workspace(audit_log=file) as desk:
        with mock.patch(f"mcp_server_zendesk.serving.auditing.audit.CallLines.{failing}", refuse):
            error = await desk.fail("add_internal_note", ticket_id=NEW_TICKET, body="A note.")
        assert "Permission denied" in error["message"]
        assert error["outcome"] == "not_applied"
        assert [line for line in desk.sent() if not line.startswith("GET")] == []
    (outcome,) = [line for line in lines_of(file) if line["phase"] == "outcome"]
    assert outcome["kind"] == "not_configured"


@pytest.mark.anyio
async def test_half_of_a_call_that_was_done_before_is_told(
    open_workspace: OpenWorkspace, file: Path
) -> None:
    sending = CallLines.sending

    def refuse_the_second(lines: CallLines, sent: Sent, *more: str | None) -> None:
        if sent.method == "DELETE":
            raise AuditUnavailable("No space left on device")
        sending(lines, sent, *more)

    async with open_workspace(audit_log=file) as desk:
        tags = desk.sandbox.store.tickets[OPEN_TICKET]["tags"]
        with mock.patch.object(CallLines, "sending", refuse_the_second):
            error = await desk.fail(
                "update_ticket_tags", ticket_id=OPEN_TICKET, add=["new"], remove=[tags[0]]
            )
        assert error["outcome"] == "unknown"
        assert [line.split()[0] for line in desk.sent() if not line.startswith("GET")] == ["PUT"]
