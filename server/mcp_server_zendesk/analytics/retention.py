"""What may be kept no longer leaves the store, with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mcp_server_zendesk.analytics.tables import (
    COMMENTS,
    GONE,
    OF_A_TICKET,
    REREAD,
    SATISFACTION,
    SCHEMA,
    SLA_EVENTS,
    STATUS_CHANGES,
    TICKETS,
    USERS,
)

if TYPE_CHECKING:
    from mcp_server_zendesk.analytics.store import Batch

GONE_DAYS = 120
"""For how long it is remembered that a ticket is gone: longer than Zendesk goes on exporting one
that was deleted. Of it nothing but its number is kept.
"""

_WHEN = {
    COMMENTS.name: "created_at",
    STATUS_CHANGES.name: "changed_at",
    SLA_EVENTS.name: "at",
    SATISFACTION.name: "updated_at",
}
_NAMED = (
    f"SELECT requester_id FROM {SCHEMA}.{TICKETS.name} WHERE requester_id IS NOT NULL UNION ALL "
    f"SELECT submitter_id FROM {SCHEMA}.{TICKETS.name} WHERE submitter_id IS NOT NULL UNION ALL "
    f"SELECT author_id FROM {SCHEMA}.{COMMENTS.name} WHERE author_id IS NOT NULL"
)
_CUSTOMER = "(role IS NULL OR role NOT IN ('agent', 'admin'))"


@dataclass(frozen=True, slots=True)
class Expired:
    """What left: tickets, and customers whom no ticket that is kept names any more."""

    tickets: int = 0
    customers: int = 0


def expire(batch: Batch, oldest: datetime | None, now: datetime) -> Expired:
    """Take out the tickets whose last change is before ``oldest``; None takes out none.

    A customer leaves with the last ticket that named them: without it there is no reason to keep
    anything of a person. Those whom no ticket named to begin with stay, as the export brings users
    before their tickets; so do agents, whose names reports need, and organizations, which are no
    persons. A customer who asks again comes with that ticket.
    """
    batch.execute(
        f"DELETE FROM {SCHEMA}.{GONE.name} WHERE seen_at < ?", [now - timedelta(days=GONE_DAYS)]
    )
    if oldest is None:
        return Expired()
    old = f"SELECT id FROM {SCHEMA}.{TICKETS.name} WHERE updated_at < ?"
    asking = batch.execute(
        f"SELECT DISTINCT unnest([requester_id, submitter_id]) FROM {SCHEMA}.{TICKETS.name} "
        "WHERE updated_at < ?",
        [oldest],
    )
    for table in OF_A_TICKET:
        batch.execute(
            f"DELETE FROM {SCHEMA}.{table.name} WHERE ticket_id IN ({old}) OR "
            f'("{_WHEN[table.name]}" < ? AND ticket_id NOT IN '
            f"(SELECT id FROM {SCHEMA}.{TICKETS.name}))",
            [oldest, oldest],
        )
    batch.execute(f"DELETE FROM {SCHEMA}.{REREAD.name} WHERE id IN ({old})", [oldest])
    ((tickets,),) = batch.execute(
        f"DELETE FROM {SCHEMA}.{TICKETS.name} WHERE updated_at < ?", [oldest]
    )
    ((customers,),) = batch.execute(
        f"DELETE FROM {SCHEMA}.{USERS.name} WHERE {_CUSTOMER} AND id IN (SELECT unnest(?)) "
        f"AND id NOT IN ({_NAMED})",
        [[one for (one,) in asking if one is not None]],
    )
    if tickets or customers:
        batch.must_leave(now)
    return Expired(tickets, customers)
