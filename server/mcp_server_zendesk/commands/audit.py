"""`audit`: what an audit log tells, and whether it is whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mcp_server_zendesk.serving.auditing.verification import RecordedCall, Verification


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

    It needs the log and its key, and nothing of Zendesk. Name the files of a rotated log in
    order, the oldest first. Without a filter only the verification is told.

    \b
    Examples:
      mcp-server-zendesk audit audit.jsonl
      mcp-server-zendesk audit audit.jsonl --ticket 1001
      mcp-server-zendesk audit audit.jsonl.1 audit.jsonl --writes --since 2026-11-22
      mcp-server-zendesk audit audit.jsonl --call 5b0e9c1d7f.3 --json

    A call is told in one line: time (UTC), tool, effect, what became of it, whose yes it had,
    and each request that was sent to change something with Zendesk's answer. 'unknown' means
    that the server stopped before it could record the outcome: look at the ticket.

    Within a run of the server a line that was changed, removed, added or moved is found. Lines
    cut off at its end look like a crash, and are told as a note; a run that is gone as a whole is
    missed only by the next run. Whoever has both the log and its key can forge it: keep a copy of
    the lines elsewhere where that matters.

    Exit code 0: the log is whole. 1: it is broken, and the lines are named. 2: it cannot be
    verified (no key, no audit log) or wrong usage.
    """
    from mcp_server_zendesk.serving.auditing import story  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.serving.auditing.verification import Verification  # noqa: PLC0415

    told: list[tuple[datetime, Any]] = []
    tells: Callable[[RecordedCall], Any] = story.as_json if as_json else story.sentence
    filtered = writes or any(one is not None for one in (ticket, call, since, until))

    def tell(found: RecordedCall) -> None:
        if (
            filtered
            and (not writes or story.writes(found))
            and (call is None or story.id_of(found) == call)
            and (since is None or story.time_of(found) >= since)
            and (until is None or story.time_of(found) < until)
            and (ticket is None or ticket in story.tickets_of(found))
        ):
            told.append((story.time_of(found), tells(found)))

    verification = Verification(_key(files, key_file), tell)
    try:
        verification.read(files)
    except OSError as error:
        raise _Unusable(f"{error.filename}: {error.strerror}") from None
    if verification.lines == 0 and (verification.problems or verification.notices):
        raise _Unusable(f"{files[0]} is no audit log: none of its lines is sealed")
    calls = [call for _, call in sorted(told, key=itemgetter(0))]
    text = _json(verification, calls) if as_json else _text(verification, calls, filtered=filtered)
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(
        text.replace("→", "->").encode(encoding, "replace").decode(encoding)
        if "utf" not in encoding.lower()
        else text
    )
    sys.exit(0 if verification.whole else 1)


def _key(files: tuple[Path, ...], given: Path | None) -> bytes:
    from mcp_server_zendesk.serving.auditing.seal import key_beside, read_key  # noqa: PLC0415

    beside = [given] if given else [key_beside(file) for file in files]
    place = next((one for one in beside if one.exists()), None)
    if place is None:
        names = " or ".join(map(str, beside[:2]))
        raise _Unusable(f"there is no key at {names}: name it with --key, or nothing is verified")
    try:
        return read_key(place)
    except OSError as error:
        raise _Unusable(f"{place} cannot be used: {error.strerror}") from None


def _text(verification: Verification, told: Iterable[object], *, filtered: bool) -> str:
    lines = [str(call) for call in told]
    if filtered and not lines:
        lines.append("No call of this log fits.")
    if filtered:
        lines.append("")
    count = f"{_number(verification.lines, 'line')} of {_number(verification.runs, 'run')}"
    if verification.whole:
        lines.append(f"The log is whole: {count}, each as it was written.")
    else:
        lines.append(f"THE LOG IS BROKEN: {count}, {_number(verification.found, 'problem')}.")
    for heading, findings in (("", verification.problems), ("note: ", verification.notices)):
        for one in findings:
            place = f"{one.file}:{one.line}" if one.line else one.file
            lines.append(f"  {heading}{place}: {one.text}")
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
            "notices": [asdict(one) for one in verification.notices],
            "calls": list(told),
        },
        indent=2,
    )
