"""Puts one member into a TOML text. tomlkit keeps comments; a new table goes to the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.clients.refusals import Unparsable
from mcp_server_zendesk.clients.texts import newline_of, split_mark

if TYPE_CHECKING:
    from tomlkit.items import InlineTable, Table

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_LONE_LINE_FEED = re.compile(r"(?<!\r)\n")


def parse(text: str) -> dict[str, Any]:
    """The tables of a text.

    Raises:
        Unparsable: It is not TOML.
    """
    import tomllib  # noqa: PLC0415 - for Codex alone

    try:
        # As text, for two floats that are no number are never equal.
        return tomllib.loads(split_mark(text)[1], parse_float=str)
    except RecursionError:
        raise Unparsable("it is nested too deeply") from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else (None, None)
        raise Unparsable("this is not valid TOML", line, column) from None


def put(text: str, key_path: Sequence[str], entry_name: str, entry: Any) -> str:
    """The text with one member set.

    Args:
        text: A TOML text, which may have a byte order mark.
        key_path: The keys that lead to the table of the member; those missing are added.
        entry_name: The name of the member. Where it stands already, its value is replaced.
        entry: Its value: a scalar, a list of scalars, or a mapping of such.

    Raises:
        Unparsable: The text is not TOML, or something on the way is not a table.
    """
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - heavy

    parse(text)
    mark, body = split_mark(text)
    try:
        return mark + _edited(body, key_path, entry_name, entry)
    except TOMLKitError:
        raise Unparsable("this TOML cannot be edited safely") from None


def _edited(body: str, key_path: Sequence[str], entry_name: str, entry: Any) -> str:
    import tomlkit  # noqa: PLC0415 - heavy
    from tomlkit.items import InlineTable, Table  # noqa: PLC0415 - likewise

    document = tomlkit.parse(body)
    if tomlkit.dumps(document) != body:
        raise Unparsable("this TOML cannot be edited safely")
    holder: Any = document
    for key in key_path:
        if key not in holder:
            return _append(body, key_path, {entry_name: entry})
        holder = holder[key]
        if not isinstance(holder, Mapping):
            raise Unparsable(f"{key!r} is not a table")
    if isinstance(holder, InlineTable):
        holder[entry_name] = _inline(entry)
    elif entry_name not in holder and isinstance(entry, Mapping):
        return _append(body, (*key_path, entry_name), entry)
    elif entry_name not in holder and isinstance(holder, Table):
        _add(holder, entry_name, entry, newline_of(body))
    else:
        holder[entry_name] = entry
    return _with_line_ends_of(body, tomlkit.dumps(document))


def _append(body: str, keys: Sequence[str], entry: Mapping[str, Any]) -> str:
    """The text with a new table at its end, where no table that follows can be cut in two."""
    newline = newline_of(body)
    written = newline.join(_lines(keys, entry))
    if not body.strip():
        return body + written + newline
    if body.endswith("\n"):
        return body + newline + written + newline
    return body + newline * 2 + written


def _lines(keys: Sequence[str], table: Mapping[str, Any]) -> Iterator[str]:
    """A table: its header if it holds values, these, and the tables in it."""
    import tomlkit  # noqa: PLC0415 - heavy

    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if len(inner) < len(table):
        yield f"[{tomlkit.key(list(keys)).as_string()}]"
    for key, value in table.items():
        if key not in inner:
            yield f"{tomlkit.key(key).as_string()} = {tomlkit.item(value).as_string()}"
    for key, value in inner.items():
        if len(inner) < len(table):
            yield ""
        yield from _lines([*keys, key], value)


def _inline(value: Any) -> Any:
    import tomlkit  # noqa: PLC0415 - heavy

    if not isinstance(value, Mapping):
        return value
    table: InlineTable = tomlkit.inline_table()
    for key, item in value.items():
        table.append(key, _inline(item))
    return table


def _add(table: Table, key: str, value: Any, newline: str) -> None:
    """Add a key behind the last one: tomlkit would put it behind the comments that follow."""
    import tomlkit  # noqa: PLC0415 - heavy
    from tomlkit.items import AoT, Table  # noqa: PLC0415 - likewise

    valued = [item for name, item in table.value.body if name and not isinstance(item, AoT | Table)]
    if not valued or not valued[-1].trivia.trail:
        table[key] = value
        return
    written = tomlkit.dumps({key: value}).replace("\n", newline)
    valued[-1].trivia.trail += written


def _with_line_ends_of(body: str, edited: str) -> str:
    if "\r\n" in body and not _LONE_LINE_FEED.search(body):
        return _LONE_LINE_FEED.sub("\r\n", edited)
    return edited
