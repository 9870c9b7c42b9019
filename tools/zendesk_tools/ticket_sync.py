"""Brings the local copy of the tickets up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from mcp_server_zendesk.analytics.admission import local_of
from mcp_server_zendesk.connection.handle import Reach, Zendesk
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.results import Line, Result, Time

SECONDS = 40.0
"""How long a call reads on: it ends well before clients give up."""


class SyncState(Result):
    """How far the copy has come, and the way on."""

    complete: bool
    as_of: Annotated[
        Time | None, Field(description="Until when all is there, by Zendesk's clock")
    ] = None
    tickets: Annotated[int, Field(description="In the copy now")]
    stored: Annotated[int, Field(description="Records stored by this call, events and all")]
    removed: Annotated[int | None, Field(description="Tickets that left: deleted ones")] = None
    way: Annotated[
        Literal["incremental", "search"],
        Field(description="`search`: this user is no admin, and gets less"),
    ]
    lacks: Annotated[list[Line] | None, Field(description="What the copy does not have")] = None
    stopped: Annotated[Line | None, Field(description="Why it ended before the end")] = None
    continue_in_seconds: int | None = None
    next: Line


async def sync_tickets(
    zendesk: Zendesk,
    inventory: Inventory,
    query: Annotated[
        str | None,
        Field(
            max_length=500,
            description="Zendesk search; only for users who are no admins, whose copy is what it "
            "finds. By default all that changed",
        ),
    ] = None,
) -> SyncState:
    """Bring the local copy of the tickets up to date with Zendesk: query_tickets and ticket_report
    answer from it. Reads for up to 40 seconds and stores what came; call again until `complete`.
    Changes nothing in Zendesk. The first sync of a large account takes many calls: an admin can run
    the command sync instead.
    """
    from mcp_server_zendesk.analytics.syncing.sync import Sync  # noqa: PLC0415 - loads an extra

    analytics = local_of(inventory)
    reading = replace(zendesk, reach=Reach(writes=False, scopes=zendesk.reach.scopes), requests=0)
    reading.began = zendesk.began
    try:
        sync = Sync(zendesk.access, analytics, lambda: reading)
        report = await sync.run(seconds=SECONDS, query=query, progress=zendesk.progress)
    finally:
        zendesk.requests += reading.requests
        zendesk.request_id = reading.request_id
    return SyncState(
        complete=report.complete,
        as_of=report.until,
        tickets=report.tickets,
        stored=report.stored,
        removed=report.removed or None,
        way=report.way,
        lacks=list(report.lacks) or None,
        stopped=report.stopped,
        continue_in_seconds=None if report.complete else report.continue_in_seconds or None,
        next=_next(
            complete=report.complete,
            wait=report.continue_in_seconds,
            searched=report.way == "search",
            ignored=report.ignored_query,
        ),
    )


def _next(*, complete: bool, wait: int | None, searched: bool, ignored: bool) -> str:
    if not complete:
        when = f" in {wait} s" if wait else ""
        on = "An admin can run the command sync, which goes on by itself."
        return f"What came is stored. Call again{when} to go on. {on}"
    if searched:
        return (
            "All that the search finds is here. Tickets deleted in Zendesk stay in the copy, and "
            "what it lacks is NULL or empty; an admin's sync has all of it."
        )
    if ignored:
        return "All is here. The query was not needed: an admin's sync takes every ticket."
    return "All is here. Ask with ticket_report or query_tickets."
