"""What is exported from Zendesk, and how a page of each goes into the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mcp_server_zendesk.analytics.store import Batch
from mcp_server_zendesk.analytics.syncing.event_rows import sla_row, what_happened
from mcp_server_zendesk.analytics.syncing.places import Page
from mcp_server_zendesk.analytics.syncing.rows import (
    Keeping,
    Row,
    Way,
    organization_row,
    rating_row,
    ticket_row,
    user_row,
)
from mcp_server_zendesk.analytics.syncing.values import Json, objects, text, whole
from mcp_server_zendesk.analytics.tables import (
    COMMENTS,
    GONE,
    ORGANIZATIONS,
    REREAD,
    SATISFACTION,
    SLA_EVENTS,
    STATUS_CHANGES,
    TICKETS,
    USERS,
    Table,
)

_DELETED = "deleted"
_SCRUBBED = "SCRUBBED"
_KEPT_SLA_EVENTS = frozenset({"apply_sla", "breach"})


@dataclass(frozen=True, slots=True)
class Put:
    """What a page came to in the store."""

    rows: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Stream:
    """One export: where Zendesk has it, and how it is kept.

    ``form`` of an export that has both is ``cursor``. ``whole`` ones are read from the beginning
    of all time, the others as far back as tickets are kept. ``texts``: what is kept of it depends
    on whether texts are.
    """

    name: str
    path: tuple[str, ...]
    form: Literal["cursor", "time", "list"]
    put: Callable[[Batch, Page, Keeping, datetime], Put]
    lacking: str
    """What a store without it lacks, in words."""
    by_time: tuple[str, ...] | None = None
    """Where the same is by time, for an account that has no cursors for it."""
    params: Mapping[str, str | int] | None = None
    whole: bool = False
    texts: bool = False


def put_tickets(
    batch: Batch,
    tickets: list[Json],
    keeping: Keeping,
    now: datetime,
    *,
    way: Way = "incremental",
    metrics: Mapping[int, Json] | None = None,
) -> Put:
    """Keep tickets; deleted ones leave with all that is theirs, restored ones come back."""
    beside = metrics or {}
    rows: dict[int, Row] = {}
    deleted: list[int] = []
    for ticket in tickets:
        number = int(whole(ticket["id"]) or 0)
        rows.pop(number, None)
        if _is_deleted(ticket):
            deleted.append(number)
        else:
            rows[number] = ticket_row(ticket, keeping, way, beside.get(number))
    batch.remove_tickets(deleted, now)
    alive = [*rows.values()]
    restored = batch.gone([row["id"] for row in alive])
    if restored:
        batch.remove(GONE, [*restored])
        batch.put(REREAD, [{"id": one, "histories": True} for one in restored])
    return Put(batch.put(TICKETS, alive), len(deleted))


def _is_deleted(ticket: Json) -> bool:
    """Deleted, or deleted for good: of such a one a record stays, in which ``SCRUBBED`` stands for
    what people wrote. That its status says so too is not attested.
    """
    scrubbed = ticket.get("subject") == _SCRUBBED and ticket.get("description") == _SCRUBBED
    return scrubbed or ticket.get("status") == _DELETED


def _tickets(batch: Batch, page: Page, keeping: Keeping, now: datetime) -> Put:
    beside = {
        int(number): one
        for one in objects(page.body.get("metric_sets"))
        if (number := whole(one.get("ticket_id"))) is not None
    }
    return put_tickets(batch, page.records, keeping, now, metrics=beside)


def _users(batch: Batch, page: Page, keeping: Keeping, _: datetime) -> Put:
    return Put(batch.put(USERS, [user_row(one, keeping) for one in page.records]))


def _organizations(batch: Batch, page: Page, _: Keeping, __: datetime) -> Put:
    return Put(batch.put(ORGANIZATIONS, [organization_row(one) for one in page.records]))


def _events(batch: Batch, page: Page, keeping: Keeping, _: datetime) -> Put:
    """Of a ticket with an altered comment the texts go at once; they are read again later."""
    found = what_happened(page.records, keeping)
    rows = _put_of_tickets(batch, STATUS_CHANGES, found.status_changes)
    rows += _put_of_tickets(batch, COMMENTS, found.comments)
    altered = found.altered - batch.gone([*found.altered])
    if altered:
        batch.remove(COMMENTS, [*altered], "ticket_id")
        known = batch.execute(
            f"SELECT id FROM kept.{REREAD.name} WHERE histories AND id IN (SELECT unnest(?))",
            [[*altered]],
        )
        pending = altered - {number for (number,) in known}
        batch.put(REREAD, [{"id": one, "histories": False} for one in pending])
    return Put(rows)


def _metric_events(batch: Batch, page: Page, _: Keeping, __: datetime) -> Put:
    """A breach is kept with the target that was missed; one that Zendesk takes back leaves."""
    kept = [one for one in page.records if text(one.get("type")) in _KEPT_SLA_EVENTS]
    taken_back = [whole(one["id"]) for one in kept if one.get("deleted") is True]
    batch.remove(SLA_EVENTS, taken_back)
    rows = _put_of_tickets(
        batch, SLA_EVENTS, [sla_row(one) for one in kept if one.get("deleted") is not True]
    )
    breached = [whole(one["id"]) for one in kept if one.get("type") == "breach"]
    if breached:
        batch.execute(_NAME_TARGETS, [breached])
    return Put(rows)


_NAME_TARGETS = """
UPDATE kept.sla_events AS missed
SET policy = target.policy, target_minutes = target.target_minutes,
    business_hours = target.business_hours
FROM (
  SELECT m.id, arg_max(a.policy, a.at) AS policy, arg_max(a.target_minutes, a.at) AS target_minutes,
         arg_max(a.business_hours, a.at) AS business_hours
  FROM kept.sla_events m JOIN kept.sla_events a
    ON a.ticket_id = m.ticket_id AND a.metric = m.metric AND a.instance_id = m.instance_id
       AND a.type = 'apply_sla' AND a.at <= m.at
  WHERE m.type = 'breach' AND m.policy IS NULL AND m.id IN (SELECT unnest(?))
  GROUP BY m.id
) AS target
WHERE missed.id = target.id
"""
"""Only the event that applies a target names it; a breach is of the latest one before it."""


def _ratings(batch: Batch, page: Page, keeping: Keeping, _: datetime) -> Put:
    rows = [rating_row(one, keeping) for one in page.records]
    return Put(_put_of_tickets(batch, SATISFACTION, rows))


def _put_of_tickets(batch: Batch, table: Table, rows: list[Row]) -> int:
    """Keep rows that belong to tickets, but of none that has left."""
    told = [row for row in rows if row["id"] is not None and row["ticket_id"] is not None]
    gone = batch.gone([*{row["ticket_id"] for row in told}]) if told else frozenset()
    return batch.put(table, [row for row in told if row["ticket_id"] not in gone])


TICKET_STREAM = Stream(
    "tickets",
    ("incremental", "tickets", "cursor"),
    "cursor",
    _tickets,
    lacking="tickets",
    params={"include": "metric_sets"},
    texts=True,
)
STREAMS = (
    TICKET_STREAM,
    Stream(
        "users",
        ("incremental", "users", "cursor"),
        "cursor",
        _users,
        lacking="users",
        by_time=("incremental", "users"),
        whole=True,
        texts=True,
    ),
    Stream(
        "organizations",
        ("incremental", "organizations"),
        "time",
        _organizations,
        lacking="organizations",
        whole=True,
    ),
    Stream(
        "satisfaction_ratings",
        ("satisfaction_ratings",),
        "list",
        _ratings,
        lacking="satisfaction ratings",
        params={"score": "received"},
        texts=True,
    ),
    Stream(
        "ticket_events",
        ("incremental", "ticket_events"),
        "time",
        _events,
        lacking="status histories and comments",
        texts=True,
    ),
    Stream(
        "ticket_metric_events",
        ("incremental", "ticket_metric_events"),
        "time",
        _metric_events,
        lacking="SLA breaches",
    ),
)
"""In the order in which they are read at first: what most questions need comes first."""
