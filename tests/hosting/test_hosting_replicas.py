"""Several replicas of one server: any of them answers any request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from desk import text_of
from held import Held
from humans import agree
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.serving.explanation import META_KEY
from team import Team, team

pytestmark = pytest.mark.anyio

CALLERS = {"reads": "read", "writes": "read tickets:write"}
KEY = "k" * 40
REPLY = {"ticket_id": OPEN_TICKET, "body": "It is on its way."}


class InTurn(httpx2.AsyncBaseTransport):
    """A proxy before two replicas that gives each request to the other one."""

    def __init__(self, *replicas: Team) -> None:
        self._addresses = [httpx2.URL(one.address) for one in replicas]
        self._http = httpx2.AsyncHTTPTransport()
        self.asked: list[int] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        at = len(self.asked) % len(self._addresses)
        self.asked.append(at)
        to = self._addresses[at]
        request.url = request.url.copy_with(host=to.host, port=to.port)
        request.headers["Host"] = f"{to.host}:{to.port}"
        return await self._http.handle_async_request(request)

    async def aclose(self) -> None:
        await self._http.aclose()


@pytest.fixture
async def replicas(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Team, Team, InTurn]]:
    settings = {"state_keys": KEY, **getattr(request, "param", {})}
    sandbox = Sandbox()
    same: dict[str, Any] = {"callers": CALLERS, "settings": settings, "sandbox": sandbox}
    flags = {"demo": {"scopes": "read tickets:write"}}
    async with team(flags, **same) as one, team(flags, **same) as other:
        yield one, other, InTurn(one, other)


def through(proxy: InTurn, token: str) -> httpx2.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.AsyncClient(headers=headers, transport=proxy, timeout=30)


async def test_a_question_of_one_replica_is_answered_at_another(
    replicas: tuple[Team, Team, InTurn],
) -> None:
    one, _, proxy = replicas
    http = through(proxy, "writes")
    async with one.client(http=http, elicitation_callback=agree) as client:
        result = await client.call_tool("reply_to_ticket", REPLY)
        assert not result.is_error, text_of(result)
    assert set(proxy.asked) == {0, 1}
    assert [sent.method for sent in one.sandbox.requests].count("PUT") == 1


@pytest.mark.parametrize("replicas", [{"stateless": True}], indirect=True)
async def test_older_clients_without_a_session_keep_their_callers_scopes(
    replicas: tuple[Team, Team, InTurn],
) -> None:
    one, _, proxy = replicas
    async with (
        one.client(http=through(proxy, "reads"), mode="legacy") as reads,
        one.client(http=through(proxy, "writes"), mode="legacy", elicitation_callback=agree) as w,
    ):
        for _ in range(3):
            assert "update_ticket" not in {tool.name for tool in (await reads.list_tools()).tools}
            assert "update_ticket" in {tool.name for tool in (await w.list_tools()).tools}
            change = {"ticket_id": OPEN_TICKET, "priority": "low"}
            assert (await reads.call_tool("update_ticket", change)).is_error
            assert not (await w.call_tool("update_ticket", change)).is_error
        asked = await w.call_tool("reply_to_ticket", REPLY)
        told = (asked.meta or {})[META_KEY]
        assert told["kind"] == "confirmation_unavailable"
        assert "the admin set stateless" in told["reason"]
    assert set(proxy.asked) == {0, 1}


async def test_a_token_that_ends_in_mid_call_does_not_end_the_call() -> None:
    held = Held(Sandbox())
    flags = {"demo": {"scopes": "read tickets:write"}}
    async with (
        team(flags, callers=CALLERS, sandbox=held.sandbox, transport=held) as served,
        served.client("writes", mode="legacy") as client,
    ):
        change = {"ticket_id": OPEN_TICKET, "priority": "low"}
        async with anyio.create_task_group() as tasks:
            results: list[Any] = []

            async def call() -> None:
                results.append(await client.call_tool("update_ticket", change))

            tasks.start_soon(call)
            await held.arrived.wait()
            known = served.tokens.known.pop("writes")
            held.go.set()
        assert not results[0].is_error
        async with httpx.AsyncClient(timeout=30) as http:
            headers = {"Authorization": "Bearer writes"}
            assert (await http.post(served.url(), headers=headers)).status_code == 401
        served.tokens.known["writes"] = known
