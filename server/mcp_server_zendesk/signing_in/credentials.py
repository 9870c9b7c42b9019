"""Which credentials a workspace's settings mean: from the environment, else from its vault."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mcp_server_zendesk.connection.credentials import ApiToken, BearerToken, Credentials
from mcp_server_zendesk.connection.errors import NotConfigured
from mcp_server_zendesk.connection.tokens import OAuthClient, TokenEndpoint
from mcp_server_zendesk.settings import Settings, environment_name
from mcp_server_zendesk.signing_in.keeper import Keeper
from mcp_server_zendesk.signing_in.renewal import ClientCredentials, KeptSignIn, KeptToken
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.turns import Turns, turns_in
from mcp_server_zendesk.signing_in.vaults import Vault, vault_of

if TYPE_CHECKING:
    import httpx
    from pydantic import SecretStr


# What the environment can hold in place of a sign-in.
_SECRETS = {
    "oauth_token": ("oauth_token",),
    "api_token": ("email", "api_token"),
    "oauth_client_credentials": ("client_secret",),
}


def keeper_of(settings: Settings, vault: Callable[[], Vault] | None = None) -> Keeper:
    """The keeper of a workspace's sign-in."""
    return Keeper(
        settings.workspace,
        settings.auth,
        settings.subdomain,
        settings.client_id,
        settings.email if settings.auth == "api_token" else None,
        vault or (lambda: vault_of(settings.workspace)),
        tuple(
            environment_name(name)
            for name in _SECRETS.get(settings.auth, ())
            if getattr(settings, name) is None
        ),
    )


def credentials_for(
    settings: Settings,
    scopes: frozenset[str],
    *,
    vault: Callable[[], Vault] | None = None,
    turns: Turns | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], float] = time.time,
    clock: Callable[[], float] = time.monotonic,
) -> Credentials:
    """What the connection signs with. Nothing is read from a vault, and nothing sent, yet.

    Args:
        settings: Of the workspace.
        scopes: What client credentials ask for.
        vault: Finds the vault; by default the workspace's own.
        turns: Keeps refreshes apart; by default a lock file.
        transport: Another way to Zendesk than the network.
        now: Seconds since 1970.
        clock: Seconds that no clock change moves.
    """
    keeper = keeper_of(settings, vault)
    if settings.auth == "oauth_token":
        if settings.oauth_token:
            return BearerToken(settings.oauth_token)
        return KeptToken(keeper, lambda kept: BearerToken(_token_of(kept)))
    if settings.auth == "api_token":
        if settings.api_token and settings.email:
            return ApiToken(settings.email, settings.api_token)
        return KeptToken(keeper, lambda kept: _api_token(settings, kept))
    if settings.auth == "oauth_client_credentials":

        async def endpoint() -> TokenEndpoint:
            client = await client_of(settings, keeper)
            return TokenEndpoint(settings.account, client, auth=settings.auth, transport=transport)

        return ClientCredentials(endpoint, scopes, clock=clock)
    return KeptSignIn(
        keeper,
        lambda kept: endpoint_of(settings, kept, transport),
        turns or turns_in(),
        now=now,
    )


def endpoint_of(
    settings: Settings, kept: SignIn, transport: httpx.AsyncBaseTransport | None = None
) -> TokenEndpoint:
    """The token endpoint as the client that a sign-in was made with."""
    client = OAuthClient(
        settings.client_id or kept.client_id or "", settings.client_secret or kept.client_secret
    )
    return TokenEndpoint(settings.account, client, transport=transport)


async def client_of(settings: Settings, keeper: Keeper) -> OAuthClient:
    """The confidential client of the settings, its secret from the vault where it is not given.

    Raises:
        NotConfigured: The client or its secret is missing.
    """
    if settings.client_id is None:
        raise _missing(settings, "client_id")
    secret = settings.client_secret or (await keeper.read()).client_secret
    if secret is None:
        raise _missing(settings, "client_secret")
    return OAuthClient(settings.client_id, secret)


def _api_token(settings: Settings, kept: SignIn) -> Credentials:
    email = settings.email or kept.email
    if email is None:
        raise _missing(settings, "email")
    return ApiToken(email, settings.api_token or _token_of(kept))


def _token_of(kept: SignIn) -> SecretStr:
    if kept.token is None:
        raise NotConfigured("What is kept for the workspace holds no token.", sign_in=True)
    return kept.token


def _missing(settings: Settings, name: str) -> NotConfigured:
    variable = environment_name(name)
    return NotConfigured(
        f"With the auth type {settings.auth}, {variable} must be set.", missing=(variable,)
    )
