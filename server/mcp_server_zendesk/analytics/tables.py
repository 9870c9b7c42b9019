"""The tables of the store, as they lie on the disk. What is asked of is ``views``.

A table has no key: a batch replaces what it brings, by id, in one transaction. That is quicker than
an index, and a store can be copied and repaired without one.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 1
"""Of the tables. A store of an older one is migrated, of a newer one refused."""

SCHEMA = "kept"
"""Where the tables are; views lie beside them and are all that a query sees."""

_SPAN = "STRUCT(calendar BIGINT, business BIGINT)"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns with their types, and by what a batch replaces what is there."""

    name: str
    columns: dict[str, str]
    key: str = "id"

    @property
    def ddl(self) -> str:
        """The statement that makes it."""
        columns = ", ".join(f'"{name}" {kind}' for name, kind in self.columns.items())
        return f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{self.name} ({columns})"

    @property
    def structure(self) -> dict[str, str]:
        """What a batch of its rows looks like as JSON."""
        return dict(self.columns)


TICKETS = Table(
    "tickets",
    {
        "id": "BIGINT",
        "subject": "VARCHAR",
        "status": "VARCHAR",
        "custom_status_id": "BIGINT",
        "priority": "VARCHAR",
        "type": "VARCHAR",
        "channel": "VARCHAR",
        "requester_id": "BIGINT",
        "submitter_id": "BIGINT",
        "assignee_id": "BIGINT",
        "group_id": "BIGINT",
        "organization_id": "BIGINT",
        "brand_id": "BIGINT",
        "form_id": "BIGINT",
        "problem_id": "BIGINT",
        "is_public": "BOOLEAN",
        "due_at": "TIMESTAMPTZ",
        "created_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
        "tags": "VARCHAR[]",
        "custom_fields": "STRUCT(id BIGINT, value VARCHAR)[]",
        "satisfaction": "VARCHAR",
        "replies": "BIGINT",
        "reopens": "BIGINT",
        "assignees": "BIGINT",
        "groups": "BIGINT",
        "first_reply": _SPAN,
        "first_resolution": _SPAN,
        "full_resolution": _SPAN,
        "requester_wait": _SPAN,
        "agent_wait": _SPAN,
        "on_hold": _SPAN,
        "assigned_at": "TIMESTAMPTZ",
        "solved_at": "TIMESTAMPTZ",
        "latest_comment_at": "TIMESTAMPTZ",
        "source": "VARCHAR",
    },
)
COMMENTS = Table(
    "comments",
    {
        "id": "BIGINT",
        "ticket_id": "BIGINT",
        "author_id": "BIGINT",
        "public": "BOOLEAN",
        "channel": "VARCHAR",
        "created_at": "TIMESTAMPTZ",
        "body": "VARCHAR",
        "truncated": "BOOLEAN",
    },
)
STATUS_CHANGES = Table(
    "status_changes",
    {
        "id": "BIGINT",
        "ticket_id": "BIGINT",
        "changed_at": "TIMESTAMPTZ",
        "actor_id": "BIGINT",
        "from_status": "VARCHAR",
        "to_status": "VARCHAR",
    },
)
SLA_EVENTS = Table(
    "sla_events",
    {
        "id": "BIGINT",
        "ticket_id": "BIGINT",
        "metric": "VARCHAR",
        "instance_id": "BIGINT",
        "type": "VARCHAR",
        "at": "TIMESTAMPTZ",
        "policy": "VARCHAR",
        "target_minutes": "BIGINT",
        "business_hours": "BOOLEAN",
    },
)
SATISFACTION = Table(
    "satisfaction",
    {
        "id": "BIGINT",
        "ticket_id": "BIGINT",
        "score": "VARCHAR",
        "comment": "VARCHAR",
        "reason": "VARCHAR",
        "requester_id": "BIGINT",
        "assignee_id": "BIGINT",
        "group_id": "BIGINT",
        "created_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
    },
)
USERS = Table(
    "users",
    {
        "id": "BIGINT",
        "name": "VARCHAR",
        "role": "VARCHAR",
        "email_domain": "VARCHAR",
        "organization_id": "BIGINT",
        "active": "BOOLEAN",
        "suspended": "BOOLEAN",
        "time_zone": "VARCHAR",
        "locale": "VARCHAR",
        "tags": "VARCHAR[]",
        "created_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
    },
)
ORGANIZATIONS = Table(
    "organizations",
    {
        "id": "BIGINT",
        "name": "VARCHAR",
        "tags": "VARCHAR[]",
        "created_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
    },
)
GROUPS = Table("groups", {"id": "BIGINT", "name": "VARCHAR", "deleted": "BOOLEAN"})
BRANDS = Table("brands", {"id": "BIGINT", "name": "VARCHAR"})
FORMS = Table("forms", {"id": "BIGINT", "name": "VARCHAR"})
FIELDS = Table(
    "fields",
    {
        "id": "BIGINT",
        "title": "VARCHAR",
        "type": "VARCHAR",
        "options": "STRUCT(value VARCHAR, name VARCHAR)[]",
    },
)
GONE = Table("gone", {"id": "BIGINT", "seen_at": "TIMESTAMPTZ"})
"""Tickets that were deleted or redacted: what comes of them later is not kept either."""

REREAD = Table("reread", {"id": "BIGINT", "histories": "BOOLEAN"})
"""Tickets whose comments are to be read again, and their histories too where they came back."""

STREAMS = Table(
    "streams",
    {
        "name": "VARCHAR",
        "cursor": "VARCHAR",
        "until": "TIMESTAMPTZ",
        "complete": "BOOLEAN",
        "requests": "BIGINT",
        "records": "BIGINT",
        "stored_at": "TIMESTAMPTZ",
    },
    key="name",
)
"""How far each export has been read: stored together with what was read."""

FACTS = Table("facts", {"name": "VARCHAR", "value": "VARCHAR"}, key="name")
"""What the store is: its version, its account, what it keeps, who synced it."""

TABLES = (
    TICKETS,
    COMMENTS,
    STATUS_CHANGES,
    SLA_EVENTS,
    SATISFACTION,
    USERS,
    ORGANIZATIONS,
    GROUPS,
    BRANDS,
    FORMS,
    FIELDS,
    GONE,
    REREAD,
    STREAMS,
    FACTS,
)
OF_A_TICKET = (COMMENTS, STATUS_CHANGES, SLA_EVENTS, SATISFACTION)
"""What leaves the store with its ticket, by ``ticket_id``."""
