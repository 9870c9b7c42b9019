"""Reads every shape in which Zendesk says no, and names the exception for it.

Source: ``zendesk-api.md`` §2.5 and §3. Error texts may be localized, so English text decides
nothing where a status, a code or a key can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.connection.errors import FieldProblem, Refusal

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_SCOPE = re.compile(r"read|write|impersonate|[a-z_]{1,64}:(?:read|write)")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
_LIMIT_PREFIX = "zendesk-ratelimit-"
_MAX_PROBLEMS = 50

_SERVER_FAULT = 500
_NOT_FOUND = 404
_TITLE_LENGTH = 500

_BY_STATUS: Mapping[int, type[errors.Refused]] = {
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    409: errors.Conflict,
    413: errors.ValidationFailed,
    422: errors.ValidationFailed,
    429: errors.RateLimited,
}
_CLOSED_TICKET_CODE = "ClosedTicket"


def read_refusal(status: int, headers: Mapping[str, str], content: bytes) -> Refusal:
    """Read an error answer of any envelope: four of JSON, plain text, HTML or nothing."""
    body = _decode(headers, content)
    code, text, titled = _headline(body)
    return Refusal(
        status=status,
        code=code,
        text=text,
        problems=tuple(_problems(body))[:_MAX_PROBLEMS],
        scopes=_scopes(status, text),
        title_envelope=titled,
        limit=_exhausted_limit(headers),
        request_id=request_id(headers),
        retry_after=_seconds(headers.get("retry-after")),
    )


def exception_for(refusal: Refusal, *, auth: str | None = None) -> errors.Refused:
    """The one exception that stands for a refusal."""
    status = refusal.status
    if status == _NOT_FOUND:
        if refusal.title_envelope:
            return errors.UnknownAccount(refusal)
        if refusal.code == "InvalidEndpoint":
            return errors.EndpointUnavailable(refusal)
        return errors.NotFound(refusal)
    if status >= _SERVER_FAULT:
        return errors.Unavailable(refusal)
    kind = _BY_STATUS.get(status, errors.InvalidRequest)
    if kind is errors.Unauthenticated:
        return errors.Unauthenticated(refusal, auth=auth)
    return kind(refusal)


def names_closed_ticket(refusal: Refusal) -> bool:
    """Whether a 422 says by its code that the ticket is closed.

    Its wording is localized, so a refusal without this code needs a look at the ticket itself.
    """
    return refusal.code == _CLOSED_TICKET_CODE or any(
        problem.code == _CLOSED_TICKET_CODE for problem in refusal.problems
    )


def request_id(headers: Mapping[str, str]) -> str | None:
    """Zendesk's id of a request, for its support; dropped when it is not id-shaped."""
    found = headers.get("x-request-id") or headers.get("x-zendesk-request-id") or ""
    return found if _REQUEST_ID.fullmatch(found) else None


def _decode(headers: Mapping[str, str], content: bytes) -> Any:
    """JSON when it is JSON, text when it is text, whatever it is called; None for HTML."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    text = content.decode("utf-8", errors="replace").strip()
    if text.startswith(("{", "[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    if kind == "text/plain" and not text.startswith("<"):
        return text
    if kind == "text/html" and "<" not in text:
        return text
    return None


def _headline(body: Any) -> tuple[str | None, str | None, bool]:
    """Code, text and whether the envelope was the one with a title."""
    if isinstance(body, str):
        return None, body[:_TITLE_LENGTH] or None, False
    if not isinstance(body, Mapping):
        return None, None, False
    error = body.get("error")
    if isinstance(error, Mapping):
        return None, _text(error.get("message")) or _text(error.get("title")), True
    listed = body.get("errors")
    if isinstance(listed, list) and listed and isinstance(listed[0], Mapping):
        first = listed[0]
        return _code(first.get("code")), _text(first.get("detail") or first.get("title")), False
    text = _text(body.get("description")) or _text(body.get("error_description"))
    code = _code(error)
    return code, text or (None if code else _text(error)), False


def _problems(body: Any) -> Iterator[FieldProblem]:
    """Every entry below ``details``, whatever its key (``base`` and unknown ones included)."""
    if not isinstance(body, Mapping):
        return
    details = body.get("details")
    if isinstance(details, Mapping):
        for field, entries in details.items():
            for entry in entries if isinstance(entries, list) else [entries]:
                yield _problem(str(field), entry)
    listed = body.get("errors")
    if isinstance(listed, list):
        for entry in listed:
            if isinstance(entry, Mapping):
                source = entry.get("source")
                pointer = source.get("pointer") if isinstance(source, Mapping) else None
                yield _problem(_text(pointer) or "base", entry)


def _problem(field: str, entry: Any) -> FieldProblem:
    if not isinstance(entry, Mapping):
        return FieldProblem(field=field, text=_text(entry) or "")
    field_id = entry.get("ticket_field_id")
    return FieldProblem(
        field=field,
        text=_text(entry.get("description") or entry.get("detail") or entry.get("title")) or "",
        code=_code(entry.get("error") or entry.get("code")),
        ticket_field_id=field_id if isinstance(field_id, int) else None,
    )


def _scopes(status: int, text: str | None) -> tuple[str, ...]:
    """Scope names in a 403 (``… missing the following required scopes: read``).

    The sentence before the colon may be localized; what follows it are scope names alone.
    """
    if status != 403 or not text or ":" not in text:  # noqa: PLR2004 - the status is the fact
        return ()
    names = re.split(r"[,\s]+", text.partition(": ")[2].strip(" ."))
    return tuple(names) if all(_SCOPE.fullmatch(name) for name in names) else ()


def _exhausted_limit(headers: Mapping[str, str]) -> str | None:
    """The named limit that stands at zero, from ``zendesk-ratelimit-NAME: …; remaining=0``."""
    for name, value in headers.items():
        if name.lower().startswith(_LIMIT_PREFIX) and re.search(r"remaining=0\b", value):
            limit = name[len(_LIMIT_PREFIX) :].lower()
            return limit if re.fullmatch(r"[a-z0-9-]{1,64}", limit) else None
    return None


def _seconds(value: str | None) -> float | None:
    try:
        seconds = float(value) if value else None
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < float("inf") else None


def _code(value: Any) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _text(value: Any) -> str | None:
    return value[:_TITLE_LENGTH] if isinstance(value, str) and value else None
