"""The way for whoever is no admin: the search export, which finds tickets and nothing else.

``GET /search/export`` gives tickets in the order of their creation, by a cursor that lives for an
hour (``zendesk-api.md`` §7). Deletions do not come that way, nor metrics, histories or comments.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from mcp_server_zendesk.analytics.facts import LACKS, WAY
from mcp_server_zendesk.analytics.store import Batch, StreamState
from mcp_server_zendesk.analytics.syncing.beginning import (
    BEGINNING,
    QUERY,
    SEARCH,
    SEARCHES,
    Beginning,
)
from mcp_server_zendesk.analytics.syncing.places import epoch, records_of
from mcp_server_zendesk.analytics.syncing.running import Run
from mcp_server_zendesk.analytics.syncing.streams import Put, put_tickets
from mcp_server_zendesk.connection.client import Answer
from mcp_server_zendesk.connection.errors import InvalidRequest
from mcp_server_zendesk.connection.reading import next_cursor

LACKING = (
    "deletions",
    "metrics and times of tickets",
    "status histories",
    "comments",
    "satisfaction ratings",
    "SLA breaches",
    "customers and organizations",
)

_PAGE = 100
_TYPE = re.compile(r"(?<!\S)type:\S+\s*", re.IGNORECASE)
_ZONES = timedelta(days=1)
"""A search compares days in the account's time zone, and its index lags by minutes."""


async def read_search(run: Run, beginning: Beginning, query: str | None) -> StreamState:
    """Keep the tickets that a query finds, by default all that changed since the last time.

    Where the cursor has expired, it begins again: by their ids tickets take the place of
    themselves.

    Raises:
        Paused: The run has to end before.
        ZendeskError: In one of its kinds.
    """
    name = name_of(query)
    state = beginning.state(name)
    wanted = _TYPE.sub("", query).strip() if query else _changed_since(state, beginning)
    walk = _walk(state, wanted if query else None)
    begun_anew = False
    while walk is None or not walk.get("ended"):
        if walk is None:
            walk = {"query": wanted, "began": epoch(run.zendesk_now()), "after": None}
        try:
            answer = await run.ask("search", "export", params=_params(walk))
        except InvalidRequest:
            if walk["after"] is None or begun_anew:
                raise
            walk, begun_anew = None, True
            continue
        walk, state = await _store(run, name, answer, walk, state)
    return state


def name_of(query: str | None) -> str:
    """The state of such a search."""
    return SEARCHES[1] if query else SEARCH


def _changed_since(state: StreamState, beginning: Beginning) -> str:
    since = datetime.fromtimestamp(beginning.since, UTC)
    if state.until is not None:
        since = state.until
    if epoch(since) <= BEGINNING:
        return ""
    return f"updated>={since - _ZONES:%Y-%m-%d}"


def _params(walk: dict[str, Any]) -> dict[str, str | int]:
    params: dict[str, str | int] = {
        "filter[type]": "ticket",
        "query": walk["query"],
        "page[size]": _PAGE,
    }
    if walk["after"] is not None:
        params["page[after]"] = walk["after"]
    return params


def _walk(state: StreamState, query: str | None) -> dict[str, Any] | None:
    """A walk that was interrupted; none where it was one for another query."""
    if state.cursor is None:
        return None
    walk = json.loads(state.cursor)
    return walk if isinstance(walk, dict) and query in (None, walk["query"]) else None


async def _store(
    run: Run, name: str, answer: Answer, walk: dict[str, Any], state: StreamState
) -> tuple[dict[str, Any], StreamState]:
    tickets = [
        one
        for one in records_of(answer.body, "results")
        if one.get("result_type", "ticket") == "ticket"
    ]
    after = next_cursor(answer.body)
    walk = {**walk, "after": after, "ended": after is None}
    state = StreamState(
        cursor=None if after is None else json.dumps(walk),
        until=datetime.fromtimestamp(walk["began"], UTC) if after is None else state.until,
        complete=after is None or state.complete,
        requests=state.requests + 1,
        records=state.records + len(tickets),
    )
    now, query = run.now(), walk["query"] if name != SEARCH else None

    def put(batch: Batch) -> Put:
        came = put_tickets(batch, tickets, run.keeping, now, way="search")
        batch.set_state(name, state, now)
        batch.set_fact(WAY, "search")
        batch.set_fact(LACKS, json.dumps(LACKING))
        if query is not None:
            batch.set_fact(QUERY, query)
        return came

    came = await run.write(put)
    await run.note(came, "tickets found", state.records, state.until)
    return walk, state
