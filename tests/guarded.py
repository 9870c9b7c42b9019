"""A handle with every right, and a guard before it: what is refused, what passes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from mcp_server_zendesk.connection.errors import PolicyRefused
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.connection.guarding.places import Places
from mcp_server_zendesk.connection.guarding.recipients import Recipients
from mcp_server_zendesk.connection.handle import Reach, Zendesk
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.workspace import access_to

BROAD = frozenset({"read", "write"})
NOBODY = Guard(recipients=Recipients.of(["acme.com"]))
SUPPORT = Guard(groups=Places("group", (str(at.SUPPORT_GROUP_ID),)))
BASECAMP = Guard(brands=Places("brand", ("basecamp rentals",)))
NOTE = {"comment": {"body": "x", "public": False}}
REPLY = {"comment": {"body": "x", "public": True}}
BASECAMP_TICKET = 1030
ANYONE = [{"email": "x@evil.org"}]

Handle = Callable[..., Any]


@asynccontextmanager
async def handle(
    guard: Guard, scopes: frozenset[str] = BROAD
) -> AsyncIterator[tuple[Zendesk, Sandbox]]:
    """A handle with every right, so that only the guard is in the way."""
    sandbox = Sandbox()
    access = access_to(
        embedded_settings({"scopes": " ".join(scopes)}), transport=httpx.ASGITransport(app=sandbox)
    )
    access.guard = guard
    yield Zendesk(access, Reach(writes=True, scopes=BROAD), HeldScopes(scopes)), sandbox
    await access.connection.aclose()


def written(sandbox: Sandbox) -> list[str]:
    return [one.method for one in sandbox.requests if one.method != "GET"]


async def refusal(guard: Guard, method: str, *path: Any, **sent: Any) -> PolicyRefused:
    async with handle(guard) as (zendesk, sandbox):
        with pytest.raises(PolicyRefused) as caught:
            await zendesk._send(method, path, **sent)
        assert written(sandbox) == []
        assert zendesk.outcome == "not_applied"
    return caught.value


async def passes(guard: Guard, method: str, *path: Any, **sent: Any) -> list[str]:
    """What was read for it."""
    async with handle(guard) as (zendesk, sandbox):
        await zendesk._send(method, path, **sent)
        assert written(sandbox) == [method]
        return [one.path for one in sandbox.requests if one.method == "GET"]


OPEN = at.OPEN_TICKET
