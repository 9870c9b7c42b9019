"""Who calls: whoever the HTTP server authenticated, or the one client of a local process."""

from __future__ import annotations

from dataclasses import dataclass

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import principal_components


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller of this server.

    ``name`` stands in the audit, ``key`` tells callers apart (for limits and for what a human
    said), and ``scopes`` narrow the workspace's; None narrows nothing.
    """

    name: str | None = None
    key: str = ""
    scopes: frozenset[str] | None = None


LOCAL = Caller()
"""The one client of a process that nobody else can reach."""


def current_caller() -> Caller:
    """The caller of the request in this task, by the token of that very request."""
    token = get_access_token()
    if token is None:
        return LOCAL
    client, issuer, subject = principal_components(token)
    key = "\n".join(part or "" for part in (client, issuer, subject))
    return Caller(subject or client, key, frozenset(token.scopes))
