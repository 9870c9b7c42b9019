"""How much of the account's request limit is left, as the answers to all replicas say."""

from __future__ import annotations

import math
import uuid
from collections import deque
from collections.abc import Callable, Mapping

import anyio

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.connection.limits import (
    SHORTEST_WAIT,
    Headroom,
    RateGate,
    endpoint_of,
    read_closures,
    read_headroom,
)
from mcp_server_zendesk.connection.shares import KEPT, NAME
from mcp_server_zendesk.sharing.store import Ground, Script, digest_of

UNDER_WAY_SECONDS = 60
"""Longer than any request takes: those of a dead replica count no longer than that."""

_ENTER = Script.of("""
local account, under_way, used, before, endpoint = unpack(KEYS)
local request, life, shortest = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local caller, part, share = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local closed = redis.call('HMGET', endpoint, 'until', 'limit')
if closed[1] and tonumber(closed[1]) > now then
  return {milliseconds(tonumber(closed[1]) - now), closed[2]}
end
redis.call('ZREMRANGEBYSCORE', under_way, '-inf', moment(now))
if redis.call('ZSCORE', under_way, request) then return {0, ''} end
local known = redis.call('HMGET', account, 'limit', 'remaining', 'ends')
if known[1] then
  local ends = tonumber(known[3])
  local limit, wait = tonumber(known[1]), milliseconds(math.max(ends - now, shortest))
  local left = now >= ends and limit or tonumber(known[2])
  left = left - redis.call('ZCARD', under_way)
  if left <= 0 then return {wait, ''} end
  if caller ~= '' and now < ends and left <= limit * part then
    local greedy = tonumber(redis.call('HGET', used, caller) or '0') >= limit * part
    local all = redis.call('HLEN', used) + redis.call('HLEN', before)
    if greedy and all > 1 + redis.call('HEXISTS', before, caller) then return {wait, share} end
  end
end
if caller ~= '' then
  redis.call('HINCRBY', used, caller, 1)
  redis.call('EXPIRE', used, 600)
end
redis.call('ZADD', under_way, moment(now + life), request)
redis.call('EXPIRE', under_way, 2 * life)
return {0, ''}
""")

# Answers may arrive in another order than they were given: within a window, less is newer.
_LEAVE = Script.of("""
local account, under_way, used, before = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
redis.call('ZREM', under_way, ARGV[2])
local limit, remaining, resets = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if remaining then
  local ends = now + resets
  local known = redis.call('HMGET', account, 'remaining', 'ends')
  local same = known[2] and now < tonumber(known[2]) and math.abs(ends - tonumber(known[2])) < 2
  if same then
    remaining, ends = math.min(remaining, tonumber(known[1])), tonumber(known[2])
  end
  if not known[2] or now >= tonumber(known[2]) then
    redis.call('DEL', before)
    if redis.call('EXISTS', used) == 1 then redis.call('RENAME', used, before) end
  end
  redis.call('HSET', account, 'limit', limit, 'remaining', remaining, 'ends', moment(ends))
  redis.call('EXPIRE', account, 600)
end
for place = 5, #KEYS do
  local seconds, limit = tonumber(ARGV[2 * place - 4]), ARGV[2 * place - 3]
  local known = redis.call('HMGET', KEYS[place], 'until', 'limit')
  if not known[1] or tonumber(known[1]) < now + seconds then
    if limit == '' then limit = known[2] or '' end
    redis.call('HSET', KEYS[place], 'until', moment(now + seconds), 'limit', limit)
    redis.call('EXPIRE', KEYS[place], math.ceil(seconds) + 60)
  end
end
return 0
""")


class SharedGate:
    """See ``RateGate``: what this process knows, and before each request what all replicas do.

    One question before a request, and one message after it. While the store cannot be reached,
    the process goes by what it knows itself, and by Zendesk's refusals.
    """

    def __init__(self, ground: Ground, clock: Callable[[], float]) -> None:
        self._ground = ground
        self._here = RateGate(clock)
        self._names: deque[str] = deque()
        self._news: Headroom | None = None
        self._closures: dict[str, tuple[float, str]] = {}

    @property
    def headroom(self) -> Headroom | None:
        """As the latest answer to this process said."""
        return self._here.headroom

    def seconds_to_wait(self, method: str, path: str, caller: str = "") -> tuple[float, str | None]:
        """As far as this process knows."""
        return self._here.seconds_to_wait(method, path, caller)

    async def enter(self, method: str, path: str, caller: str = "") -> bool:
        """Whether a request may go now."""
        if not await self._here.enter(method, path, caller):
            return False
        name = uuid.uuid4().hex
        keys = (*self._account, self._endpoint(method, path))
        who = digest_of(caller) if caller else ""
        try:
            wait, limit = await self._ground.run(
                _ENTER, keys, name, UNDER_WAY_SECONDS, SHORTEST_WAIT, who, KEPT, NAME
            )
        except StoreUnavailable:
            return True
        except BaseException:
            await self._here.leave(method, path)
            raise
        if not wait:
            self._names.append(name)
            return True
        await self._here.leave(method, path)
        if limit == NAME:
            self._here.hold(caller, wait / 1000)
        else:
            self._here.close(method, path, wait / 1000, limit or None)
        return False

    async def leave(self, method: str, path: str) -> None:
        """A request has ended; what its answer said of limits is told to the other replicas."""
        await self._here.leave(method, path)
        name = self._names.popleft() if self._names else ""  # one is as good as another
        news, self._news = self._news, None
        closures, self._closures = self._closures, {}
        if not name and news is None and not closures:
            return
        account = ("", "", "") if news is None else _told(news)
        closed = [part for closure in closures.values() for part in closure]
        with anyio.CancelScope(shield=True):
            try:
                await self._ground.run(_LEAVE, (*self._account, *closures), name, *account, *closed)
            except StoreUnavailable:
                return

    def learn(self, method: str, path: str, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers."""
        self._here.learn(method, path, status, headers)
        self._news = read_headroom(headers) or self._news
        for seconds, limit in read_closures(status, headers):
            self._closures[self._endpoint(method, path)] = (seconds, limit or "")

    @property
    def _account(self) -> tuple[str, ...]:
        names = ("account", "under-way", "used", "used-before")
        return tuple(self._ground.key(name) for name in names)

    def _endpoint(self, method: str, path: str) -> str:
        return self._ground.key("closed", digest_of(endpoint_of(method, path)))


def _told(headroom: Headroom) -> tuple[int, int, int]:
    return headroom.limit, headroom.remaining, math.ceil(headroom.resets_in_seconds or 0)
