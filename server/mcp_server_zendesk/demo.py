"""A short real session: the SDK's client, over stdio, against a server started for it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import textwrap
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, TextContent

from mcp_server_zendesk.outline import outline
from mcp_server_zendesk.sandbox import landmarks
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.tool_report import needed
from mcp_server_zendesk.variables import PREFIX
from zendesk_tools import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_WIDTH = 96


def play() -> None:
    """Play the session and print it."""
    anyio.run(_play)


async def _play() -> None:
    with tempfile.TemporaryDirectory() as folder:
        audit = Path(folder) / "audit.jsonl"
        click.echo(
            "This is a real MCP session: an assistant's client, a server process started for it,\n"
            "and an embedded Zendesk instead of an account. Nothing leaves this machine."
        )
        await _with_scopes("read tickets:write", audit)
        await _with_default_scopes(audit)
        _show_audit(audit)


async def _with_scopes(scopes: str, audit: Path) -> None:
    _title(f'An admin allowed the scopes "{scopes}"')
    async with _client(["--scopes", scopes], audit) as client:
        inventory = Inventory(CATALOGUE)
        for tool in (await client.list_tools()).tools:
            spec = inventory.find(tool.name)
            if spec:
                click.echo(f"  {tool.name:<22} {spec.effect:<6} needs {needed(spec)}")
        await _call(
            client,
            "Which urgent tickets are not solved yet?",
            "search_tickets",
            {"query": "status<solved priority:urgent", "sort_by": "updated_at", "limit": 3},
        )
        await _call(
            client,
            "What is that login problem about?",
            "get_ticket",
            {"ticket_id": landmarks.OPEN_TICKET, "comments": 2},
        )
        await _call(
            client,
            "Who wrote it, and who are they?",
            "get_user",
            {"user": landmarks.REQUESTER_EMAIL},
        )
        await _call(
            client,
            "Take the new ticket, and raise its priority. (Look at the side effects.)",
            "update_ticket",
            {"ticket_id": landmarks.NEW_TICKET, "assignee": "me", "priority": "high"},
        )
        await _call(
            client,
            "Tag an open ticket.",
            "update_ticket_tags",
            {"ticket_id": landmarks.OPEN_TICKET, "add": ["known_issue"]},
        )
        await _call(
            client,
            "Tag a closed ticket: the tags endpoint refuses, Update Ticket does it (see path).",
            "update_ticket_tags",
            {"ticket_id": landmarks.CLOSED_TICKET, "add": ["churn_risk"]},
        )
        await _call(
            client,
            "A mistake is explained, so that the next attempt is right.",
            "update_ticket",
            {"ticket_id": landmarks.OPEN_TICKET, "status": "solved"},
        )


async def _with_default_scopes(audit: Path) -> None:
    _title('The same desk with the default scopes, "read"')
    async with _client([], audit) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        click.echo(f"  listed: {', '.join(names)}")
        await _call(
            client,
            "A tool that is not listed is refused when it is called anyway, before anything is "
            "sent.",
            "update_ticket_tags",
            {"ticket_id": landmarks.OPEN_TICKET, "add": ["vip"]},
        )


@asynccontextmanager
async def _client(flags: list[str], audit: Path) -> AsyncIterator[Client]:
    """A client of a server process of its own, on the embedded workspace."""
    arguments = ["-m", "mcp_server_zendesk", "serve", "--demo", "--log-level", "error"]
    server = StdioServerParameters(
        command=sys.executable,
        args=[*arguments, "--audit-log", str(audit), *flags],
        env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
    )
    async with Client(server) as client:
        yield client


async def _call(client: Client, asked: str, tool: str, arguments: dict[str, Any]) -> None:
    result = await client.call_tool(tool, arguments)
    click.echo()
    click.echo(click.style(f"  ● {asked}", bold=True))
    click.echo(_wrapped(f"→ {tool} {json.dumps(arguments)}"))
    mark = click.style("✗", fg="red") if result.is_error else click.style("✓", fg="green")
    text = _text(result)
    click.echo(f"    {mark} {len(text.encode())} bytes for the model:")
    click.echo(outline(json.loads(text)))


def _text(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, TextContent))


def _show_audit(audit: Path) -> None:
    _title("What the admin sees: one audit line for each call, and one before each write")
    lines = audit.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if f'"ticket_id":{landmarks.CLOSED_TICKET}' in line:
            click.echo(_wrapped(line.replace(",", ", ")))
    requests: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for entry in map(json.loads, lines):
        if entry["phase"] == "outcome":
            calls[entry["tool"]] += 1
            requests[entry["tool"]] += entry["zendesk_requests"]
    click.echo("\n  Requests to Zendesk in this session:")
    for tool, count in calls.items():
        click.echo(f"  {tool:<22} {requests[tool]:>2} for {count} call{'s' if count > 1 else ''}")


def _title(text: str) -> None:
    click.echo(f"\n{click.style(text, bold=True, underline=True)}\n")


def _wrapped(text: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_on_hyphens=False,
        break_long_words=False,
    )
