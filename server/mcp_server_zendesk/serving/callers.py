"""Who calls: whoever the HTTP server authenticated, or the one client of a local process."""

from __future__ import annotations

from dataclasses import dataclass

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import principal_components


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller of this server.

    ``name`` stands in the audit beside its ``issuer``, who vouches for it, ``key`` tells callers
    apart (for limits and for what a human said), and ``scopes`` narrow the workspace's; None
    narrows nothing.
    """

    name: str | None = None
    issuer: str | None = None
    key: str = ""
    scopes: frozenset[str] | None = None


LOCAL = Caller()
"""The one client of a process that nobody else can reach."""


def current_caller() -> Caller:
    """The caller of the request in this task, by the token of that very request.

    A user is one caller through all clients: whoever may register clients has no more by that.
    """
    token = get_access_token()
    if token is None:
        return LOCAL
    client, issuer, subject = principal_components(token)
    name, kind = (subject, "user") if subject else (client, "client")
    return Caller(name, issuer, f"{issuer or ''}\n{kind}\n{name}", frozenset(token.scopes))
