"""Calls of several callers to one server, as the HTTP server introduces them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken


@contextmanager
def calling_as(name: str) -> Iterator[None]:
    """What is called in this block, this caller calls."""
    token = AccessToken(token="", client_id=name, scopes=["read", "write"])
    before = auth_context_var.set(AuthenticatedUser(token))
    try:
        yield
    finally:
        auth_context_var.reset(before)
