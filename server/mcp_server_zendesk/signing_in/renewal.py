"""Credentials that come from a vault, and those that renew themselves."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

import anyio
from pydantic import SecretStr

from mcp_server_zendesk.connection.credentials import Credentials, bearer
from mcp_server_zendesk.connection.errors import (
    NotConfigured,
    TokenRefused,
    TokenUnavailable,
    ZendeskError,
)
from mcp_server_zendesk.connection.tokens import TokenEndpoint
from mcp_server_zendesk.signing_in.keeper import Keeper
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.turns import Turns
from mcp_server_zendesk.signing_in.vaults import VaultUnavailable

logger = logging.getLogger(__name__)

EARLY_SECONDS = 60.0
"""How long before its end a token is renewed, so that no call meets that end."""
_SECONDS_REFUSED = 60.0
"""How long a refused secret is not tried again, and a token just made is not replaced."""


class KeptToken:
    """A token that someone stored and nobody here can renew, but someone may replace."""

    def __init__(self, keeper: Keeper, make: Callable[[SignIn], Credentials]) -> None:
        self.auth = keeper.auth
        self.granted: frozenset[str] | None = None
        self._keeper = keeper
        self._make = make
        self._made: Credentials | None = None

    @property
    def tells_scopes(self) -> bool:
        """As an OAuth token's does, and an API token's does not."""
        return self.auth == "oauth_token"

    async def authorization(self) -> str:
        """The header's value; the vault is read once."""
        if self._made is None:
            self._made = self._make(await self._keeper.read())
        return await self._made.authorization()

    async def renew(self, rejected: str) -> bool:
        """Whether someone has stored another one meanwhile."""
        made = self._make(await self._keeper.read())
        if await made.authorization() == rejected:
            return False
        self._made = made
        return True


class KeptSignIn:
    """A sign-in by browser: an access token, and a refresh token that is good for one use.

    Refreshing kills both old tokens at once (``zendesk-api.md`` §2.2). So the new pair is stored
    before it is used, one refresh runs at a time across tasks and processes, and whoever comes
    second finds the new pair in the vault. A process that is killed between Zendesk's answer and
    the vault loses the pair; signing in again mends that.
    """

    tells_scopes = True

    def __init__(
        self,
        keeper: Keeper,
        endpoint: Callable[[SignIn], TokenEndpoint],
        turns: Turns,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.auth = keeper.auth
        self._keeper = keeper
        self._endpoint = endpoint
        self._turns = turns
        self._now = now
        self._kept: SignIn | None = None
        self._renewed_at: float | None = None
        self._ended: tuple[SignIn, TokenRefused] | None = None
        self._failure: ZendeskError | None = None
        # What the vault still holds in place of the pair that it could not take.
        self._outlived: SecretStr | None = None
        self._one = anyio.Lock()

    @property
    def granted(self) -> frozenset[str] | None:
        """What the token response named."""
        return self._kept.granted if self._kept else None

    async def authorization(self) -> str:
        """The access token, renewed where it is about to end."""
        kept = self._kept
        if kept is None:
            async with self._one:
                kept = self._kept = self._kept or await self._keeper.read()
        if self._ended is not None:
            kept = await self._after_the_end(*self._ended)
        left = _seconds_left(kept, self._now())
        if left < EARLY_SECONDS and kept.refresh_token is not None:
            try:
                kept = await self._renewed(_header(kept)) or kept
            except (TokenUnavailable, NotConfigured):
                if left <= 0:
                    raise
        return _header(kept)

    async def renew(self, rejected: str) -> bool:
        """Refresh, unless another task or process has done so since."""
        return await self._renewed(rejected) is not None

    async def _after_the_end(self, ended: SignIn, refused: TokenRefused) -> SignIn:
        """What someone has signed in with since; nothing is asked of Zendesk to find out."""
        kept = await self._keeper.read()
        if kept.refresh_token == ended.refresh_token:
            raise _again(refused)
        self._kept, self._ended = kept, None
        return kept

    async def _renewed(self, rejected: str) -> SignIn | None:
        """A sign-in other than the rejected one; None where there is no way to one."""
        known = self._failure
        async with self._one:
            if self._kept is not None and _header(self._kept) != rejected:
                return self._kept
            if self._failure is not None and self._failure is not known:
                raise TokenUnavailable(self._failure)  # of the attempt that this one waited for
            if self._ended is not None:
                return await self._after_the_end(*self._ended)
            try:
                async with self._turns(self._keeper.workspace):
                    return await self._refreshed(rejected)
            except TokenUnavailable as error:
                self._failure = error.cause
                raise
            except VaultUnavailable as error:
                raise NotConfigured(
                    f"The sign-in cannot be renewed: {error}.", sign_in=True
                ) from error

    async def _refreshed(self, rejected: str) -> SignIn | None:
        stored = kept = await self._keeper.read()
        if self._kept and self._outlived and self._outlived == stored.refresh_token:
            kept = self._kept
        if _header(kept) == rejected:
            if kept.refresh_token is None or self._just_renewed():
                return None
            # Cut off half-way, the new pair would be lost while the old one is dead.
            with anyio.CancelScope(shield=True):
                kept = await self._traded(kept, kept.refresh_token, stored)
        self._kept = kept
        return kept

    def _just_renewed(self) -> bool:
        """A new token that is rejected at once is not helped by an even newer one."""
        at = self._renewed_at
        return at is not None and 0 <= self._now() - at < _SECONDS_REFUSED

    async def _traded(self, kept: SignIn, refresh_token: SecretStr, stored: SignIn) -> SignIn:
        scopes = kept.granted or kept.requested or frozenset()
        try:
            issued = await self._endpoint(kept).by_refresh_token(refresh_token, scopes)
        except TokenRefused as refused:
            now_stored = await self._keeper.read()
            if now_stored.refresh_token != stored.refresh_token:
                return now_stored  # someone outside our lock was first
            self._ended = (stored, refused)
            logger.warning("The sign-in of the workspace has ended; someone has to sign in again.")
            raise
        self._renewed_at = self._now()
        fresh = kept.with_issued(issued, self._renewed_at)
        try:
            await self._keeper.write(fresh)
            self._outlived = None
        except VaultUnavailable as error:
            self._outlived = stored.refresh_token
            logger.error(  # noqa: TRY400 - a traceback tells no more
                "The renewed sign-in could not be stored, and lives only as long as this process: "
                "%s. Sign in again after that.",
                error,
            )
        return fresh


class ClientCredentials:
    """A confidential client's own token, which acts as the user who created the client.

    There is no refresh token (``zendesk-api.md`` §2.1): a new token is asked for before the old
    one ends. It is kept in memory only.
    """

    auth = "oauth_client_credentials"
    tells_scopes = True

    def __init__(
        self,
        endpoint: Callable[[], Awaitable[TokenEndpoint]],
        scopes: frozenset[str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.granted: frozenset[str] | None = None
        self._endpoint = endpoint
        self._scopes = scopes
        self._clock = clock
        self._token: SecretStr | None = None
        self._ends = 0.0
        self._made_at = float("-inf")
        self._refused: tuple[float, TokenRefused] | None = None
        self._failure: ZendeskError | None = None
        self._one = anyio.Lock()

    async def authorization(self) -> str:
        """The token, asked for where there is none or it is about to end."""
        if self._header is None or self._clock() > self._ends - EARLY_SECONDS:
            try:
                return await self._another(self._header)
            except TokenUnavailable:
                if self._header is None or self._clock() > self._ends:
                    raise
        return self._header

    async def renew(self, rejected: str) -> bool:
        """Ask for another token, unless another task has, or it was only just made."""
        if self._header == rejected and self._clock() - self._made_at < _SECONDS_REFUSED:
            return False
        await self._another(rejected)
        return True

    async def _another(self, rejected: str | None) -> str:
        known = self._failure
        async with self._one:
            if self._header is not None and self._header != rejected:
                return self._header
            if self._failure is not None and self._failure is not known:
                raise TokenUnavailable(self._failure)  # of the attempt that this one waited for
            if self._refused and self._clock() < self._refused[0] + _SECONDS_REFUSED:
                raise _again(self._refused[1])
            try:
                issued = await (await self._endpoint()).by_client(self._scopes)
            except TokenRefused as error:
                self._refused = (self._clock(), error)
                raise
            except TokenUnavailable as error:
                self._failure = error.cause
                raise
            self.granted = issued.scopes
            self._made_at = self._clock()
            self._ends = self._made_at + (issued.expires_in or float("inf"))
            self._token = issued.access_token
            return bearer(issued.access_token.get_secret_value())

    @property
    def _header(self) -> str | None:
        """What signs, made where it is used: nothing here shows it."""
        return None if self._token is None else bearer(self._token.get_secret_value())


def _again(error: TokenRefused) -> TokenRefused:
    """The same refusal, without the traceback that an exception gathers when raised twice."""
    return TokenRefused(error.refusal, auth=error.auth or "", grant=error.grant)


def _header(kept: SignIn) -> str:
    if kept.token is None:
        raise NotConfigured("What is kept for the workspace holds no token.", sign_in=True)
    return bearer(kept.token.get_secret_value())


def _seconds_left(kept: SignIn, now: float) -> float:
    return float("inf") if kept.expires_at is None else kept.expires_at - now
