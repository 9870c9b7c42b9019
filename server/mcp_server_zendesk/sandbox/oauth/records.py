"""OAuth clients, and what they hold on the way to a token (`zendesk-api.md` §2.2, §2.4)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

CODE_LIFETIME = timedelta(seconds=120)
ACCESS_LIFETIME = timedelta(minutes=30)
"""The default of global clients; of local ones created after 2026-04-30 too."""
REFRESH_LIFETIME = timedelta(seconds=2_592_000)
EXPIRES_IN = range(300, 172_801)
REFRESH_EXPIRES_IN = range(604_800, 7_776_001)


@dataclass(frozen=True)
class OAuthClient:
    """A client as an admin registered it."""

    id: int
    identifier: str
    """What `client_id` names."""
    name: str
    user_id: int
    """Who created it: client credentials act as this user."""
    secret: str | None = None
    redirect_uris: tuple[str, ...] = ()
    allowed_scopes: frozenset[str] | None = None
    """`None` where the list was never limited."""

    @property
    def public(self) -> bool:
        """Whether it cannot keep a secret, so that PKCE must protect its codes."""
        return self.secret is None

    def refused_scopes(self, asked: frozenset[str]) -> frozenset[str]:
        """The scopes that an admin did not allow; an empty request asks for all of them."""
        if self.allowed_scopes is None:
            return frozenset()
        return asked - self.allowed_scopes if asked else frozenset({"read", "write"})


@dataclass(frozen=True)
class AuthorizationCode:
    """What the consent page hands to the client: good for one use, and 120 seconds."""

    code: str
    client: str
    user_id: int
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str | None
    expires_at: datetime


@dataclass(frozen=True)
class RefreshToken:
    """Good for one use; dies together with its access token."""

    token: str
    access_token: str
    client: str
    user_id: int
    scopes: frozenset[str]
    expires_at: datetime


@dataclass
class Refreshes:
    """How often the token endpoint was asked to refresh, and what came of it.

    Whom a fault answered in the endpoint's stead is not counted.
    """

    asked: int = 0
    succeeded: int = 0
    refused: int = 0
    """With `invalid_grant`: a refresh token that is unknown, used up or expired."""


@dataclass
class OAuthRegister:
    """Clients by identifier, codes and refresh tokens by themselves."""

    clients: dict[str, OAuthClient] = field(default_factory=dict)
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    refreshes: Refreshes = field(default_factory=Refreshes)
    browser_user_id: int | None = None
    """Who is signed in in the browser that sees the consent page; an admin by default."""
    _made: int = 0

    def new_secret(self, kind: str) -> str:
        """A token or code: never the same twice, and the same in every run."""
        self._made += 1
        return hashlib.sha256(f"{kind} {self._made} of the sandbox".encode()).hexdigest()

    def refresh_token_of(self, access_token: str) -> RefreshToken | None:
        """The refresh token that was issued with an access token."""
        return next(
            (one for one in self.refresh_tokens.values() if one.access_token == access_token),
            None,
        )
