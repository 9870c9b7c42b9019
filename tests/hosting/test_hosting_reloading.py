"""A changed configuration is taken up while sessions stay; a mistake is told and left."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.subscriptions import ToolsListChanged
from mcp_types import ServerNotification

from desk import text_of
from held import Held
from hosting.making import made
from humans import agree
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.hosting.authentication import Authentication
from mcp_server_zendesk.hosting.reloading import Reloader
from mcp_server_zendesk.hosting.tokens_file import remove_token
from mcp_server_zendesk.hosting.verifying import TokenRefused
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving import announcing
from mcp_server_zendesk.serving.explanation import META_KEY
from team import Team, team, until

pytestmark = pytest.mark.anyio

WRITES = {"scopes": "read tickets:write"}
CHANGE = {"ticket_id": OPEN_TICKET, "priority": "low"}


async def names(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools}


def edit(served: Team, workspace: str = "demo", **flags: Any) -> None:
    served.source.workspaces[workspace] |= flags


@pytest.mark.parametrize("sse", [False, True], ids=["session", "sse"])
async def test_a_narrower_policy_holds_in_sessions_that_go_on(*, sse: bool) -> None:
    told = anyio.Event()

    async def hear(message: Any) -> None:
        if isinstance(message, ServerNotification) or "list_changed" in str(
            getattr(message, "method", "")
        ):
            told.set()

    async with (
        team({"demo": dict(WRITES)}, sse=sse) as served,
        served.client(mode="legacy", sse=sse, message_handler=hear) as client,
    ):
        assert "update_ticket" in await names(client)
        assert not (await client.call_tool("update_ticket", CHANGE)).is_error
        edit(served, read_only=True, redact="cards")
        assert await served.reloader.reload()
        with anyio.fail_after(5):
            await told.wait()
        assert "update_ticket" not in await names(client)
        refused = await client.call_tool("update_ticket", CHANGE)
        assert (refused.meta or {})[META_KEY]["kind"] == "read_only"


async def test_todays_clients_hear_of_it_by_their_subscription() -> None:
    async with (
        team({"demo": dict(WRITES)}) as served,
        served.client() as client,
        client.listen(tools_list_changed=True) as changes,
    ):
        edit(served, exclude_tools="update_ticket")
        assert await served.reloader.reload()
        with anyio.fail_after(5):
            assert isinstance(await anext(aiter(changes)), ToolsListChanged)
        assert "update_ticket" not in await names(client)


async def test_wider_scopes_and_who_asks_the_human_are_taken_up() -> None:
    async with (
        team({"demo": {"scopes": "read"}}) as served,
        served.client() as client,
        served.client(elicitation_callback=agree) as asked,
    ):
        assert "reply_to_ticket" not in await names(client)
        edit(served, scopes="read tickets:write")
        assert await served.reloader.reload()
        reply = {"ticket_id": OPEN_TICKET, "body": "Soon."}
        refused = await client.call_tool("reply_to_ticket", reply)
        assert (refused.meta or {})[META_KEY]["kind"] == "confirmation_unavailable"
        assert not (await asked.call_tool("reply_to_ticket", reply)).is_error
        edit(served, confirm="client")
        assert await served.reloader.reload()
        result = await client.call_tool("reply_to_ticket", {**reply, "body": "Very soon."})
        assert not result.is_error, text_of(result)


async def test_a_mistake_leaves_what_was_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    flags = {"one": dict(WRITES), "two": dict(WRITES)}
    async with team(flags, several=True) as served, served.client(prefix="/one") as client:
        edit(served, "one", tools="updat_ticket", read_only=True)
        edit(served, "two", read_only=True)
        assert not await served.reloader.reload()
        assert "update_ticket" in await names(client)
        async with served.client(prefix="/two") as other:
            assert "update_ticket" not in await names(other)
    (kept,) = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert "the workspace one" in kept
    assert "stays as it was" in kept
    assert "update_ticket" in kept


async def test_what_needs_a_restart_is_told_and_left(caplog: pytest.LogCaptureFixture) -> None:
    async with team({"demo": dict(WRITES)}) as served, served.client() as client:
        edit(served, subdomain="another", exclude_tools="get_ticket")
        served.source.settings = ServerSettings(port=0, finish_seconds=10, stateless=True)
        assert not await served.reloader.reload()
        assert "get_ticket" not in await names(client)
        assert not (await client.call_tool("get_user", {"user": "me"})).is_error
    told = [one.getMessage() for one in caplog.records if "restart" in one.getMessage()]
    assert told == [
        "For the HTTP server a restart is needed to change stateless",
        "For the workspace demo a restart is needed to change subdomain",
    ]


async def test_counts_and_calls_under_way_outlive_a_reload() -> None:
    held = Held(Sandbox())
    flags = {**WRITES, "writes_per_session": 2}
    async with (
        team({"demo": flags}, sandbox=held.sandbox, transport=held) as served,
        served.client() as client,
        anyio.create_task_group() as tasks,
    ):
        results: list[Any] = []

        async def change() -> None:
            results.append(await client.call_tool("update_ticket", CHANGE))

        tasks.start_soon(change)
        await held.arrived.wait()
        for limit in (None, 3):
            edit(served, writes_per_session=limit)
            assert await served.reloader.reload()
        held.go.set()
        await until(lambda: bool(results))
        assert not results[0].is_error
        again = {"ticket_id": OPEN_TICKET, "priority": "high"}
        for _ in range(2):
            assert not (await client.call_tool("update_ticket", again)).is_error
        refused = await client.call_tool("update_ticket", again)
        assert (refused.meta or {})[META_KEY]["details"]["setting"] == "writes_per_session"


async def test_a_workspace_that_failed_is_served_once_it_is_mended() -> None:
    flags: dict[str, dict[str, Any]] = {"one": {}, "two": {"wrong": True}}
    async with team(flags, several=True) as served:
        assert not await served.reloader.reload()
        del served.source.workspaces["two"]["wrong"]
        assert await served.reloader.reload()
        async with served.client(prefix="/two") as client:
            assert "get_ticket" in await names(client)


async def test_other_parts_take_the_settings_up_or_keep_theirs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken: list[int | None] = []

    def limits(settings: ServerSettings) -> None:
        taken.append(settings.calls_per_minute)

    def broken(_: ServerSettings) -> None:
        raise ConfigurationError("the file is gone")

    parts = [("the proxy", broken), ("callers' limits", limits)]
    async with team(parts=parts) as served:
        served.source.settings = ServerSettings(port=0, finish_seconds=10, calls_per_minute=9)
        assert not await served.reloader.reload()
    assert taken == [9]
    assert "the proxy, where all stays as it was: the file is gone" in caplog.text


async def test_what_the_server_goes_by_anew_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with team() as served:
        served.source.settings = ServerSettings(port=0, finish_seconds=10, calls_per_minute=9)
        for _ in range(2):
            assert await served.reloader.reload()
    assert caplog.text.count("The HTTP server goes by its new calls_per_minute") == 1


async def test_a_token_is_taken_back_although_the_settings_have_a_mistake(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "tokens.json"
    made(file, "alice")
    bob = made(file, "bob")
    known = Authentication(ServerSettings(tokens_file=file))
    verifier = known.verifier_of("demo", known.resource("https://mcp.example.com/mcp"))

    def wrong() -> ServerSettings:
        raise ConfigurationError("a test made it wrong")

    async with team() as served:
        reloader = Reloader(
            served.workspaces,
            served.source.settings,
            wrong,
            tokens=known.reload,
            start=served.lifetime.start,
        )
        await verifier.verify(bob)
        remove_token(file, "bob")
        assert not await reloader.reload()
        with pytest.raises(TokenRefused):
            await verifier.verify(bob)
        assert "1 static token is known now: 0 new or changed, 1 gone" in caplog.text
        remove_token(file, "alice")
        assert not await reloader.reload()
        file.unlink()
        assert not await reloader.reload()
    (none,) = [one for one in caplog.records if "0 static tokens" in one.getMessage()]
    assert none.levelno == logging.WARNING
    assert "callers' tokens, where all stays as it was: tokens_file:" in caplog.text


async def test_a_signal_reloads() -> None:
    async with team({"demo": dict(WRITES)}) as served, served.client() as client:
        edit(served, read_only=True)
        served.signals.come(signal.SIGHUP)
        server = served.workspaces[0].server
        assert server is not None
        await until(lambda: server.offers.inventory.policy.read_only)
        assert "update_ticket" not in await names(client)


async def test_who_has_been_silent_for_longest_is_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announcing, "_MOST_LISTENERS", 2)
    async with (
        team({"demo": dict(WRITES)}) as served,
        served.client(mode="legacy") as first,
        served.client(mode="legacy") as second,
        served.client(mode="legacy") as third,
    ):
        server = served.workspaces[0].server
        assert server is not None
        for client in (first, second, first, third):
            await names(client)
        before = set(server._announcer._listeners)
        await names(first)
        assert len(before) == 2
        assert set(server._announcer._listeners) == before  # it was one of those


async def test_analytics_is_switched_on_and_off_while_sessions_stay(tmp_path: Path) -> None:
    tools = {"sync_tickets", "query_tickets", "ticket_report"}
    async with (
        team({"demo": dict(WRITES)}) as served,
        served.client() as client,
        client.listen(tools_list_changed=True) as changes,
    ):
        told = aiter(changes)
        assert not tools & await names(client)
        edit(served, analytics=True, analytics_folder=str(tmp_path))
        assert await served.reloader.reload()
        with anyio.fail_after(5):
            assert isinstance(await anext(told), ToolsListChanged)
        assert tools <= await names(client)
        refused = await client.call_tool("ticket_report", {"report": "volume"})
        assert (refused.meta or {})[META_KEY]["kind"] == "not_configured"
        edit(served, retention_days=30, analytics_keep="texts")
        assert await served.reloader.reload()
        server = served.workspaces[0].server
        assert server is not None
        local = server.offers.inventory.policy.analytics
        assert local is not None
        assert (local.retention_days, local.keep) == (30, "texts")
        edit(served, analytics=False)
        assert await served.reloader.reload()
        with anyio.fail_after(5):
            assert isinstance(await anext(told), ToolsListChanged)
        assert not tools & await names(client)
        refused = await client.call_tool("ticket_report", {"report": "volume"})
        assert refused.is_error
    assert not [*os.scandir(tmp_path)], "a switch makes no store"
