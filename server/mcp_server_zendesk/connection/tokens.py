"""Zendesk's token endpoint, ``POST /oauth/tokens`` (``zendesk-api.md`` §2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import SecretStr

from mcp_server_zendesk.connection import envelopes
from mcp_server_zendesk.connection.credentials import bearer, without_secrets
from mcp_server_zendesk.connection.errors import (
    Grant,
    Refusal,
    TimedOut,
    TokenRefused,
    TokenUnavailable,
    UnreadableResponse,
    ZendeskError,
)
from mcp_server_zendesk.connection.exchange import USER_AGENT, Channel, Json, Raw, Request

if TYPE_CHECKING:
    import httpx

    from mcp_server_zendesk.connection.account import Account

_PATH = "/oauth/tokens"
_CURRENT = "/api/v2/oauth/tokens/current"
_TOTAL_SECONDS = 20.0
_FIRST_REFUSAL = 400
_SECRET_FIELDS = ("client_secret", "refresh_token", "code", "code_verifier")
# By these the endpoint answers a grant, rather than fails (RFC 6749 §5.2).
_REFUSALS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
_LONGEST_LIFE_SECONDS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """What the endpoint gives. Lifetimes are in seconds from now; None where it names none."""

    access_token: SecretStr
    scopes: frozenset[str] | None
    expires_in: float | None
    refresh_token: SecretStr | None = None
    refresh_expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client as an admin registered it; without a secret it is a public one."""

    identifier: str
    secret: SecretStr | None = None

    @property
    def fields(self) -> Json:
        """How it names itself to the endpoint."""
        named: Json = {"client_id": self.identifier}
        if self.secret is not None:
            named["client_secret"] = self.secret.get_secret_value()
        return named


class TokenEndpoint:
    """Asks for tokens on behalf of one OAuth client of one account.

    Every method but ``revoke`` raises:
        TokenRefused: Zendesk refuses the grant; ``refusal.code`` is OAuth's error code.
        TokenUnavailable: Zendesk could not be asked, or its answer could not be read.
    """

    def __init__(
        self,
        account: Account,
        client: OAuthClient,
        *,
        auth: str = "oauth",
        transport: httpx.AsyncBaseTransport | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        self.account = account
        self.client = client
        self._auth = auth
        self._transport = transport
        self._user_agent = user_agent

    async def by_code(
        self, code: str, *, redirect_uri: str, verifier: str, scopes: Iterable[str]
    ) -> IssuedToken:
        """Trade an authorization code, good for 120 seconds, with its PKCE verifier."""
        return await self._ask(
            "authorization_code",
            {
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
                "scope": _joined(scopes),
            },
        )

    async def by_refresh_token(self, token: SecretStr, scopes: Iterable[str]) -> IssuedToken:
        """Trade a refresh token. It, and the access token beside it, are dead from then on."""
        scope = _joined(scopes)
        return await self._ask(
            "refresh_token",
            {"refresh_token": token.get_secret_value(), **({"scope": scope} if scope else {})},
        )

    async def by_client(self, scopes: Iterable[str]) -> IssuedToken:
        """A token of the user who created the client. There is no refresh token with it."""
        return await self._ask("client_credentials", {"scope": _joined(scopes)})

    async def revoke(self, access_token: SecretStr) -> None:
        """Have Zendesk forget a token (``DELETE …/tokens/current``).

        Raises:
            ZendeskError: It did not, or could not be asked.
        """
        request = Request("DELETE", _CURRENT)
        raw = await self._exchange(request, bearer(access_token.get_secret_value()))
        if raw.status >= _FIRST_REFUSAL:
            raise envelopes.exception_for(
                _refusal(raw, [access_token.get_secret_value()]), auth=self._auth
            )

    async def _ask(self, grant: Grant, fields: Mapping[str, Any]) -> IssuedToken:
        body = {"grant_type": grant, **self.client.fields, **fields}
        try:
            raw = await self._exchange(Request("POST", _PATH, body=body))
            if raw.status < _FIRST_REFUSAL:
                return _issued(raw.json_object())
        except ZendeskError as error:
            raise TokenUnavailable(error) from error
        refusal = _refusal(raw, (str(body[name]) for name in _SECRET_FIELDS if name in body))
        if refusal.code in _REFUSALS:
            raise TokenRefused(refusal, auth=self._auth, grant=grant)
        raise TokenUnavailable(envelopes.exception_for(refusal))

    async def _exchange(self, request: Request, authorization: str | None = None) -> Raw:
        channel = Channel(self.account, transport=self._transport, user_agent=self._user_agent)
        try:
            with anyio.fail_after(_TOTAL_SECONDS):
                return await channel.exchange(request, authorization)
        except TimeoutError as error:
            raise TimedOut("Zendesk took too long to answer", sent=True) from error
        finally:
            with anyio.CancelScope(shield=True):
                await channel.aclose()


def _refusal(raw: Raw, secrets: Iterable[str]) -> Refusal:
    return envelopes.read_refusal(raw.status, raw.headers, without_secrets(raw.content, secrets))


def _joined(scopes: Iterable[str]) -> str:
    """Scopes as one string. Sent empty it would mean full read and write (§2.4)."""
    return " ".join(sorted(scopes))


def _issued(body: Json) -> IssuedToken:
    token = _secret(body.get("access_token"))
    if token is None:
        raise UnreadableResponse("the token endpoint's answer holds no access token")
    scope = body.get("scope")
    scopes = filter(str.isprintable, scope.split()) if isinstance(scope, str) else ()
    return IssuedToken(
        access_token=token,
        scopes=frozenset(filter(str.isascii, scopes)) or None,
        expires_in=_seconds(body.get("expires_in")),
        refresh_token=_secret(body.get("refresh_token")),
        refresh_expires_in=_seconds(body.get("refresh_token_expires_in")),
    )


def _secret(value: Any) -> SecretStr | None:
    """A token that can stand in a header."""
    fits = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    return SecretStr(value) if fits and value else None


def _seconds(value: Any) -> float | None:
    fits = (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 < value < _LONGEST_LIFE_SECONDS
    )
    return float(value) if fits else None
