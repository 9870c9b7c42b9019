"""What the workspaces, the callers and the replicas of one HTTP server share."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from pydantic import SecretStr

from mcp_server_zendesk.connection.call_limits import Allowance
from mcp_server_zendesk.connection.shared import Shared, shared_here
from mcp_server_zendesk.serving.fairness import Fairness

if TYPE_CHECKING:
    from mcp_server_zendesk.server_settings import ServerSettings
    from mcp_server_zendesk.sharing.leases import Leases
    from mcp_server_zendesk.sharing.store import Store

_SECONDS_TO_KNOW = 1.0


@dataclass(frozen=True, slots=True)
class _Account:
    shared: Shared
    fairness: Fairness


@dataclass(slots=True)
class Team:
    """One HTTP server's share of everything: an account is one, whichever workspaces it has.

    Use what it gives inside ``async with team.running()``. ``store`` and ``leases`` only where
    replicas share a store.
    """

    allowance: Allowance
    state_keys: Sequence[SecretStr] = ()
    store: Store | None = None
    leases: Leases | None = None
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    clock: Callable[[], float] = time.monotonic
    _accounts: dict[str, _Account] = field(default_factory=dict)
    _asked: float = float("-inf")
    _ready: bool = True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Owns the way to the store, and renews what calls under way hold there."""
        if self.store is None or self.leases is None:
            yield
            return
        try:
            async with self.leases.renewing():
                await self.ready()  # a wrong address or password is in the log from the start
                yield
        finally:
            with anyio.CancelScope(shield=True):
                await self.store.aclose()

    def shared(self, subdomain: str) -> Shared:
        """What all calls to an account have in common."""
        return self._account(subdomain).shared

    def fairness(self, subdomain: str) -> Fairness:
        """Each caller's share of an account."""
        return self._account(subdomain).fairness

    def limit(self, server: ServerSettings) -> None:
        """Go by other limits of callers from now on; calls under way and queued stay."""
        self.allowance.at_once = server.calls_at_once
        self.allowance.per_minute = server.calls_per_minute

    async def ready(self) -> bool:
        """Whether the store can be used, where there is one.

        It is asked once a second at most: anybody may ask us, and calls wait for the store.
        """
        if self.store is not None and self.clock() - self._asked >= _SECONDS_TO_KNOW:
            self._asked = self.clock()
            self._ready = await self.store.answers()
        return self._ready

    def _account(self, subdomain: str) -> _Account:
        if subdomain not in self._accounts:
            shared = self._made(subdomain)
            self._accounts[subdomain] = _Account(shared, Fairness(shared.calls, self.allowance))
        return self._accounts[subdomain]

    def _made(self, subdomain: str) -> Shared:
        if self.store is None or self.leases is None:
            return shared_here(self.clock)
        from mcp_server_zendesk.sharing.account import shared_over  # noqa: PLC0415 - an extra

        return shared_over(
            self.store,
            self.leases,
            subdomain,
            self.state_keys,
            clock=self.clock,
            sleep=self.sleep,
        )
