"""Signs in: asks Zendesk for what there is to keep, sees whom it is for, and keeps it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from pydantic import SecretStr

from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import ApiToken, BearerToken, Credentials
from mcp_server_zendesk.connection.errors import Forbidden, ZendeskError
from mcp_server_zendesk.connection.identity import user_of
from mcp_server_zendesk.connection.scopes import satisfies
from mcp_server_zendesk.connection.tokens import OAuthClient, TokenEndpoint
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.authorization import AuthorizationRequest
from mcp_server_zendesk.signing_in.sign_in import BY_CLIENT, Person, SignIn, read_sign_in
from mcp_server_zendesk.signing_in.turns import Turns, turns_in
from mcp_server_zendesk.signing_in.vaults import Vault

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What came of it."""

    kept: SignIn
    missing: frozenset[str] = field(default_factory=frozenset)
    """Scopes that were asked for and not granted."""
    beyond: frozenset[str] = field(default_factory=frozenset)
    """Scopes that were granted unasked; what is configured still limits."""


@dataclass(frozen=True, slots=True)
class Login:
    """Signs in to one workspace and keeps the result in a vault.

    Every method raises:
        ZendeskError: Zendesk refuses, or cannot be asked; nothing is kept.
        VaultUnavailable: It cannot be kept; what Zendesk gave is revoked again.
    """

    settings: Settings
    vault: Vault
    turns: Turns = field(default_factory=turns_in)
    now: Callable[[], float] = time.time
    transport: httpx.AsyncBaseTransport | None = None

    async def by_code(
        self, code: str, question: AuthorizationRequest, secret: SecretStr | None
    ) -> SignedIn:
        """End a sign-in by browser: trade the code that came back.

        Args:
            code: From the redirect.
            question: What the browser was sent with.
            secret: Of a confidential client.
        """
        endpoint = self._endpoint(secret)
        issued = await endpoint.by_code(
            code,
            redirect_uri=question.redirect_uri,
            verifier=question.verifier,
            scopes=question.scopes,
        )
        stored_secret = None if self.settings.client_secret else secret
        kept = self._begun(client_secret=stored_secret, requested=question.scopes)
        kept = kept.with_issued(issued, self.now())
        try:
            kept = await self._identified(kept, BearerToken(issued.access_token))
            replaced = await self._keep(kept)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await revoked(endpoint, issued.access_token)
            raise
        await self._retire(replaced)
        return _compared(kept)

    async def by_client_secret(self, secret: SecretStr, scopes: frozenset[str]) -> SignedIn:
        """Try a confidential client's secret, and keep it."""
        endpoint = self._endpoint(secret)
        issued = await endpoint.by_client(scopes)
        try:
            kept = self._begun(client_secret=secret, requested=scopes)
            kept = kept.model_copy(update={"granted": issued.scopes})
            kept = await self._identified(kept, BearerToken(issued.access_token))
        finally:
            with anyio.CancelScope(shield=True):
                await revoked(endpoint, issued.access_token)
        await self._keep(kept)
        return _compared(kept)

    async def by_token(self, token: SecretStr, email: str | None = None) -> SignedIn:
        """Try a token that was made elsewhere, and keep it.

        Args:
            token: An OAuth access token, or an API token with ``email``.
            email: Of the API token's user.
        """
        credentials = ApiToken(email, token) if email else BearerToken(token)
        kept = self._begun(token=token, email=email)
        kept = await self._identified(kept, credentials)
        await self._keep(kept)
        return _compared(kept)

    def _endpoint(self, secret: SecretStr | None) -> TokenEndpoint:
        settings = self.settings
        client = OAuthClient(settings.client_id or "", settings.client_secret or secret)
        return TokenEndpoint(settings.account, client, auth=settings.auth, transport=self.transport)

    def _begun(
        self,
        *,
        token: SecretStr | None = None,
        email: str | None = None,
        client_secret: SecretStr | None = None,
        requested: frozenset[str] | None = None,
    ) -> SignIn:
        return SignIn(
            auth=self.settings.auth,
            subdomain=self.settings.subdomain,
            client_id=self.settings.client_id if self.settings.auth in BY_CLIENT else None,
            email=email,
            token=token,
            client_secret=client_secret,
            requested=requested,
            signed_in_at=self.now(),
        )

    async def _identified(self, kept: SignIn, credentials: Credentials) -> SignIn:
        """With the person behind the credentials, where their scopes let us see who it is."""
        connection = Connection(self.settings.account, credentials, transport=self.transport)
        try:
            user = await user_of(connection)
        except Forbidden as error:
            if not error.refusal.scopes:
                raise  # suspended, or not from this address: nothing else would work either
            return kept
        finally:
            await connection.aclose()
        person = Person(id=user.id or 0, name=user.name, email=user.email, role=user.role)
        return kept.model_copy(update={"person": person})

    async def _keep(self, kept: SignIn) -> SignIn | None:
        """Returns what it replaces. In turn with servers that may be renewing that."""
        workspace = self.settings.workspace
        async with self.turns(workspace):
            before = self.vault.read(workspace)
            self.vault.write(workspace, kept.text())
        return None if before is None else read_sign_in(before)

    async def _retire(self, replaced: SignIn | None) -> None:
        """Revoke a sign-in that was replaced: servers that hold it then turn to the new one."""
        if replaced is None or replaced.token is None:
            return
        theirs = (replaced.auth, replaced.subdomain)
        if theirs == (self.settings.auth, self.settings.subdomain):
            await revoked(self._endpoint(None), replaced.token)


async def revoked(endpoint: TokenEndpoint, token: SecretStr) -> bool:
    """Whether Zendesk has forgotten a token."""
    try:
        await endpoint.revoke(token)
    except ZendeskError:
        return False
    return True


def _compared(kept: SignIn) -> SignedIn:
    """Zendesk issues tokens for scopes that it does not know, so the two are compared (§2.4)."""
    if kept.granted is None or kept.requested is None:
        return SignedIn(kept)
    granted, requested = kept.granted, kept.requested
    return SignedIn(
        kept,
        missing=frozenset(scope for scope in requested if not satisfies(granted, scope)),
        beyond=frozenset(scope for scope in granted if not satisfies(requested, scope)),
    )
