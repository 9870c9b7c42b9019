"""Who the credentials are, and what they were granted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mcp_server_zendesk.connection.errors import Refusal, Unauthenticated, ZendeskError
from mcp_server_zendesk.connection.paths import api_path
from mcp_server_zendesk.connection.records import Token, UserRecord, parse

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.client import Connection
    from mcp_server_zendesk.connection.handle import Zendesk

logger = logging.getLogger(__name__)

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


async def granted_scopes(connection: Connection) -> frozenset[str] | None:
    """The scopes that Zendesk granted to a bearer token; None where it cannot be told.

    An API token has none of its own. A token without any scope has full ``read`` and ``write``
    (``zendesk-api.md`` §2.4). A failure is not fatal: the configured scopes still limit, and
    Zendesk still refuses what was not granted.
    """
    if not connection.credentials.tells_scopes:
        return None
    try:
        answer = await connection.send("GET", api_path("oauth", "tokens", "current"))
        token = parse(Token, answer.body, "token")
    except ZendeskError as error:
        logger.warning("The granted scopes could not be read (%s).", type(error).__name__)
        return None
    if token.scopes is None:
        return None
    return frozenset(token.scopes) or frozenset({"read", "write"})
