"""What a policy needs to know of groups and brands."""

from __future__ import annotations

from mcp_server_zendesk.connection.records import Record


class PlaceRecord(Record):
    """A group or a brand."""

    id: int
    name: str | None = None
    default: bool | None = None
