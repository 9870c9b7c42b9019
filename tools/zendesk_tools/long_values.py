"""Values of custom fields: most are a word, some a long text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import WithJsonSchema

from mcp_server_zendesk.serving.cleaning.text import LINE_CHARACTERS, Cleaned, clean_text
from mcp_server_zendesk.serving.results import Body, Line

Value = Annotated[Line | Body, WithJsonSchema({"type": "string"})]
"""A value on one line, or fenced where it has several."""


def values_of(fields: Mapping[str, Any] | None) -> dict[str, str | Cleaned]:
    """What is filled in, by key."""
    filled = {key: value for key, value in (fields or {}).items() if value is not None}
    return {key: value_of(str(value)) for key, value in filled.items()}


def value_of(text: str) -> str | Cleaned:
    """One value."""
    one_line = len(text) <= LINE_CHARACTERS and len(text.splitlines()) <= 1
    return text if one_line else clean_text(text)


def told_of(texts: Iterable[object]) -> dict[str, Any]:
    """Whether any of some texts was cut, and how much was hidden in them."""
    long = [text for text in texts if isinstance(text, Cleaned)]
    return {
        "truncated": any(text.truncated for text in long) or None,
        "hidden_text_removed": sum(text.hidden for text in long) or None,
    }
