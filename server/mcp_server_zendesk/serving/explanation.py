"""The shape of an explanation: what happened, why, what became of it, what to do next (§4.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from typing import Any, Literal, get_args

from mcp_server_zendesk.connection.errors import Outcome
from mcp_server_zendesk.serving.cleaning.text import clean_line

Kind = Literal[
    "invalid_arguments",
    "unknown_tool",
    "scope_missing",
    "read_only",
    "policy_refused",
    "confirmation_declined",
    "confirmation_unavailable",
    "not_configured",
    "unauthenticated",
    "forbidden",
    "not_found",
    "endpoint_unavailable",
    "invalid_request",
    "validation_failed",
    "ticket_closed",
    "conflict",
    "rate_limited",
    "zendesk_unavailable",
    "timeout",
    "network_error",
    "unreadable_response",
    "internal_error",
]
KINDS: tuple[str, ...] = get_args(Kind)

Who = Literal["model", "user", "admin"]
"""Who can mend it: by calling differently, by deciding, or by configuring."""

META_KEY = "mcp-server-zendesk/error"


_ZENDESK_TEXT_READ = 500
_ZENDESK_TEXT_CHARACTERS = 200
_SHORTEST_ECHO = 4
_LONGEST_START = 16


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the boundary knows of a call beside the exception.

    ``sign_in`` is the command by which a person signs in to the workspace.
    """

    tool: str
    writes: bool = False
    outcome: Outcome = "not_applied"
    request_id: str | None = None
    sent_values: tuple[str, ...] = ()
    sign_in: str = "mcp-server-zendesk auth login"
    today: date = field(default_factory=date.today)

    def clean(self, text: str | None) -> str:
        """Zendesk's own words for a model: cleaned, short, without the values that were sent."""
        shown = clean_line(text or "", _ZENDESK_TEXT_READ)
        for value in sorted(self.sent_values, key=len, reverse=True):
            shown = _without(shown, clean_line(value, _ZENDESK_TEXT_READ))
        return clean_line(shown, _ZENDESK_TEXT_CHARACTERS)


def _without(text: str, value: str) -> str:
    """Take a value out wherever it, or a beginning of it that Zendesk cut, is echoed.

    A plain word or number counts as a whole only: `ticket` is no echo in `tickets`.
    """
    if len(value) < _SHORTEST_ECHO:
        return text
    start = re.escape(value[:_LONGEST_START])
    if value.isascii() and (value.isalpha() or value.isdecimal()):
        alike = "[0-9]" if value.isdecimal() else "[A-Za-z]"
        end = f"(?!{alike})" if len(value) <= _LONGEST_START else ""
        start = f"(?<!{alike}){start}{end}"
    echo = re.compile(start, re.IGNORECASE)
    parts: list[str] = []
    while found := echo.search(text):
        rest = zip(text[found.end() :], value[_LONGEST_START:], strict=False)
        more = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
        parts += [text[: found.start()], "…"]
        text = text[found.end() + more :]
    return "".join([*parts, text])


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a call failed, for a model to act on."""

    kind: Kind
    message: str
    reason: str
    hint: str
    who: Who
    retryable: bool = False
    retry_after_seconds: int | None = None
    outcome: Outcome | None = None
    details: dict[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    status: int | None = None

    def payload(self) -> dict[str, Any]:
        """The JSON object that a client gets, without what is unknown."""
        optional = {
            "retry_after_seconds": self.retry_after_seconds,
            "outcome": self.outcome,
            "details": self.details or None,
            "request_id": self.request_id,
            "status": self.status,
        }
        return {
            "error": {
                "kind": self.kind,
                "message": self.message,
                "reason": self.reason,
                "hint": self.hint,
                "who": self.who,
                "retryable": self.retryable,
                **{key: value for key, value in optional.items() if value is not None},
            }
        }
