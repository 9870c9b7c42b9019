"""A sign-in that the replicas of a server share, and its turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.connection.shared import Texts, Turn
from mcp_server_zendesk.signing_in.sign_in import read_sign_in
from mcp_server_zendesk.signing_in.turns import Turns
from mcp_server_zendesk.signing_in.vaults import NoKeyring, Vault, VaultUnavailable


class SharedVault:
    """The store that replicas share; a newer sign-in in this machine's own vault comes first.

    So whoever has signed in on one of the machines has signed in for all, once the token is
    renewed there and the new pair is stored. Nothing else is copied: a copy of an old pair over a
    new one would end the sign-in.
    """

    insecure = False

    def __init__(self, texts: Texts, own: Callable[[], Vault]) -> None:
        self._texts = texts
        self._own = own

    def describe(self) -> str:
        """Says that it is shared."""
        return "the store that replicas share, sealed"

    def read(self, workspace: str) -> str | None:
        """What is kept there, or here where someone has signed in here since."""
        try:
            shared = self._texts.read(workspace)
        except StoreUnavailable as error:
            raise VaultUnavailable(error.needed) from error
        try:
            own = self._own().read(workspace)
        except NoKeyring:
            return shared
        except VaultUnavailable:
            if shared is None:
                raise
            return shared
        if own is None or (shared is not None and _signed_in(shared) >= _signed_in(own)):
            return shared
        return own

    def write(self, workspace: str, text: str) -> None:
        """Keep a text for all replicas."""
        try:
            self._texts.write(workspace, text)
        except StoreUnavailable as error:
            raise VaultUnavailable(error.needed) from error

    def forget(self, workspace: str) -> bool:
        """Whether there was anything, there or here."""
        try:
            forgotten = self._texts.forget(workspace)
        except StoreUnavailable as error:
            raise VaultUnavailable(error.needed) from error
        with suppress(VaultUnavailable):
            forgotten = self._own().forget(workspace) or forgotten
        return forgotten


def _signed_in(text: str) -> float:
    kept = read_sign_in(text)
    return 0.0 if kept is None else kept.signed_in_at or 0.0


def turns_of(turn: Turn) -> Turns:
    """Turns across replicas, failing as those of a machine do."""

    @asynccontextmanager
    async def turns(workspace: str) -> AsyncIterator[None]:
        try:
            async with turn(workspace):
                yield
        except StoreUnavailable as error:
            raise VaultUnavailable(error.needed) from error

    return turns
