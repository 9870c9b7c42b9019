"""One JSON line for each call: who did what to which records, and how it ended (design §4.9).

Never a body, a name or a secret: arguments appear as ids and as a keyed digest, so that two
calls can be told equal within a run and nothing can be guessed from it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from mcp_server_zendesk.serving.spec import ToolSpec

logger = logging.getLogger(__name__)

_DIGEST_CHARACTERS = 16
_RECORD_ID = re.compile(r"[0-9]{1,19}")
_BEYOND_ALL_IDS = 10**19
_ALSO_IDS = {"user"}
"""Arguments that take an id, beside other ways to name a record."""
_MOST_IDS = 100


def _now() -> datetime:
    return datetime.now(UTC)


class Audit:
    """Writes audit lines to the log, and to a file that only its owner can read."""

    def __init__(
        self, file: Path | None = None, *, workspace: str, clock: Callable[[], datetime] = _now
    ) -> None:
        self._workspace = workspace
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._file: TextIO | None = None
        if file is not None:
            descriptor = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            os.fchmod(descriptor, 0o600) if hasattr(os, "fchmod") else None
            self._file = os.fdopen(descriptor, "a", encoding="utf-8")

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def intent(self, spec: ToolSpec, arguments: Mapping[str, Any]) -> None:
        """A write is about to be tried.

        Raises:
            OSError: The line cannot be written; a write that leaves no trace is not tried.
        """
        self._line({"phase": "intent", **self._about(spec.name, spec, arguments)})

    def outcome(
        self,
        tool: str,
        spec: ToolSpec | None,
        arguments: Mapping[str, Any],
        *,
        kind: str,
        milliseconds: float,
        requests: int,
        outcome: str | None,
        request_id: str | None,
    ) -> None:
        """A call has ended, in an answer (``ok``) or in an error of some kind.

        A full disk does not take the answer away: what happened has happened.
        """
        entry = {
            "phase": "outcome",
            **self._about(tool, spec, arguments),
            "kind": kind,
            "outcome": outcome,
            "ms": round(milliseconds),
            "zendesk_requests": requests,
            "zendesk_request_id": request_id,
        }
        try:
            self._line(entry)
        except OSError:
            logger.exception("The audit file could not be written")

    def _about(
        self, tool: str, spec: ToolSpec | None, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            "tool": tool if spec else None,
            "effect": spec.effect if spec else None,
            "records": _record_ids(arguments) or None,
            "arguments": self._digest(arguments),
        }

    def _digest(self, arguments: Mapping[str, Any]) -> str:
        try:
            canonical = json.dumps(arguments, sort_keys=True, default=str)
        except ValueError:
            canonical = ""  # Python refuses to write out numbers of thousands of digits
        digest = hmac.new(self._key, canonical.encode(errors="replace"), hashlib.sha256)
        return digest.hexdigest()[:_DIGEST_CHARACTERS]

    def _line(self, entry: dict[str, Any]) -> None:
        stamped = {
            "time": self._clock().isoformat(timespec="milliseconds"),
            "workspace": self._workspace,
            **{key: value for key, value in entry.items() if value is not None},
        }
        line = json.dumps(stamped, separators=(",", ":"))
        logger.info("%s", line)
        if self._file is not None:
            self._file.write(line + "\n")
            self._file.flush()


def _record_ids(arguments: Mapping[str, Any]) -> dict[str, int | list[int]]:
    """The ids among the arguments, in whichever spelling they came; nothing that is no number."""
    found: dict[str, int | list[int]] = {}
    for name, value in arguments.items():
        if not name.isidentifier():
            continue
        if name.endswith("_ids") and isinstance(value, list):
            ids = [number for item in value[:_MOST_IDS] if (number := _id(item)) is not None]
            if ids:
                found[name] = ids
        elif (name.endswith("_id") or name in _ALSO_IDS) and (number := _id(value)) is not None:
            found[name] = number
    return found


def _id(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < _BEYOND_ALL_IDS else None
    return int(value) if isinstance(value, str) and _RECORD_ID.fullmatch(value) else None
