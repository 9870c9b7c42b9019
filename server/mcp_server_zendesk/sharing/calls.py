"""How many calls a caller may make to all replicas together; see ``connection.call_limits``."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from mcp_server_zendesk.connection.call_limits import Allowance, CallsHere, Limit, NotYet
from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.sharing.leases import LEASE_SECONDS, Leases
from mcp_server_zendesk.sharing.store import Ground, Script, digest_of

_POLL_SECONDS = 0.25
"""How soon to ask again whether a call at another replica has ended."""

_LIMITS: dict[str, Limit] = {"minute": "calls_per_minute", "busy": "calls_at_once"}

_ENTER = Script.of("""
local lately, running, call = KEYS[1], KEYS[2], ARGV[2]
local minute, at_once = tonumber(ARGV[3]), tonumber(ARGV[4])
local lease, poll = tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('ZSCORE', running, call) then return {'entered', 0} end
redis.call('ZREMRANGEBYSCORE', running, '-inf', moment(now))
if redis.call('ZCARD', running) >= at_once then return {'busy', milliseconds(poll)} end
if minute then
  local earliest = tonumber(redis.call('LINDEX', lately, -minute) or '')
  if earliest and now - earliest < 60 then
    return {'minute', milliseconds(60 - (now - earliest))}
  end
  redis.call('RPUSH', lately, moment(now))
  redis.call('LTRIM', lately, -minute, -1)
  redis.call('EXPIRE', lately, 90)
end
redis.call('ZADD', running, moment(now + lease), call)
redis.call('EXPIRE', running, 600)
return {'entered', 0}
""")

_LEAVE = Script.of("return redis.call('ZREM', KEYS[1], ARGV[2])")


class SharedCalls:
    """Those of all replicas; of this process alone while the store cannot be reached."""

    def __init__(self, ground: Ground, leases: Leases, clock: Callable[[], float]) -> None:
        self._ground = ground
        self._leases = leases
        self._here = CallsHere(clock)

    async def enter(self, caller: str, call: str, allowance: Allowance) -> NotYet | None:
        """Count a call, unless it is too early for it."""
        lately, running = self._keys(caller)
        minute = "" if allowance.per_minute is None else allowance.per_minute
        try:
            said, wait = await self._ground.run(
                _ENTER,
                (lately, running),
                call,
                minute,
                allowance.at_once,
                LEASE_SECONDS,
                _POLL_SECONDS,
            )
        except StoreUnavailable:
            return await self._here.enter(caller, call, allowance)
        if said != "entered":
            return NotYet(wait / 1000, _LIMITS[said])
        self._leases.hold(running, call)
        await self._here.enter(caller, call, allowance)  # to know by itself, should it have to
        return None

    async def leave(self, caller: str, call: str) -> None:
        """A call that had begun has ended."""
        running = self._keys(caller)[1]
        self._leases.let_go(running, call)
        with anyio.CancelScope(shield=True):
            try:
                await self._ground.run(_LEAVE, (running,), call)
            except StoreUnavailable:
                return

    def _keys(self, caller: str) -> tuple[str, str]:
        name = digest_of(caller)
        return self._ground.key("calls", name), self._ground.key("running", name)
