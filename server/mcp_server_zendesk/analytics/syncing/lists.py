"""The small lists that give ids their names: groups, brands, forms, fields; and other lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from mcp_server_zendesk.analytics.store import Batch
from mcp_server_zendesk.analytics.syncing.beginning import LISTS_READ, kinds
from mcp_server_zendesk.analytics.syncing.places import records_of
from mcp_server_zendesk.analytics.syncing.rows import (
    Row,
    field_row,
    group_row,
    named_row,
    user_row,
)
from mcp_server_zendesk.analytics.syncing.running import Run
from mcp_server_zendesk.analytics.syncing.values import Json
from mcp_server_zendesk.analytics.tables import BRANDS, FIELDS, FORMS, GROUPS, USERS, Table
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
    found: list[tuple[Table, list[Row]]] = []
    lacking: list[str] = []
    for name, table, row in _LISTS:
        rows = await _rows(run, name, row)
        if rows is None:
            lacking.append(name.replace("_", " "))
        else:
            found.append((table, rows))

    def put(batch: Batch) -> None:
        for table, rows in found:
            batch.put(table, rows)
        batch.set_fact(LISTS_READ, clock.isoformat())
        run.keeping = replace(run.keeping, kinds=kinds(batch))

    await run.write(put)
    return tuple(lacking)


async def read_fields(run: Run) -> None:
    """Learn the types of ticket fields again, for those that are new."""
    name, table, row = _LISTS[0]
    rows = await _rows(run, name, row)

    def put(batch: Batch) -> None:
        batch.put(table, rows or [])
        run.keeping = replace(run.keeping, kinds=kinds(batch))

    await run.write(put)


async def read_agents(run: Run) -> None:
    """The names of agents and admins, for whoever has no export of users."""
    found: list[Row] = []
    for role in ("agent", "admin"):
        row = partial(user_row, keeping=run.keeping)
        found += await _rows(run, "users", row, {"role": role}) or []
    await run.write(lambda batch: batch.put(USERS, found))


async def _rows(
    run: Run, name: str, row: Callable[[Json], Row], params: Params | None = None
) -> list[Row] | None:
    """All rows of a small list; None where this user does not get it."""
    found: list[Row] = []
    try:
        async for page in pages(run, name, key=name, params=params):
            found += [row(one) for one in page]
    except Refused as error:
        if not refused(error):
            raise
        return None
    return found


def fresh(until: datetime | None, clock: datetime) -> bool:
    """Whether what is complete as of then is good enough."""
    return until is not None and timedelta(0) <= clock - until < FRESH
