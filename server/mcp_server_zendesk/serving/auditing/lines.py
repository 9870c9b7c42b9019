"""What an audit line may hold of a call: ids, and names that are ours. Never what was said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mcp_server_zendesk.serving.spec import ToolSpec

_RECORD_ID = re.compile(r"[0-9]{1,19}")
_RECORD = re.compile(r"(ticket|article):([0-9]{1,19})")
_BEYOND_ALL_IDS = 10**19
_ALSO_IDS = frozenset(
    {"user", "organization", "view", "macro", "section", "group", "assignee", "follow_up_of"}
)
"""Arguments that take an id, beside other ways to name a record."""
_THEIR_OWN_IDS = frozenset({"external_id"})
"""Ids of other systems: what they say of a person, nobody here knows."""
_MOST_IDS = 100
_LONGEST_CALLER = 200
_CLIENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/()+-]{0,63}")

Ids = dict[str, int | list[int]]


def names_given(spec: ToolSpec | None, arguments: Mapping[str, Any]) -> list[str]:
    """The tool's own arguments among those given; another name could say anything."""
    return [p.name for p in spec.parameters if p.name in arguments] if spec else []


def record_ids(spec: ToolSpec | None, arguments: Mapping[str, Any]) -> Ids:
    """The ids among the arguments, in whichever spelling they came; nothing that is no number."""
    return dict(_record_ids({name: arguments[name] for name in names_given(spec, arguments)}))


def _record_ids(arguments: Mapping[str, Any]) -> Iterator[tuple[str, int | list[int]]]:
    for name, value in arguments.items():
        if name in _THEIR_OWN_IDS:
            continue
        if name.endswith("_ids") and isinstance(value, list):
            ids = [number for item in value[:_MOST_IDS] if (number := _id(item)) is not None]
            if ids:
                yield name, ids
        elif name.endswith("_id") or name in _ALSO_IDS:
            if (number := _id(value)) is not None:
                yield name, number
        elif name == "id" and isinstance(value, str) and (found := _RECORD.fullmatch(value)):
            yield f"{found[1]}_id", int(found[2])


def _id(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < _BEYOND_ALL_IDS else None
    return int(value) if isinstance(value, str) and _RECORD_ID.fullmatch(value) else None


def canonical(arguments: Mapping[str, Any]) -> str:
    """The same text for the same arguments, in whichever order they came."""
    try:
        return json.dumps(arguments, sort_keys=True, default=str)
    except ValueError:
        return ""  # Python refuses to write out numbers of thousands of digits


def client_name(told: Any) -> str | None:
    """A client's name for itself, where it looks like one: nothing proves it."""
    return told if isinstance(told, str) and _CLIENT_NAME.fullmatch(told) else None


def caller_name(verified: str | None) -> str | None:
    """A caller's name as a token gave it, on one line, bounded, with nothing that cannot be seen.

    Whoever issued the token vouches for it.
    """
    if verified is None:
        return None
    shown = "".join(one if one.isprintable() else "?" for one in verified[:_LONGEST_CALLER])
    return shown if len(verified) <= _LONGEST_CALLER else f"{shown}…"
