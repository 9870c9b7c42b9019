"""Finds out from an audit log alone whether it is whole, and which calls it tells of.

A line that was changed, removed, added or moved is a problem. What a crash leaves behind is not,
and is told as a notice: a crash cannot be told from an end that somebody cut off. A run that was
sealed with another key is neither: it cannot be verified. Lines are read one at a time; what is
kept is where each run stands, and its calls that have no outcome yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcp_server_zendesk.serving.auditing import seal

_LONGEST_LINE = 65_536
_MOST_FINDINGS = 50
_MOST_LOOKED_AT = 10
_UNREADABLE = "cannot be read: it is no audit line, or was changed"
_OTHER_KEY = "was changed: its run begins as if it were sealed with another key, and it was not"
_CUT_OFF = "has no end: a crash or a full disk cut it off"

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at a line of a file. ``line`` is 0 where it is about no single line."""

    file: str
    line: int
    text: str


@dataclass(slots=True)
class RecordedCall:
    """What the log tells of one call.

    ``doubtful``: a line of it is not as it was written. ``unverified``: that cannot be said, as it
    was sealed with another key.
    """

    lines: list[Entry] = field(default_factory=list)
    doubtful: bool = False
    unverified: bool = False

    @property
    def outcome(self) -> Entry | None:
        """Its last line, where the call has ended."""
        last = self.lines[-1]
        return last if last.get("phase") == "outcome" else None


@dataclass(slots=True)
class _Run:
    began: str
    seal: str = seal.FIRST
    seq: int = 0
    ended: bool = False
    other_key: bool = False
    place: tuple[str, int] = ("", 0)
    calls: dict[str, RecordedCall] = field(default_factory=dict)


@dataclass(slots=True)
class Verification:
    """Reads audit files, the oldest first, and remembers what is wrong with them.

    Args:
        key: With which the lines were sealed.
        tell: Takes each call, once its outcome is read or the log has ended.

    Of problems and notices the first fifty are kept; ``found`` counts all problems. ``unverified``
    has each run that was sealed with another key.
    """

    key: bytes
    tell: Callable[[RecordedCall], None]
    lines: int = 0
    problems: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)
    unverified: list[Finding] = field(default_factory=list)
    found: int = 0
    _runs: dict[str, _Run] = field(default_factory=dict)
    _unread: list[Finding] = field(default_factory=list)
    _place: tuple[str, int] = ("", 0)
    _fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        self._fingerprint = seal.fingerprint(self.key)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong, as far as a log can tell."""
        return not self.problems and not self.unverified

    @property
    def runs(self) -> int:
        """How many runs of the server it tells of."""
        return len(self._runs)

    def read(self, files: Iterable[Path]) -> None:
        """Read them all.

        Raises:
            OSError: One cannot be read.
        """
        for file in files:
            with file.open("rb") as opened:
                number = 0
                while line := opened.readline(_LONGEST_LINE):
                    number += 1
                    self._place = (str(file), number)
                    self._take(line)
        self._at_the_end()

    def _take(self, raw: bytes) -> None:
        found = seal.unsealed(raw.rstrip(b"\n"))
        entry = _entry(raw) if found else None
        if found is None or entry is None:
            self._unread.append(self._finding(_UNREADABLE if raw.endswith(b"\n") else _CUT_OFF))
            if len(self._unread) > _MOST_FINDINGS:
                self._judge_unread(forgiven=0)
            return
        self.lines += 1
        lost = entry.get("lost") or 0
        self._judge_unread(forgiven=1 + lost if entry.get("mended") is True else 0)
        run = self._runs.get(entry["run"])
        doubtful = self._is_broken(entry, run, *found)
        if run is None:
            run = self._runs[entry["run"]] = _Run(began=entry["time"])
            run.other_key = self._is_of_another_key(entry)
        run.seal, run.seq, run.place = found[1], entry["seq"], self._place
        run.ended = run.ended or entry["phase"] == "end"
        if lost:
            self._notice(f"could not be written before it (a full disk?): {_lines(lost)}")
        if entry["phase"] in {"intent", "sending", "outcome"}:
            self._collect(entry, run, doubtful=doubtful)

    def _is_broken(self, entry: Entry, run: _Run | None, content: bytes, claimed: str) -> bool:
        """Whether a line is not the one that was written after the line before of its run."""
        phase, seq = entry["phase"], entry["seq"]
        known = self.found
        previous = seal.FIRST
        if run is not None:
            previous = run.seal
            self._check_order(seq, run)
        elif phase == "continued":
            previous = str(entry.get("before"))
            self._notice(f"not in these files: the first {_lines(seq)} of run {entry['run']}")
        elif seq != 0:
            self._problem(f"missing before it: the first {_lines(seq)} of run {entry['run']}")
            return True
        if run is None:
            self._check_beginning(entry)
        as_written = seal.is_sealed(self.key, previous, content, claimed)
        other_key = run.other_key if run is not None else self._is_of_another_key(entry)
        if run is not None and other_key and as_written:
            run.other_key = False
            self._problem(_OTHER_KEY)
        elif not other_key and not as_written and self.found == known:
            self._problem("was changed, or the line before it of the same run was")
        return self.found != known

    def _is_of_another_key(self, first: Entry) -> bool:
        return first.get("key") not in (None, self._fingerprint)

    def _check_order(self, seq: int, run: _Run) -> None:
        if run.ended:
            self._problem("stands after the end of its run")
        elif seq > run.seq + 1:
            self._problem(f"missing before it: {_lines(seq - run.seq - 1)} of its run")
        elif seq <= run.seq:
            self._problem("stands twice, or was moved: later lines of its run come before it")

    def _check_beginning(self, entry: Entry) -> None:
        if self._is_of_another_key(entry):
            self.unverified.append(self._finding(f"run {entry['run']} was sealed with another key"))
        after = entry.get("after")
        if not isinstance(after, Mapping):
            return
        name, seq = str(after.get("run")), after.get("seq")
        known = self._runs.get(name)
        if known is None and self.lines == 1:
            self._notice("older lines, which it was written after, are not in these files")
        elif known is None:
            self._problem(f"missing before it: run {name}, which it was written after")
        elif isinstance(seq, int) and seq > known.seq:
            self._problem(f"missing before it: {_lines(seq - known.seq)} of run {name}")

    def _collect(self, entry: Entry, run: _Run, *, doubtful: bool) -> None:
        name = str(entry.get("call"))
        call = run.calls.setdefault(name, RecordedCall())
        call.lines.append(entry)
        call.doubtful = call.doubtful or doubtful
        call.unverified = run.other_key
        if entry["phase"] == "outcome":
            self.tell(run.calls.pop(name))

    def _at_the_end(self) -> None:
        cut_off = [one.text for one in self._unread] == [_CUT_OFF]
        self._judge_unread(forgiven=1 if cut_off else 0)
        for name, run in self._runs.items():
            for call in run.calls.values():
                self.tell(call)
            if not run.ended:
                self._place = run.place
                self._notice(
                    f"run {name}, begun {run.began}, has no end after its line {run.seq}: it still "
                    "runs, was killed, or its last lines were cut off, and a log cannot tell which"
                )

    def _judge_unread(self, *, forgiven: int) -> None:
        """What a crash or a full disk cut off is known by the next line, or it is the last."""
        unread, self._unread = self._unread, []
        for one in unread:
            if len(unread) <= forgiven:
                self._keep_notice(Finding(one.file, one.line, _CUT_OFF))
            else:
                self._keep_problem(Finding(one.file, one.line, _UNREADABLE))

    def _finding(self, text: str) -> Finding:
        return Finding(*self._place, text)

    def _problem(self, text: str) -> None:
        self._keep_problem(self._finding(text))

    def _notice(self, text: str) -> None:
        self._keep_notice(self._finding(text))

    def _keep_problem(self, finding: Finding) -> None:
        self.found += 1
        if self.found <= _MOST_FINDINGS:
            self.problems.append(finding)

    def _keep_notice(self, finding: Finding) -> None:
        if len(self.notices) < _MOST_FINDINGS:
            self.notices.append(finding)


def in_order(files: Iterable[Path]) -> list[Path]:
    """The files of a rotated log, the oldest first, by their first line that can be read.

    Raises:
        OSError: One cannot be read.
    """
    return sorted(files, key=_beginning_of)


def _beginning_of(file: Path) -> datetime:
    with file.open("rb") as opened:
        for _ in range(_MOST_LOOKED_AT):
            entry = _entry(opened.readline(_LONGEST_LINE))
            if entry is not None:
                with suppress(ValueError, OverflowError):
                    return datetime.fromisoformat(entry["time"]).astimezone(UTC)
    return datetime.min.replace(tzinfo=UTC)


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line as JSON with what every line has; None where it has not."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    texts = all(isinstance(entry.get(key), str) for key in ("run", "time", "phase"))
    numbers = all(type(entry.get(key)) is int for key in ("seq", "lost") if key in entry)
    return entry if texts and numbers and "seq" in entry else None
