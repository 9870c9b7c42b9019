"""Whole messages of both eras, to be damaged, and a corpus of what others have tripped over."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from malformed.nasty import CANARY, READABLE, damaged
from mcp_server_zendesk.sandbox import landmarks as at
from tool_examples import EXAMPLES
from zendesk_tools import CATALOGUE

LEGACY, MODERN = "2025-06-18", "2026-07-28"
CLIENT = {"name": "malformed", "version": "1"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
GREETING = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT}
_READABLE = 0.6
_PROMPT = {"type": "ref/prompt", "name": "draft_reply"}

METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ping", {}),
    ("initialize", GREETING),
    ("server/discover", {}),
    ("tools/list", {"cursor": ""}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "draft_reply", "arguments": {"ticket_id": "1001"}}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": f"zendesk://tickets/{at.OPEN_TICKET}"}),
    ("completion/complete", {"ref": _PROMPT, "argument": {"name": "ticket_id", "value": "1"}}),
    ("logging/setLevel", {"level": "info"}),
    ("tasks/get", {"taskId": CANARY}),
)


@dataclass(frozen=True)
class Sent:
    """A message as it is sent, and the id that it had before it was damaged."""

    raw: bytes
    id: str


def damaged_calls(chance: random.Random, era: str, count: int) -> Iterator[Sent]:
    """Calls of every tool in turn, damaged."""
    for number in range(count):
        spec = CATALOGUE[number % len(CATALOGUE)]
        params = {"name": spec.name, "arguments": EXAMPLES.get(spec.name, {})}
        id_ = f"call-{era}-{number}"
        message = _message(era, "tools/call", params)
        if chance.random() < _READABLE:
            given = chance.sample(spec.parameters, min(3, len(spec.parameters)))
            more = {parameter.name: chance.choice(READABLE) for parameter in given}
            params = {**params, "arguments": {**EXAMPLES.get(spec.name, {}), **more}}
            whole = {**_message(era, "tools/call", params), "jsonrpc": "2.0", "id": id_}
            yield Sent(json.dumps(whole).encode(), id_)
        else:
            yield Sent(damaged(chance, message, id_), id_)


def damaged_messages(chance: random.Random, era: str, count: int) -> Iterator[Sent]:
    """All other requests, damaged."""
    for number in range(count):
        method, params = METHODS[number % len(METHODS)]
        id_ = f"message-{era}-{number}"
        yield Sent(damaged(chance, _message(era, method, params), id_), id_)


def corpus(era: str) -> Iterator[Sent]:
    """What is known to be hard."""
    call = '{"jsonrpc":"2.0","id":"%s","method":"tools/call","params":{"name":"get_ticket",%s}}'
    hard = (
        '"arguments":{"ticket_id":NaN}',
        '"arguments":{"ticket_id":1e999}',
        '"arguments":{"ticket_id":-0}',
        '"arguments":{"ticket_id":"\uff11\uff10\uff10\uff11"}',
        '"arguments":{"ticket_id":%s}' % ("9" * 5_000),
        '"arguments":{"ticket_id":%s}' % ("[" * 5_000 + "]" * 5_000),
        '"arguments":{"ticket_id":%s}' % ("[" * 190 + "]" * 190),
        '"arguments":{"ticket_id":1001,"ticket_id":"x"}',
        '"arguments":{"ticket_id":"\\ud83d"}',
        '"arguments":{"\\ud83d":1}',
        '"arguments":{"__class__":1,"self":2,"zendesk":3,"context":4,"ctx":5}',
        '"arguments":[]',
        '"arguments":null',
        '"arguments":"{}"',
        '"arguments":{},"inputResponses":{"a":{"action":"accept","content":{}}}',
        '"arguments":{"ticket_id":1001},"requestState":"AAAA"',
        '"arguments":{"ticket_id":1001},"_meta":{"progressToken":{}}',
        '"arguments":{"ticket_id":1001},"_meta":[]',
        '"arguments":{"ticket_id":1001},"task":{"ttl":-1}',
    )
    for number, text in enumerate(hard):
        id_ = f"hard-{era}-{number}"
        yield Sent((call % (id_, text)).encode(), id_)
    for number, raw in enumerate(_WHOLE):
        yield Sent(raw, f"whole-{era}-{number}")


_WHOLE = (
    b"{}",
    b"[]",
    b"null",
    b'"text"',
    CANARY.encode(),
    b"\x00\x01\x02",
    b"\xff\xfe{\x00}\x00",
    b"[" * 100_000,
    b'{"jsonrpc":"2.0"}',
    b'{"jsonrpc":"2.0","id":1}',
    b'{"jsonrpc":"2.0","id":null,"method":"ping"}',
    b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    b'{"jsonrpc":"2.0","id":[],"method":"ping"}',
    b'{"jsonrpc":"2.0","id":1,"method":null}',
    b'{"jsonrpc":"2.0","id":1,"result":{}}',
    b'{"jsonrpc":"2.0","id":1,"error":{"code":"x"}}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled"}',
    b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":[]}}',
    b'{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}',
    b'{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}',
    b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]',
)


def _message(era: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
    envelope = {"_meta": ENVELOPE} if era == MODERN else {}
    return {"method": method, "params": {**envelope, **params}}
