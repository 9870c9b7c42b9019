"""Attachments are fetched from two places, with credentials for the first, and from no third."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import AsyncIterator, Callable

import anyio
import httpx
import pytest
import respx
from pydantic import SecretStr

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.client import MAX_REDIRECTS, Connection
from mcp_server_zendesk.connection.credentials import BearerToken
from mcp_server_zendesk.connection.downloads import content_path, is_content_address
from mcp_server_zendesk.connection.errors import (
    EndpointUnavailable,
    Forbidden,
    ForeignAddress,
    NotFound,
    OutOfReach,
    RateLimited,
    Refused,
    ScopeMissing,
    TimedOut,
    Unauthenticated,
    Unavailable,
    UnreadableResponse,
)
from mcp_server_zendesk.connection.exchange import Request
from mcp_server_zendesk.connection.handle import Reach, Zendesk
from mcp_server_zendesk.connection.scopes import HeldScopes

pytestmark = pytest.mark.anyio

ORIGIN = "https://acme.zendesk.com"
PATH = "/attachments/token/canary-of-a-file/?name=a.png"
START = ORIGIN + PATH
ELSEWHERE = "https://p25.zdusercontent.com/attachment/1/canary-of-a-file?name=a.png&token=canary"

HOSTILE = [
    "https://evil.example/attachments/1",
    "http://acme.zendesk.com/attachments/token/1",
    "http://p25.zdusercontent.com/attachment/1",
    "https://127.0.0.1/attachments/1",
    "https://localhost/attachments/1",
    "https://[::1]/attachments/1",
    "http://169.254.169.254/latest/meta-data/",
    "https://evil.example/p25.zdusercontent.com",
    "https://p25.zdusercontent.com.evil.example/x",
    "https://evilzdusercontent.com/x",
    "https://user:password@p25.zdusercontent.com/x",
    "https://p25.zdusercontent.com@evil.example/x",
    "https://p25.zdusercontent.com:8443/x",
    "https://p25.zdusercontent.com\\@evil.example/x",
    "https://evil.example\\.zdusercontent.com/x",
    "https://evil.example#.zdusercontent.com/x",
    "https://evil.example?.zdusercontent.com/x",
    "https://p25.zdusercontent.com\u3002evil.example/x",
    "https://p25 .zdusercontent.com/x",
    "https://other.zendesk.com/attachments/token/1",
    "https://acme.zendesk.com@evil.example/attachments/1",
    "//evil.example/attachments/1",
    "ftp://p25.zdusercontent.com/x",
    "file:///etc/passwd",
    "https://[p25.zdusercontent.com/x",
    "javascript:alert(1)",
    "",
]

ODD = [f"{ORIGIN}/attachments/\x00", f"{ORIGIN}/attachments/{'x' * 70_000}"]


async def fetch(connection: Connection, *, most: int = 1_000, within: float = 5) -> bytes:
    return (await connection.download(Request("GET", PATH), within, most=most)).content


def seen(router: respx.MockRouter) -> list[tuple[str, bool]]:
    return [
        (call.request.url.host, "authorization" in call.request.headers) for call in router.calls
    ]


async def test_the_host_of_contents_gets_no_credentials(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    headers = {"location": ELSEWHERE, "set-cookie": "session=canary; Domain=zdusercontent.com"}
    zendesk_mock.get(START).respond(302, headers=headers)
    there = zendesk_mock.get(ELSEWHERE).respond(
        content=b"seam", headers={"content-type": "text/plain; charset=utf-8", "x-request-id": "r"}
    )
    found = await connection.download(Request("GET", PATH), most=100)
    assert (found.content, found.complete) == (b"seam", True)
    assert found.content_type == "text/plain; charset=utf-8"
    assert seen(zendesk_mock) == [("acme.zendesk.com", True), ("p25.zdusercontent.com", False)]
    assert {"authorization", "cookie", "referer"}.isdisjoint(there.calls.last.request.headers)
    assert there.calls.last.request.headers["accept-encoding"] == "identity"


async def test_the_own_origin_is_signed_and_its_redirects_too(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    zendesk_mock.get(START).respond(302, headers={"location": "/attachments/token/2/"})
    zendesk_mock.get(f"{ORIGIN}/attachments/token/2/").respond(content=b"here")
    assert await fetch(connection) == b"here"
    assert seen(zendesk_mock) == [("acme.zendesk.com", True)] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", HOSTILE)
async def test_no_third_host_gets_anything(
    zendesk_mock: respx.MockRouter, connection: Connection, location: str, status: int
) -> None:
    where = location.encode("utf-8")
    zendesk_mock.get(START).respond(status, headers=[(b"location", where)])
    anywhere = zendesk_mock.route().respond(content=b"stolen")
    with pytest.raises(UnreadableResponse) as caught:
        await fetch(connection)
    assert not anywhere.called
    assert seen(zendesk_mock) == [("acme.zendesk.com", True)]
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize("location", [*HOSTILE, ELSEWHERE, ORIGIN, f"{ORIGIN}/attachments/2"])
async def test_the_host_of_contents_leads_nowhere_else(
    zendesk_mock: respx.MockRouter, connection: Connection, location: str
) -> None:
    zendesk_mock.get(START).respond(302, headers={"location": ELSEWHERE})
    where = location.encode("utf-8")
    zendesk_mock.get(ELSEWHERE).respond(302, headers=[(b"location", where)])
    with pytest.raises(ForeignAddress):
        await fetch(connection)
    assert len(zendesk_mock.calls) == 2


@pytest.mark.parametrize(
    "location", ["/access/unauthenticated", f"{ORIGIN}/api/v2/users/me", "/attachments/../api/v2/x"]
)
async def test_a_page_of_the_own_origin_that_is_no_attachment_is_not_read(
    zendesk_mock: respx.MockRouter, connection: Connection, location: str
) -> None:
    zendesk_mock.get(START).respond(302, headers={"location": location})
    with pytest.raises(UnreadableResponse):
        await fetch(connection)
    assert len(zendesk_mock.calls) == 1


async def test_a_redirect_that_never_arrives_ends(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    route = zendesk_mock.get(START).respond(302, headers={"location": START})
    with pytest.raises(UnreadableResponse, match="does not arrive"):
        await fetch(connection)
    assert route.call_count == MAX_REDIRECTS + 1


@pytest.mark.parametrize("link", [*HOSTILE, ELSEWHERE, f"{ORIGIN}/api/v2/users/me", ORIGIN, *ODD])
async def test_a_content_url_that_points_elsewhere_is_never_asked(
    zendesk_mock: respx.MockRouter, access: Access, link: str
) -> None:
    anywhere = zendesk_mock.route().respond(content=b"stolen")
    with pytest.raises(UnreadableResponse):
        await handle(access).download(link, most=10)
    assert not anywhere.called


def handle(
    access: Access, *, scope: str = "ticket_attachments:read", held: str = "read"
) -> Zendesk:
    return Zendesk(
        access, Reach(writes=False, scopes=frozenset({scope})), HeldScopes(frozenset({held}))
    )


async def test_the_handle_asks_for_the_scope_of_attachments(
    zendesk_mock: respx.MockRouter, access: Access
) -> None:
    zendesk_mock.get(START).respond(content=b"seam")
    assert (await handle(access).download(START, most=10)).content == b"seam"
    with pytest.raises(OutOfReach):
        await handle(access, scope="tickets:read").download(START, most=10)
    with pytest.raises(ScopeMissing):
        await handle(access, held="tickets:read").download(START, most=10)
    assert len(zendesk_mock.calls) == 1


async def test_a_fault_is_tried_again(zendesk_mock: respx.MockRouter, access: Access) -> None:
    answers: list[Exception | httpx.Response] = [
        httpx.ReadError("x"),
        httpx.Response(503),
        httpx.Response(200, content=b"seam"),
    ]
    zendesk_mock.get(START).respond(302, headers={"location": ELSEWHERE})
    zendesk_mock.get(ELSEWHERE).side_effect = answers
    zendesk = handle(access)
    assert (await zendesk.download(START, most=10)).content == b"seam"
    assert zendesk.requests == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Forbidden),
        (403, Forbidden),
        (404, NotFound),
        (410, Refused),
        (429, RateLimited),
        (503, Unavailable),
    ],
)
async def test_what_the_host_of_contents_says_is_not_taken_for_zendesks_words(
    zendesk_mock: respx.MockRouter, connection: Connection, status: int, kind: type[Refused]
) -> None:
    zendesk_mock.get(START).respond(302, headers={"location": ELSEWHERE})
    body = {"error": {"title": "No help desk", "message": "canary"}}
    headers = {"zendesk-ratelimit-x": "total=1; remaining=0; resets=99", "retry-after": "99"}
    zendesk_mock.get(ELSEWHERE).respond(status, json=body, headers=headers)
    with pytest.raises(kind) as caught:
        await fetch(connection)
    assert caught.value.refusal.text is None
    assert not isinstance(caught.value, Unauthenticated)
    assert connection.gate.seconds_to_wait("GET", PATH) == (0, None)
    assert len(zendesk_mock.calls) == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthenticated), (403, Forbidden), (404, EndpointUnavailable)]
)
async def test_what_the_own_origin_says_is_explained_as_ever(
    zendesk_mock: respx.MockRouter, connection: Connection, status: int, kind: type[Refused]
) -> None:
    zendesk_mock.get(START).respond(status, json={"error": "InvalidEndpoint"})
    with pytest.raises(kind):
        await fetch(connection)


# size and time


class Endless(httpx.AsyncByteStream):
    """A body that goes on for as long as somebody reads it."""

    def __init__(self, piece: bytes, pause: float = 0) -> None:
        self.piece, self.pause, self.given, self.closed = piece, pause, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.given < 50_000_000:
            self.given += len(self.piece)
            yield self.piece
            await anyio.sleep(self.pause)

    async def aclose(self) -> None:
        self.closed = True


def serving(stream: httpx.AsyncByteStream, headers: dict[str, str] | None = None) -> Connection:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "acme.zendesk.com":
            nothing = httpx.ByteStream(b"")
            return httpx.Response(302, headers={"location": ELSEWHERE}, stream=nothing)
        return httpx.Response(200, headers=headers, stream=stream)

    token = BearerToken(SecretStr("canary"))
    return Connection(Account("acme"), token, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("headers", [None, {"content-length": "50000000"}])
async def test_reading_ends_once_there_is_enough(headers: dict[str, str] | None) -> None:
    body = Endless(b"x" * 10_000)
    found = await serving(body, headers).download(Request("GET", PATH), most=100_000)
    assert (len(found.content), found.complete) == (100_000, False)
    assert body.given <= 120_000
    assert body.closed


async def test_a_body_that_is_just_large_enough_is_complete(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    zendesk_mock.get(START).respond(content=b"x" * 100)
    found = await connection.download(Request("GET", PATH), most=100)
    assert (len(found.content), found.complete) == (100, True)
    found = await connection.download(Request("GET", PATH), most=99)
    assert (len(found.content), found.complete) == (99, False)


def deflated(content: bytes) -> bytes:
    return zlib.compress(content)


@pytest.mark.parametrize(
    ("name", "pack"), [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", deflated)]
)
async def test_a_compressed_bomb_is_unpacked_no_further_than_needed(
    zendesk_mock: respx.MockRouter,
    connection: Connection,
    name: str,
    pack: Callable[[bytes], bytes],
) -> None:
    bomb = pack(b"x" * 20_000_000)
    zendesk_mock.get(START).respond(content=bomb, headers={"content-encoding": name})
    found = await connection.download(Request("GET", PATH), most=60_000)
    assert (len(found.content), found.complete) == (60_000, False)


async def test_what_is_kept_compressed_is_unpacked(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    packed = gzip.compress(b"a,b\n1,2\n")
    zendesk_mock.get(START).respond(content=packed, headers={"content-encoding": "gzip"})
    found = await connection.download(Request("GET", PATH), most=1_000)
    assert (found.content, found.complete) == (b"a,b\n1,2\n", True)


@pytest.mark.parametrize(
    ("name", "content"), [("br", b"x"), ("gzip, gzip", b"x"), ("gzip", b"no gzip")]
)
async def test_what_cannot_be_unpacked_is_unreadable(
    zendesk_mock: respx.MockRouter, connection: Connection, name: str, content: bytes
) -> None:
    zendesk_mock.get(START).respond(
        headers={"content-encoding": name}, stream=httpx.ByteStream(content)
    )
    with pytest.raises(UnreadableResponse, match="decompressed"):
        await fetch(connection)


async def test_a_slow_body_is_given_up() -> None:
    body = Endless(b"x", pause=0.02)
    with pytest.raises(TimedOut):
        await fetch(serving(body), within=0.2)
    assert body.given < 100
    assert body.closed


async def test_no_log_holds_an_address_that_opens_the_file(
    zendesk_mock: respx.MockRouter, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="mcp_server_zendesk")
    zendesk_mock.get(START).respond(302, headers={"location": ELSEWHERE})
    zendesk_mock.get(ELSEWHERE).respond(content=b"seam")
    await fetch(connection)
    ours = [record for record in caplog.records if record.name.startswith("mcp_server_zendesk")]
    assert ours
    assert not any("canary" in record.getMessage() for record in ours)


def test_only_names_below_zendesks_host_of_contents_are_content_addresses() -> None:
    assert is_content_address(ELSEWHERE)
    assert is_content_address("HTTPS://P25.ZDUSERCONTENT.COM:443/x")
    assert not is_content_address("https://zdusercontent.com/x")
    assert not any(map(is_content_address, HOSTILE))
    assert not is_content_address(ELSEWHERE + "x" * 70_000)
    assert content_path(START, ORIGIN) == PATH


async def test_a_file_is_sent_as_it_is(zendesk_mock: respx.MockRouter, access: Access) -> None:
    route = zendesk_mock.post(f"{ORIGIN}/api/v2/uploads", params={"filename": "a b&c.png"})
    route.side_effect = [httpx.ReadError("lost"), httpx.Response(201, json={"upload": {}})]
    reach = Reach(writes=True, scopes=frozenset({"ticket_attachments:write"}))
    zendesk = Zendesk(access, reach, HeldScopes(frozenset({"write"})))
    answer = await zendesk.upload("a b&c.png", b"\x89PNG\x00", "image/png")
    assert answer.repeated
    sent = route.calls.last.request
    assert (sent.content, sent.headers["content-type"]) == (b"\x89PNG\x00", "image/png")
    assert zendesk.outcome == "applied"
