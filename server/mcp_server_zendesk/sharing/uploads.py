"""What was uploaded through any replica, for a human to see what is attached."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.connection.remembered import UploadsHere
from mcp_server_zendesk.sharing.sealed import Seal
from mcp_server_zendesk.sharing.store import Ground, Script, digest_of

KEEP_SECONDS = 3 * 24 * 3600
"""As long as Zendesk keeps an upload (``zendesk-api.md`` §7)."""

_NOTE = Script.of("redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 0")
_NAMED = Script.of("return redis.call('MGET', unpack(KEYS))")


class SharedUploads:
    """See ``shared.Uploads``. While the store cannot be reached, what this process knows."""

    def __init__(self, ground: Ground, seal: Seal) -> None:
        self._ground = ground
        self._seal = seal
        self._here = UploadsHere()

    async def note(self, token: str, words: str) -> None:
        """Keep the words for a file."""
        await self._here.note(token, words)
        key = self._key(token)
        try:
            await self._ground.run(_NOTE, (key,), self._seal.sealed(words, key), KEEP_SECONDS)
        except StoreUnavailable:
            return

    async def named(self, tokens: Sequence[str]) -> list[str | None]:
        """The words for each."""
        here = await self._here.named(tokens)
        keys = [self._key(token) for token in tokens]
        if None not in here or not keys:
            return here
        try:
            found = await self._ground.run(_NAMED, keys)
        except StoreUnavailable:
            return here
        return [
            known or (self._seal.opened(sealed, key) if sealed else None)
            for known, sealed, key in zip(here, found, keys, strict=True)
        ]

    def _key(self, token: str) -> str:
        return self._ground.key("upload", digest_of(token))
