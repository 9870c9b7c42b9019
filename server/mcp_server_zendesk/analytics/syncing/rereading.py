"""Reads again what is kept of single tickets: comments that were redacted or made private, and
the histories of tickets that were deleted and came back.
"""

from __future__ import annotations

from functools import partial

from mcp_server_zendesk.analytics.store import Batch
from mcp_server_zendesk.analytics.syncing.event_rows import comment_row, statuses_of
from mcp_server_zendesk.analytics.syncing.lists import pages, refused
from mcp_server_zendesk.analytics.syncing.rows import Row
from mcp_server_zendesk.analytics.syncing.running import Run
from mcp_server_zendesk.analytics.syncing.streams import Put
from mcp_server_zendesk.analytics.tables import COMMENTS, REREAD, STATUS_CHANGES
from mcp_server_zendesk.connection.errors import Refused

_MOST_PAGES = 51
"""A ticket holds at most 5,000 comments (``zendesk-api.md`` §5.3)."""


async def reread(run: Run) -> None:
    """Work off what is waiting, one ticket a batch.

    A ticket that cannot be read again is left without comments: they were removed when the change
    was told.
    """
    after = -1
    while True:
        found = await run.write(partial(_next, after=after))
        if found is None:
            return
        ticket, histories = found
        after = ticket
        statuses = await _statuses(run, ticket) if histories else None
        comments = await _comments(run, ticket) if run.keeping.texts else []
        put = partial(_put, ticket=ticket, comments=comments, statuses=statuses)
        rows = await run.write(put)
        await run.note(Put(rows), "tickets read again", 1, None)


def _next(batch: Batch, after: int) -> tuple[int, bool] | None:
    found = batch.execute(
        f"SELECT id, histories FROM kept.{REREAD.name} WHERE id > ? ORDER BY id LIMIT 1", [after]
    )
    return (int(found[0][0]), bool(found[0][1])) if found else None


async def _comments(run: Run, ticket: int) -> list[Row]:
    """All that a ticket's comments are now; none where they cannot be read."""
    rows: list[Row] = []
    try:
        path = ("tickets", ticket, "comments")
        async for page in pages(run, *path, key="comments", most=_MOST_PAGES):
            rows += [comment_row(one, ticket) for one in page]
    except Refused as error:
        if not refused(error):
            raise
        return []
    return rows


async def _statuses(run: Run, ticket: int) -> list[Row] | None:
    rows: list[Row] = []
    try:
        async for page in pages(run, "tickets", ticket, "audits", key="audits"):
            rows += [row for audit in page for row in statuses_of(audit, ticket)]
    except Refused as error:
        if not refused(error):
            raise
        return None
    return rows


def _put(batch: Batch, ticket: int, comments: list[Row], statuses: list[Row] | None) -> int:
    batch.remove(REREAD, [ticket])
    if batch.gone([ticket]):
        return 0
    batch.remove(COMMENTS, [ticket], "ticket_id")
    rows = batch.put(COMMENTS, comments)
    if statuses is not None:
        batch.remove(STATUS_CHANGES, [ticket], "ticket_id")
        rows += batch.put(STATUS_CHANGES, [one for one in statuses if one["id"] is not None])
    return rows
