"""Whatever is done to one line of a log is found by the verifier."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audited import verified, write_call
from mcp_server_zendesk.serving.auditing.audit import Audit
from mcp_server_zendesk.serving.auditing.seal import kept_key, new_key, seal


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, one after the other: twelve lines."""
    file = tmp_path_factory.mktemp("log") / "audit.jsonl"
    for _ in range(2):
        audit = Audit(file, workspace="acme")
        write_call(audit, 7)
        write_call(audit, 8)
        audit.close()
    return file


def _verdict(log: Path, lines: list[bytes], folder: Path) -> tuple[list[str], list[str]]:
    changed = folder / "changed.jsonl"
    changed.write_bytes(b"".join(lines))
    verification, _ = verified(changed, key=kept_key(log))
    found = [*verification.problems, *verification.unverified]
    return [one.text for one in found], [one.text for one in verification.notices]


def test_an_untouched_log_is_whole_and_tells_every_call(log: Path) -> None:
    verification, calls = verified(log)
    assert verification.whole
    assert verification.notices == []
    assert (verification.lines, verification.runs, len(calls)) == (16, 2, 4)


def test_every_line_that_is_removed_is_missed(log: Path, tmp_path: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    for at in range(len(lines) - 1):
        problems, _ = _verdict(log, lines[:at] + lines[at + 1 :], tmp_path)
        assert problems, at


def test_lines_cut_off_at_the_end_are_said_to_look_like_a_crash(log: Path, tmp_path: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    for kept in range(9, len(lines)):
        problems, notices = _verdict(log, lines[:kept], tmp_path)
        assert problems == []
        assert len(notices) == 1
        assert "still runs, was killed, or its last lines were cut off" in notices[0]


def test_a_whole_run_that_is_removed_is_missed_by_the_next(log: Path, tmp_path: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    problems, _ = _verdict(log, lines[:7] + lines[8:], tmp_path)
    assert "missing before it: 1 line of run" in problems[0]
    problems, notices = _verdict(log, lines[8:], tmp_path)
    assert problems == []
    assert notices == ["older lines, which it was written after, are not in these files"]


def test_every_two_lines_of_a_run_that_change_places_are_found(log: Path, tmp_path: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    for first in range(len(lines)):
        for second in range(first + 1, len(lines)):
            moved = list(lines)
            moved[first], moved[second] = moved[second], moved[first]
            assert _verdict(log, moved, tmp_path)[0], (first, second)


@settings(max_examples=100)
@given(st.data())
def test_every_byte_that_is_changed_is_found(
    log: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(log.read_bytes())
    at = data.draw(st.integers(0, len(content) - 2))
    content[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    assert _verdict(log, [bytes(content)], tmp_path_factory.getbasetemp())[0]


@settings(max_examples=100)
@given(st.data())
def test_every_line_that_is_added_is_found(
    log: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    forged, _ = seal(new_key(), "", {"v": 1, "run": "x", "seq": 0, "time": "", "phase": "start"})
    added = data.draw(
        st.sampled_from([*lines, forged + b"\n", b"{}\n", b"\n", b'{"v":1,"time\n'])
        | st.binary(max_size=80).map(lambda text: text.replace(b"\n", b"") + b"\n")
    )
    at = data.draw(st.integers(0, len(lines)))
    assert _verdict(log, [*lines[:at], added, *lines[at:]], tmp_path_factory.getbasetemp())[0]


def test_a_call_with_a_changed_line_is_told_as_doubtful(log: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(log.read_bytes().replace(b'"path":"tickets/8"', b'"path":"tickets/9"', 1))
    verification, calls = verified(changed, key=kept_key(log))
    assert [call.doubtful for call in calls] == [False, True, False, False]
    (problem,) = verification.problems
    assert problem.line == 6
    assert problem.text == "was changed, or the line before it of the same run was"


def test_another_key_is_told_once_a_run_and_breaks_nothing(log: Path) -> None:
    verification, calls = verified(log, key=new_key())
    assert verification.problems == []
    assert not verification.whole
    assert [one.text.partition(" was ")[2] for one in verification.unverified] == [
        "sealed with another key"
    ] * 2
    assert [(call.unverified, call.doubtful) for call in calls] == [(True, False)] * 4


def test_a_run_cannot_be_passed_off_as_one_of_another_key(log: Path, tmp_path: Path) -> None:
    first, *later = log.read_bytes().splitlines(keepends=True)
    named = json.loads(first)["key"].encode()
    problems, _ = _verdict(log, [first.replace(named, b"0" * 16), *later], tmp_path)
    assert "begins as if it were sealed with another key, and it was not" in problems[0]


def test_a_gap_in_a_run_of_another_key_is_found_without_its_key(log: Path, tmp_path: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    gap = tmp_path / "gap.jsonl"
    gap.write_bytes(b"".join(lines[:2] + lines[3:]))
    verification, _ = verified(gap, key=new_key())
    assert [one.text for one in verification.problems] == ["missing before it: 1 line of its run"]


def test_the_problems_of_a_ruined_log_are_counted_and_not_all_kept(
    log: Path, tmp_path: Path
) -> None:
    ruined = tmp_path / "ruined.jsonl"
    ruined.write_bytes(log.read_bytes() + b"nothing\n" * 500 + b"x" * 200_000)
    verification, _ = verified(ruined, key=kept_key(log))
    assert verification.found > 500
    assert len(verification.problems) == 50
