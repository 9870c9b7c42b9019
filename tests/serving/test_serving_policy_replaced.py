"""A policy that takes another's place while the server runs goes on counting where that one was."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from mcp import Client

from desk import Workspace
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.workspace import build_server, inventory_of, team_of

pytestmark = pytest.mark.anyio

NOTE = {"ticket_id": OPEN_TICKET, "body": "x"}


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ({"writes_per_minute": 2}, {"writes_per_minute": 3}, 1),
        ({"writes_per_minute": 9}, {"writes_per_minute": 2}, 0),
        ({"writes_per_session": 9}, {"writes_per_session": 4}, 2),
        ({"writes_per_session": 2}, {"writes_per_minute": 2}, 0),
        ({}, {"writes_per_minute": 2}, 2),
        ({"writes_per_minute": 2}, {}, 3),
    ],
)
async def test_what_was_counted_before_counts_after(
    before: dict[str, Any], after: dict[str, Any], left: int
) -> None:
    sandbox, team = Sandbox(), team_of(ServerSettings())
    flags = {"scopes": "read tickets:write"}
    server = build_server(
        embedded_settings({**flags, **before}),
        transport=httpx.ASGITransport(app=sandbox),
        team=team,
    )
    async with team.running(), server.running(), Client(server) as client:
        desk = Workspace(sandbox, server, client)
        for _ in range(2):
            await desk.ask("add_internal_note", **NOTE)
        settings = embedded_settings({**flags, **after})
        access = server._access
        access.guard = inventory_of(settings).policy.guard().succeeding(access.guard)
        for _ in range(left):
            await desk.ask("add_internal_note", **NOTE)
        if after:
            error = await desk.fail("add_internal_note", **NOTE)
            assert error["kind"] in {"rate_limited", "policy_refused"}
