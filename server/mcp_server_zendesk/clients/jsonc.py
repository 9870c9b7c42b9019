"""Puts one member into a JSON text with comments, and leaves every other character alone.

No kept Python library edits such a text in place: they read it and write it anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_server_zendesk.clients.jsonc_tree import Member, Node, read
from mcp_server_zendesk.clients.refusals import Unparsable
from mcp_server_zendesk.clients.texts import indent_at, newline_of, split_mark, starts_line

_INDENT = "  "
# The rest of a line as far as it belongs to what stands before it: comments, and no line end.
_REST_OF_LINE = re.compile(r"(?:[ \t]*+(?://[^\r\n]*+|/\*(?:(?!\*/)[^\r\n])*+\*/))*+")


def parse(text: str) -> dict[str, Any]:
    """The object that a text holds; an empty one for a text without any value.

    Raises:
        Unparsable: It is not JSON with comments, or not an object.
    """
    _, body = split_mark(text)
    root = read(body)
    if root is None:
        return {}
    if not isinstance(root.plain, dict):
        raise Unparsable.at(body, root.start, "an object is expected")
    return root.plain


def put(text: str, key_path: Sequence[str], entry_name: str, entry: Any) -> str:
    """The text with one member set.

    Args:
        text: A JSON text, which may have comments, trailing commas and a byte order mark.
        key_path: The keys that lead to the object of the member; those missing are added.
        entry_name: The name of the member. Where it stands already, its value is replaced.
        entry: Its value: a scalar, or a list or mapping of such.

    Raises:
        Unparsable: The text is no such JSON, or something on the way is not an object.
    """
    mark, body = split_mark(text)
    root = read(body)
    layout = _Layout(newline_of(body), _unit(body, root), inline=False)
    if root is None:
        document = layout.render(_nested((*key_path, entry_name), entry), "") + layout.newline
        gap = layout.newline if body and not body.endswith("\n") else ""
        return mark + body + gap + document
    holder = root
    for depth, key in enumerate(key_path, start=1):
        member = _member(body, holder, key)
        if member is None:
            added = _nested((*key_path[depth:], entry_name), entry)
            return mark + _insert(body, root, holder, layout, key, added)
        holder = member.value
    member = _member(body, holder, entry_name)
    if member is None:
        return mark + _insert(body, root, holder, layout, entry_name, entry)
    return mark + _replace(body, holder, layout, member, entry)


@dataclass(frozen=True)
class _Layout:
    """How this text is laid out: what ends a line, one step of indentation, or all in a line."""

    newline: str
    unit: str
    inline: bool

    def render(self, value: Any, indent: str) -> str:
        """A value whose first line starts at an indent. A list without mappings is one line."""
        if not isinstance(value, Mapping) or not value:
            return json.dumps(value, ensure_ascii=False)
        inner = indent + self.unit
        members = [self.member(key, item, inner) for key, item in value.items()]
        if self.inline:
            return "{" + ", ".join(members) + "}"
        lines = f",{self.newline}".join(inner + member for member in members)
        return f"{{{self.newline}{lines}{self.newline}{indent}}}"

    def member(self, key: str, value: Any, indent: str) -> str:
        """A member whose name starts at an indent."""
        return f"{json.dumps(key, ensure_ascii=False)}: {self.render(value, indent)}"


def _member(body: str, holder: Node, key: str) -> Member | None:
    if holder.members is None:
        raise Unparsable.at(body, holder.start, "an object is expected")
    return holder.member(key)


def _nested(keys: Sequence[str], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


def _unit(body: str, root: Node | None) -> str:
    """One step of indentation: that of the first member of the whole text."""
    if root is None or not root.members:
        return _INDENT
    first = root.members[0].start
    step = indent_at(body, first).removeprefix(indent_at(body, root.start))
    return step if starts_line(body, first) and step else _INDENT


def _is_inline(body: str, holder: Node) -> bool:
    return bool(holder.members) and "\n" not in body[holder.start : holder.end]


def _replace(body: str, parent: Node, layout: _Layout, member: Member, value: Any) -> str:
    here = _Layout(layout.newline, layout.unit, inline=_is_inline(body, parent))
    written = here.render(value, indent_at(body, member.start))
    return body[: member.value.start] + written + body[member.value.end :]


def _insert(body: str, root: Node, parent: Node, layout: _Layout, key: str, value: Any) -> str:
    """The text with a new last member in an object."""
    outer = indent_at(body, parent.start)
    if not parent.members:
        inline = _is_inline(body, root)
        here = _Layout(layout.newline, layout.unit, inline)
        return _fill(body, parent, here, outer, key, value)
    last = parent.members[-1]
    if _is_inline(body, parent):
        here = _Layout(layout.newline, layout.unit, inline=True)
        written = here.member(key, value, outer)
        at = parent.comma or last.value.end
        added = f" {written}," if parent.comma else f", {written}"
        return body[:at] + added + body[at:]
    indent = indent_at(body, last.start) if starts_line(body, last.start) else outer + layout.unit
    written = layout.newline + indent + layout.member(key, value, indent)
    at = _end_of_remarks(body, parent.comma or last.value.end)
    if parent.comma:
        return body[:at] + written + "," + body[at:]
    return body[: last.value.end] + "," + body[last.value.end : at] + written + body[at:]


def _fill(body: str, holder: Node, layout: _Layout, outer: str, key: str, value: Any) -> str:
    """The text with the first member in an object that has none."""
    start, end = holder.start + 1, holder.end - 1
    if layout.inline:
        return body[:start] + layout.member(key, value, outer) + body[start:]
    inner = outer + layout.unit
    written = layout.newline + inner + layout.member(key, value, inner)
    at = _end_of_remarks(body, start)
    if "\n" in body[at:end]:
        return body[:at] + written + body[at:]
    return body[:end] + written + layout.newline + outer + body[end:]


def _end_of_remarks(body: str, offset: int) -> int:
    """Behind the comments that end the line of this place."""
    found = _REST_OF_LINE.match(body, offset)
    return found.end() if found else offset
