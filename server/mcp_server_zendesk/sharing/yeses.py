"""What humans have said yes to at any replica, so that no yes counts twice."""

from __future__ import annotations

import uuid

import anyio

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.sharing.store import Ground, Script

_NEEDED = (
    "nobody can tell whether the very same has been done at another replica on this answer of the "
    "user"
)

_SPEND = Script.of("""
local kept = redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[3])
if kept or redis.call('GET', KEYS[1]) == ARGV[2] then return 1 end
return 0
""")

_TAKE_BACK = Script.of("return redis.call('DEL', KEYS[1])")


class SharedSpent:
    """See ``shared.Spent``."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def spend(self, digest: str, seconds: float) -> bool:
        """Whether it was not spent before, at any replica."""
        milliseconds = int(seconds * 1000)
        key = self._ground.key("yes", digest)
        name = uuid.uuid4().hex
        return bool(await self._ground.run(_SPEND, (key,), name, milliseconds, needed=_NEEDED))

    async def take_back(self, digest: str) -> None:
        """It may be spent again, where that can be noted."""
        with anyio.CancelScope(shield=True):
            try:
                await self._ground.run(_TAKE_BACK, (self._ground.key("yes", digest),))
            except StoreUnavailable:
                return
