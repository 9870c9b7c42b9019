"""Reads JSON with comments and trailing commas into values that know where they stand.

The grammar is RFC 8259 with `//` and `/* */` comments and one trailing comma, which is what
VS Code, Zed, OpenCode and Gemini CLI read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from mcp_server_zendesk.clients.refusals import Unparsable

MAX_DEPTH = 100

_SPACE = re.compile(r"(?:[ \t\r\n]++|//[^\r\n]*+|/\*.*?\*/)*+", re.DOTALL)
_STRING = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![0-9A-Za-z_.+-])")
_WORD = re.compile(r"(?:true|false|null)(?![0-9A-Za-z_])")


@dataclass(frozen=True)
class Number:
    """A number as it is written: it is never computed with, and may have any size."""

    text: str


@dataclass(frozen=True)
class Node:
    """A value, from ``start`` up to ``end``.

    Attributes:
        plain: The value without its places.
        members: Those of an object; None for any other value.
        comma: Behind an object's trailing comma; None where it has none.
    """

    start: int
    end: int
    plain: Any
    members: tuple[Member, ...] | None = None
    comma: int | None = None

    def member(self, key: str) -> Member | None:
        """The member of this name."""
        return next((member for member in self.members or () if member.key == key), None)


@dataclass(frozen=True)
class Member:
    """A name, from ``start``, and its value."""

    key: str
    start: int
    value: Node


def read(text: str) -> Node | None:
    """The value of a text; None where it holds nothing but white space and comments.

    Raises:
        Unparsable: It is no such JSON, nested too deeply, or names a key twice in one object.
    """
    reader = _Reader(text)
    start = reader.skip(0)
    if start == len(text):
        return None
    root = reader.value(start, 0)
    if reader.skip(root.end) != len(text):
        raise Unparsable.at(text, reader.skip(root.end), "the end of the file is expected")
    return root


def skip_space(text: str, offset: int) -> int:
    """The first place that is neither white space nor comment."""
    found = _SPACE.match(text, offset)
    return found.end() if found else offset


class _Reader:
    """A recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def skip(self, offset: int) -> int:
        return skip_space(self._text, offset)

    def value(self, start: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Unparsable.at(self._text, start, "it is nested too deeply")
        opening = self._text[start : start + 1]
        if opening == "{":
            return self._object(start, depth)
        if opening == "[":
            return self._array(start, depth)
        if opening == '"':
            end, plain = self._string(start)
            return Node(start, end, plain)
        if number := _NUMBER.match(self._text, start):
            return Node(start, number.end(), Number(number[0]))
        if word := _WORD.match(self._text, start):
            return Node(start, word.end(), json.loads(word[0]))
        raise Unparsable.at(self._text, start, "a value is expected")

    def _string(self, start: int) -> tuple[int, str]:
        found = _STRING.match(self._text, start)
        if not found:
            raise Unparsable.at(self._text, start, "this string is not well formed")
        return found.end(), str(json.loads(found[0]))

    def _object(self, start: int, depth: int) -> Node:
        members: dict[str, Member] = {}
        comma: int | None = None
        offset = self.skip(start + 1)
        while not self._text.startswith("}", offset):
            if members and comma is None:
                raise Unparsable.at(self._text, offset, "',' or '}' is expected")
            member = self._member(offset, depth)
            if member.key in members:
                raise Unparsable.at(self._text, offset, "this key stands twice in its object")
            members[member.key] = member
            offset, comma = self._comma(member.value.end)
        plain = {key: member.value.plain for key, member in members.items()}
        return Node(start, offset + 1, plain, tuple(members.values()), comma)

    def _member(self, start: int, depth: int) -> Member:
        if not self._text.startswith('"', start):
            raise Unparsable.at(self._text, start, "a key in double quotes, or '}', is expected")
        end, key = self._string(start)
        colon = self.skip(end)
        if not self._text.startswith(":", colon):
            raise Unparsable.at(self._text, colon, "':' is expected")
        return Member(key, start, self.value(self.skip(colon + 1), depth + 1))

    def _array(self, start: int, depth: int) -> Node:
        items: list[Any] = []
        comma: int | None = None
        offset = self.skip(start + 1)
        while not self._text.startswith("]", offset):
            if items and comma is None:
                raise Unparsable.at(self._text, offset, "',' or ']' is expected")
            item = self.value(offset, depth + 1)
            items.append(item.plain)
            offset, comma = self._comma(item.end)
        return Node(start, offset + 1, items)

    def _comma(self, end: int) -> tuple[int, int | None]:
        """What comes next, and the place behind the comma before it, if there is one."""
        offset = self.skip(end)
        if not self._text.startswith(",", offset):
            return offset, None
        return self.skip(offset + 1), offset + 1
