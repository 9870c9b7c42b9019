"""Who is calling: Basic with an API token, Bearer, or nobody (`zendesk-api.md` §2)."""

import base64
import binascii
from dataclasses import dataclass

from mcp_server_zendesk.sandbox.errors import (
    could_not_authenticate,
    forbidden,
    invalid_token,
    missing_scopes,
)
from mcp_server_zendesk.sandbox.records import Json, anonymous_user
from mcp_server_zendesk.sandbox.rules import Rules
from mcp_server_zendesk.sandbox.store import AccessToken, Store

READ = "read"
WRITE = "write"


@dataclass(frozen=True)
class Caller:
    """The acting user, and the bearer token where there is one."""

    user: Json
    token: AccessToken | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.user["id"] is None

    def require_staff(self) -> None:
        """Refuses the anonymous with 401 and end users with 403."""
        if self.anonymous:
            raise could_not_authenticate()
        if self.user["role"] == "end-user" or self.user["suspended"]:
            raise forbidden()

    def require_scope(self, allowed: frozenset[str]) -> None:
        """Refuses a bearer token that holds none of `allowed`. API tokens have no scopes (§2.5).

        A token without any scope may do everything (§2.4).
        """
        if self.token is None or not self.token.scopes or self.token.scopes & allowed:
            return
        raise missing_scopes(
            ", ".join(sorted(allowed, key=lambda scope: (":" not in scope, scope)))
        )


def identify(store: Store, rules: Rules, authorization: str | None) -> Caller:
    """Reads the Authorization header.

    A wrong password leaves the caller anonymous; a wrong API token, and a bad or expired bearer
    token, are refused at once (§2.3, §2.5).
    """
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        caller = _bearer(store, credentials.strip())
    elif scheme.lower() == "basic":
        caller = _basic(store, rules, credentials.strip())
    else:
        caller = Caller(anonymous_user())
    suspended = caller.user.get("suspended", False)
    if suspended and rules.suspended_caller == "forbidden":
        raise forbidden()
    if suspended and rules.suspended_caller == "unauthenticated":
        raise could_not_authenticate() if caller.token is None else invalid_token()
    return caller


def _bearer(store: Store, token: str) -> Caller:
    held = store.access_tokens.get(token)
    if held is None or (held.expires_at is not None and held.expires_at <= store.now()):
        raise invalid_token()
    user = store.users.get(held.user_id)
    if user is None:
        raise invalid_token()
    return Caller(user, held)


def _basic(store: Store, rules: Rules, credentials: str) -> Caller:
    try:
        given = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise could_not_authenticate() from error
    login, colon, secret = given.partition(":")
    if not colon:
        raise could_not_authenticate()
    email, slash, kind = login.rpartition("/")
    if not slash or kind != "token":
        # Passwords were removed from the API on 2025-12-31 (§2.1): none is right.
        return Caller(anonymous_user())
    held = {known.casefold(): token for known, token in store.api_tokens.items()}
    user = store.user_by_email(email)
    right = held.get(email.casefold()) == secret and not rules.api_tokens_retired
    if user is None or not right:
        raise could_not_authenticate()
    return Caller(user)
