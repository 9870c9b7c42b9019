"""Bytes that a model reads: the list of tools, and answers beside the raw JSON behind them."""

from __future__ import annotations

import asyncio
import statistics

import httpx
from mcp import Client

from bench.figures import Table
from bench.ground import size
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, Sandbox
from mcp_server_zendesk.sandbox.landmarks import ATTACHMENT_TICKET, OPEN_TICKET, TABLE_TICKET
from mcp_server_zendesk.serving import listing
from mcp_server_zendesk.serving.spec import ALWAYS, DEFAULT_TOOLSETS
from mcp_server_zendesk.workspace import build_server
from zendesk_tools import CATALOGUE

_BYTES_A_TOOL, _SEEN = 900, ("name", "description", "inputSchema")
_CALLS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("25 tickets found", "search_tickets", {"query": "created>2000-01-01", "limit": 25}),
    ("a ticket, three comments", "get_ticket", {"ticket_id": OPEN_TICKET}),
    ("the same, no comments", "get_ticket", {"ticket_id": OPEN_TICKET, "comments": 0}),
    ("a ticket, quoted mail", "get_ticket", {"ticket_id": TABLE_TICKET}),
    ("a ticket, attachments", "get_ticket", {"ticket_id": ATTACHMENT_TICKET}),
    ("a conversation", "list_ticket_comments", {"ticket_id": OPEN_TICKET}),
    ("users found", "search_users", {"query": "role:end-user"}),
)


def tables() -> list[Table]:
    """Measure."""
    return [_catalogue(), asyncio.run(_answers())]


def _catalogue() -> Table:
    sizes = {}
    for spec in CATALOGUE:
        shown = listing.compute(spec)
        sizes[spec.name] = size({key: shown[key] for key in _SEEN})
    default = [s.name for s in CATALOGUE if s.toolset in {ALWAYS, *DEFAULT_TOOLSETS}]
    rows = []
    for which, names in (("by default", default), ("all", list(sizes))):
        some = [sizes[name] for name in names]
        largest = max(names, key=sizes.__getitem__)
        rows.append(
            (
                which,
                f"{len(names)}",
                f"{sum(some):,}",
                f"{statistics.mean(some):.0f}",
                f"{_BYTES_A_TOOL}",
                f"`{largest}` {sizes[largest]:,}",
            )
        )
    return Table(
        "The list of tools",
        "Bytes of name, description and input schema, as a model reads them.",
        ("tools", "how many", "bytes", "a tool", "bar", "largest"),
        rows,
    )


async def _answers() -> Table:
    sandbox = Sandbox()
    transport = httpx.ASGITransport(app=sandbox)
    server = build_server(embedded_settings({"scopes": "read write"}), transport=transport)
    rows = []
    async with server.running(), Client(server) as client:
        await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})  # fills the small cache
        for what, tool, arguments in _CALLS:
            before = len(sandbox.requests)
            result = await client.call_tool(tool, arguments)
            sent = sandbox.requests[before:]
            raw = await _raw_bytes(transport, [(r.path, dict(r.query)) for r in sent])
            shown = size(result.structured_content)
            rows.append(
                (what, f"`{tool}`", f"{len(sent)}", f"{raw:,}", f"{shown:,}", f"{raw / shown:.1f}")
            )
    return Table(
        "Answers",
        "Bytes of an answer beside the raw JSON that Zendesk sent for it. A ticket's bar is 8 "
        "times smaller with its comments; how far it gets depends on how much of it people wrote, "
        "which is left whole.",
        ("", "tool", "requests", "raw", "answer", "times smaller"),
        rows,
    )


async def _raw_bytes(
    transport: httpx.ASGITransport, requests: list[tuple[str, dict[str, str]]]
) -> int:
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    base = f"https://{DEMO_SUBDOMAIN}.zendesk.com"
    client = httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
    return sum([len((await client.get(path, params=query)).content) for path, query in requests])
