"""Ticket fields with their patterns, and custom statuses."""

from __future__ import annotations

from mcp_server_zendesk.connection.records import Record, TicketField


class PatternedField(TicketField):
    """A ticket field with the pattern that its values have to match (``regexp`` fields)."""

    regexp_for_validation: str | None = None


class CustomStatus(Record):
    """A ticket status as the account names it; ``status_category`` is what Zendesk goes by."""

    id: int
    status_category: str | None = None
    agent_label: str | None = None
    active: bool | None = None
    default: bool | None = None
