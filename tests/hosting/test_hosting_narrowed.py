"""A policy that is narrowed while a call is on its way holds for that call too."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp_types import ElicitResult

from held import Held
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.serving.explanation import META_KEY
from team import Team, team, until

pytestmark = pytest.mark.anyio

WRITES = {"scopes": "read tickets:write"}
REPLY = {"ticket_id": OPEN_TICKET, "body": "Soon."}
CHANGE = {"ticket_id": OPEN_TICKET, "priority": "low"}

NARROWER = [
    ({"read_only": True}, "read_only"),
    ({"scopes": "read"}, "scope_missing"),
    ({"exclude_tools": "reply_to_ticket,update_ticket"}, "unknown_tool"),
    ({"allow_effects": "read"}, "policy_refused"),
]


def written(served: Team) -> int:
    return sum(one.method != "GET" for one in served.sandbox.requests)


@pytest.mark.parametrize(("flags", "kind"), NARROWER)
async def test_while_a_human_thinks(flags: dict[str, Any], kind: str) -> None:
    async with team({"demo": dict(WRITES)}) as served:

        async def agree_too_late(*_: Any) -> ElicitResult:
            served.source.workspaces["demo"] |= flags
            assert await served.reloader.reload()
            return ElicitResult(action="accept", content={"agree": True})

        async with served.client(mode="legacy", elicitation_callback=agree_too_late) as client:
            refused = await client.call_tool("reply_to_ticket", REPLY)
        assert (refused.meta or {})[META_KEY]["kind"] == kind
        assert written(served) == 0


@pytest.mark.parametrize(("flags", "kind"), [*NARROWER, ({"redact": "cards"}, None)])
async def test_while_a_call_waits_for_its_turn(flags: dict[str, Any], kind: str | None) -> None:
    held = Held(Sandbox(), method="GET")
    async with (
        team(
            {"demo": dict(WRITES)},
            sandbox=held.sandbox,
            transport=held,
            callers={"anna": "read tickets:write"},
            settings={"calls_at_once": 1},
        ) as served,
        served.client("anna") as client,
        anyio.create_task_group() as tasks,
    ):
        results: dict[str, Any] = {}

        async def call(tool: str, arguments: dict[str, Any]) -> None:
            results[tool] = await client.call_tool(tool, arguments)

        tasks.start_soon(call, "get_ticket", {"ticket_id": OPEN_TICKET})
        await held.arrived.wait()
        server = served.workspaces[0].server
        assert server is not None
        tasks.start_soon(call, "update_ticket", CHANGE)
        fairness = server._fairness
        assert fairness is not None
        await until(lambda: any(queue.waiting for queue in fairness._queues.values()))
        served.source.workspaces["demo"] |= flags
        assert await served.reloader.reload()
        held.go.set()
        await until(lambda: len(results) == 2)
        assert not results["get_ticket"].is_error
        told = (results["update_ticket"].meta or {}).get(META_KEY, {})
        assert told.get("kind") == kind
        assert written(served) == (kind is None)


async def test_a_guard_that_may_not_look_with_its_callers_scopes_says_which_the_caller_lacks() -> (
    None
):
    flags = {**WRITES, "allow_groups": "Support"}
    callers = {"anna": "tickets:read tickets:write"}
    async with team({"demo": flags}, callers=callers) as served, served.client("anna") as client:
        refused = await client.call_tool("update_ticket", CHANGE)
        told = (refused.meta or {})[META_KEY]
        assert told["kind"] == "scope_missing"
        assert told["details"]["lacking"] == ["caller"]
        assert told["details"]["missing"] == [["groups:read"]]
        assert "allow_groups" not in told["hint"]  # nobody is to be asked to loosen it
        assert written(served) == 0
