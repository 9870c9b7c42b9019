"""What a request to Zendesk is signed with."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr


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

    def authorization(self) -> str:
        """The value of the ``Authorization`` header.

        Raises:
            NotConfigured: There is nothing to sign with.
        """
        ...

    async def renew(self, rejected: str) -> bool:
        """Whether there is a newer value than the one that Zendesk has just rejected."""
        ...


class Fixed:
    """Credentials given from outside: nothing here can make new ones."""

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

    def authorization(self) -> str:
        """The Bearer header's value."""
        return f"Bearer {self.token.get_secret_value()}"


@dataclass(frozen=True, slots=True)
class ApiToken(Fixed):
    """An API token: Basic with ``{email}/token`` as the user name (``zendesk-api.md`` §2.1).

    It has no scopes of its own: the role of its user and the configured scopes limit it.
    """

    email: str
    token: SecretStr
    auth: str = "api_token"
    tells_scopes: bool = False

    def authorization(self) -> str:
        """The Basic header's value."""
        pair = f"{self.email}/token:{self.token.get_secret_value()}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")
