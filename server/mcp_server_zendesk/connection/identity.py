"""Who the credentials are."""

from __future__ import annotations

from mcp_server_zendesk.connection.errors import Refusal, Unauthenticated
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import UserRecord, parse

_OK = 200


async def who_am_i(zendesk: Zendesk) -> UserRecord:
    """The user behind the credentials.

    ``/users/me`` answers 200 to strangers, with a null id (``zendesk-api.md`` §2.3), so only an
    id proves anything.

    Raises:
        Unauthenticated: Zendesk takes us for an anonymous visitor.
        ZendeskError: Zendesk could not be asked.
    """
    user = parse(UserRecord, await zendesk.get("users", "me"), "user")
    if user.id is None:
        raise Unauthenticated(Refusal(status=_OK), auth=zendesk.access.connection.credentials.auth)
    return user
