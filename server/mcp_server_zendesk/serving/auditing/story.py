"""Tells a recorded call in one plain line, and which tickets it was about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mcp_server_zendesk.serving.auditing.verification import RecordedCall

_TICKET_ARGUMENTS = (
    "ticket_id",
    "ticket_ids",
    "target_ticket_id",
    "source_ticket_ids",
    "problem_id",
    "follow_up_of",
)
_UNFINISHED = "no outcome was recorded, look at the record in Zendesk"
_CONFIRMED = {"human": "confirmed by a human", "client": "confirmed by the client"}


def time_of(call: RecordedCall) -> datetime:
    """When it began to be recorded; the beginning of time where that cannot be read."""
    try:
        return datetime.fromisoformat(str(call.lines[0].get("time"))).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def id_of(call: RecordedCall) -> str:
    """What joins its lines."""
    return str(call.lines[0].get("call"))


def writes(call: RecordedCall) -> bool:
    """Whether its tool may change something."""
    return call.lines[0].get("effect") not in {None, "read"}


def requests_of(call: RecordedCall) -> list[Mapping[str, Any]]:
    """Those that change something: as they ended, or as they were announced before a crash."""
    if call.outcome is None:
        return [line for line in call.lines if line.get("phase") == "sending"]
    return [one for one in _list(call.outcome.get("sent")) if isinstance(one, Mapping)]


def tickets_of(call: RecordedCall) -> set[int]:
    """The tickets that it was called for, and those that its requests named or made."""
    found: set[int] = set()
    for line in call.lines:
        records = _mapping(line.get("records"))
        for name in _TICKET_ARGUMENTS:
            found.update(_ids(records.get(name)))
    for request in requests_of(call):
        found.update(_ids(_mapping(request.get("answered")).get("ticket")))
        first, *others = str(request.get("path")).split("/")
        if first == "tickets":
            found.update(int(part) for part in others[:1] if part.isascii() and part.isdecimal())
            found.update(_ids(request.get("ids")))
    return found


def sentence(call: RecordedCall) -> str:
    """Time (UTC), id, caller, tool, effect, what became of it, whose yes it had, what was sent.

    Where nothing was sent, the records that it was called for.
    """
    last = call.lines[-1]
    parts = [
        f"{time_of(call):%Y-%m-%d %H:%M:%S}",
        id_of(call),
        f"by {last['caller']}" if "caller" in last else "",
        str(last.get("tool", "(no such tool)")),
        str(last.get("effect", "none")),
        *_ending(call),
        _CONFIRMED.get(str(last.get("confirmed")), ""),
        "; ".join(map(_request, requests_of(call))) or _called_for(call),
        "(sealed with another key: it cannot be verified)" if call.unverified else "",
        "THIS ENTRY IS NOT AS IT WAS WRITTEN" if call.doubtful else "",
    ]
    return _printable("  ".join(part for part in parts if part))


def as_json(call: RecordedCall) -> dict[str, Any]:
    """The same for machines."""
    last = call.lines[-1]
    same = (
        *("workspace", "tool", "effect", "caller", "issuer", "client"),
        *("confirmed", "question", "arguments"),
    )
    return {
        "time": call.lines[0].get("time"),
        "call": id_of(call),
        **{key: last[key] for key in same if key in last},
        "given": call.lines[0].get("given", []),
        "records": call.lines[0].get("records", {}),
        "kind": None if call.outcome is None else call.outcome.get("kind"),
        "outcome": "unknown" if call.outcome is None else call.outcome.get("outcome"),
        "sent": [
            {key: request[key] for key in _OF_REQUESTS if key in request}
            for request in requests_of(call)
        ],
        "zendesk_request_id": last.get("zendesk_request_id"),
        "as_written": None if call.unverified and not call.doubtful else not call.doubtful,
    }


_OF_REQUESTS = ("method", "path", "ids", "statuses", "answered")


def _ending(call: RecordedCall) -> Iterator[str]:
    if call.outcome is None:
        yield "unknown"
        yield _UNFINISHED
        if len(call.lines) == 1:
            yield "(no request had been announced, so probably none was sent)"
        return
    kind, outcome = str(call.outcome.get("kind")), call.outcome.get("outcome")
    if kind == "asked":
        yield "a human was asked"
    elif outcome is None or kind == "ok":
        yield kind if outcome is None else str(outcome).replace("_", " ")
    else:
        yield f"{str(outcome).replace('_', ' ')} ({kind})"


def _called_for(call: RecordedCall) -> str:
    records = _mapping(call.lines[0].get("records"))
    return ", ".join(f"{name} {' '.join(map(str, _ids(ids)))}" for name, ids in records.items())


def _request(request: Mapping[str, Any]) -> str:
    answers = [str(status or "no answer") for status in _list(request.get("statuses"))]
    ids = ", ".join(map(str, _list(request.get("ids"))))
    answered = _mapping(request.get("answered")).items()
    path = str(request.get("path"))
    made = [f"{key} {value}" for key, value in answered if str(value) not in path.split("/")]
    announced = request.get("phase") == "sending"
    return ", ".join(
        [
            f"{request.get('method')} {path}"
            + (f" of {ids}" if ids else "")
            + (" → " + ", ".join(answers) if answers else " was announced" * announced)
            + ("" if answers or announced else " was not sent"),
            *made,
        ]
    )


def _ids(value: Any) -> Iterator[int]:
    for one in [value] if isinstance(value, int) else _list(value):
        if isinstance(one, int):
            yield one


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _printable(text: str) -> str:
    """A log that somebody changed could hold what moves a terminal's cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)
