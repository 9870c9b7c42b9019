"""How many records the replicas together may change; see ``connection.guarding.ceilings``."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from mcp_server_zendesk.connection.errors import CeilingReached, StoreUnavailable
from mcp_server_zendesk.connection.guarding.ceilings import (
    MINUTE,
    Reservation,
    WriteCeilings,
    check_minute,
    check_session,
)
from mcp_server_zendesk.sharing.leases import LEASE_SECONDS, SESSION_SECONDS, Leases
from mcp_server_zendesk.sharing.store import Ground, Script, digest_of

_NEEDED = (
    "nobody can tell how many records the other replicas have changed, so that a ceiling of the "
    "admin's could be exceeded"
)

# A reservation is a member `name:count`, and its score the moment from which it counts no more.
_WIDEN = Script.of("""
local lately, ever = KEYS[1], KEYS[2]
local name, before, wanted = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local minute, session = tonumber(ARGV[5]), tonumber(ARGV[6])
local caller, lease, life = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local member = name .. ':' .. wanted
if redis.call('ZSCORE', lately, member) then return {'reserved', 0} end
redis.call('ZREMRANGEBYSCORE', lately, '-inf', moment(now))
local more = wanted - before
local used = tonumber(redis.call('HGET', ever, caller) or '0')
if session and used + more > session then return {'session', used} end
if minute then
  local held, excess = redis.call('ZRANGE', lately, 0, -1, 'WITHSCORES'), more - minute
  for place = 1, #held, 2 do
    excess = excess + tonumber(string.match(held[place], ':(%d+)$'))
  end
  if excess > 0 then
    for place = 1, #held, 2 do
      excess = excess - tonumber(string.match(held[place], ':(%d+)$'))
      if excess <= 0 then return {'minute', milliseconds(tonumber(held[place + 1]) - now)} end
    end
    return {'minute', 60000}
  end
end
redis.call('ZREM', lately, name .. ':' .. before)
redis.call('ZADD', lately, moment(now + lease), member)
redis.call('HINCRBY', ever, caller, more)
redis.call('EXPIRE', lately, 600)
redis.call('EXPIRE', ever, life)
return {'reserved', 0}
""")

_SETTLE = Script.of("""
local lately, ever = KEYS[1], KEYS[2]
local member, count, used, caller = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if used == 'used' then
  redis.call('ZADD', lately, moment(now + 60), member)
  redis.call('EXPIRE', lately, 600)
elseif redis.call('ZREM', lately, member) == 1 then
  redis.call('HINCRBY', ever, caller, -count)
end
return 0
""")


@dataclass(slots=True)
class SharedCeilings:
    """Those of one workspace, over all replicas.

    A session lasts as long as one of them runs, restarts included. What a replica held that has
    died counts as done half a minute later.
    """

    ground: Ground
    leases: Leases
    workspace: str
    per_minute: int | None = None
    per_session: int | None = None

    def __post_init__(self) -> None:
        """The counts of the session outlive a restart, and not the last replica."""
        self.leases.keep(self._ever)

    def limited_to(self, other: WriteCeilings) -> SharedCeilings:
        """These counts under the limits of others."""
        self.per_minute, self.per_session = other.per_minute, other.per_session
        return self

    async def reserve(
        self, count: int, clock: Callable[[], float], caller: str = ""
    ) -> Reservation:
        """Places for a call. Raises as ``WriteCeilings`` says."""
        reservation = Reservation(0, caller, name=uuid.uuid4().hex)
        await self.widen(reservation, count, clock)
        return reservation

    async def widen(self, reservation: Reservation, count: int, clock: Callable[[], float]) -> None:
        """Make a reservation hold so many records."""
        del clock  # the store's own counts
        if count <= reservation.count or (self.per_minute is None and self.per_session is None):
            return
        if self.per_minute is not None:
            check_minute(self.per_minute, count)
        before, more = reservation.count, count - reservation.count
        lately = self._lately(reservation.caller)
        lease = LEASE_SECONDS + MINUTE
        said, number = await self.ground.run(
            _WIDEN,
            (lately, self._ever),
            reservation.name,
            before,
            count,
            "" if self.per_minute is None else self.per_minute,
            "" if self.per_session is None else self.per_session,
            digest_of(reservation.caller),
            lease,
            SESSION_SECONDS,
            needed=_NEEDED,
        )
        if said == "session":
            check_session(self.per_session or 0, number, more)
        if said == "minute":
            # What is under way frees its places a minute after its end at the latest.
            wait = min(max(number / 1000, 1.0), MINUTE)
            raise CeilingReached(self.per_minute or 0, retry_after=wait)
        self.leases.let_go(lately, f"{reservation.name}:{before}")
        self.leases.hold(lately, f"{reservation.name}:{count}", lease)
        reservation.count = count

    async def settle(
        self, reservation: Reservation, *, used: bool, clock: Callable[[], float]
    ) -> None:
        """The call has ended. Where this cannot be noted, its places count for a while."""
        del clock
        if reservation.count == 0:
            return
        lately = self._lately(reservation.caller)
        member = f"{reservation.name}:{reservation.count}"
        self.leases.let_go(lately, member)
        with anyio.CancelScope(shield=True):
            try:
                await self.ground.run(
                    _SETTLE,
                    (lately, self._ever),
                    member,
                    reservation.count,
                    "used" if used else "unused",
                    digest_of(reservation.caller),
                )
            except StoreUnavailable:
                return

    def _lately(self, caller: str) -> str:
        return self.ground.key("writes", digest_of(self.workspace), digest_of(caller))

    @property
    def _ever(self) -> str:
        return self.ground.key("session", digest_of(self.workspace))
