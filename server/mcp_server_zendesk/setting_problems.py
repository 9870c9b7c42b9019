"""What is wrong with settings, for the admin who wrote them. No message repeats a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_WORDS = {
    **dict.fromkeys(("bool_parsing", "bool_type"), "has to be true or false"),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "has to be a whole number"),
    "string_type": "has to be text, or names as text",
    "tuple_type": "has to be names, in one text or a list",
}


def problems_of(error: ValidationError) -> str:
    """All problems in one line, each with the setting's name and never with its value."""
    problems = error.errors(include_url=False, include_input=False)
    told = (f"{''.join(map(str, one['loc'][:1]))}: {_in_words(one)}" for one in problems)
    return "; ".join(dict.fromkeys(told))


def _in_words(problem: ErrorDetails) -> str:
    """Pydantic's own words are for those who write programs."""
    words = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return _WORDS.get(problem["type"], words)
