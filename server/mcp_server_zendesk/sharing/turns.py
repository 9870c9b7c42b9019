"""One at a time across replicas: a lock that ends by itself when its holder dies."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.connection.shared import Turn
from mcp_server_zendesk.sharing.store import Ground, Script, digest_of

HOLD_SECONDS = 30.0
"""Longer than any holder needs: a refresh takes at most 20 seconds, and its storing little more."""
PATIENCE_SECONDS = HOLD_SECONDS + 5
_POLL_SECONDS = 0.05

_NEEDED = "nobody can tell whether another replica renews the sign-in at this moment"

_TAKE = Script.of("""
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[3]) then return 1 end
return redis.call('GET', KEYS[1]) == ARGV[2] and 1 or 0
""")

_GIVE = Script.of("""
if redis.call('GET', KEYS[1]) == ARGV[2] then return redis.call('DEL', KEYS[1]) end
return 0
""")


def shared_turn(
    ground: Ground,
    *,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Turn:
    """Turns by a key for each name."""

    @asynccontextmanager
    async def turn(name: str) -> AsyncIterator[None]:
        key, holder = ground.key("turn", digest_of(name)), uuid.uuid4().hex
        until = clock() + PATIENCE_SECONDS
        held = int(HOLD_SECONDS * 1000)
        while not await ground.run(_TAKE, (key,), holder, held, needed=_NEEDED):
            if clock() > until:
                raise StoreUnavailable(_NEEDED)
            await sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await _given(ground, key, holder)

    return turn


async def _given(ground: Ground, key: str, holder: str) -> None:
    """Where this cannot be noted, the lock ends by itself."""
    try:
        await ground.run(_GIVE, (key,), holder)
    except StoreUnavailable:
        return
