"""Arguments as a model sends them: unknown ones refused, wrong ones explained without an echo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from mcp_server_zendesk.connection.nearest import nearest
from mcp_server_zendesk.serving.refusals import ArgumentProblem, InvalidArguments

_MAX_NAME = 64
_MAX_PROBLEMS = 20


def refuse_unknown(arguments: Mapping[str, Any], valid: Iterable[str]) -> None:
    """Refuse arguments that the tool does not have: dropped silently, they would mislead.

    Raises:
        InvalidArguments: Names each, with the nearest valid one.
    """
    names = list(valid)
    problems = [_unknown(name, names) for name in arguments if name not in names]
    if problems:
        raise InvalidArguments(problems[:_MAX_PROBLEMS])


def _unknown(name: str, valid: list[str]) -> ArgumentProblem:
    shown = _shown(name)
    near = nearest(name, valid)
    mend = f"did you mean {near!r}? " if near else ""
    known = f"Its arguments: {', '.join(valid)}" if valid else "It takes none"
    return ArgumentProblem(shown, f"is no argument of this tool; {mend}{known}", code="unknown")


def problems_in(error: ValidationError) -> tuple[ArgumentProblem, ...]:
    """What is wrong with each argument, without the value that was sent."""
    found = error.errors(include_url=False, include_input=False, include_context=True)
    return tuple(_problem(entry) for entry in found[:_MAX_PROBLEMS])


def _problem(entry: Any) -> ArgumentProblem:
    where = ".".join(_shown(str(part)) for part in entry["loc"]) or "arguments"
    if entry["type"] == "missing":
        return ArgumentProblem(where, "is required", code="missing")
    allowed: tuple[str, ...] = ()
    if entry["type"] == "literal_error":
        allowed = tuple(entry["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", "))
    return ArgumentProblem(
        where, _sentence(entry["msg"]), code=entry["type"], allowed_values=allowed
    )


def _shown(name: str) -> str:
    """A name as a model sent it, where it is one: keys of its own making are values."""
    named = name.isdecimal() or name.isidentifier()
    return name if named and len(name) <= _MAX_NAME else "(unreadable name)"


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return text[:1].lower() + text[1:]
