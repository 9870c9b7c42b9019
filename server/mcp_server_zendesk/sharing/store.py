"""The store that replicas share: one Redis, asked by scripts that do all of one thing or nothing.

All times in it are those of its own clock, the one that the replicas have in common.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import SecretStr

from mcp_server_zendesk.connection.errors import StoreUnavailable

if TYPE_CHECKING:
    import redis
    import redis.asyncio

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
"""How long the store may take: it stands beside the server, and calls wait for it."""
REST_SECONDS = 2.0
"""How long it is left alone after a failure, so that calls do not queue up before it."""
CONNECTIONS = 8
PREFIX = "mcp-server-zendesk"

_CLOCK = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local function moment(at) return string.format('%.6f', at) end
local function milliseconds(seconds) return math.ceil(seconds * 1000) end
"""


@dataclass(frozen=True, slots=True)
class Script:
    """Lua that Redis runs as a whole; it finds ``now`` in seconds, ``moment`` and ``milliseconds``.

    Its own arguments begin at ``ARGV[2]``. It may be sent twice where an answer was lost, and then
    answers the same and does nothing twice.
    """

    text: str
    digest: str

    @classmethod
    def of(cls, body: str) -> Script:
        """A script of this body."""
        text = _CLOCK + body
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


class Store:
    """The way to one Redis, opened at the first question. Its address is shown nowhere."""

    def __init__(
        self,
        address: SecretStr,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] | None = None,
    ) -> None:
        """``now``: another clock than the store's own, in seconds. Nothing is sent yet.

        Raises:
            ValueError: It is no address of a Redis.
        """
        self._address = address
        self._clock = clock
        self._now = now
        self._rests_until = float("-inf")
        self._down = False
        self._client = self._opened()
        # The library's own queue for connections serves whoever comes first after a release.
        self._free = anyio.Semaphore(CONNECTIONS, fast_acquire=True)

    def _opened(self) -> redis.asyncio.Redis:
        import redis.asyncio  # noqa: PLC0415 - an extra, and heavy
        from redis.asyncio.retry import Retry  # noqa: PLC0415 - likewise
        from redis.backoff import NoBackoff  # noqa: PLC0415 - likewise

        return redis.asyncio.Redis.from_url(
            self._address.get_secret_value(),
            max_connections=CONNECTIONS,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )

    def blocking(self) -> redis.Redis:
        """Another client, for threads; whoever asks for it closes it."""
        import redis  # noqa: PLC0415 - an extra, and heavy

        return redis.Redis.from_url(
            self._address.get_secret_value(),
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            decode_responses=True,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def run(
        self, script: Script, keys: Sequence[str], *arguments: str | float, needed: str = ""
    ) -> Any:
        """What a script answers.

        Args:
            script: Does all of it at once.
            keys: What it reads and writes.
            arguments: From ``ARGV[2]`` on.
            needed: What cannot be told without it, for whoever has to know.

        Raises:
            StoreUnavailable: The store does not answer, or is not usable.
        """
        if self._clock() < self._rests_until:
            raise StoreUnavailable(needed)
        from redis.exceptions import (  # noqa: PLC0415 - an extra
            NoScriptError,
            ReadOnlyError,
            RedisError,
        )

        now = "" if self._now is None else repr(self._now())
        passed = [*keys, now, *map(str, arguments)]
        try:
            async with self._free:
                try:
                    answer = await self._client.evalsha(script.digest, len(keys), *passed)
                except NoScriptError:
                    answer = await self._client.eval(script.text, len(keys), *passed)
        except (RedisError, OSError) as error:
            self._failed(error)
            if isinstance(error, ReadOnlyError):  # another one took over, and the address says who
                await self._client.connection_pool.disconnect(inuse_connections=False)
            raise StoreUnavailable(needed) from error
        self._answered()
        return answer

    async def answers(self) -> bool:
        """Whether it can be used now, for those who watch over the server."""
        try:
            await self.run(_NOTHING, (f"{PREFIX}:nothing",))
        except StoreUnavailable:
            return False
        return True

    def _failed(self, error: Exception) -> None:
        self._rests_until = self._clock() + REST_SECONDS
        if not self._down:
            self._down = True
            logger.warning(
                "The store that replicas share cannot be used (%s). Reads go on by what this "
                "process knows; what would need it is refused until it is back.",
                type(error).__name__,
            )

    def _answered(self) -> None:
        if self._down:
            self._down = False
            logger.warning("The store that replicas share can be used again.")


# One that can only be read is of no use.
_NOTHING = Script.of("redis.call('SET', KEYS[1], '', 'PX', 1000) return 0")


@dataclass(frozen=True, slots=True)
class Ground:
    """One account's part of a store."""

    store: Store
    account: str

    def key(self, *parts: str) -> str:
        """A key of this account."""
        return ":".join((PREFIX, self.account, *parts))

    async def run(
        self, script: Script, keys: Sequence[str], *arguments: str | float, needed: str = ""
    ) -> Any:
        """See ``Store.run``."""
        return await self.store.run(script, keys, *arguments, needed=needed)


def digest_of(name: str) -> str:
    """A name as a part of a key: the store learns of nobody's name, and keys stay short."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:32]
