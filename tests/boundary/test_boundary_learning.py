"""What the token was granted is learned once, beside the first call, and told to every client."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.subscriptions import ToolsListChanged

from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.connection import access
from mcp_server_zendesk.sandbox import Sandbox

pytestmark = pytest.mark.anyio


def hears(client: Client) -> anyio.Event:
    """Set once the client is told that the list of tools has changed."""
    announced = anyio.Event()

    async def hear(message: Any) -> None:
        if "list_changed" in str(getattr(message, "method", "")):
            announced.set()

    client.session._message_handler = hear
    return announced


def narrow() -> dict[str, Any]:
    sandbox = Sandbox()
    return {"sandbox": sandbox, "token": sandbox.token(scopes=("read",)), "scopes": "read write"}


async def test_whatever_goes_wrong_in_learning_the_server_lives(
    open_workspace: OpenWorkspace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_: object) -> None:
        raise FileNotFoundError("no certificates there")

    monkeypatch.setattr(access, "granted_scopes", broken)
    async with open_workspace() as desk:
        await desk.ask("get_user", user="me")
        await anyio.wait_all_tasks_blocked()
        await desk.ask("get_user", user="me")
    (logged,) = [r for r in caplog.records if "granted scopes" in r.getMessage() and r.exc_info]
    assert logged.levelno == logging.ERROR


async def test_calls_that_arrive_together_learn_once(
    open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = 0
    learn = access.Access.learn_granted

    async def counted(self: access.Access) -> None:
        nonlocal started
        started += 1
        await learn(self)

    monkeypatch.setattr(access.Access, "learn_granted", counted)
    async with open_workspace() as desk, anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(desk.client.call_tool, "get_user", {"user": "me"})
    assert started == 1


async def _shrinks(desk: Workspace, *clients: Client) -> None:
    told = [hears(client) for client in clients]
    for client in clients:
        await client.list_tools()
    await desk.ask("get_user", user="me")
    with anyio.fail_after(5):
        for announced in told:
            await announced.wait()


async def test_a_shorter_list_is_told_to_who_only_listed(open_workspace: OpenWorkspace) -> None:
    async with (
        open_workspace(**narrow(), mode="legacy") as desk,
        Client(desk.server, mode="legacy") as other,
    ):
        await _shrinks(desk, desk.client, other)


async def test_a_client_that_has_gone_does_not_silence_the_others(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**narrow(), mode="legacy") as desk:
        async with Client(desk.server, mode="legacy") as gone:
            await gone.list_tools()
        await _shrinks(desk, desk.client)


async def test_todays_clients_are_told_by_their_subscription(open_workspace: OpenWorkspace) -> None:
    async with (
        open_workspace(**narrow(), mode="2026-07-28") as desk,
        desk.client.listen(tools_list_changed=True) as changes,
    ):
        await desk.ask("get_user", user="me")
        with anyio.fail_after(5):
            assert isinstance(await anext(aiter(changes)), ToolsListChanged)


async def test_sessions_are_forgotten_once_the_scopes_are_known(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(mode="legacy") as desk:
        for _ in range(3):
            await desk.client.list_tools()
        assert len(desk.server._announcer._listeners) == 1
        await desk.ask("get_user", user="me")
        await anyio.wait_all_tasks_blocked()
        await desk.client.list_tools()
        assert not desk.server._announcer._listeners
