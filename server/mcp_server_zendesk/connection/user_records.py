"""What belongs to a user beside the user itself (``zendesk-api.md`` §8)."""

from __future__ import annotations

from mcp_server_zendesk.connection.records import Record


class UserIdentity(Record):
    """What a user is recognised by: an address, a direct line …."""

    id: int | None = None
    type: str | None = None
    value: str | None = None
    primary: bool | None = None
