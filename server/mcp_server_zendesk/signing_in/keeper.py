"""One workspace's sign-in in its vault, read only where it is for this very account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from anyio import to_thread

from mcp_server_zendesk.connection.errors import NotConfigured
from mcp_server_zendesk.signing_in.sign_in import SignIn, misfit, read_sign_in
from mcp_server_zendesk.signing_in.vaults import Vault, VaultUnavailable


@dataclass(frozen=True, slots=True)
class Keeper:
    """Reads and writes the sign-in of a workspace.

    ``vault`` finds the vault anew each time: a person may sign in to another kind of it while a
    server runs. ``or_set`` names the variables of the environment that would do as well.
    """

    workspace: str
    auth: str
    subdomain: str
    client_id: str | None
    email: str | None
    vault: Callable[[], Vault]
    or_set: tuple[str, ...] = ()

    async def read(self) -> SignIn:
        """The sign-in for this account, auth type and client.

        Raises:
            NotConfigured: There is none, it is for another account, or the vault cannot be used.
        """
        text = await self._in_vault(lambda vault: vault.read(self.workspace))
        if text is None:
            also = f", and {' and '.join(self.or_set)} is not set" if self.or_set else ""
            raise self._unusable(
                f"Nobody has signed in to the workspace {self.workspace!r} yet{also}."
            )
        kept = read_sign_in(text)
        if kept is None:
            raise self._unusable(f"What is kept for the workspace {self.workspace!r} is damaged.")
        misfit = self.misfit(kept)
        if misfit:
            raise self._unusable(misfit)
        return kept

    async def write(self, kept: SignIn) -> None:
        """Keep a sign-in.

        Raises:
            VaultUnavailable: It is not kept.
        """
        text = kept.text()
        await to_thread.run_sync(
            lambda: self.vault().write(self.workspace, text), abandon_on_cancel=True
        )

    def misfit(self, kept: SignIn) -> str | None:
        """Why a sign-in is not for these settings."""
        return misfit(
            kept,
            auth=self.auth,
            subdomain=self.subdomain,
            client_id=self.client_id,
            email=self.email,
        )

    async def _in_vault(self, work: Callable[[Vault], str | None]) -> str | None:
        try:
            return await to_thread.run_sync(lambda: work(self.vault()), abandon_on_cancel=True)
        except VaultUnavailable as error:
            raise self._unusable(f"The sign-in cannot be read: {error}.") from error

    def _unusable(self, why: str) -> NotConfigured:
        return NotConfigured(why, missing=self.or_set, sign_in=True)
