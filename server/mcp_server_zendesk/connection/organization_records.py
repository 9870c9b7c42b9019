"""Organizations and who is in them, as far as a tool reads them (``zendesk-api.md`` §8)."""

from __future__ import annotations

from typing import Any

from mcp_server_zendesk.connection.records import Moment, Record, Texts


class OrganizationRecord(Record):
    """An organization. ``group_id`` is the group that its people's new tickets go to."""

    id: int
    name: str | None = None
    external_id: str | None = None
    domain_names: Texts = None
    details: str | None = None
    notes: str | None = None
    group_id: int | None = None
    shared_tickets: bool | None = None
    shared_comments: bool | None = None
    tags: Texts = None
    organization_fields: dict[str, Any] | None = None
    created_at: Moment = None
    updated_at: Moment = None


class Membership(Record):
    """One of a user's organizations."""

    organization_id: int | None = None
