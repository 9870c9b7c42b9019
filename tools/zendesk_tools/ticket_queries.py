"""A model's own SQL over the local copy of the tickets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.analytics.admission import readable
from mcp_server_zendesk.analytics.querying.reading import MOST_ROWS, ROWS, Way
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.cleaning.text import (
    LINE_CHARACTERS,
    Cleaned,
    clean_line,
    clean_text,
)
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.results import Line, Time, compact
from mcp_server_zendesk.serving.tables import Table, tabled

BYTES = 32 * 1024
"""What the rows of an answer take at most, with their fences."""
CELL_CHARACTERS = 500
_NAME_CHARACTERS = 80
_FENCE_BYTES = 50
_LINES = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")


class Found(Table):
    """What a query gave."""

    total: Annotated[int | None, Field(description="Rows there are, where more than shown")] = None
    as_of: Annotated[Time | None, Field(description="The copy is complete up to then")] = None
    complete: Annotated[
        bool | None, Field(description="false while a first sync has not ended")
    ] = None
    way: Annotated[
        Way | None, Field(description="search: the copy has only tickets that a search found")
    ] = None
    lacks: Annotated[list[Line] | None, Field(description="What the copy does not hold")] = None


async def query_tickets(
    zendesk: Zendesk,
    inventory: Inventory,
    sql: Annotated[str, Field(description="One SELECT", max_length=10_000)],
    limit: Annotated[int, Field(description="Most rows", ge=1, le=MOST_ROWS)] = ROWS,
) -> Found:
    """Answer by SQL (DuckDB) what ticket_report does not, over all tickets at once, from the copy
    that sync_tickets renews.

    Views: tickets, comments, status_changes, users, organizations, tags, satisfaction,
    sla_breaches, custom_fields; DESCRIBE tickets, or the resource zendesk://analytics/schema, tells
    the columns. Times are UTC. Filter by time and group: at most 10 seconds and 32 KB.

    SELECT group_name, count(*) n, median(first_reply_minutes) FROM tickets WHERE created_at >=
    now() - INTERVAL 30 DAY GROUP BY ALL

    SELECT tag, count(*) FROM tags JOIN tickets ON id = ticket_id GROUP BY ALL ORDER BY 2 DESC LIMIT
    20
    """
    answer = await (await readable(zendesk, inventory)).query(sql, limit=limit)
    rows = [[_value(one) for one in row] for row in answer.rows]
    shown = [*_that_fit(rows)]
    columns = [clean_line(name, _NAME_CHARACTERS) for name, _ in answer.columns]
    truncated = answer.truncated or len(shown) < len(rows)
    fresh = answer.freshness
    table = tabled(columns, shown, truncated=truncated)
    return Found(
        **table._asdict(),
        total=answer.total if truncated else None,
        as_of=fresh.until,
        complete=None if fresh.until is not None else False,
        way=None if fresh.way == "incremental" else fresh.way,
        lacks=[*fresh.lacks] or None,
    )


def _value(value: Any) -> Any:
    """A long text, or one of several lines, is cut short here; a table fences it."""
    if not isinstance(value, str):
        return value
    if len(value) > LINE_CHARACTERS or not _LINES.isdisjoint(value):
        return clean_text(value, CELL_CHARACTERS)
    return value


def _that_fit(rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """The first rows that there is room for, one at least."""
    room = BYTES
    for number, row in enumerate(rows):
        fences = sum(isinstance(one, Cleaned) for one in row) * _FENCE_BYTES
        plain = [one.text if isinstance(one, Cleaned) else one for one in row]
        room -= len(compact({"": plain}).encode()) + fences
        if room < 0 and number:
            return
        yield row
