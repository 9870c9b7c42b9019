"""One workspace's way into Zendesk: the connection, the scopes that limit it, and its memory."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import anyio

from mcp_server_zendesk.connection.cache import Cache
from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.connection.observing import NOBODY, Observer
from mcp_server_zendesk.connection.paths import api_path
from mcp_server_zendesk.connection.places import RequestPlaces
from mcp_server_zendesk.connection.remembered import SpentHere, UploadsHere
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.connection.shared import Spent, Uploads

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.client import Connection

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Access:
    """What all calls of a workspace share; learns once what the token was granted.

    ``sign_in`` is the command by which a person signs in to this workspace. ``places``, ``uploads``
    and ``spent`` may be shared with other workspaces of the account, and with other processes.
    """

    connection: Connection
    configured: frozenset[str]
    workspace: str = "default"
    sign_in: str = "mcp-server-zendesk auth login"
    guard: Guard = field(default_factory=Guard)
    cache: Cache = field(default_factory=Cache)
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    clock: Callable[[], float] = time.monotonic
    today: Callable[[], date] = date.today
    observer: Observer = NOBODY
    granted: frozenset[str] | None = None
    places: RequestPlaces = field(default_factory=RequestPlaces)
    uploads: Uploads = field(default_factory=UploadsHere)
    spent: Spent = field(default_factory=SpentHere)
    granted_known: bool = False
    _learning: anyio.Lock = field(default_factory=anyio.Lock)

    def held(self, caller: frozenset[str] | None = None) -> HeldScopes:
        """The scopes in force for a caller, as far as is known now."""
        granted = self.connection.credentials.granted
        return HeldScopes(
            configured=self.configured,
            granted=self.granted if granted is None else granted,
            caller=caller,
        )

    async def learn_granted(self) -> None:
        """Ask Zendesk once which scopes the token has. A failure is not fatal, nor repeated."""
        async with self._learning:
            if not self.granted_known:
                self.granted = await granted_scopes(self.connection)
                self.granted_known = True


async def granted_scopes(connection: Connection) -> frozenset[str] | None:
    """The scopes that Zendesk granted to a bearer token; None where it cannot be told.

    They are known from signing in, and asked for where the token came from outside. An API token
    has none of its own. A token without any scope has full ``read`` and ``write``
    (``zendesk-api.md`` §2.4). A failure is not fatal: the configured scopes still limit, and
    Zendesk still refuses what was not granted.
    """
    credentials = connection.credentials
    if not credentials.tells_scopes:
        return None
    try:
        await credentials.authorization()
        if credentials.granted is not None:
            return credentials.granted
        answer = await connection.send("GET", api_path("oauth", "tokens", "current"))
        from mcp_server_zendesk.connection.records import Token, parse  # noqa: PLC0415 - not for a start

        token = parse(Token, answer.body, "token")
    except ZendeskError as error:
        logger.warning("The granted scopes could not be read (%s).", type(error).__name__)
        return None
    if token.scopes is None:
        return None
    return frozenset(token.scopes) or frozenset({"read", "write"})
