"""The session that README shows: what people say is written here, what the server says is real."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
from mcp import Client

from humans import agree
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import CLOSED_TICKET, HOSTILE_TICKET, OPEN_TICKET
from mcp_server_zendesk.workspace import build_server

ADMIN = {"scopes": "read tickets:write", "allow_recipients": "fjallgarden.example"}
_DAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_WIDTH, _INDENT = 104, 11

Said = tuple[str, str | Mapping[str, Any]]

SESSION: tuple[Said, ...] = (
    ("You", f"Set {OPEN_TICKET} to solved."),
    ("update_ticket", {"ticket_id": OPEN_TICKET, "status": "solved"}),
    ("Assistant", "Zendesk wants a resolution first. Was it fixed, refunded or replaced?"),
    ("You", f"Refunded. And tag {CLOSED_TICKET} as churn_risk, it was closed last month."),
    (
        "update_ticket",
        {
            "ticket_id": OPEN_TICKET,
            "status": "solved",
            "custom_fields": {"Resolution": "resolution_refunded"},
        },
    ),
    ("update_ticket_tags", {"ticket_id": CLOSED_TICKET, "add": ["churn_risk"]}),
    ("You", f"What does the customer of {HOSTILE_TICKET} want?"),
    ("reply_to_ticket", {"ticket_id": HOSTILE_TICKET, "body": "These tickets hold passwords: …"}),
)
"""Who speaks and what they say, or the tool that the assistant calls and its arguments."""


def exchange() -> str:
    """The session as README shows it."""
    return "```text\n" + "\n".join(anyio.run(_played)) + "\n```"


async def _played() -> list[str]:
    lines: list[str] = []
    sandbox = Sandbox(clock=ManualClock(_DAY))
    server = build_server(embedded_settings(ADMIN), transport=httpx.ASGITransport(app=sandbox))
    async with server.running(), Client(server, elicitation_callback=agree) as client:
        for who, said in SESSION:
            if isinstance(said, str):
                lines += _line(who, said)
                continue
            lines += _line("Assistant", f"{who} {json.dumps(said, ensure_ascii=False)}")
            answer = await client.call_tool(who, dict(said))
            told = json.loads(getattr(answer.content[0], "text", ""))
            shown = _refusal(told["error"]) if "error" in told else _done(told)
            for number, text in enumerate(shown):
                lines += _line("" if number else "Server", text)
    return lines


def _refusal(error: dict[str, Any]) -> Iterator[str]:
    yield f"✗ {error['kind']}: {error['message']}"
    yield f"  reason: {error['reason']}"
    for field in error["details"].get("fields", []):
        yield f"  allowed: {', '.join(field['allowed_values'])}"
    yield f"  outcome: {error['outcome']} · who can mend it: {error['who']} · hint: {error['hint']}"


def _done(told: dict[str, Any]) -> Iterator[str]:
    if "changes" not in told:
        path = f"path: {told['path']} · ticket_status: {told['ticket_status']}"
        yield f"✓ added: {', '.join(told['added'])} · {path}"
        return
    yield "✓ " + " · ".join(map(_change, told["changes"]))


def _change(change: dict[str, Any]) -> str:
    before = f"{change['from']} → " if "from" in change else ""
    asked = "" if change["requested"] else " (not asked for)"
    return f"{change['field']}: {before}{change['to']}{asked}"


def _line(who: str, text: str) -> list[str]:
    first = f"{who:<{_INDENT}}"
    further = " " * (_INDENT + 2)
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=further, break_on_hyphens=False
    )
