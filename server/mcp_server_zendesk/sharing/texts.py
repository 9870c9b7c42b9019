"""Secret texts by name, sealed, for threads that may wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.sharing.sealed import Seal
from mcp_server_zendesk.sharing.store import Ground, digest_of

if TYPE_CHECKING:
    import redis

T = TypeVar("T")

_NEEDED = "the sign-in that replicas share cannot be read or kept"
_OTHER_KEY = (
    "what is kept there is sealed with a key that is not among state_keys; put that key back as "
    "the last of them, or sign in again"
)


class SealedTexts:
    """See ``shared.Texts``."""

    def __init__(self, ground: Ground, seal: Seal) -> None:
        self._ground = ground
        self._seal = seal
        self._client: redis.Redis | None = None
        self._opening = threading.Lock()

    def read(self, name: str) -> str | None:
        """What is kept."""
        key = self._key(name)
        sealed = self._asked(lambda client: client.get(key))
        if sealed is None:
            return None
        text = self._seal.opened(str(sealed), key)
        if text is None:
            raise StoreUnavailable(_OTHER_KEY)
        return text

    def write(self, name: str, text: str) -> None:
        """Keep a text."""
        key = self._key(name)
        sealed = self._seal.sealed(text, key)
        self._asked(lambda client: client.set(key, sealed))

    def forget(self, name: str) -> bool:
        """Whether there was something."""
        key = self._key(name)
        return bool(self._asked(lambda client: client.delete(key)))

    def _asked(self, ask: Callable[[redis.Redis], T]) -> T:
        from redis.exceptions import ReadOnlyError, RedisError  # noqa: PLC0415 - an extra

        with self._opening:
            self._client = self._client or self._ground.store.blocking()
        try:
            return ask(self._client)
        except (RedisError, OSError) as error:
            if isinstance(error, ReadOnlyError):  # see ``Store.run``
                self._client.connection_pool.disconnect()
            raise StoreUnavailable(_NEEDED) from error

    def _key(self, name: str) -> str:
        return self._ground.key("text", digest_of(name))
