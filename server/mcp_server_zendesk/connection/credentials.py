"""What a request to Zendesk is signed with."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Protocol

from pydantic import SecretStr

API_TOKENS_END = date(2027, 4, 30)
"""The day on which Zendesk stops all API tokens (``zendesk-api.md`` §2.1)."""


class Credentials(Protocol):
    """Signs a request. ``auth`` is the auth type as settings name it."""

    @property
    def auth(self) -> str:
        """The auth type."""
        ...

    @property
    def tells_scopes(self) -> bool:
        """Whether Zendesk can say which scopes these credentials were granted."""
        ...

    @property
    def granted(self) -> frozenset[str] | None:
        """The scopes that signing in has shown to be granted; None where it has not."""
        ...

    async def authorization(self) -> str:
        """The value of the ``Authorization`` header.

        Raises:
            NotConfigured: There is nothing to sign with.
            TokenRefused: The sign-in has ended, or is refused.
            TokenUnavailable: A token is needed, and cannot be had now.
        """
        ...

    async def renew(self, rejected: str) -> bool:
        """Whether there is a newer value than the one that Zendesk has just rejected.

        Raises:
            TokenRefused: There will be none before someone signs in again.
            TokenUnavailable: There is none now.
        """
        ...


def bearer(token: str) -> str:
    """The header's value for an OAuth access token."""
    return f"Bearer {token}"


def without_signature(content: bytes, authorization: str) -> bytes:
    """An error answer without the secret that its request was signed with: a proxy may echo it.

    Args:
        content: The answer's body.
        authorization: The header's value.
    """
    scheme, _, value = authorization.partition(" ")
    secrets = [value]
    if scheme == "Basic":
        secrets.append(base64.b64decode(value).decode().partition(":")[2])
    return without_secrets(content, secrets)


def without_secrets(content: bytes, secrets: Iterable[str]) -> bytes:
    """An error answer without the secrets that its request held."""
    for secret in filter(None, secrets):
        content = content.replace(secret.encode(), b"...")
    return content


class Fixed:
    """Credentials given from outside: nothing here can make new ones."""

    granted: ClassVar[frozenset[str] | None] = None

    async def renew(self, rejected: str) -> bool:
        """Never."""
        del rejected
        return False


@dataclass(frozen=True, slots=True)
class BearerToken(Fixed):
    """An OAuth access token (``Authorization: Bearer``)."""

    token: SecretStr
    auth: str = "oauth_token"
    tells_scopes: bool = True

    async def authorization(self) -> str:
        """The Bearer header's value."""
        return bearer(self.token.get_secret_value())


@dataclass(frozen=True, slots=True)
class ApiToken(Fixed):
    """An API token: Basic with ``{email}/token`` as the user name (``zendesk-api.md`` §2.1).

    It has no scopes of its own: the role of its user and the configured scopes limit it.
    """

    email: str = field(repr=False)
    token: SecretStr
    auth: str = "api_token"
    tells_scopes: bool = False

    async def authorization(self) -> str:
        """The Basic header's value."""
        pair = f"{self.email}/token:{self.token.get_secret_value()}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")
