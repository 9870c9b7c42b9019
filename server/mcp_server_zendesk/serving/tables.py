"""A table as an answer: columns, and rows as arrays whose every text passes the cleaner."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt

from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.serving.cleaning.text import LINE_CHARACTERS, Cleaned, clean_text
from mcp_server_zendesk.serving.results import Body, Line, Result

CELL_CHARACTERS = 2_000
"""The most that one cell shows of a long text."""


def _cell(value: Any) -> Any:
    """A value as JSON has it; a text that is long, or has lines, as one that is fenced."""
    shown: Any
    match value:
        case bool() | int() | None | Cleaned():
            shown = value
        case float():
            shown = value if math.isfinite(value) else None
        case Decimal():
            whole = value.is_finite() and value == value.to_integral_value()
            shown = int(value) if whole else _cell(float(value))
        case datetime():
            shown = stamp(value)
        case date():
            shown = value.isoformat()
        case Mapping() | list() | tuple() | set() | frozenset():
            shown = _text(_as_json(value))
        case _:
            shown = _text(str(value))
    return shown


def _text(value: str) -> str | Cleaned:
    if len(value) <= LINE_CHARACTERS and not any(mark in value for mark in "\n\r\v\f\u2028\u2029"):
        return value
    return clean_text(value, CELL_CHARACTERS)


def _as_json(value: Any) -> str:
    given = list(value) if isinstance(value, set | frozenset | tuple) else value
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"), default=str)


Cell = Annotated[
    StrictBool | StrictInt | StrictFloat | Line | Body | None,
    Field(union_mode="left_to_right"),
    BeforeValidator(_cell),
]
"""One value of a table: a number, a truth, a line of text, or a long text in its fence."""


class Table(Result):
    """Columns, and rows of values in their order."""

    columns: list[Line]
    rows: list[list[Cell]]
    truncated: Annotated[
        bool | None, Field(description="There are more rows, or a text was cut")
    ] = None
    hidden_text_removed: Annotated[
        int | None, Field(description="Invisible characters taken out of long texts")
    ] = None


class Tabled(NamedTuple):
    """The values of a ``Table``'s fields, ready to be given to it or to a model made of one."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool | None
    hidden_text_removed: int | None


def tabled(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, truncated: bool = False
) -> Tabled:
    """Rows of any values as a table: what was cut or hidden in long texts is told of the whole.

    Args:
        columns: Their names.
        rows: Values as the engine gives them: also times, decimals, lists and structures.
        truncated: Whether there are more rows.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    long = [value for row in cells for value in row if isinstance(value, Cleaned)]
    return Tabled(
        [*columns],
        cells,
        truncated or any(one.truncated for one in long) or None,
        sum(one.hidden for one in long) or None,
    )
