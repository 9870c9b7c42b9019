"""Verifies tokens that an authorization server signed: JWTs (RFC 9068, RFC 8725)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jwt
from mcp.server.auth.provider import AccessToken

from mcp_server_zendesk.connection.scopes import KNOWN_SCOPES
from mcp_server_zendesk.hosting.keys import IssuerKeys
from mcp_server_zendesk.hosting.verifying import TokenRefused, TokenUnknown

LEEWAY_SECONDS = 30
"""What two clocks may differ by."""

_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_DOTS = 2
_LONGEST_NAME = 255
_LAST = 253_402_300_799
"""The end of the year 9999, in seconds since 1970."""
_NO_ACCESS_TOKEN = {"token_use": {"id"}, "typ": {"id", "refresh", "offline", "logout"}}
"""How Cognito and Keycloak mark their other tokens."""
_CLIENT = ("client_id", "azp", "cid", "appid")
"""The claim with the client's identifier: RFC 9068's, OpenID's, Okta's, Entra's."""
_REQUIRED = ["exp", "iss", "aud"]
# The clock is ours, so that all times are told by one.
_OPTIONS: Any = {
    "require": _REQUIRED,
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat"), False),
    "enforce_minimum_key_length": True,
}
_PROBLEMS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.MissingRequiredClaimError, "the token lacks one of the claims exp, iss and aud"),
    (jwt.InvalidSignatureError, "the token's signature is wrong"),
    (jwt.InvalidAlgorithmError, "the token is signed with an algorithm that is not allowed"),
    (jwt.InvalidIssuerError, "the token was issued by another server than the one trusted here"),
    (
        jwt.InvalidAudienceError,
        "the token is for another audience; ask for one with this server's address as resource",
    ),
)


class SignedTokens:
    """A ``Verifier`` of JWTs of one issuer.

    Args:
        keys: The issuer's.
        issuer: The claim ``iss``, to the letter.
        audiences: One of them has to be in the claim ``aud``.
        algorithms: Those that tokens may be signed with.
        scope_prefix: What stands before each of Zendesk's scopes in a token.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        keys: IssuerKeys,
        *,
        issuer: str,
        audiences: Sequence[str],
        algorithms: Sequence[str],
        scope_prefix: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audiences = tuple(audiences)
        self._algorithms = tuple(algorithms)
        self._scope_prefix = scope_prefix
        self._clock = clock

    async def verify(self, token: str) -> AccessToken:
        """See ``Verifier``."""
        if token.count(".") != _DOTS:
            raise TokenUnknown("this server takes no token of this kind")
        header = self._header(token)
        key = await self._keys.find(header.get("kid"), header["alg"])
        claims = self._claims(token, key)
        self._check_times(claims)
        _check_kind(claims)
        subject, client = _name(claims, ("sub",)), _name(claims, _CLIENT)
        if subject is None and client is None:
            raise TokenRefused("the token names neither a user (sub) nor a client (client_id)")
        return AccessToken(
            token="",
            client_id=client or subject or "",
            subject=subject,
            scopes=sorted(self._scopes(claims)),
            expires_at=int(claims["exp"]),
            claims={"iss": self._issuer},
        )

    def _header(self, token: str) -> Mapping[str, Any]:
        """What the token says of itself, as far as it is believed: which key, which algorithm.

        A key, or an address of keys, that a token brings along is not looked at.
        """
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise TokenRefused("the token is no valid JWT") from None
        if header.get("alg") not in self._algorithms:
            raise TokenRefused("the token is signed with an algorithm that is not allowed")
        if str(header.get("typ") or "").lower() not in _TYPES:
            raise TokenRefused("the token is no access token, by its type")
        return header

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=self._algorithms,
                audience=self._audiences,
                issuer=self._issuer,
                options=_OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            told = (words for kind, words in _PROBLEMS if isinstance(error, kind))
            raise TokenRefused(next(told, "the token is no valid JWT")) from None

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._clock()
        if _moment(claims, "exp") <= now - LEEWAY_SECONDS:
            raise TokenRefused("the token has expired")
        for claim in ("nbf", "iat"):
            if claim in claims and _moment(claims, claim) > now + LEEWAY_SECONDS:
                raise TokenRefused("the token is not valid yet; compare the clocks")

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """Zendesk's among the token's; others say nothing here."""
        given = claims.get("scope", claims.get("scp", ""))
        names = given.split() if isinstance(given, str) else given
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise TokenRefused("the token's scopes are neither one text nor a list of texts")
        prefix = self._scope_prefix
        ours = (name.removeprefix(prefix) for name in names if name.startswith(prefix))
        return KNOWN_SCOPES.intersection(ours)


def _moment(claims: Mapping[str, Any], claim: str) -> float:
    value = claims[claim]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST:
        raise TokenRefused(f"the token's {claim} is no number of seconds")
    return value


def _check_kind(claims: Mapping[str, Any]) -> None:
    for claim, others in _NO_ACCESS_TOKEN.items():
        if str(claims.get(claim, "")).lower() in others:
            raise TokenRefused("the token is no access token, by its claims")
    if "cnf" in claims:  # whoever stole it from the holder of that key could use it here
        raise TokenRefused(
            "the token is bound to a key (cnf), which cannot be checked here; ask for one without"
        )
    if "at_hash" in claims or "c_hash" in claims:
        raise TokenRefused("the token is an ID token; send the access token")


def _name(claims: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first of some claims that is there. It stands in the audit, and tells callers apart."""
    value = next((claims[name] for name in names if claims.get(name) not in (None, "")), None)
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST_NAME:
        raise TokenRefused("the token's sub or client is no text that can stand in a log")
    return value
