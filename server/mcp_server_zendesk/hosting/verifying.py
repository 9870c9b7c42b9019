"""Who a bearer token stands for: the interface of what can tell, and the ways to say no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mcp.server.auth.provider import AccessToken


class TokenRefused(Exception):
    """The token is no good. The message says why and what mends it, to whoever sent the token.

    It never holds the token or a part of it.
    """


class TokenUnknown(TokenRefused):
    """It is not of a kind that this verifier takes; another one may."""


class VerificationUnavailable(Exception):
    """It cannot be told now whether the token is good. ``retry_after`` in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Verifier(Protocol):
    """Tells whom a token stands for, for one workspace."""

    async def verify(self, token: str) -> AccessToken:
        """Whom it stands for: client, subject, issuer (the claim ``iss``), scopes, end.

        Scopes are Zendesk's names. ``expires_at`` is in seconds since 1970.

        Raises:
            TokenRefused: It is no good here.
            VerificationUnavailable: That cannot be told now.
        """
        ...


class AnyVerifier:
    """Several verifiers together: the first one that knows a token's kind decides."""

    def __init__(self, verifiers: Sequence[Verifier]) -> None:
        self._verifiers = tuple(verifiers)

    async def verify(self, token: str) -> AccessToken:
        """See ``Verifier``."""
        unknown = TokenUnknown("this server takes no token of this kind")
        for verifier in self._verifiers:
            try:
                return await verifier.verify(token)
            except TokenUnknown as error:
                unknown = error
        raise unknown
