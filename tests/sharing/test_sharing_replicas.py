"""Two servers of one workspace, as an assistant and its user notice them."""

from __future__ import annotations

import sys

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult

from calling import calling_as
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.guarding.ceilings import Ceilings
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET, REQUESTER_ID
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.workspace import team_of
from sharing.servers import STATE_KEY, Replica, replicas
from stores import RedisServer, needs_redis

pytestmark = [pytest.mark.anyio, pytest.mark.redis, needs_redis]

NEW_TICKET = {"subject": "s", "body": "b", "requester_id": REQUESTER_ID, "public": True}


@pytest.fixture(autouse=True)
def empty(redis: RedisServer) -> None:
    redis.empty()


def writes(sandbox: Sandbox) -> int:
    return sum(request.method != "GET" for request in sandbox.requests)


async def test_a_question_of_one_replica_is_answered_at_another(redis: RedisServer) -> None:
    async with replicas(redis) as (one, other):
        asked = await one.question("create_ticket", **NEW_TICKET)
        done = await other.answered(asked, "create_ticket", **NEW_TICKET)
        assert isinstance(done, CallToolResult)
        assert not done.is_error
        assert writes(one.sandbox) == 1


async def test_a_yes_that_reaches_two_replicas_at_once_is_acted_on_once(
    redis: RedisServer,
) -> None:
    kinds: list[str] = []
    async with replicas(redis) as (one, other):
        asked = await one.question("create_ticket", **NEW_TICKET)

        async def answer(replica: Replica) -> None:
            done = await replica.answered(asked, "create_ticket", **NEW_TICKET)
            assert isinstance(done, CallToolResult)
            kinds.append((done.meta or {})[META_KEY]["kind"] if done.is_error else "done")

        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(answer, (one, other)[number % 2])
        assert sorted(kinds) == [*["conflict"] * 7, "done"]
        assert writes(one.sandbox) == 1


async def test_the_same_said_by_two_callers_is_meant_by_both(redis: RedisServer) -> None:
    async with replicas(redis) as (one, other):
        for caller, replica in (("ann", one), ("bob", other)):
            with calling_as(caller):
                asked = await replica.question("create_ticket", **NEW_TICKET)
                done = await replica.answered(asked, "create_ticket", **NEW_TICKET)
            assert isinstance(done, CallToolResult)
            assert not done.is_error
        assert writes(one.sandbox) == 2


async def test_a_question_of_another_workspace_or_caller_is_not_answered_here(
    redis: RedisServer,
) -> None:
    async with replicas(redis, 1) as (one,):
        with calling_as("ann"):
            asked = await one.question("create_ticket", **NEW_TICKET)
        with calling_as("bob"), pytest.raises(MCPError, match="Invalid or expired"):
            await one.answered(asked, "create_ticket", **NEW_TICKET)
        one.server._access.workspace = "other"
        async with replicas(redis, 1, server={"state_keys": "other" + STATE_KEY}) as (stranger,):
            with calling_as("ann"), pytest.raises(MCPError, match="Invalid or expired"):
                await stranger.answered(asked, "create_ticket", **NEW_TICKET)
        assert writes(one.sandbox) == 0


async def test_a_ceiling_of_writes_holds_for_the_replicas_together(redis: RedisServer) -> None:
    kinds: list[str] = []
    async with replicas(redis, writes_per_minute=3) as both:

        async def note(number: int) -> None:
            result = await both[number % 2].client.call_tool(
                "add_internal_note", {"ticket_id": OPEN_TICKET, "body": f"N{number}"}
            )
            kinds.append((result.meta or {})[META_KEY]["kind"] if result.is_error else "done")

        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(note, number)
        assert sorted(kinds) == [*["done"] * 3, *["rate_limited"] * 7]
        assert writes(both[0].sandbox) == 3


async def test_a_ceiling_that_comes_while_they_run_holds_for_them_together(
    redis: RedisServer,
) -> None:
    async with replicas(redis) as both:
        for replica in both:
            access = replica.server._access
            access.guard = Guard(ceilings=Ceilings(per_minute=3)).succeeding(access.guard)
        for number in range(3):
            await both[number % 2].ask("add_internal_note", ticket_id=OPEN_TICKET, body="x")
        for replica in both:
            error = await replica.fail("add_internal_note", ticket_id=OPEN_TICKET, body="x")
            assert error["kind"] == "rate_limited"
            access = replica.server._access
            access.guard = Guard().succeeding(access.guard)
            await replica.ask("add_internal_note", ticket_id=OPEN_TICKET, body="x")


async def test_a_callers_minute_holds_for_the_replicas_together(redis: RedisServer) -> None:
    async with replicas(redis, server={"calls_per_minute": 2}) as (one, other):
        for replica in (one, other):
            await replica.ask("get_user", user="me")
        error = await other.fail("get_user", user="me")
        assert error["details"] == {"limit": "calls_per_minute", "allowed": 2}


async def test_a_limit_that_one_replica_met_the_other_does_not_run_into(
    redis: RedisServer,
) -> None:
    async with replicas(redis) as (one, other):
        used_up = {"ratelimit-limit": "700", "ratelimit-remaining": "0", "ratelimit-reset": "600"}
        one.sandbox.faults.add("GET", "/users/me", 1, Fault(headers=used_up))
        await one.ask("get_user", user="me")
        before = len(other.sent())
        error = await other.fail("get_user", user="me")
        assert error["kind"] == "rate_limited"
        assert 590 < error["retry_after_seconds"] <= 600
        assert len(other.sent()) == before, "nothing is sent into a limit that another met"


async def test_a_file_uploaded_at_one_replica_is_named_by_another(redis: RedisServer) -> None:
    async with replicas(redis) as (one, other):
        made = await one.ask("upload_attachment", file_name="notes.txt", text="abc")
        asked = await other.question(
            "reply_to_ticket",
            ticket_id=OPEN_TICKET,
            body="x",
            upload_tokens=[made["upload_token"]],
        )
        assert "notes.txt (3 bytes)" in str(asked.input_requests)


async def test_without_the_store_reads_go_on_and_what_it_protects_is_explained(
    redis: RedisServer,
) -> None:
    async with replicas(redis, writes_per_minute=5, server={"calls_per_minute": 100}) as (one, _):
        asked = await one.question("create_ticket", **NEW_TICKET)
        redis.stop()
        try:
            await one.ask("get_ticket", ticket_id=OPEN_TICKET)
            note = await one.fail("add_internal_note", ticket_id=OPEN_TICKET, body="x")
            yes = await one.answered(asked, "create_ticket", **NEW_TICKET)
        finally:
            redis.start()
        assert isinstance(yes, CallToolResult)
        for error in (note, (yes.meta or {})[META_KEY]):
            assert error["kind"] == "network_error"
            assert (error["who"], error["outcome"]) == ("admin", "not_applied")
            assert error["retryable"]
            assert error["retry_after_seconds"] == 30
            assert "store" in error["message"]
            assert redis.password not in str(error)
        assert writes(one.sandbox) == 0


async def test_without_the_store_a_yes_is_refused_even_where_nothing_is_counted(
    redis: RedisServer,
) -> None:
    async with replicas(redis, 1) as (one,):
        asked = await one.question("create_ticket", **NEW_TICKET)
        redis.stop()
        try:
            note = await one.ask("add_internal_note", ticket_id=OPEN_TICKET, body="x")
            yes = await one.answered(asked, "create_ticket", **NEW_TICKET)
        finally:
            redis.start()
        assert note["ticket_id"] == OPEN_TICKET, "a write that nothing shared protects goes on"
        assert isinstance(yes, CallToolResult)
        assert "this answer of the user" in (yes.meta or {})[META_KEY]["reason"]
        assert writes(one.sandbox) == 1


async def test_whether_the_store_can_be_used_is_told(redis: RedisServer) -> None:
    settings = {"store_url": redis.url, "state_keys": STATE_KEY}
    now = 0.0
    team = team_of(ServerSettings.model_validate(settings), clock=lambda: now)
    async with team.running():
        assert await team.ready()
        redis.stop()
        try:
            assert await team.ready(), "whoever asks often is told what is known"
            now += 1
            assert not await team.ready()
        finally:
            redis.start()
    wrong = {**settings, "store_url": redis.url.replace(redis.password, "wrong-" * 3)}
    team = team_of(ServerSettings.model_validate(wrong))
    async with team.running():
        assert not await team.ready()
    assert await team_of(ServerSettings()).ready()


async def test_without_the_extra_it_says_what_to_install(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
        monkeypatch.setitem(sys.modules, name, None)
    given = {"store_url": redis.url, "state_keys": STATE_KEY}
    with pytest.raises(ConfigurationError, match=r"mcp-server-zendesk\[redis\]"):
        team_of(ServerSettings.model_validate(given))


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"store_url": "redis://127.0.0.1/0"}, "store_url"),
        ({"state_keys": STATE_KEY}, "state_keys"),
        ({"store_url": "http://canary@host/", "state_keys": STATE_KEY}, "store_url"),
        ({"store_url": "redis://canary:x@host:port/0", "state_keys": STATE_KEY}, "store_url"),
    ],
)
async def test_half_a_configuration_is_refused_with_how_to_mend_it(
    given: dict[str, str], setting: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^{setting}: ") as caught:
        team_of(ServerSettings.model_validate(given))
    assert "canary" not in str(caught.value)
