"""What the editors of all formats ask of a text: its byte order mark, line ends and indents."""

from __future__ import annotations

import re

BYTE_ORDER_MARK = "\ufeff"


def split_mark(text: str) -> tuple[str, str]:
    """The byte order mark, or nothing, and the text behind it."""
    if text.startswith(BYTE_ORDER_MARK):
        return BYTE_ORDER_MARK, text[1:]
    return "", text


def newline_of(text: str) -> str:
    """How the first line ends; a line feed where there is but one line."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def indent_at(text: str, offset: int) -> str:
    """The white space that the line of this place starts with."""
    start = text.rfind("\n", 0, offset) + 1
    blank = re.compile(r"[ \t]*").match(text, start)
    return blank[0] if blank else ""


def starts_line(text: str, offset: int) -> bool:
    """Whether nothing but white space stands before this place in its line."""
    return not text[text.rfind("\n", 0, offset) + 1 : offset].strip(" \t")
