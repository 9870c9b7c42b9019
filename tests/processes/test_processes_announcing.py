"""A shorter list of tools reaches every client over real connections."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
import uvicorn
from mcp import Client

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.serving.server import ZendeskServer

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(server: ZendeskServer) -> AsyncIterator[str]:
    """The address of a server over streamable HTTP, in this process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        http = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_config=None))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(http.serve, [listening])
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
            http.should_exit = True


def hears(client: Client) -> anyio.Event:
    announced = anyio.Event()

    async def hear(message: Any) -> None:
        if "list_changed" in str(getattr(message, "method", "")):
            announced.set()

    client.session._message_handler = hear
    return announced


async def test_two_older_clients_over_http_are_both_told(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=("read",))
    async with (
        open_workspace(sandbox=sandbox, token=token, scopes="read write") as desk,
        served(desk.server) as url,
        Client(url, mode="legacy") as one,
        Client(url, mode="legacy") as other,
    ):
        told = [hears(one), hears(other)]
        await other.list_tools()
        await one.call_tool("get_user", {"user": "me"})
        with anyio.fail_after(10):
            for announced in told:
                await announced.wait()
        assert "update_ticket" not in [tool.name for tool in (await other.list_tools()).tools]
