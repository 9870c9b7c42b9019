"""Values out of Zendesk's records as a column can hold them; None for what it cannot.

Nothing here raises, whatever JSON holds: a field type that nobody has seen, an object where a
number was, a date in no calendar. One odd value costs that value and not its record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mcp_server_zendesk.connection.instants import in_utc

Json = Mapping[str, Any]

LINE = 300
VALUE = 4_000
"""The most characters that are kept of one field's value."""

_LEAST, _MOST = -(2**63), 2**63 - 1
_DIGITS = 19
_REPLACEMENT = "\ufffd"


def whole(value: object) -> int | None:
    """A number without a fraction that fits into 64 bits; Zendesk may write it as a text."""
    if isinstance(value, str) and len(value) <= _DIGITS and value.isascii():
        value = int(value) if value.removeprefix("-").isdecimal() else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if _LEAST <= value <= _MOST else None


def flag(value: object) -> bool | None:
    """Yes or no."""
    return value if isinstance(value, bool) else None


def moment(value: object) -> datetime | None:
    """An instant from ISO 8601, or from seconds since 1970, in UTC."""
    try:
        if isinstance(value, str):
            return in_utc(datetime.fromisoformat(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def stored(value: object) -> str | None:
    """An instant as a batch takes it."""
    at = moment(value)
    return None if at is None else at.isoformat()


def text(value: object, limit: int = LINE) -> str | None:
    """A text as it is, without what no store can hold; anything else as its JSON."""
    if value is None:
        return None
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False)
    return plain(value[:limit])


def plain(value: str) -> str:
    """A text without NULs and without halves of characters, which JSON can bring along."""
    if "\0" in value:
        value = value.replace("\0", "")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return "".join(_REPLACEMENT if "\ud800" <= one <= "\udfff" else one for one in value)
    return value


def texts(value: object) -> list[str]:
    """A list of texts, such as tags; nulls and everything that is no text are left out."""
    return [plain(one[:LINE]) for one in items(value) if isinstance(one, str)]


def items(value: object) -> list[Any]:
    """A list, or an empty one."""
    return value if isinstance(value, list) else []


def part(record: Json, name: str) -> Json:
    """An object within an object, or an empty one."""
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def objects(value: object) -> Iterator[Json]:
    """The objects of a list."""
    return (one for one in items(value) if isinstance(one, dict))
