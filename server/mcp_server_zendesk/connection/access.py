"""One workspace's way into Zendesk: the connection, the scopes that limit it, and its memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from mcp_server_zendesk.connection.cache import Cache
from mcp_server_zendesk.connection.handle import Progress, Reach, Zendesk, silent
from mcp_server_zendesk.connection.identity import granted_scopes
from mcp_server_zendesk.connection.scopes import HeldScopes

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.client import Connection


@dataclass(slots=True)
class Access:
    """Hands out narrowed handles, and learns once what the token was granted."""

    connection: Connection
    configured: frozenset[str]
    workspace: str = "default"
    cache: Cache = field(default_factory=Cache)
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    granted: frozenset[str] | None = None
    granted_known: bool = False
    _learning: anyio.Lock = field(default_factory=anyio.Lock)

    def held(self, caller: frozenset[str] | None = None) -> HeldScopes:
        """The scopes in force for a caller, as far as is known now."""
        return HeldScopes(configured=self.configured, granted=self.granted, caller=caller)

    async def learn_granted(self) -> None:
        """Ask Zendesk once which scopes the token has. A failure is not fatal, nor repeated."""
        async with self._learning:
            if not self.granted_known:
                self.granted = await granted_scopes(self.connection)
                self.granted_known = True

    def handle(self, reach: Reach, held: HeldScopes, progress: Progress = silent) -> Zendesk:
        """Zendesk for one call, no wider than the tool declares and the scopes allow."""
        return Zendesk(access=self, reach=reach, held=held, progress=progress, sleep=self.sleep)
