"""`audit`: what an audit log tells, and whether it is whole."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mcp_server_zendesk.serving.auditing.verification import RecordedCall, Verification


_MOST_TOLD = 20
"""Runs of another key; the heading has their number."""
_Told = tuple[datetime, Any]
_EMPTY = (
    "The log is empty: nothing was called yet, or all its lines were taken away, and a log cannot "
    "tell which."
)


class _Unusable(click.ClickException):
    """It cannot be said whether the log is whole."""

    exit_code = 2


class _Moment(click.ParamType[datetime]):
    name = "ISO"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("write it as 2026-11-22 or 2026-11-22T10:31:07+00:00", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command()
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
)
@click.option("--ticket", metavar="ID", type=int, help="Calls that were about this ticket.")
@click.option("--call", metavar="ID", help="This call.")
@click.option("--since", type=_Moment(), help="Calls from this time on; UTC unless it says.")
@click.option("--until", type=_Moment(), help="Calls before this time.")
@click.option("--writes", is_flag=True, help="Calls of tools that may change something.")
@click.option(
    "--key",
    "key_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the key is, if it is not beside the log as FILE.key.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def audit(
    *,
    files: tuple[Path, ...],
    ticket: int | None,
    call: str | None,
    since: datetime | None,
    until: datetime | None,
    writes: bool,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Verify an audit log of 'serve --audit-log', and tell what was done.

    It needs the log and its key, and nothing of Zendesk. Name all files of a rotated log, in any
    order. Without a filter only the verification is told.

    \b
    Examples:
      mcp-server-zendesk audit audit.jsonl
      mcp-server-zendesk audit audit.jsonl --ticket 1001
      mcp-server-zendesk audit audit.jsonl* --writes --since 2026-11-22
      mcp-server-zendesk audit audit.jsonl --call 5b0e9c1d7f.3 --json

    A call is told in one line: time (UTC), its id, tool, effect, what became of it, whose yes it
    had, and each request that was sent to change something with Zendesk's answer; where nothing
    was sent, the records it was called for. 'unknown' means that the server stopped before it
    could record the outcome: look at the ticket. The effect is that of this very call: what a
    tool that may contact people did without reaching anybody is a write, and needed no yes.

    Within a run of the server a line that was changed, removed, added or moved is found. Lines
    cut off at its end look like a crash, and are told as a note; a run that is gone as a whole is
    missed only by the next run. Whoever has both the log and its key can forge it: keep a copy of
    the lines elsewhere where that matters.

    Exit code 0: the log is whole. 1: it is broken, and the lines are named. 2: it cannot be
    verified (no key, sealed with another key, no audit log) or wrong usage. 130: interrupted.
    """
    from mcp_server_zendesk.serving.auditing import story  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.serving.auditing.verification import Finding  # noqa: PLC0415

    tells: Callable[[RecordedCall], Any] = story.as_json if as_json else story.sentence
    filtered = writes or any(one is not None for one in (ticket, call, since, until))

    def told(found: RecordedCall) -> _Told | None:
        wanted = (
            filtered
            and (not writes or story.writes(found))
            and (call is None or story.id_of(found) == call)
            and (since is None or story.time_of(found) >= since)
            and (until is None or story.time_of(found) < until)
            and (ticket is None or ticket in story.tickets_of(found))
        )
        return (story.time_of(found), tells(found)) if wanted else None

    try:
        keys = [file for file in files if _is_key(file)]
        logs = [file for file in dict.fromkeys(files) if file not in keys]
        if not logs:
            raise _Unusable(f"{files[0]} is the key of an audit log; name the log")
        verification, found = _read(logs, _key(logs, key_file), told)
    except OSError as error:
        raise _Unusable(f"{error.filename}: {error.strerror}") from None
    if verification.lines == 0 and (verification.problems or verification.notices):
        raise _Unusable(f"{logs[0]} is no audit log: none of its lines is sealed")
    verification.notices += [Finding(str(key), 0, "is a key, and was left out") for key in keys]
    calls = [call for _, call in sorted(found, key=itemgetter(0))]
    text = _json(verification, calls) if as_json else _text(verification, calls, filtered=filtered)
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(
        text.replace("→", "->").encode(encoding, "replace").decode(encoding)
        if "utf" not in encoding.lower()
        else text
    )
    sys.exit(1 if verification.problems else 0 if verification.whole else 2)


def _is_key(file: Path) -> bool:
    """Whether it is what a shell's ``audit.jsonl*`` names beside the log.

    Raises:
        OSError: There is no such file, or it cannot be read.
    """
    from mcp_server_zendesk.serving.auditing.seal import read_key  # noqa: PLC0415 - not for help

    file.stat()
    if file.suffix != ".key":
        return False
    try:
        read_key(file)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return not file.read_bytes().startswith(b"{")
    return True


def _read(
    logs: list[Path], key: bytes, tells: Callable[[RecordedCall], _Told | None]
) -> tuple[Verification, list[_Told]]:
    """What the logs tell, in the order of their lines; as they were named where that fits better.

    A clock that was set back between two files must not make a log look broken.

    Raises:
        OSError: One cannot be read.
    """
    from mcp_server_zendesk.serving.auditing.verification import (  # noqa: PLC0415 - not for help
        Verification,
        in_order,
    )

    readings: list[tuple[Verification, list[_Told]]] = []
    orders = [in_order(logs), logs] if len(logs) > 1 else [logs]
    for order in orders:
        told: list[_Told] = []

        def tell(call: RecordedCall, told: list[_Told] = told) -> None:
            if (one := tells(call)) is not None:
                told.append(one)

        verification = Verification(key, tell)
        verification.read(order)
        readings.append((verification, told))
        if not verification.problems or order == logs:
            break
    return min(readings, key=lambda reading: reading[0].found)


def _key(logs: list[Path], given: Path | None) -> bytes:
    from mcp_server_zendesk.serving.auditing.seal import keys_of, read_key  # noqa: PLC0415

    places = [given] if given else list(dict.fromkeys(key for log in logs for key in keys_of(log)))
    place = next((one for one in places if one.exists()), None)
    if place is None:
        names = " or ".join(map(str, places[:2]))
        raise _Unusable(f"there is no key at {names}: name it with --key, or nothing is verified")
    try:
        return read_key(place)
    except OSError as error:
        reason = error.strerror if error.errno == errno.EINVAL else f"{place}: {error.strerror}"
        raise _Unusable(f"the log cannot be verified: {reason}") from None


def _text(verification: Verification, told: Iterable[object], *, filtered: bool) -> str:
    lines = [str(call) for call in told]
    if filtered and not lines:
        lines.append("No call of this log fits.")
    if filtered:
        lines.append("")
    count = f"{_number(verification.lines, 'line')} of {_number(verification.runs, 'run')}"
    others = len(verification.unverified)
    if verification.lines == 0:
        lines.append(_EMPTY)
    elif verification.whole:
        lines.append(f"The log is whole: {count}, each as it was written.")
    elif not verification.problems:
        lines.append(f"THE LOG CANNOT BE VERIFIED: {count}, {others} sealed with another key.")
    else:
        lines.append(f"THE LOG IS BROKEN: {count}, {_number(verification.found, 'problem')}.")
    wrong = [*verification.problems, *verification.unverified[:_MOST_TOLD]]
    for heading, findings in (("", wrong), ("note: ", verification.notices)):
        for one in findings:
            place = f"{one.file}:{one.line}" if one.line else one.file
            lines.append(f"  {heading}{place}: {one.text}")
    if others:
        lines.append("  With the key that was beside the log then (--key) it can be verified.")
    return "\n".join(lines)


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _json(verification: Verification, told: Iterable[object]) -> str:
    import json  # noqa: PLC0415 - not for help
    from dataclasses import asdict  # noqa: PLC0415 - likewise

    return json.dumps(
        {
            "whole": verification.whole,
            "lines": verification.lines,
            "runs": verification.runs,
            "problems": [asdict(one) for one in verification.problems],
            "problems_found": verification.found,
            "unverified": [asdict(one) for one in verification.unverified],
            "notices": [asdict(one) for one in verification.notices],
            "calls": list(told),
        },
        indent=2,
    )
