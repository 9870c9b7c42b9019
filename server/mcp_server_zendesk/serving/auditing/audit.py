"""One JSON line for each call, and more around a write: who did what, and how it ended (§4.9).

A run of the server writes, in ``phase``:

- ``start`` before its first line, and ``end`` after its last; ``continued`` where the file was
  rotated between two lines,
- ``intent`` when a tool that writes is called, ``sending`` before each request that changes
  something, ``outcome`` when a call has ended, read or write.

``effect`` is the tool's until something is sent, and from then on that of this very call: a
``contact`` that needed no question is a ``write``.

With a file, ``intent`` and ``sending`` are on the disk before anything goes to Zendesk, so that
after a crash the log says what may have been done. Never a body, a name or a secret: arguments
appear by their names, as ids and as a keyed digest (``seal``).
"""

from __future__ import annotations

import errno
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcp_server_zendesk.connection.sent import Sent
from mcp_server_zendesk.json_lines import AUDIT_LINE
from mcp_server_zendesk.serving.auditing import seal
from mcp_server_zendesk.serving.auditing.file import AuditFile, Ground
from mcp_server_zendesk.serving.auditing.lines import (
    caller_name,
    canonical,
    names_given,
    record_ids,
)
from mcp_server_zendesk.serving.refusals import AuditUnavailable
from mcp_server_zendesk.serving.spec import ToolSpec

logger = logging.getLogger(__name__)

VERSION = 1
"""Of the format of lines."""
_MOST_REQUESTS = 50


def _now() -> datetime:
    return datetime.now(UTC)


class Audit:
    """Writes the lines of one run to the log, and to a file that only its owner can read.

    Raises:
        OSError: The file or its key cannot be used.
    """

    def __init__(
        self, file: Path | None = None, *, workspace: str, clock: Callable[[], datetime] = _now
    ) -> None:
        self._path = file
        self._workspace = workspace
        self._clock = clock
        self._file = AuditFile(file) if file is not None else None
        self._key = self._key_of(file, self._file) if file and self._file else seal.new_key()
        self._run = secrets.token_hex(5)
        self._lines = 0
        self._lost = 0
        self._calls = 0
        self._seal = seal.FIRST
        self._closed = False

    def _key_of(self, file: Path, opened: AuditFile) -> bytes:
        if not opened.regular:
            return seal.new_key()
        if not opened.empty and not seal.key_beside(file).exists():
            logger.warning(
                "There is no key beside the audit log %s: a new one is made. The lines that the "
                "log has already were sealed with another key; they can be verified only with "
                "that one. Put it back before the next start, or begin a new log.",
                file,
            )
        return seal.kept_key(file)

    def close(self) -> None:
        """Say that the run has ended, if it left a line; nothing is written any more."""
        if self._lines and not self._closed:
            self.try_to_write({"phase": "end", "lines": self._lines + 1})
        if self._file is not None and not self._closed:
            self._file.close()
        self._closed = True

    def call(
        self,
        tool: str,
        spec: ToolSpec | None,
        *,
        caller: str | None = None,
        issuer: str | None = None,
        client: str | None = None,
    ) -> CallLines:
        """The lines of a call that begins.

        Args:
            tool: As it was called.
            spec: Of the tool; None where there is none.
            caller: Whose token it was, as it was verified.
            issuer: Who issued it: two may know somebody by one name.
            client: The program, by its own word.
        """
        self._calls += 1
        about = {
            "call": f"{self._run}.{self._calls}",
            "tool": tool if spec else None,
            "effect": spec.effect if spec else None,
            "caller": caller_name(caller),
            "issuer": caller_name(issuer),
            "client": client,
        }
        return CallLines(self, spec, about)

    def digest(self, purpose: str, text: str | None) -> str | None:
        """A keyed digest of a text, if there is one."""
        return None if text is None else seal.digest(self._key, purpose, text)

    def write(self, entry: Mapping[str, Any]) -> None:
        """Write a line that has to be on the disk before anything is sent.

        Raises:
            AuditUnavailable: It is not.
        """
        try:
            self._write(entry, durable=True)
        except OSError as error:
            self._lost += 1
            raise AuditUnavailable(error.strerror or "") from error

    def try_to_write(self, entry: Mapping[str, Any]) -> None:
        """Write a line about what has happened already: a full disk does not take it back."""
        try:
            self._write(entry, durable=False)
        except OSError as error:
            self._lost += 1
            reason = error.strerror or "no reason was given"
            logger.error(  # noqa: TRY400 - one line: where it happened is known
                "The audit log %s could not be written (%s): it misses the %s line of %s",
                self._path,
                reason,
                entry["phase"],
                entry.get("call") or "this run",
            )

    def _write(self, entry: Mapping[str, Any], *, durable: bool) -> None:
        if self._closed:
            raise OSError(errno.EBADF, "it is closed")
        with self._file.turn() if self._file else nullcontext(Ground()) as ground:
            self._append_at(ground, entry)
        if self._file is not None and durable:
            self._file.settle()

    def _append_at(self, ground: Ground, entry: Mapping[str, Any]) -> None:
        key = seal.fingerprint(self._key)
        if self._lines == 0:
            after = self._file.last_line() if self._file else None
            self._append({"phase": "start", "key": key, "after": after}, torn=ground.torn)
        elif ground.moved:
            continued = {"phase": "continued", "key": key, "before": self._seal}
            self._append(continued, torn=ground.torn)
        else:
            self._append(entry, torn=ground.torn)
            return
        self._append(entry)

    def _append(self, entry: Mapping[str, Any], *, torn: bool = False) -> None:
        stamped = {
            "v": VERSION,
            "time": self._clock().isoformat(timespec="milliseconds"),
            "workspace": self._workspace,
            "run": self._run,
            "seq": self._lines,
            "mended": torn or None,
            "lost": self._lost or None,
            **entry,
        }
        told = {key: value for key, value in stamped.items() if value is not None}
        line, made = seal.seal(self._key, self._seal, told)
        logger.info("%s", line.decode(), extra={AUDIT_LINE: line.decode()})
        if self._file is not None:
            self._file.write(line, torn=torn)
        self._seal = made
        self._lines += 1
        self._lost = 0


class CallLines:
    """The lines of one call, joined by its id."""

    def __init__(self, audit: Audit, spec: ToolSpec | None, about: Mapping[str, Any]) -> None:
        self._audit = audit
        self._spec = spec
        self._about = about

    def intent(self, arguments: Mapping[str, Any]) -> None:
        """A write is about to be tried.

        Raises:
            AuditUnavailable: A write that leaves no trace is not tried.
        """
        self._audit.write({"phase": "intent", **self._about, **self._given(arguments)})

    def sending(self, sent: Sent, confirmed: str | None, question: str | None) -> None:
        """A request that changes something is about to be sent.

        Raises:
            AuditUnavailable: A request that leaves no trace is not sent.
        """
        self._audit.write(
            {
                "phase": "sending",
                **self._about,
                "effect": self._effect(confirmed, question),
                **sent.facts(),
                "confirmed": confirmed,
                "question": self._audit.digest("question", question),
            }
        )

    def outcome(
        self,
        arguments: Mapping[str, Any],
        *,
        kind: str,
        outcome: str | None,
        milliseconds: float,
        requests: int = 0,
        request_id: str | None = None,
        sent: Sequence[Sent] = (),
        confirmed: str | None = None,
        question: str | None = None,
    ) -> None:
        """The call has ended: in an answer (``ok``), in a question (``asked``) or in an error."""
        self._audit.try_to_write(
            {
                "phase": "outcome",
                **self._about,
                **({"effect": self._effect(confirmed, question)} if sent else {}),
                **self._given(arguments),
                "kind": kind,
                "outcome": outcome,
                "ms": round(milliseconds),
                "confirmed": confirmed,
                "question": self._audit.digest("question", question),
                "sent": [one.facts() for one in sent[:_MOST_REQUESTS]] or None,
                "zendesk_requests": requests,
                "zendesk_request_id": request_id,
            }
        )

    def _effect(self, confirmed: str | None, question: str | None) -> str | None:
        """That of this very call: what is sent although nobody was asked needed no question."""
        if self._spec is None:
            return None
        unasked = confirmed is None and question is None
        return self._spec.least_effect if unasked else self._spec.effect

    def _given(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "records": record_ids(self._spec, arguments) or None,
            "given": names_given(self._spec, arguments) or None,
            "arguments": self._audit.digest("arguments", canonical(arguments)),
        }
