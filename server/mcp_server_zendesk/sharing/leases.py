"""What a replica holds for its calls under way, given back by itself when the replica dies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.sharing.store import Script, Store

LEASE_SECONDS = 30.0
"""How long what a dead replica held is still taken."""
RENEW_SECONDS = 8.0
SESSION_SECONDS = 120
"""How long the counts of a session outlive the last replica: as long as a restart may take."""
_MOST_AT_ONCE = 200

_RENEW = Script.of("""
for place = 1, #KEYS do
  local member, seconds = ARGV[2 * place], tonumber(ARGV[2 * place + 1])
  if member ~= '' then redis.call('ZADD', KEYS[place], 'XX', moment(now + seconds), member) end
  redis.call('EXPIRE', KEYS[place], 600)
end
return 0
""")

_KEEP = Script.of("""
for place = 1, #KEYS do redis.call('EXPIRE', KEYS[place], ARGV[2]) end
return 0
""")


class Leases:
    """Renews what this process holds in sorted sets, while ``renewing``."""

    def __init__(
        self, store: Store, *, sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    ) -> None:
        self._store = store
        self._sleep = sleep
        self._held: dict[tuple[str, str], float] = {}
        self._kept: set[str] = set()
        self._renewing = 0

    @asynccontextmanager
    async def renewing(self) -> AsyncIterator[None]:
        """Renew in the background, until the block ends."""
        self._renewing += 1
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._renew_on)
                yield
                tasks.cancel_scope.cancel()
        finally:
            self._renewing -= 1

    def hold(self, key: str, member: str, seconds: float = LEASE_SECONDS) -> None:
        """Renew a member of a sorted set, whose score is so many seconds away.

        Raises:
            RuntimeError: Nothing renews, which is a mistake of ours.
        """
        if not self._renewing:
            raise RuntimeError("what is shared is used outside of running()")
        self._held[key, member] = seconds

    def let_go(self, key: str, member: str) -> None:
        """Renew it no more."""
        self._held.pop((key, member), None)

    def keep(self, key: str) -> None:
        """Keep a key as long as a replica runs that needs it."""
        self._kept.add(key)

    async def renew(self) -> None:
        """Renew everything once.

        Raises:
            StoreUnavailable: Not all of it was renewed.
        """
        held = list(self._held.items())
        for first in range(0, len(held), _MOST_AT_ONCE):
            some = held[first : first + _MOST_AT_ONCE]
            arguments = [part for (_, member), seconds in some for part in (member, seconds)]
            await self._store.run(_RENEW, [key for (key, _), _ in some], *arguments)
        if self._kept:
            await self._store.run(_KEEP, sorted(self._kept), SESSION_SECONDS)

    async def _renew_on(self) -> None:
        while True:
            await self._sleep(RENEW_SECONDS)
            try:
                await self.renew()
            except StoreUnavailable:
                continue  # the store says so in the log, once
