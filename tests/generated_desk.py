"""An account with some hundred generated tickets, and walks through its exports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from mcp_server_zendesk.sandbox import (
    DEMO_SUBDOMAIN,
    DEMO_TOKEN,
    ManualClock,
    Rules,
    Sandbox,
    seeded_store,
)

FIRST = 2_001
MANY = 300
NUMBERS = range(FIRST, FIRST + MANY)

TICKETS = "incremental/tickets/cursor?start_time=0"
EVENTS = "incremental/ticket_events?start_time=0&include=comment_events"
METRIC_EVENTS = "incremental/ticket_metric_events?start_time=0"

Record = dict[str, Any]


def desk(clock: ManualClock, tickets: int = MANY, rules: Rules | None = None) -> Sandbox:
    """The seeded account with generated tickets behind it."""
    return Sandbox(seeded_store(clock, tickets=tickets), rules, clock=clock)


@asynccontextmanager
async def client_of(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is signed in as the account's admin."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=sandbox),
        base_url=f"https://{DEMO_SUBDOMAIN}.zendesk.com/api/v2/",
        headers={"Authorization": f"Bearer {DEMO_TOKEN}"},
        timeout=30,
    ) as client:
        yield client


async def pages(client: httpx.AsyncClient, address: str) -> AsyncIterator[Record]:
    """Every page of an export or of a list with cursors, from an address on."""
    following: str | None = address
    while following:
        answer = await client.get(following)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        if "meta" in page:
            following = page["links"]["next"] if page["meta"]["has_more"] else None
        else:
            following = page.get("after_url") or page["next_page"]
            following = None if page["end_of_stream"] else following


async def walked(client: httpx.AsyncClient, address: str, key: str) -> list[Record]:
    """Every record of an export."""
    return [record async for page in pages(client, address) for record in page[key]]
