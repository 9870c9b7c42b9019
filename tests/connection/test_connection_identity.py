from __future__ import annotations

import anyio
import httpx
import pytest
import respx
from pydantic import SecretStr

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.cache import KEEP_SECONDS, Cache
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import ApiToken
from mcp_server_zendesk.connection.errors import Unauthenticated, UnreadableResponse
from mcp_server_zendesk.connection.handle import Reach, Zendesk
from mcp_server_zendesk.connection.identity import who_am_i

pytestmark = pytest.mark.anyio

ME = "https://acme.zendesk.com/api/v2/users/me"
TOKEN = "https://acme.zendesk.com/api/v2/oauth/tokens/current"
STRANGER = {"id": None, "name": "Anonymous user", "email": "invalid@example.com"}


async def test_an_anonymous_200_is_no_identity(
    zendesk_mock: respx.MockRouter, access: Access
) -> None:
    zendesk_mock.get(ME).side_effect = [
        httpx.Response(200, json={"user": STRANGER}),
        httpx.Response(200, json={"user": {"id": 7, "role": "agent"}}),
        httpx.Response(200, json={"user": {"id": "x"}}),
        httpx.Response(200, json={}),
    ]
    zendesk = Zendesk(access, Reach(writes=False, scopes=frozenset()), access.held())
    with pytest.raises(Unauthenticated) as caught:
        await who_am_i(zendesk)
    assert caught.value.auth == "oauth_token"
    assert (await who_am_i(zendesk)).id == 7
    for _ in range(2):
        with pytest.raises(UnreadableResponse, match="'user'"):
            await who_am_i(zendesk)


@pytest.mark.parametrize(
    ("answer", "granted"),
    [
        (
            httpx.Response(200, json={"token": {"scopes": ["tickets:read"]}}),
            frozenset({"tickets:read"}),
        ),
        (httpx.Response(200, json={"token": {"scopes": ["brand:new"]}}), frozenset({"brand:new"})),
        (httpx.Response(200, json={"token": {"scopes": []}}), frozenset({"read", "write"})),
        (httpx.Response(200, json={"token": {"scopes": None}}), None),
        (httpx.Response(200, json={"token": {"scopes": "read"}}), None),
        (httpx.Response(200, json={}), None),
        (httpx.Response(403, json={}), None),
        (httpx.Response(500), None),
        (httpx.ConnectError("x"), None),
    ],
)
async def test_granted_scopes_are_asked_for_once_and_limit_when_known(
    zendesk_mock: respx.MockRouter,
    access: Access,
    answer: httpx.Response | Exception,
    granted: frozenset[str] | None,
) -> None:
    route = zendesk_mock.get(TOKEN)
    route.side_effect = [answer]
    assert access.held().granted is None
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(access.learn_granted)
    assert route.call_count == 1
    assert access.granted == granted
    assert access.held().granted == granted
    assert access.held(frozenset({"read"})).caller == frozenset({"read"})


async def test_an_api_token_is_never_asked_for_its_scopes(zendesk_mock: respx.MockRouter) -> None:
    connection = Connection(Account("acme"), ApiToken("a@b.c", SecretStr("tok")))
    access = Access(connection, configured=frozenset({"read"}))
    await access.learn_granted()
    await connection.aclose()
    assert not zendesk_mock.calls
    assert access.granted is None


async def test_a_rare_value_is_loaded_by_one_caller_and_kept_for_minutes() -> None:
    now = 0.0
    loads: list[int] = []
    cache = Cache(clock=lambda: now)

    async def load() -> int:
        loads.append(1)
        await anyio.lowlevel.checkpoint()
        return len(loads)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(cache.get, "x", load)
    assert len(loads) == 1
    now = KEEP_SECONDS - 1
    assert await cache.get("x", load) == 1
    now = KEEP_SECONDS + 1
    assert await cache.get("x", load) == 2
    assert await cache.get("y", load) == 3


async def test_what_is_no_longer_asked_for_is_forgotten() -> None:
    now = 0.0
    cache = Cache(clock=lambda: now)

    async def load() -> int:
        return 1

    for number in range(100):
        await cache.get(f"question {number}", load)
        now += KEEP_SECONDS / 10
    assert len(cache._kept) == len(cache._locks) == 10


async def test_a_failed_load_is_not_kept() -> None:
    cache = Cache()

    async def fail() -> int:
        raise RuntimeError

    async def load() -> int:
        return 1

    with pytest.raises(RuntimeError):
        await cache.get("x", fail)
    assert not cache._locks, "names that callers make up would fill the memory"
    assert await cache.get("x", load) == 1


async def test_a_caller_whose_load_takes_long_holds_the_others_up_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcp_server_zendesk.connection.cache.PATIENCE_SECONDS", 0.05)
    cache, begun, go = Cache(), anyio.Event(), anyio.Event()

    async def slow() -> int:
        begun.set()
        await go.wait()
        return 1

    async def load() -> int:
        return 2

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cache.get, "x", slow)
        await begun.wait()
        with anyio.fail_after(20):
            assert await cache.get("x", load) == 2
            assert await cache.get("x", slow) == 2
        go.set()


async def test_what_is_counted_tells_nobody_what_others_asked() -> None:
    cache = Cache()

    async def load() -> int:
        return 1

    for number in range(100):
        await cache.get(f"asked about:{number}", load)
    await cache.get("asked about:7", load)
    assert (cache.loads, cache.hits) == ({"asked about": 100}, {"asked about": 1})
