"""Each caller's share of a server, as its clients notice it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp import Client

from calling import calling_as
from desk import Workspace
from mcp_server_zendesk.connection.places import AT_ONCE
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.workspace import build_server, team_of

pytestmark = pytest.mark.anyio

USER = {"user": {"id": 1, "name": "A"}}


@dataclass
class Ground:
    """A server with limits of callers, whose time passes only by waiting."""

    desk: Workspace
    client: Client
    slept: list[float]
    told: list[str] = field(default_factory=list)

    async def call(self, caller: str) -> dict[str, Any] | None:
        """A call of a caller; how it was refused, where it was."""
        with calling_as(caller):
            result = await self.client.call_tool(
                "get_user", {"user": "me"}, progress_callback=self.hear
            )
        return (result.meta or {})[META_KEY] if result.is_error else None

    async def hear(self, progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        self.told.append(message or "")


@asynccontextmanager
async def opened(
    transport: httpx.AsyncBaseTransport | None = None, *, time_passes: bool = True, **limits: int
) -> AsyncIterator[Ground]:
    slept: list[float] = []
    sandbox = Sandbox()

    async def sleep(seconds: float) -> None:
        if not time_passes:
            await anyio.sleep_forever()
        slept.append(seconds)
        await anyio.lowlevel.checkpoint()

    def clock() -> float:
        return sum(slept)

    team = team_of(ServerSettings.model_validate(limits), sleep=sleep, clock=clock)
    server = build_server(
        embedded_settings({"scopes": "read tickets:write"}),
        transport=transport or httpx.ASGITransport(app=sandbox),
        sleep=sleep,
        clock=clock,
        team=team,
    )
    server._access.clock = clock
    server._access.granted_known = True
    async with team.running(), server.running(), Client(server) as client:
        yield Ground(Workspace(sandbox, server, client, slept), client, slept)


class Slow(httpx.AsyncBaseTransport):
    """A Zendesk that answers when a test lets it, and notes how much it was asked at a time."""

    def __init__(self) -> None:
        self.go = anyio.Event()
        self.under_way = self.most = self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.go.wait()
        await anyio.lowlevel.checkpoint()
        self.under_way -= 1
        return httpx.Response(200, json=USER, request=request)


async def test_calls_beyond_those_at_a_time_wait_and_are_all_answered() -> None:
    zendesk = Slow()
    refused: list[object] = []
    async with opened(zendesk, time_passes=False, calls_at_once=3) as ground:

        async def call() -> None:
            refused.append(await ground.call("ann"))

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            zendesk.go.set()
    assert refused == [None] * 20
    assert (zendesk.asked, zendesk.most) == (20, 3)
    assert ground.told


async def test_a_call_that_waits_too_long_is_told_whose_limit_it_is() -> None:
    zendesk = Slow()
    async with opened(zendesk, calls_at_once=1) as ground:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ground.call, "ann")
            await anyio.wait_all_tasks_blocked()
            told = await ground.call("ann")
            assert zendesk.asked == 1, "nothing was sent for it"
            zendesk.go.set()
        assert await ground.call("ann") is None, "the place is free again"
    assert told is not None
    assert told["kind"] == "rate_limited"
    assert told["details"] == {"limit": "calls_at_once", "allowed": 1}
    assert "not Zendesk's" in told["message"]
    assert told["retryable"]
    assert 30 <= sum(ground.slept) <= 50, "within the time of a call"
    assert any("Waiting for this caller's other calls" in words for words in ground.told)


async def test_a_call_that_is_cancelled_in_the_queue_takes_nobodys_turn() -> None:
    zendesk = Slow()
    async with (
        opened(zendesk, time_passes=False, calls_at_once=1) as ground,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(ground.call, "ann")
        await anyio.wait_all_tasks_blocked()
        with anyio.CancelScope() as given_up:
            tasks.start_soon(_cancelled, given_up)
            await ground.call("ann")
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(ground.call, "ann")
        await anyio.wait_all_tasks_blocked()
        zendesk.go.set()
    assert zendesk.asked == 2


async def _cancelled(scope: anyio.CancelScope) -> None:
    await anyio.wait_all_tasks_blocked()
    scope.cancel()


async def test_a_minute_that_is_used_up_is_waited_for_while_that_is_short() -> None:
    async with opened(calls_per_minute=4) as ground:
        for _ in range(4):
            assert await ground.call("ann") is None
            ground.slept.append(10)  # and time passes
        assert await ground.call("ann") is None
        assert sum(ground.slept) == 60
        assert ground.told


async def test_a_minute_that_is_used_up_for_long_is_told_at_once() -> None:
    async with opened(calls_per_minute=2) as ground:
        assert [await ground.call("ann") for _ in range(2)] == [None, None]
        before = len(ground.desk.sent())
        told = await ground.call("ann")
        assert told is not None
        assert told["kind"] == "rate_limited"
        assert told["retry_after_seconds"] == 60
        assert told["details"] == {"limit": "calls_per_minute", "allowed": 2}
        assert len(ground.desk.sent()) == before
        assert await ground.call("bob") is None, "each caller has a share of its own"
        ground.slept.append(60)
        assert await ground.call("ann") is None


async def test_a_refused_call_costs_its_caller_nothing() -> None:
    async with opened(calls_per_minute=1) as ground:
        for _ in range(3):
            assert (await ground.desk.fail("delete_everything"))["kind"] == "unknown_tool"
        await ground.desk.ask("get_user", user="me")


async def test_a_caller_with_hundreds_of_calls_holds_no_other_up() -> None:
    served: list[str] = []
    zendesk = Slow()
    async with opened(zendesk, time_passes=False, calls_at_once=1_000) as ground:

        async def call(caller: str) -> None:
            assert await ground.call(caller) is None
            served.append(caller)

        async with anyio.create_task_group() as tasks:
            for _ in range(300):
                tasks.start_soon(call, "greedy")
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(call, "modest")
            await anyio.wait_all_tasks_blocked()
            zendesk.go.set()
    assert len(served) == 301
    assert served.index("modest") <= 2 * AT_ONCE, "those under way, and one turn"


async def test_limits_that_change_hold_for_the_next_call() -> None:
    async with opened(calls_at_once=1, calls_per_minute=1) as ground:
        fairness = ground.desk.server._fairness
        assert fairness is not None
        assert await ground.call("ann") is None
        assert await ground.call("ann") is not None
        fairness.allowance.per_minute = 100
        assert await ground.call("ann") is None


async def test_a_local_process_has_no_limits_of_callers() -> None:
    server = build_server(embedded_settings({}), transport=httpx.ASGITransport(app=Sandbox()))
    assert server._fairness is None
    await server._access.connection.aclose()
