"""Before a sync reads anything: whose store it is, what may be kept in it, and from when on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mcp_server_zendesk.analytics.facts import LACKS, LONG_AGO, SYNCED_AS, SYNCED_BY, WAY, Facts
from mcp_server_zendesk.analytics.retention import expire
from mcp_server_zendesk.analytics.store import Batch, StreamState
from mcp_server_zendesk.analytics.syncing.places import epoch
from mcp_server_zendesk.analytics.syncing.rows import STRUCTURED
from mcp_server_zendesk.analytics.syncing.streams import STREAMS
from mcp_server_zendesk.analytics.tables import STREAMS as STATES
from mcp_server_zendesk.connection.records import UserRecord
from mcp_server_zendesk.serving.local_refusals import OtherUser
from mcp_server_zendesk.serving.local_store import Analytics

KEEP = "keep"
SINCE = "since"
QUERY = "query"
LISTS_READ = "lists_read"

SEARCH = "search"
SEARCHES = (SEARCH, "search_query")
"""The states of the search export: of all that changed, and of somebody's query."""

BEGINNING = epoch(datetime(2000, 1, 1, tzinfo=UTC))
"""Older than any Zendesk account: where everything is wanted."""

_SLACK_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a store holds as a run begins: from when on (in seconds since 1970) what happened in
    tickets is kept, how far each stream is, the types of ticket fields, the way in which it was
    filled and what it lacked; and how many tickets left because they are kept no longer.
    """

    since: int
    removed: int = 0
    lists_read: datetime | None = None
    searched: bool = False
    lacked: frozenset[str] = frozenset()
    states: Mapping[str, StreamState] = field(default_factory=dict)
    kinds: Mapping[int, str | None] = field(default_factory=dict)

    def state(self, name: str) -> StreamState:
        """How far a stream is."""
        return self.states.get(name, StreamState())


def begin(batch: Batch, analytics: Analytics, user: UserRecord, clock: datetime) -> Beginning:
    """Make a store fit for what the settings say now.

    Where texts are kept no longer, they are removed; where they are kept from now on, or tickets
    of longer ago are, what has to be read for it is read anew.

    Args:
        batch: Open on the store.
        analytics: What the admin decided.
        user: Whose the credentials are.
        clock: The time, Zendesk's own: with ours a clock ahead of it would lose tickets.

    Raises:
        OtherUser: The store was filled as somebody else, or as one who was more.
    """
    known = {name: batch.fact(name) for name in (SYNCED_BY, SYNCED_AS)}
    facts = Facts({name: value for name, value in known.items() if value is not None})
    if facts.synced_by is not None and not facts.open_to(user.id, user.role):
        raise OtherUser
    batch.set_fact(SYNCED_BY, str(user.id))
    batch.set_fact(SYNCED_AS, user.role or "")
    if batch.fact(KEEP) != analytics.keep:
        if analytics.texts:
            _anew(batch, [stream.name for stream in STREAMS if stream.texts])
        else:
            forget_texts(batch)
            batch.must_leave(LONG_AGO)
        batch.set_fact(KEEP, analytics.keep)
    oldest = analytics.oldest(clock)
    removed = expire(batch, oldest, clock).tickets
    since = BEGINNING if oldest is None else max(epoch(oldest), BEGINNING)
    before = batch.fact(SINCE)
    if before is None or since < int(before) - _SLACK_SECONDS:
        _anew(batch, [stream.name for stream in STREAMS if not stream.whole])
        batch.set_fact(SINCE, str(since))
    names = [*(stream.name for stream in STREAMS), *SEARCHES]
    listed = batch.fact(LISTS_READ)
    return Beginning(
        since,
        removed,
        None if listed is None else datetime.fromisoformat(listed),
        searched=batch.fact(WAY) == "search",
        lacked=frozenset(json.loads(batch.fact(LACKS) or "[]")),
        states={name: batch.state(name) for name in names},
        kinds=kinds(batch),
    )


def kinds(batch: Batch) -> dict[int, str | None]:
    """The types of the ticket fields that are known."""
    return dict(batch.execute("SELECT id, type FROM kept.fields"))


def forget_texts(batch: Batch) -> None:
    """Remove what is kept with ``texts`` only."""
    structured = [number for number, kind in kinds(batch).items() if kind in STRUCTURED]
    batch.execute(
        "UPDATE kept.tickets SET subject = NULL, custom_fields = "
        "[f for f in custom_fields if list_contains(?::BIGINT[], f.id)]",
        [structured],
    )
    batch.execute("DELETE FROM kept.comments")
    batch.execute("UPDATE kept.satisfaction SET comment = NULL")
    batch.execute(
        "UPDATE kept.users SET name = NULL WHERE role IS NULL OR role NOT IN ('agent', 'admin')"
    )
    batch.execute("DELETE FROM kept.reread WHERE NOT histories")


def _anew(batch: Batch, names: list[str]) -> None:
    batch.remove(STATES, [*names, *SEARCHES])
