"""The small lists that give ids their names: groups, brands, forms, fields; and other lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from mcp_server_zendesk.analytics.beginning import LISTS_READ, kinds
from mcp_server_zendesk.analytics.places import records_of
from mcp_server_zendesk.analytics.rows import (
    Row,
    field_row,
    group_row,
    named_row,
    user_row,
)
from mcp_server_zendesk.analytics.running import Run
from mcp_server_zendesk.analytics.store import Batch
from mcp_server_zendesk.analytics.tables import BRANDS, FIELDS, FORMS, GROUPS, USERS, Table
from mcp_server_zendesk.analytics.values import Json
from mcp_server_zendesk.connection.errors import (
    EndpointUnavailable,
    Forbidden,
    NotFound,
    Refused,
    UnreadableResponse,
)
from mcp_server_zendesk.connection.paths import Segment
from mcp_server_zendesk.connection.reading import Params, next_cursor

FRESH = timedelta(minutes=10)
"""How long a list is good for: a tool that is called again and again does not ask each time."""

_PAGE = 100
_MOST_PAGES = 500
_LISTS: tuple[tuple[str, Table, Callable[[Json], Row]], ...] = (
    ("ticket_fields", FIELDS, field_row),
    ("groups", GROUPS, group_row),
    ("brands", BRANDS, named_row),
    ("ticket_forms", FORMS, named_row),
)


def refused(error: Refused) -> bool:
    """Whether this user, or this account, does not have it; a scope that is missing is no such."""
    not_there = isinstance(error, Forbidden | NotFound | EndpointUnavailable)
    return not_there and not error.refusal.scopes


async def pages(
    run: Run, *path: Segment, key: str, params: Params | None = None, most: int = _MOST_PAGES
) -> AsyncIterator[list[Json]]:
    """The pages of a list by cursor.

    Raises:
        UnreadableResponse: It does not end, or is no list.
    """
    asked: dict[str, str | int] = {**(params or {}), "page[size]": _PAGE}
    for _ in range(most):
        body = (await run.ask(*path, params=asked)).body
        yield records_of(body, key)
        after = next_cursor(body)
        if after is None:
            return
        asked["page[after]"] = after
    raise UnreadableResponse(f"Zendesk's list of {key} does not end")


async def read_lists(run: Run, before: datetime | None) -> tuple[str, ...]:
    """Keep the small lists, unless that was done lately.

    Returns:
        Those that this user does not get; no reason to stop.
    """
    clock = run.zendesk_now()
    if fresh(before, clock):
        return ()
    lacking = [name for name, table, row in _LISTS if not await _read(run, name, table, row)]
    await run.write(lambda batch: batch.set_fact(LISTS_READ, clock.isoformat()))
    return tuple(name.replace("_", " ") for name in lacking)


async def read_fields(run: Run) -> None:
    """Learn the types of ticket fields again, for those that are new."""
    name, table, row = _LISTS[0]
    await _read(run, name, table, row)


async def read_agents(run: Run) -> None:
    """The names of agents and admins, for whoever has no export of users."""
    for role in ("agent", "admin"):
        await _read(run, "users", USERS, partial(user_row, keeping=run.keeping), {"role": role})


async def _read(
    run: Run, name: str, table: Table, row: Callable[[Json], Row], params: Params | None = None
) -> bool:
    try:
        async for page in pages(run, name, key=name, params=params):
            rows = [row(one) for one in page]
            await run.write(partial(_put, table=table, rows=rows))
    except Refused as error:
        if not refused(error):
            raise
        return False
    if table is FIELDS:
        known = await run.write(kinds)
        run.keeping = replace(run.keeping, kinds=known)
    return True


def _put(batch: Batch, table: Table, rows: list[Row]) -> int:
    return batch.put(table, rows)


def fresh(until: datetime | None, clock: datetime) -> bool:
    """Whether what is complete as of then is good enough."""
    return until is not None and timedelta(0) <= clock - until < FRESH
