"""An answer of a tool as a person reads it in a terminal."""

from __future__ import annotations

import textwrap
from typing import Any

_WIDTH = 92
_LONGEST = 400


def outline(payload: dict[str, Any], indent: str = "      ") -> str:
    """The fields of a JSON object, a line each; lists of objects, a line an object."""
    return "\n".join(_field(key, value, indent) for key, value in payload.items())


def _field(key: str, value: Any, indent: str) -> str:
    if isinstance(value, dict) and not _is_named(value):
        return f"{indent}{key}:\n{outline(value, indent + '  ')}"
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        rows = [_wrap(f"- {_inline(entry)}", indent + "  ") for entry in value]
        return "\n".join([f"{indent}{key}:", *rows])
    return _wrap(f"{key}: {_inline(value)}", indent)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        if _is_named(value):
            role = f", {value['role']}" if "role" in value else ""
            return f"{value.get('name', 'no name')} ({value['id']}{role})"
        return " · ".join(f"{key} {_inline(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_inline(entry) for entry in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def _is_named(value: dict[str, Any]) -> bool:
    return "id" in value and set(value) <= {"id", "name", "role"}


def _wrap(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
        break_long_words=False,
    )
