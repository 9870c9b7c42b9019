"""What a sign-in leaves behind: the one entry that a vault keeps for a workspace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.tokens import IssuedToken

BY_CLIENT = frozenset({"oauth", "oauth_client_credentials"})
"""The auth types for which an OAuth client signs in."""
Moment = Annotated[float, Field(ge=0, le=100_000_000_000)]
"""Seconds since 1970, before the year 5139: a calendar can show them."""


class Person(BaseModel):
    """Whom Zendesk took the credentials for, when they were given."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: int
    name: str | None = None
    email: str | None = None
    role: str | None = None

    def __str__(self) -> str:
        """One line for a terminal, without what would move its cursor."""
        told = self.name or f"user {self.id}"
        told += f" <{self.email}>" if self.email else ""
        told += f", {self.role}" if self.role else ""
        return "".join(character for character in told if character.isprintable())


class SignIn(BaseModel):
    """A workspace's credentials, bound to the account that they are for.

    Times are seconds since 1970 by this machine's clock. Of a client that has a secret
    (``oauth_client_credentials``) only the secret is kept, and no token.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    auth: str
    subdomain: str
    client_id: str | None = None
    email: str | None = None
    client_secret: SecretStr | None = None
    token: SecretStr | None = None
    """The access token, or the API token."""
    refresh_token: SecretStr | None = None
    expires_at: Moment | None = None
    refresh_expires_at: Moment | None = None
    requested: frozenset[str] | None = None
    granted: frozenset[str] | None = None
    person: Person | None = None
    signed_in_at: Moment | None = None

    def with_issued(self, issued: IssuedToken, now: float) -> SignIn:
        """The same sign-in with the pair of tokens that Zendesk has just given."""
        return self.model_copy(
            update={
                "token": issued.access_token,
                "refresh_token": issued.refresh_token,
                "expires_at": _later(now, issued.expires_in),
                "refresh_expires_at": _later(now, issued.refresh_expires_in),
                "granted": self.granted if issued.scopes is None else issued.scopes,
            }
        )

    def text(self) -> str:
        """As a vault keeps it: one line of JSON, **with the secrets**."""
        kept: dict[str, Any] = {}
        for name, value in self:
            if isinstance(value, SecretStr):
                kept[name] = value.get_secret_value()
            elif isinstance(value, frozenset):
                kept[name] = sorted(value)
            elif isinstance(value, Person):
                kept[name] = value.model_dump(exclude_none=True)
            elif isinstance(value, float):
                kept[name] = int(value)
            elif value is not None:
                kept[name] = value
        return json.dumps(kept, separators=(",", ":"))


def read_sign_in(text: str) -> SignIn | None:
    """What a vault kept; None where it is damaged or not ours."""
    try:
        return SignIn.model_validate_json(text)
    except ValidationError:
        return None


def misfit(
    kept: SignIn, *, auth: str, subdomain: str, client_id: str | None, email: str | None
) -> str | None:
    """Why a sign-in is not for these settings. A token never goes to another account."""
    # A token that was made elsewhere is of no client of ours, even where one is configured.
    by_client = kept.auth in BY_CLIENT
    for what, theirs, ours in (
        ("Zendesk account", kept.subdomain, subdomain),
        ("auth type", kept.auth, auth),
        ("OAuth client", kept.client_id, (by_client and client_id) or kept.client_id),
        ("user", kept.email, email or kept.email),
    ):
        if theirs != ours:
            return (
                f"What is kept for this workspace is for another {what} than the one that is "
                "configured."
            )
    return None


def _later(now: float, seconds: float | None) -> float | None:
    return None if seconds is None else now + seconds
