"""How a value leaves the engine: as text that SQL itself has made, and NULL.

So nothing depends on what a driver makes of a value: times beyond Python's calendar, infinities,
intervals of months and time zones that this machine does not know are all the same to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_WHOLE = frozenset(
    {
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
        "UBIGINT", "UHUGEINT", "BIGNUM",
    }
)  # fmt: skip
_BROKEN = frozenset({"DOUBLE", "FLOAT"})
_MOMENT = "TIMESTAMP WITH TIME ZONE"
_LOCAL = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_SHORT = frozenset({*_WHOLE, *_BROKEN, *_LOCAL, _MOMENT, "BOOLEAN", "DATE", "TIME", "UUID"})
_NESTED = re.compile(r"\]$|^(STRUCT|MAP|UNION|VARIANT)\b")
_PYTHON: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(_WHOLE, int),
    **dict.fromkeys(_BROKEN, float),
    **dict.fromkeys({*_LOCAL, _MOMENT}, datetime.fromisoformat),
    "BOOLEAN": "true".__eq__,
    "DATE": date.fromisoformat,
}
_EXACT_IN_JSON = 2**53
_DIGITS = 12


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def expression(name: str, kind: str, longest: int | None) -> str:
    """The column of this name and type as text: lists and structures as JSON.

    Args:
        name: The column's.
        kind: Its type, as DESCRIBE tells it.
        longest: Of a text, in characters; times are then written to the second. None leaves all
            as it is.
    """
    column = quoted(name)
    if _NESTED.search(kind):
        text = f"CAST(to_json({column}) AS VARCHAR)"
    elif longest is not None and kind == _MOMENT:
        text = f"strftime({column}, '%Y-%m-%dT%H:%M:%SZ')"
    elif longest is not None and kind in _LOCAL:
        text = f"strftime({column}, '%Y-%m-%dT%H:%M:%S')"
    else:
        text = f"CAST({column} AS VARCHAR)"
    return text if longest is None or kind in _SHORT else f"left({text}, {longest})"


def readable(text: str | None, kind: str) -> Any:
    """The value for a model: numbers as JSON can hold them, everything else as text."""
    if text is None:
        return None
    if kind == "BOOLEAN":
        return text == "true"
    if kind in _WHOLE:
        number = int(text)
        return number if abs(number) < _EXACT_IN_JSON else text
    if kind in _BROKEN or kind.startswith("DECIMAL"):
        return _number(text)
    return text


def _number(text: str) -> Any:
    number = float(text)
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN alone
        return text
    if "." not in text and "e" not in text and abs(number) >= _EXACT_IN_JSON:
        return text
    short = float(f"{number:.{_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < _EXACT_IN_JSON else short


def exact(text: str | None, kind: str) -> Any:
    """The value for statements of ours: as Python has it, times with their zone, lists as lists."""
    if text is None:
        return None
    return _exact(kind)(text)


def _exact(kind: str) -> Callable[[str], Any]:
    if kind.startswith("DECIMAL"):
        return Decimal
    if _NESTED.search(kind):
        return json.loads
    return _PYTHON.get(kind, str)
