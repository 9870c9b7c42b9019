"""Arguments as a model sends them: unknown ones refused, wrong ones explained without an echo."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError

from mcp_server_zendesk.connection.nearest import nearest
from mcp_server_zendesk.serving.refusals import ArgumentProblem, InvalidArguments

_MAX_NAME = 64
_MAX_PROBLEMS = 20
_BEYOND_ALL_IDS = 10**40
_PLAIN = {str, int, float, bool, NoneType}


def refuse_unknown(
    arguments: Mapping[str, Any], valid: Iterable[str], elsewhere: Mapping[str, str] | None = None
) -> None:
    """Refuse arguments that the tool does not have: dropped silently, they would mislead.

    Raises:
        InvalidArguments: Names each, with the tool that has it or the nearest valid one.
    """
    names = list(valid)
    unknown = [name for name in arguments if name not in names]
    if unknown:
        raise InvalidArguments(
            _unknown(name, names, elsewhere or {}) for name in unknown[:_MAX_PROBLEMS]
        )


def _unknown(name: str, valid: list[str], elsewhere: Mapping[str, str]) -> ArgumentProblem:
    shown = _shown(name)
    near = nearest(name, valid)
    mend = f"; did you mean {near!r}?" if near else "."
    if name in elsewhere:
        mend = f"; use {elsewhere[name]} for that."
    known = f"Its arguments: {', '.join(valid)}" if valid else "It takes none"
    return ArgumentProblem(shown, f"is no argument of this tool{mend} {known}", code="unknown")


def without_null(
    arguments: Mapping[str, Any], parameters: Iterable[inspect.Parameter]
) -> dict[str, Any]:
    """The arguments that were really given: strict clients send null for every optional one."""
    optional = {p.name for p in parameters if p.default is not inspect.Parameter.empty}
    return {
        name: value for name, value in arguments.items() if not (value is None and name in optional)
    }


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A text on its way through the SDK, which would read `null` or `["a"]` in it as JSON.

    ``unwrapped`` takes it out again before the argument is validated.
    """

    text: str


def verbatim(
    arguments: Mapping[str, Any], parameters: Iterable[inspect.Parameter]
) -> dict[str, Any]:
    """The arguments with the texts of plain parameters kept from being read as JSON."""
    kinds = {parameter.name: _kinds(parameter.annotation) for parameter in parameters}
    plain = {name for name, types in kinds.items() if str in types and types <= _PLAIN}
    return {
        name: Verbatim(value) if name in plain and isinstance(value, str) else value
        for name, value in arguments.items()
    }


def unwrapped(value: Any) -> Any:
    """What ``verbatim`` wrapped; anything else as it is."""
    return value.text if isinstance(value, Verbatim) else value


def _kinds(annotation: Any) -> set[Any]:
    """The types that an argument may have."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return {kind for option in get_args(annotation) for kind in _kinds(option)}
    return {annotation}


def echoable(
    arguments: Mapping[str, Any], parameters: Iterable[inspect.Parameter]
) -> tuple[str, ...]:
    """Every text and number among the arguments, however deep, as Zendesk might repeat it.

    The words that the tool itself offers to choose from (`open`, `urgent`) tell nothing, and
    stand in many of Zendesk's sentences.
    """
    offered = {
        choice
        for parameter in parameters
        for kind in _kinds(parameter.annotation)
        if get_origin(kind) is Literal
        for choice in get_args(kind)
    }
    return tuple(text for text in _texts(arguments) if text not in offered)


def _texts(value: Any) -> list[str]:
    if isinstance(value, int) and abs(value) >= _BEYOND_ALL_IDS:
        return []  # Python refuses to write out numbers of thousands of digits
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return []


def problems_in(error: ValidationError) -> tuple[ArgumentProblem, ...]:
    """What is wrong with each argument, in one entry each and without the value that was sent.

    A union fails once for each of its types; its messages are joined.
    """
    found: dict[str, ArgumentProblem] = {}
    for entry in error.errors(include_url=False, include_input=False, include_context=True):
        new = _problem(entry)
        old = found.get(new.field)
        found[new.field] = _joined(old, new) if old else new
    return tuple(found.values())[:_MAX_PROBLEMS]


def _joined(one: ArgumentProblem, other: ArgumentProblem) -> ArgumentProblem:
    problems = one.problem.split(" or ")
    if other.problem in problems:
        return one
    allowed = dict.fromkeys([*one.allowed_values, *other.allowed_values])
    return replace(one, problem=f"{one.problem} or {other.problem}", allowed_values=tuple(allowed))


def _where(location: Sequence[str | int]) -> str:
    """The argument, and the place in its list: what follows names branches, or is a value."""
    first, rest = location[:1], location[1:]
    places = list(takewhile(lambda part: isinstance(part, int), rest))
    return ".".join(_shown(str(part)) for part in (*first, *places)) or "arguments"


def _problem(entry: Any) -> ArgumentProblem:
    where = _where(entry["loc"])
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
