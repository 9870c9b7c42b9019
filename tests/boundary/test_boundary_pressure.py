"""Many calls, limits, and credentials that change under way."""

from __future__ import annotations

import base64
import logging
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp.shared.exceptions import MCPError

from at_once import at_once
from desk import OpenWorkspace
from mcp_server_zendesk.connection import handle
from mcp_server_zendesk.connection.exchange import MAX_ANSWER_BYTES
from mcp_server_zendesk.connection.limits import RateGate
from mcp_server_zendesk.connection.places import RequestPlaces
from mcp_server_zendesk.sandbox import Fault, Rules, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET

pytestmark = pytest.mark.anyio


@dataclass
class Rotating:
    """Credentials that are renewed once the old value is rejected, as a login's are."""

    sandbox: Sandbox
    auth: str = "oauth_token"
    tells_scopes: bool = False
    granted: frozenset[str] | None = None
    token: str = ""
    renewals: int = 0
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    async def authorization(self) -> str:
        return f"Bearer {self.token}"

    async def renew(self, rejected: str) -> bool:
        async with self._lock:
            if rejected == await self.authorization():
                await anyio.lowlevel.checkpoint()
                self.token = self.sandbox.token()
                self.renewals += 1
        return True


async def test_64_calls_survive_a_token_that_ends_in_their_midst(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    async with open_workspace(sandbox=sandbox) as desk:
        credentials = Rotating(sandbox, token=sandbox.token())
        desk.server._access.connection.credentials = credentials
        numbers = sorted(sandbox.store.tickets)[:32]
        sandbox.faults.add("GET", "/comments", 1, misfortunes.token_revoked(sandbox.store))
        read: dict[int, str] = {}
        changed: Counter[int] = Counter()

        async def reads(number: int) -> None:
            read[number] = (await desk.ask("get_ticket", ticket_id=number))["subject"]

        async def writes(number: int) -> None:
            try:
                answer = await desk.ask("add_internal_note", ticket_id=number, body=f"N{number}")
                changed[answer["ticket_id"]] += 1
            except AssertionError as error:
                assert "ticket_closed" in str(error)  # noqa: PT017 - closed ones take no note

        async with anyio.create_task_group() as tasks:
            for number in numbers:
                tasks.start_soon(reads, number)
                tasks.start_soon(writes, number)

        assert credentials.renewals == 1
        assert set(read) == set(numbers)
        for number in numbers:
            stored = sandbox.store.comments[number]
            noted = sum(comment["plain_body"] == f"N{number}" for comment in stored)
            assert noted == changed[number] == (sandbox.store.tickets[number]["status"] != "closed")


async def test_a_limit_is_waited_for_ahead_and_the_wait_is_told(
    open_workspace: OpenWorkspace,
) -> None:
    told: list[str] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    async with open_workspace() as desk:
        used_up = {"ratelimit-limit": "700", "ratelimit-remaining": "0", "ratelimit-reset": "12"}
        desk.sandbox.faults.add("GET", "/users/me", 1, Fault(headers=used_up))
        await desk.ask("get_user", user="me")
        await desk.client.call_tool("get_user", {"user": "me"}, progress_callback=hear)
        assert 11 < desk.slept[0] <= 12
        assert any("request limit" in message for message in told)


async def test_a_limit_that_lasts_longer_than_a_call_may_is_told_at_once(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/users/me", 1, misfortunes.rate_limited(600))
        first = await desk.fail("get_user", user="me")
        before = len(desk.sent())
        second = await desk.fail("get_user", user="me")
        assert first["kind"] == second["kind"] == "rate_limited"
        assert 590 < second["retry_after_seconds"] <= 600
        assert len(desk.sent()) == before, "nothing is sent into a limit that is known"
        assert desk.slept == []


async def test_a_tickets_own_limit_does_not_hold_up_others(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        used_up = {"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=0; resets=468"}
        path = f"/tickets/{OPEN_TICKET}$"
        desk.sandbox.faults.add("PUT", path, 1, Fault(headers=used_up))
        await desk.ask("update_ticket", ticket_id=OPEN_TICKET, priority="low")
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, priority="high")
        assert error["kind"] == "rate_limited"
        assert error["outcome"] == "not_applied"
        other = next(n for n, t in desk.sandbox.store.tickets.items() if t["status"] == "pending")
        await desk.ask("update_ticket", ticket_id=other, priority="low")


async def test_the_embedded_accounts_own_limit_is_respected(open_workspace: OpenWorkspace) -> None:
    rules = Rules(rate_limited=True, requests_per_minute=5)
    async with open_workspace(rules=rules) as desk:
        for _ in range(8):
            await desk.client.call_tool("get_user", {"user": "me"})
        refused = [request for request in desk.sandbox.requests if request.status == 429]
        assert len(refused) <= 4, "at most one call met the limit, with its repetitions"


def test_a_gate_opens_when_its_time_has_come() -> None:
    now = [100.0]
    gate = RateGate(lambda: now[0])
    headers = {"ratelimit-limit": "2", "ratelimit-remaining": "0", "ratelimit-reset": "30"}
    gate.learn("GET", "/api/v2/search?query=x", 200, headers)
    assert gate.seconds_to_wait("PUT", "/api/v2/tickets/1") == (30, None)
    now[0] += 30
    ticket = ("PUT", "/api/v2/tickets/1")
    assert [at_once(gate.enter(*ticket)) for _ in range(3)] == [True, True, False]
    wait, _ = gate.seconds_to_wait(*ticket)
    assert wait > 0, "two under way use the new minute up"
    at_once(gate.leave(*ticket))
    assert gate.seconds_to_wait(*ticket) == (0, None)


async def test_a_crowd_shares_a_small_limit_without_losing_a_call(
    open_workspace: OpenWorkspace,
) -> None:
    now, spent, refused = [0.0], [0, 0.0], 0

    async def limited(_: httpx.Request) -> httpx.Response:
        nonlocal refused
        await anyio.lowlevel.checkpoint()
        if now[0] - spent[1] >= 2:
            spent[:] = [0, now[0]]
        spent[0] += 1
        left, resets = max(0, 5 - int(spent[0])), str(max(1, round(spent[1] + 2 - now[0])))
        headers = {
            "ratelimit-limit": "5", "ratelimit-remaining": str(left), "ratelimit-reset": resets,
        }  # fmt: skip
        if spent[0] > 5:
            refused += 1
            return httpx.Response(429, headers={**headers, "retry-after": resets})
        return httpx.Response(200, headers=headers, json={"user": {"id": 1, "name": "A"}})

    async with open_workspace(transport=httpx.MockTransport(limited)) as desk:
        access = desk.server._access

        async def sleep(seconds: float) -> None:
            await anyio.lowlevel.checkpoint()
            now[0] += seconds / 10

        access.sleep = sleep
        access.clock = lambda: now[0]
        access.connection.gate = RateGate(lambda: now[0])
        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(partial(desk.ask, "get_user", user="me"))
    assert refused <= 16, "only those that left before the first answer told the limit"


async def test_at_most_sixteen_requests_are_under_way(open_workspace: OpenWorkspace) -> None:
    under_way, most = 0, 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        under_way -= 1
        return httpx.Response(200, json={"user": {"id": 1, "name": "A"}})

    async with open_workspace(transport=httpx.MockTransport(slow)) as desk:
        async with anyio.create_task_group() as tasks:
            for _ in range(64):
                tasks.start_soon(desk.client.call_tool, "get_user", {"user": "me"})
        assert 8 <= most <= 17


async def test_who_waits_for_a_place_hears_of_it_and_of_the_end_of_its_time(
    open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handle, "_TELL_SECONDS", 0.01)
    told, heard = anyio.Event(), anyio.Event()

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        if "other requests" in (message or ""):
            heard.set()

    async with open_workspace() as desk:
        access = desk.server._access
        access.granted_known = True
        access.places = RequestPlaces(1)
        assert access.places.taken()

        async def call() -> None:
            await desk.client.call_tool("get_user", {"user": "me"}, progress_callback=hear)
            told.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            with anyio.fail_after(20):
                await heard.wait()
            assert not told.is_set()
            access.places.release()
        monkeypatch.setattr(handle, "CALL_SECONDS", 0.1)
        assert access.places.taken()
        error = await desk.fail("get_user", user="me")
        assert error["kind"] == "timeout"
        access.places.release()
        assert access.places.taken(), "nothing is left behind in the queue"


async def test_a_huge_answer_does_not_take_the_process_down(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/users/me", None, misfortunes.compressed_bomb(50_000_000))
        error = await desk.fail("get_user", user="me")
        assert error["kind"] == "unreadable_response"
        assert str(MAX_ANSWER_BYTES // 1024**2) in error["reason"]


async def test_what_rarely_changes_is_read_once_by_many(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(desk.client.call_tool, "get_ticket", {"ticket_id": OPEN_TICKET})
        assert desk.sent().count("GET ticket_fields") == 1
        (kept,) = (await desk.ask("check_connection"))["cache"]
        assert kept == {"name": "ticket_fields", "loads": 1, "hits": 11}


async def test_a_cancelled_call_cancels_its_request(open_workspace: OpenWorkspace) -> None:
    ended = anyio.Event()

    async def forever(_: httpx.Request) -> httpx.Response:
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()
        raise AssertionError

    async with open_workspace(transport=httpx.MockTransport(forever), mode="legacy") as desk:
        with pytest.raises(MCPError):
            await desk.client.call_tool("get_user", {"user": "me"}, read_timeout_seconds=0.2)
        with anyio.fail_after(5):
            await ended.wait()


async def test_credentials_stay_out_of_the_log_of_a_storm(
    open_workspace: OpenWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="mcp_server_zendesk")
    sandbox = Sandbox()
    async with open_workspace(sandbox=sandbox, token=(token := sandbox.token())) as desk:
        desk.sandbox.faults.add("*", "/", 6, misfortunes.html_error(502))
        await desk.client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
    assert token not in caplog.text
    assert base64.b64encode(token.encode()).decode() not in caplog.text
