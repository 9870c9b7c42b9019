"""What is said when a client's file is left as it is. No message repeats the file's content."""

from __future__ import annotations


class EntryRefused(Exception):
    """Nothing was changed; the message says why, in one line."""


class Unparsable(ValueError):
    """The text is not what it should be, or cannot be edited safely.

    Attributes:
        reason: What is wrong, without any content of the text.
        line: Where, counted from 1; None where no place is known.
        column: Where in the line, in characters, counted from 1.
    """

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(reason if line is None else f"line {line}, column {column}: {reason}")

    @classmethod
    def at(cls, text: str, offset: int, reason: str) -> Unparsable:
        """The same for a place given as an offset into the text."""
        line_start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
        line = text.count("\n", 0, offset) + 1
        return cls(reason, line, offset - line_start + 1)
