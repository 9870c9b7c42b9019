from __future__ import annotations

import anyio
import httpx
import pytest
import respx

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.errors import (
    ConnectionFailed,
    NotFound,
    Outcome,
    OutOfReach,
    RateLimited,
    ScopeMissing,
    TimedOut,
    Unavailable,
    UnreadableResponse,
    ValidationFailed,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Reach, Zendesk
from mcp_server_zendesk.connection.retries import ATTEMPTS
from mcp_server_zendesk.connection.scopes import HeldScopes

pytestmark = pytest.mark.anyio

TICKET = "https://acme.zendesk.com/api/v2/tickets/1"
TICKETS = frozenset({"tickets:read", "tickets:write"})
ALL = HeldScopes(frozenset({"read", "write"}))


def _handle(
    access: Access,
    *,
    writes: bool = True,
    scopes: frozenset[str] = TICKETS,
    held: HeldScopes = ALL,
) -> Zendesk:
    return Zendesk(access, Reach(writes=writes, scopes=scopes), held)


async def _write(zendesk: Zendesk, method: str, *path: str | int) -> None:
    if method == "PUT":
        await zendesk.put(*path, body={})
    elif method == "POST":
        await zendesk.post(*path, body={})
    else:
        await zendesk.delete(*path)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
@pytest.mark.parametrize("path", [("tickets", 1), ("users", "me"), ("oauth", "tokens", "current")])
async def test_a_read_tool_cannot_write_whatever_the_scopes(
    zendesk_mock: respx.MockRouter, access: Access, method: str, path: tuple[str | int, ...]
) -> None:
    zendesk = _handle(access, writes=False, scopes=frozenset({"read", "write"}))
    with pytest.raises(OutOfReach):
        await _write(zendesk, method, *path)
    assert not zendesk_mock.calls
    assert zendesk.requests == 0
    assert zendesk.outcome == "not_applied"


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_a_tool_about_tickets_cannot_touch_users(
    zendesk_mock: respx.MockRouter, access: Access, method: str
) -> None:
    zendesk = _handle(access)
    with pytest.raises(OutOfReach, match="users:write"):
        await _write(zendesk, method, "users", 1)
    with pytest.raises(OutOfReach, match="users:read"):
        await zendesk.get("users", 1)
    with pytest.raises(OutOfReach, match="covers read"):
        await zendesk.get("search", params={"query": "x"})
    assert not zendesk_mock.calls


async def test_a_scope_that_is_not_held_is_missed_before_anything_is_sent(
    zendesk_mock: respx.MockRouter, access: Access
) -> None:
    held = HeldScopes(frozenset({"read"}), frozenset({"read", "write"}), frozenset({"users:read"}))
    zendesk = _handle(access, held=held)
    with pytest.raises(ScopeMissing) as caught:
        await zendesk.put("tickets", 1, body={})
    assert caught.value.missing == (("tickets:write",),)
    assert caught.value.lacking == ("workspace", "caller")
    assert caught.value.held == ("users:read",)
    with pytest.raises(ScopeMissing) as caught:
        await zendesk.get("tickets", 1)
    assert caught.value.lacking == ("caller",)
    assert not zendesk_mock.calls
    assert zendesk.requests == 0


async def test_who_am_i_needs_no_scope(zendesk_mock: respx.MockRouter, access: Access) -> None:
    zendesk_mock.get("https://acme.zendesk.com/api/v2/users/me").respond(json={"user": {"id": 7}})
    zendesk = _handle(access, scopes=frozenset(), held=HeldScopes(frozenset()))
    assert await zendesk.get("users", "me") == {"user": {"id": 7}}


async def test_a_bad_segment_sends_nothing_and_leaves_the_outcome_known(
    zendesk_mock: respx.MockRouter, access: Access
) -> None:
    zendesk = _handle(access)
    with pytest.raises(ValueError, match="segment"):
        await zendesk.put("tickets", "..", body={})
    assert not zendesk_mock.calls
    assert zendesk.outcome == "not_applied"
    assert zendesk.requests == 0


@pytest.mark.parametrize(
    ("answer", "raises", "outcome"),
    [
        (httpx.Response(200, json={"ticket": {"id": 1}}), None, "applied"),
        (httpx.Response(200, json={}), UnreadableResponse, "unknown"),
        (httpx.Response(200), UnreadableResponse, "unknown"),
        (httpx.Response(204), None, "applied"),
        (httpx.Response(422, json={}), ValidationFailed, "not_applied"),
        (httpx.Response(404), NotFound, "not_applied"),
        (httpx.Response(429), RateLimited, "not_applied"),
        (httpx.Response(500), Unavailable, "unknown"),
        (httpx.Response(503), Unavailable, "unknown"),
        (httpx.Response(200, text="<html>"), UnreadableResponse, "unknown"),
        (httpx.ConnectError("x"), ConnectionFailed, "not_applied"),
        (httpx.ConnectTimeout("x"), TimedOut, "not_applied"),
        (httpx.ReadTimeout("x"), TimedOut, "unknown"),
        (httpx.ReadError("x"), ConnectionFailed, "unknown"),
    ],
)
async def test_what_became_of_a_write_is_known_from_its_answer(
    zendesk_mock: respx.MockRouter,
    access: Access,
    answer: httpx.Response | Exception,
    raises: type[ZendeskError] | None,
    outcome: Outcome,
) -> None:
    zendesk_mock.put(TICKET).side_effect = [answer] * ATTEMPTS
    zendesk = _handle(access)
    if raises is None:
        await zendesk.put("tickets", 1, body={})
    else:
        with pytest.raises(raises):
            await zendesk.put("tickets", 1, body={})
    assert zendesk.outcome == outcome


@pytest.mark.parametrize("status", [404, 429, 500])
async def test_a_read_that_fails_changes_nothing(
    zendesk_mock: respx.MockRouter, access: Access, status: int
) -> None:
    zendesk_mock.get(TICKET).respond(status)
    zendesk = _handle(access)
    with pytest.raises(ZendeskError):
        await zendesk.get("tickets", 1)
    assert zendesk.outcome == "not_applied"


async def test_a_write_that_was_cancelled_is_unknown(
    zendesk_mock: respx.MockRouter, access: Access
) -> None:
    started = anyio.Event()

    async def hang(_: httpx.Request) -> httpx.Response:
        started.set()
        await anyio.sleep_forever()
        raise AssertionError

    zendesk_mock.put(TICKET).side_effect = hang
    zendesk = _handle(access)

    async def write() -> None:
        await zendesk.put("tickets", 1, body={})

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        await started.wait()
        tasks.cancel_scope.cancel()
    assert zendesk.outcome == "unknown"


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (200, 422, "unknown"),
        (200, 200, "applied"),
        (422, 200, "applied"),
        (200, 500, "unknown"),
        (500, 200, "unknown"),
        (500, 422, "unknown"),
    ],
)
async def test_several_writes_are_told_as_one(
    zendesk_mock: respx.MockRouter, access: Access, first: int, second: int, outcome: Outcome
) -> None:
    said = {"ticket": {"id": 1}}
    zendesk_mock.put(TICKET).side_effect = [
        httpx.Response(first, json=said),
        httpx.Response(second, json=said),
    ]
    zendesk = _handle(access)
    for _ in range(2):
        try:
            await zendesk.put("tickets", 1, body={})
        except ZendeskError:
            continue
    assert zendesk.outcome == outcome
    assert zendesk.requests == 2


async def test_a_scope_that_is_missed_after_a_write_does_not_deny_the_write(
    zendesk_mock: respx.MockRouter, access: Access
) -> None:
    zendesk_mock.put(TICKET).respond(json={"ticket": {"id": 1}})
    zendesk = _handle(access, held=HeldScopes(frozenset({"tickets:write"})))
    await zendesk.put("tickets", 1, body={})
    with pytest.raises(ScopeMissing) as caught:
        await zendesk.get("tickets", 1)
    assert zendesk.outcome == "applied"
    assert caught.value.outcome is None


async def test_the_latest_request_id_is_kept_from_answers_and_refusals(
    zendesk_mock: respx.MockRouter, access: Access
) -> None:
    zendesk_mock.get(TICKET).side_effect = [
        httpx.Response(200, json={}, headers={"x-request-id": "one"}),
        httpx.Response(200, json={}),
        httpx.Response(404, headers={"x-request-id": "two"}),
    ]
    zendesk = _handle(access)
    await zendesk.get("tickets", 1)
    await zendesk.get("tickets", 1)
    assert zendesk.request_id == "one"
    with pytest.raises(NotFound):
        await zendesk.get("tickets", 1)
    assert zendesk.request_id == "two"
    assert zendesk.requests == 3


async def test_a_kept_value_still_asks_for_its_scope(access: Access) -> None:
    loads = 0

    async def load() -> str:
        nonlocal loads
        loads += 1
        return "fields"

    wide = _handle(access, scopes=frozenset({"read"}))
    assert await wide.cached("fields", load, scope="read") == "fields"
    assert await wide.cached("fields", load, scope="read") == "fields"
    assert loads == 1
    with pytest.raises(OutOfReach):
        await _handle(access).cached("fields", load, scope="read")
    narrow = _handle(
        access, scopes=frozenset({"read"}), held=HeldScopes(frozenset({"tickets:read"}))
    )
    with pytest.raises(ScopeMissing):
        await narrow.cached("fields", load, scope="read")


async def test_may_needs_both_the_declaration_and_the_scopes(access: Access) -> None:
    assert _handle(access).may("tickets:read")
    assert not _handle(access).may("users:read")
    assert not _handle(access, held=HeldScopes(frozenset({"write"}))).may("tickets:read")
