"""Whatever the transport, the scopes in force are those of the very request's token."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp_types import PromptReference

from audited import lines_of
from desk import text_of
from humans import agree
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.serving.explanation import META_KEY
from team import Team, team

pytestmark = pytest.mark.anyio

CALLERS = {
    "reads": "read",
    "writes": "read tickets:write",
    "people": "users:read",
    "nothing": "",
}
WAYS = [
    pytest.param({"mode": "auto"}, id="2026-07-28"),
    pytest.param({"mode": "legacy"}, id="session"),
    pytest.param({"mode": "legacy", "sse": True}, id="sse"),
]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Team]:
    flags = {
        "scopes": "read tickets:write",
        "audit_log": tmp_path / "audit.jsonl",
        "writes_per_session": 2,
    }
    async with team({"demo": flags}, callers=CALLERS, sse=True) as running:
        yield running


async def offered(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


async def refused(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert result.is_error, text_of(result)
    return dict((result.meta or {})[META_KEY])


async def answered(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return dict(json.loads(text_of(result)))


@pytest.mark.parametrize("way", WAYS)
async def test_callers_see_and_call_different_tools(served: Team, way: dict[str, Any]) -> None:
    async with (
        served.client("reads", **way) as reads,
        served.client("writes", **way) as writes,
        served.client("people", **way) as people,
        served.client("nothing", **way) as nothing,
    ):
        assert "update_ticket" in await offered(writes)
        assert "update_ticket" not in await offered(reads)
        assert "get_ticket" in await offered(reads)
        assert "get_ticket" not in await offered(people)
        assert "get_user" in await offered(people)
        assert await offered(nothing) == {"check_connection"}
        error = await refused(reads, "update_ticket", ticket_id=OPEN_TICKET, priority="low")
        assert (error["kind"], error["details"]["lacking"]) == ("scope_missing", ["caller"])
        await answered(writes, "update_ticket", ticket_id=OPEN_TICKET, priority="low")
        await refused(people, "get_ticket", ticket_id=OPEN_TICKET)
    assert [one.method for one in served.sandbox.requests].count("PUT") == 1


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_said_of_the_workspace_is_said_to_the_caller(
    served: Team, way: dict[str, Any]
) -> None:
    async with served.client("reads", **way) as reads, served.client("writes", **way) as writes:
        told = await answered(reads, "check_connection")
        assert "tickets:write" not in told["scopes"]["effective"]
        assert "update_ticket" in {one["name"] for one in told["hidden_tools"]}
        assert "no tool here changes anything" in (reads.instructions or "")
        assert "and change" in (writes.instructions or "")


@pytest.mark.parametrize("way", WAYS)
async def test_prompts_resources_and_completions_follow_the_caller(
    served: Team, way: dict[str, Any]
) -> None:
    async with served.client("reads", **way) as reads, served.client("people", **way) as people:
        assert {one.name for one in (await reads.list_prompts()).prompts} >= {"triage_view"}
        assert not (await people.list_prompts()).prompts
        with pytest.raises(MCPError, match="no prompt"):
            await people.get_prompt("triage_view", {"view": "Mine"})
        templates = (await people.list_resource_templates()).resource_templates
        assert [one.name for one in templates] == ["users"]
        await reads.read_resource(f"zendesk://tickets/{OPEN_TICKET}")
        with pytest.raises(MCPError, match="scope"):
            await people.read_resource(f"zendesk://tickets/{OPEN_TICKET}")
        view = PromptReference(name="triage_view")
        argument = {"name": "view", "value": ""}
        assert (await reads.complete(view, argument)).completion.values
        with pytest.raises(MCPError, match="no prompt"):
            await people.complete(view, argument)


async def test_another_token_within_a_session_counts_from_its_first_request_on(
    served: Team,
) -> None:
    """The same caller, narrowed by a new token: what the session began with is nothing."""
    served.tokens.give("wide", "read tickets:write", name="anna")
    served.tokens.give("narrow", "users:read", name="anna")
    http = httpx2.AsyncClient(headers={"Authorization": "Bearer wide"}, timeout=30)
    async with served.client(http=http, mode="legacy") as anna:
        assert "update_ticket" in await offered(anna)
        http.headers["Authorization"] = "Bearer narrow"
        assert "update_ticket" not in await offered(anna)
        await refused(anna, "get_ticket", ticket_id=OPEN_TICKET)
        http.headers["Authorization"] = "Bearer wide"
        await answered(anna, "get_ticket", ticket_id=OPEN_TICKET)


async def test_a_session_is_its_callers_alone(served: Team) -> None:
    http = httpx2.AsyncClient(headers={"Authorization": "Bearer writes"}, timeout=30)
    async with served.client(http=http, mode="legacy") as writes:
        await offered(writes)
        http.headers["Authorization"] = "Bearer reads"
        with pytest.raises(MCPError, match=r"(?i)session"):
            await offered(writes)
        http.headers["Authorization"] = "Bearer writes"


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_callers_on_one_connection_are_kept_apart(served: Team, mode: str) -> None:
    """As a proxy does it: one connection, request by request another caller's."""
    limits = httpx2.Limits(max_connections=4, max_keepalive_connections=4)
    shared = httpx2.AsyncHTTPTransport(limits=limits)

    class Kept(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return await shared.handle_async_request(request)

    def through(token: str) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(headers=headers, transport=Kept(), timeout=30)

    async with (
        shared,
        served.client(http=through("reads"), mode=mode) as reads,
        served.client(http=through("writes"), mode=mode) as writes,
    ):
        for _ in range(5):
            assert "update_ticket" not in await offered(reads)
            assert "update_ticket" in await offered(writes)
            await refused(reads, "update_ticket", ticket_id=OPEN_TICKET, priority="low")


async def test_many_callers_at_once_get_each_their_own(served: Team) -> None:
    seen: list[tuple[str, bool]] = []

    async def look(token: str, mode: str) -> None:
        async with served.client(token, mode=mode) as client:
            for _ in range(3):
                may = "update_ticket" in await offered(client)
                seen.append((token, may))

    async with anyio.create_task_group() as tasks:
        for token in ("reads", "writes") * 4:
            for mode in ("legacy", "2026-07-28"):
                tasks.start_soon(look, token, mode)
    assert len(seen) == 48
    assert set(seen) == {("reads", False), ("writes", True)}


async def test_the_audit_names_the_caller_and_the_program_apart(
    served: Team, tmp_path: Path
) -> None:
    async with served.client("reads") as reads, served.client("writes", sse=True) as writes:
        await answered(reads, "get_ticket", ticket_id=OPEN_TICKET)
        await answered(writes, "update_ticket", ticket_id=OPEN_TICKET, priority="low")
    calls = [line for line in lines_of(tmp_path / "audit.jsonl") if line["phase"] == "outcome"]
    assert [(one["caller"], one["tool"]) for one in calls] == [
        ("reads", "get_ticket"),
        ("writes", "update_ticket"),
    ]
    assert {one["client"] for one in calls} == {"mcp"}


async def test_ceilings_count_each_caller_apart(served: Team) -> None:
    served.tokens.give("second", "read tickets:write")
    async with served.client("writes") as writes, served.client("second") as second:
        for priority in ("low", "high"):
            await answered(writes, "update_ticket", ticket_id=OPEN_TICKET, priority=priority)
        error = await refused(writes, "update_ticket", ticket_id=OPEN_TICKET, priority="low")
        assert error["details"]["setting"] == "writes_per_session"
        await answered(second, "update_ticket", ticket_id=OPEN_TICKET, priority="low")


async def test_a_yes_is_its_callers_own() -> None:
    """Two people may each have the same ticket made; neither has it made twice by one yes."""
    made = {"subject": "Door", "body": "It is stuck.", "requester_id": 0, "public": True}
    async with team(
        {"demo": {"scopes": "read tickets:write"}},
        callers={"anna": "read tickets:write", "ben": "read tickets:write"},
    ) as served:
        me = next(
            user for user in served.sandbox.store.users.values() if user["role"] == "end-user"
        )
        made["requester_id"] = me["id"]
        async with (
            served.client("anna", elicitation_callback=agree) as anna,
            served.client("ben", elicitation_callback=agree) as ben,
        ):
            await answered(anna, "create_ticket", **made)
            error = await refused(anna, "create_ticket", **made)
            assert error["outcome"] == "not_applied"
            await answered(ben, "create_ticket", **made)
        sent = [one for one in served.sandbox.requests if one.method == "POST"]
        assert len(sent) == 2


async def test_a_sealed_question_is_no_good_to_another_caller() -> None:
    callers = {"anna": "read tickets:write", "ben": "read tickets:write"}
    async with team({"demo": {"scopes": "read tickets:write"}}, callers=callers) as served:
        http = httpx2.AsyncClient(headers={"Authorization": "Bearer anna"}, timeout=30)

        async def handed_on(context: Any, params: Any) -> Any:
            http.headers["Authorization"] = "Bearer ben"
            return await agree(context, params)

        async with served.client(
            http=http, mode="2026-07-28", elicitation_callback=handed_on
        ) as client:
            with pytest.raises(MCPError):
                await client.call_tool(
                    "reply_to_ticket", {"ticket_id": OPEN_TICKET, "body": "Hello"}
                )
        assert not [one for one in served.sandbox.requests if one.method in {"PUT", "POST"}]


async def test_what_was_granted_is_announced_whoever_called_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The one who calls first is not the measure of what the list was."""
    caplog.set_level(logging.ERROR)
    async with team({"demo": {}}, callers=CALLERS) as served:
        async with served.client("nothing") as nothing:
            await answered(nothing, "check_connection")
        async with served.client("reads") as reads:
            assert "get_ticket" in await offered(reads)
    assert not caplog.records
