"""Signing in while a server runs: the server goes on as the new person, without a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, AGENT_ID
from reach import COMMAND, Reach, reachable
from signing_in.ground import CLIENT, consent

pytestmark = pytest.mark.anyio

FLAGS = (*CLIENT, "--scopes", "read tickets:write")


def sign_in(reach: Reach, user_id: int) -> None:
    reach.sandbox.store.oauth.browser_user_id = user_id
    terminal = reach.start("auth", "login", *FLAGS, "--no-browser", "--insecure-storage")
    terminal.expect("  https://")
    address = "https://" + terminal.expect("\n").strip()
    terminal.expect("Address: ")
    terminal.type(consent(reach, address))
    assert terminal.wait() == 0, terminal.transcript


async def answer(client: Client) -> dict[str, Any]:
    result = await client.call_tool("check_connection", {})
    return dict(result.structured_content or {})


async def test_a_running_server_waits_for_the_first_sign_in_and_follows_the_second(
    tmp_path: Path,
) -> None:
    with reachable(tmp_path) as reach:
        server = StdioServerParameters(command=COMMAND, args=list(FLAGS), env=reach.environment())
        async with Client(stdio_client(server)) as client:
            refused = await client.call_tool("check_connection", {})
            assert refused.is_error
            assert "auth login --subdomain northwind-demo" in str(refused.content)
            await anyio.to_thread.run_sync(sign_in, reach, ADMIN_ID)
            assert (await answer(client))["user"]["id"] == ADMIN_ID
            await anyio.to_thread.run_sync(sign_in, reach, AGENT_ID)
            assert (await answer(client))["user"]["id"] == AGENT_ID
