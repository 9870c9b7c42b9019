from __future__ import annotations

import httpx
import pytest
import respx

from mcp_server_zendesk.connection.client import MAX_REDIRECTS, Connection
from mcp_server_zendesk.connection.errors import ForeignAddress, UnreadableResponse

pytestmark = pytest.mark.anyio

ORIGIN = "https://acme.zendesk.com"
START = f"{ORIGIN}/api/v2/tickets/1"


def _hosts(router: respx.MockRouter) -> list[tuple[str, bool]]:
    return [
        (call.request.url.host, "authorization" in call.request.headers) for call in router.calls
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", [f"{ORIGIN}/api/v2/tickets/2?x=1", "/api/v2/tickets/2?x=1"])
async def test_a_read_follows_a_redirect_on_the_own_origin_with_credentials(
    zendesk_mock: respx.MockRouter, connection: Connection, status: int, location: str
) -> None:
    zendesk_mock.get(START).respond(status, headers={"location": location})
    target = zendesk_mock.get(f"{ORIGIN}/api/v2/tickets/2", params={"x": "1"}).respond(
        json={"ok": True}
    )
    answer = await connection.send("GET", "/api/v2/tickets/1", headers={"X-Extra": "kept"})
    assert answer.body == {"ok": True}
    assert target.calls.last.request.headers["x-extra"] == "kept"
    assert _hosts(zendesk_mock) == [("acme.zendesk.com", True)] * 2


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize(
    "location",
    [
        "https://evil.com/api/v2/tickets/1",
        "http://acme.zendesk.com/api/v2/tickets/1",
        "//evil.com/",
        "https://acme.zendesk.com@evil.com/",
        "https://other.zendesk.com/api/v2/tickets/1",
        "https://acme.zendesk.com:8443/",
        "\\\\evil.com",
    ],
)
async def test_nothing_ever_leaves_for_another_origin(
    zendesk_mock: respx.MockRouter, connection: Connection, method: str, location: str
) -> None:
    zendesk_mock.route(method=method, url=START).respond(307, headers={"location": location})
    elsewhere = zendesk_mock.route().respond(json={"stolen": True})
    with pytest.raises(ForeignAddress) as caught:
        await connection.send(method, "/api/v2/tickets/1")
    assert not elsewhere.called
    assert _hosts(zendesk_mock) == [("acme.zendesk.com", True)]
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_a_write_is_never_redirected(
    zendesk_mock: respx.MockRouter, connection: Connection, method: str
) -> None:
    zendesk_mock.route(method=method, url=START).respond(307, headers={"location": "/api/v2/x"})
    other = zendesk_mock.route(url=f"{ORIGIN}/api/v2/x").respond(json={})
    with pytest.raises(UnreadableResponse, match="redirects"):
        await connection.send(method, "/api/v2/tickets/1")
    assert not other.called


async def test_a_redirect_that_never_arrives_ends(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    route = zendesk_mock.get(START).respond(302, headers={"location": START})
    with pytest.raises(UnreadableResponse, match="does not arrive") as caught:
        await connection.send("GET", "/api/v2/tickets/1")
    assert route.call_count == MAX_REDIRECTS + 1
    assert caught.value.status == 302


async def test_the_last_redirect_that_is_followed_may_arrive(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    hops = [httpx.Response(302, headers={"location": START})] * MAX_REDIRECTS
    zendesk_mock.get(START).side_effect = [*hops, httpx.Response(200, json={"ok": True})]
    assert (await connection.send("GET", "/api/v2/tickets/1")).body == {"ok": True}


async def test_a_redirect_without_an_address_is_unreadable(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    zendesk_mock.get(START).respond(302)
    with pytest.raises(UnreadableResponse):
        await connection.send("GET", "/api/v2/tickets/1")
    assert len(zendesk_mock.calls) == 1
