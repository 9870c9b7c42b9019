"""Who calls: whoever the HTTP server authenticated, or the one client of a local process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import principal_components
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR


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


async def by_its_own_token(
    ctx: ServerRequestContext[Any, Any], call_next: CallNext
) -> HandlerResult:
    """Handle a message only in the name of whoever sent it: as nobody, it would have every scope.

    Raises:
        MCPError: It came from a known caller, and would be handled as somebody else's.
    """
    user = ctx.request.scope.get("user") if ctx.request is not None else None
    if isinstance(user, AuthenticatedUser) and get_access_token() is not user.access_token:
        raise MCPError(code=INTERNAL_ERROR, message="Nobody can tell whose message this is")
    return await call_next(ctx)
