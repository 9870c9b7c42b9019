"""What the scripted agent does after a call that failed: plain rules, read off the explanation.

Nothing here knows the server. A rule needs what the explanation says: which argument was meant,
which tool does that, which values there are, how long to wait. Where it does not say so, there is
no way on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from desk_evals.desk import WAIT, Tool

_MEANT = re.compile(r"did you mean '(\w+)'")
_USE = re.compile(r"\buse (\w+)")
_AGAIN = re.compile(r"in (\d+) seconds")


@dataclass(frozen=True)
class Call:
    """A call to make. ``takes`` are arguments that the answer before fills, and by what of it."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    unless_said: str | None = None
    """Not made where the answer before holds this text."""


def mended(
    call: Call, error: Mapping[str, Any], tools: Mapping[str, Tool], knows: Sequence[str]
) -> list[Call]:
    """The calls that the explanation leads to, the last one in the failed one's place; or none."""
    calls: list[Call] = []
    if error.get("outcome") == "unknown":
        calls = _looked_up(call, error)
    elif error.get("outcome") == "applied":
        pass
    elif error["kind"] == "conflict":
        calls = _read_again(call, error)
    elif error.get("retryable"):
        calls = _repeated(call, error)
    elif error["kind"] in {"invalid_arguments", "validation_failed"}:
        calls = _corrected(call, error, tools, knows)
    return calls


def _corrected(
    call: Call, error: Mapping[str, Any], tools: Mapping[str, Tool], knows: Sequence[str]
) -> list[Call]:
    fields = error.get("details", {}).get("fields", [])
    calls = [call] if fields else []
    for one in fields:
        calls = _field_mended(calls, one, tools, knows)
        if not calls:
            return []
    return calls


def _looked_up(call: Call, error: Mapping[str, Any]) -> list[Call]:
    """Whether it was done is to be seen first, if the hint says so."""
    if "before you repeat" not in error["hint"] or "body" not in call.arguments:
        return []
    number = call.arguments["ticket_id"]
    look = Call("list_ticket_comments", {"ticket_id": number, "limit": 3})
    return [look, replace(call, unless_said=str(call.arguments["body"]))]


def _read_again(call: Call, error: Mapping[str, Any]) -> list[Call]:
    """Somebody else changed it: read it, and act on what is there now."""
    stamp = "expected_updated_at"
    if not error.get("retryable") or "Read the record again" not in error["hint"]:
        return []
    look = Call("get_ticket", {"ticket_id": call.arguments["ticket_id"], "comments": 1})
    fresh = {stamp: "updated_at"} if stamp in call.arguments else {}
    return [look, replace(call, takes=fresh)]


def _repeated(call: Call, error: Mapping[str, Any]) -> list[Call]:
    told = _AGAIN.search(error["hint"])
    seconds = error.get("retry_after_seconds") or (int(told[1]) if told else 0)
    if seconds:
        return [Call(WAIT, {"seconds": seconds}), call]
    return [call]


def _field_mended(
    calls: list[Call], problem: Mapping[str, Any], tools: Mapping[str, Tool], knows: Sequence[str]
) -> list[Call]:
    call, told = calls[-1], str(problem["problem"])
    name = str(problem["field"])
    if meant := _MEANT.search(told):
        arguments = {meant[1] if key == name else key: v for key, v in call.arguments.items()}
        return [*calls[:-1], replace(call, arguments=arguments)]
    if (other := _USE.search(told)) and other[1] in tools:
        return [*calls[:-1], *_by_the_other(call, name, tools[other[1]], moved="for that" in told)]
    value = _chosen(problem, [str(call.arguments.get(name, "")), *knows])
    if value is None:
        return []
    return [*calls[:-1], replace(call, arguments=_with(call.arguments, problem, value))]


def _by_the_other(call: Call, name: str, other: Tool, *, moved: bool) -> Iterator[Call]:
    """The tool that does what this argument was for; or that finds what it has to be."""
    value = call.arguments[name]
    if not moved:
        yield Call(other.name, {_place(other, "query", value): value})
        yield replace(call, takes={name: "items[only].id"})
        return
    shared = {key: v for key, v in call.arguments.items() if key in other.properties}
    rest = {key: v for key, v in call.arguments.items() if key != name}
    if set(rest) - {"ticket_id", "user", "organization"}:
        yield replace(call, arguments=rest)
    ids = {key: v for key, v in shared.items() if key in other.schema.get("required", ())}
    yield Call(other.name, {**ids, _place(other, name, value): value})


def _place(tool: Tool, name: str, value: Any) -> str:
    """The argument of that name, or else the first that takes such a value."""
    if name in tool.properties:
        return name
    kind = "array" if isinstance(value, list) else "string"
    return next((key for key, schema in tool.properties.items() if schema["type"] == kind), name)


def _chosen(problem: Mapping[str, Any], words: Sequence[str]) -> Any:
    """Of what is offered, what the user spoke of; an id where there is one."""
    for word in filter(None, words):
        for one in problem.get("candidates", ()):
            if word.casefold() in str(one["name"]).casefold():
                return one["id"]
        for value in problem.get("allowed_values", ()):
            if word.casefold() in str(value).casefold():
                return value
    return None


def _with(arguments: Mapping[str, Any], problem: Mapping[str, Any], value: Any) -> dict[str, Any]:
    field_id = problem.get("ticket_field_id")
    outer, _, inner = str(problem["field"]).partition(".")
    if field_id:
        outer, inner = "custom_fields", str(field_id)
    if not inner:
        return {**arguments, outer: value}
    return {**arguments, outer: {**arguments.get(outer, {}), inner: value}}
