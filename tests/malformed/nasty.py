"""Messages damaged by chance: in their structure, in their values and in their bytes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

CANARY = "c4n4ry"
"""Stands in damaged values: no error may repeat it."""
NAME = "n4me"
"""Stands in damaged names, of which those that look like one are told."""

READABLE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**19,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    CANARY,
    f"{CANARY}\x00",
    f"\u202e{CANARY}\u200b",
    f"{CANARY}\r\nX-Evil: 1",
    f"../../{CANARY}",
    f"%2e%2e%2f{CANARY}",
    f"{CANARY}' OR 1=1 --",
    CANARY * 5_000,
    "null",
    '{"a": 1}',
    "\U0001f600" * 300,
    "9" * 5_000,
    [],
    {},
    [[]],
    [CANARY] * 500,
    {"": {}},
    {NAME: CANARY},
)
"""Values that any parser reads."""
VALUES = (*READABLE, 10**400, f"{CANARY}\ud83d", {f"{CANARY}\udc00": 1})

_DEEPEST = 8

Part = dict[str, Any] | list[Any]
Damage = Callable[[random.Random, Any], Any]


def damaged(chance: random.Random, message: dict[str, Any], id_: str) -> bytes:
    """The message with that id, damaged; one line without its end."""
    whole = {**copy.deepcopy(message), "jsonrpc": "2.0", "id": id_}
    for _ in range(chance.choice((1, 1, 2, 4))):
        _damage(chance, whole)
    raw = json.dumps(whole).encode()
    if chance.random() < 0.2:
        raw = broken(chance, raw)
    return raw.replace(b"\n", b" ")


def broken(chance: random.Random, raw: bytes) -> bytes:
    """Some of its bytes lost, doubled, changed or moved."""
    begin = chance.randrange(len(raw) + 1)
    end = min(len(raw), begin + chance.choice((1, 1, 2, 8, 200)))
    other = chance.randbytes(end - begin)
    kind = chance.randrange(5)
    if kind == 0:
        return raw[:begin] + raw[end:]
    if kind == 1:
        return raw[:end] + raw[begin:]
    if kind == 2:
        return raw[:begin] + other + raw[end:]
    if kind == 3:
        return raw[:begin]
    return b"\xef\xbb\xbf" + raw


def _damage(chance: random.Random, whole: dict[str, Any]) -> None:
    parts = [part for part in _parts(whole, _DEEPEST) if part]
    # What stands deeper is what a tool has to deal with.
    part = chance.choice(parts[-4:] if chance.random() < 0.7 else parts)
    key: Any = chance.choice(list(part)) if isinstance(part, dict) else chance.randrange(len(part))
    kind = chance.randrange(7)
    if kind < 3:
        part[key] = copy.deepcopy(chance.choice(VALUES))
    elif kind == 3:
        del part[key]
    elif kind == 4:
        part[key] = [part[key]]
    elif kind == 5:
        part[key] = _nested(chance.choice((20, 150, 300)), CANARY)
    elif isinstance(part, dict):
        part[chance.choice((NAME, f"{CANARY}\ud800", "", "_meta", "id", f"{key} "))] = 1
    else:
        part.extend([CANARY] * 50)


def _parts(value: Any, depth: int) -> Iterator[Part]:
    if depth and isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _parts(inner, depth - 1)


def _nested(depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = [value]
    return value
