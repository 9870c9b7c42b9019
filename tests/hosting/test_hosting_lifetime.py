"""How an HTTP server ends: what is under way finishes, what is new is told, nothing is lost."""

from __future__ import annotations

import json
import logging
import signal
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult, ElicitResult

from audited import lines_of
from desk import text_of
from held import Held
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from team import JSON_AND_STREAM, Team, team, until

pytestmark = pytest.mark.anyio

WRITES = {"demo": {"scopes": "read tickets:write"}}
CHANGE = {"ticket_id": OPEN_TICKET, "priority": "low"}
WAYS = [
    pytest.param({"mode": "2026-07-28"}, id="2026-07-28"),
    pytest.param({"mode": "legacy"}, id="session"),
    pytest.param({"mode": "legacy", "sse": True}, id="sse"),
]


async def ended(served: Team) -> None:
    with anyio.fail_after(20):
        await served.ended.wait()


class Call:
    """A call that is under way."""

    def __init__(self, client: Client, tool: str, arguments: dict[str, Any]) -> None:
        self._client, self._tool, self._arguments = client, tool, arguments
        self.result: CallToolResult | None = None
        self.error: MCPError | None = None

    async def __call__(self) -> None:
        try:
            self.result = await self._client.call_tool(self._tool, self._arguments)
        except MCPError as error:
            self.error = error


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_under_way_finishes_and_a_new_one_is_told(way: dict[str, Any]) -> None:
    held = Held(Sandbox())
    async with team(WRITES, sandbox=held.sandbox, transport=held, sse=True) as served:
        async with served.client(**way) as client, anyio.create_task_group() as tasks:
            await client.list_tools()
            call = Call(client, "update_ticket", CHANGE)
            tasks.start_soon(call)
            await held.arrived.wait()
            served.signals.come(signal.SIGTERM)
            await until(lambda: served.doors.closed)
            with pytest.raises(MCPError, match="shut down"):
                await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
            assert not served.ended.is_set()
            held.go.set()
        assert call.result is not None
        assert not call.result.is_error
        await ended(served)
    assert served.lifetime.ended_by == signal.SIGTERM
    assert [one.method for one in held.sandbox.requests].count("PUT") == 1


async def test_the_refusal_of_a_new_call_can_be_tried_elsewhere_at_once() -> None:
    held = Held(Sandbox())
    async with (
        team(WRITES, sandbox=held.sandbox, transport=held) as served,
        served.client() as client,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(Call(client, "update_ticket", CHANGE))
        await held.arrived.wait()
        served.signals.come(signal.SIGINT)
        await until(lambda: served.doors.closed)
        body = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
        async with httpx.AsyncClient(headers=JSON_AND_STREAM, timeout=30) as http:
            answer = await http.post(served.url(), json=body)
            ready = await http.get(f"{served.address}/readyz")
            healthy = await http.get(f"{served.address}/healthz")
        held.go.set()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    told = answer.json()
    assert told["id"] == 7
    assert told["error"]["data"] == {
        "outcome": "not_applied",
        "retryable": True,
        "retry_after_seconds": 1,
    }
    assert (ready.status_code, healthy.status_code) == (503, 200)


async def test_while_it_drains_it_serves_and_says_that_it_is_not_ready() -> None:
    async with team(settings={"drain_seconds": 600}) as served:
        served.signals.come(signal.SIGTERM)
        async with httpx.AsyncClient(timeout=30) as http, served.client() as client:
            await until(lambda: served.doors.draining)
            ready = await http.get(f"{served.address}/readyz")
            assert ready.status_code == 503
            assert ready.json()["draining"] is True
            result = await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
            assert not result.is_error
        served.signals.come(signal.SIGTERM)
        await ended(served)


async def test_an_older_client_can_still_answer_the_question_of_its_call() -> None:
    asked, answer = anyio.Event(), anyio.Event()

    async def human(_: Any, __: Any) -> ElicitResult:
        asked.set()
        await answer.wait()
        return ElicitResult(action="accept", content={"agree": True})

    async with team(WRITES) as served:
        async with (
            served.client(mode="legacy", elicitation_callback=human) as client,
            anyio.create_task_group() as tasks,
        ):
            reply = {"ticket_id": OPEN_TICKET, "body": "It is on its way."}
            call = Call(client, "reply_to_ticket", reply)
            tasks.start_soon(call)
            await asked.wait()
            served.signals.come(signal.SIGTERM)
            await until(lambda: served.doors.closed)
            answer.set()
        assert call.result is not None
        assert not call.result.is_error, text_of(call.result)


async def test_what_does_not_finish_in_time_is_ended_and_written_down(tmp_path: Path) -> None:
    held = Held(Sandbox())
    file = tmp_path / "audit.jsonl"
    flags = {**WRITES["demo"], "audit_log": file}
    settings = {"finish_seconds": 0}
    async with (
        team({"demo": flags}, sandbox=held.sandbox, transport=held, settings=settings) as served,
        served.client() as client,
        anyio.create_task_group() as tasks,
    ):
        call = Call(client, "update_ticket", CHANGE)
        tasks.start_soon(call)
        await held.arrived.wait()
        served.signals.come(signal.SIGTERM)
        await ended(served)
    assert call.result is None
    assert call.error is not None
    last = [line for line in lines_of(file) if line["phase"] == "outcome"][-1]
    assert (last["kind"], last["outcome"]) == ("cancelled", "unknown")


async def test_streams_of_news_hold_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with (
        team(sse=True) as served,
        served.client(mode="legacy") as older,
        served.client(mode="legacy", sse=True) as oldest,
        served.client(mode="2026-07-28") as today,
        today.listen(tools_list_changed=True),
    ):
        await older.list_tools()
        await oldest.list_tools()
        served.signals.come(signal.SIGTERM)
        with anyio.fail_after(5):
            await served.ended.wait()
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR], caplog.text


async def test_health_tells_numbers_alone() -> None:
    async with (
        team({"one": {}, "two": {"wrong": True}}, several=True) as served,
        httpx.AsyncClient(timeout=30) as http,
    ):
        ready = await http.get(f"{served.address}/readyz")
    assert json.loads(ready.text) == {
        "ready": True,
        "draining": False,
        "workspaces": 1,
        "failed_workspaces": 1,
    }
