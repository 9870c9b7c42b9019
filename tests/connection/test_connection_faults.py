from __future__ import annotations

import socket
import ssl

import httpx
import pytest
import respx
from pydantic import SecretStr

from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import BearerToken
from mcp_server_zendesk.connection.errors import (
    ConnectionFailed,
    TimedOut,
    UnreadableResponse,
)

pytestmark = pytest.mark.anyio

TICKET = "https://acme.zendesk.com/api/v2/tickets/1"


@pytest.mark.parametrize(
    ("fault", "kind", "sent"),
    [
        (httpx.ConnectError("canary"), ConnectionFailed, False),
        (httpx.ConnectTimeout("canary"), TimedOut, False),
        (httpx.PoolTimeout("canary"), TimedOut, False),
        (httpx.ProxyError("canary"), ConnectionFailed, False),
        (httpx.ReadTimeout("canary"), TimedOut, True),
        (httpx.WriteTimeout("canary"), TimedOut, True),
        (httpx.ReadError("canary"), ConnectionFailed, True),
        (httpx.WriteError("canary"), ConnectionFailed, True),
        (httpx.CloseError("canary"), ConnectionFailed, True),
        (httpx.RemoteProtocolError("canary"), ConnectionFailed, True),
    ],
)
async def test_a_fault_tells_whether_anything_had_left_and_quotes_nothing(
    zendesk_mock: respx.MockRouter,
    connection: Connection,
    fault: httpx.TransportError,
    kind: type[ConnectionFailed | TimedOut],
    sent: bool,
) -> None:
    zendesk_mock.get(TICKET).side_effect = fault
    with pytest.raises(kind) as caught:
        await connection.send("GET", "/api/v2/tickets/1")
    assert isinstance(caught.value, ConnectionFailed | TimedOut)
    assert caught.value.sent is sent
    assert str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (socket.gaierror(-2, "Name or service not known"), "host name could not be resolved"),
        (socket.gaierror(-3, "Temporary failure in name resolution"), "could not be resolved"),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), "certificate"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "no TLS connection"),
        (ConnectionRefusedError(111, "refused"), "no connection to Zendesk could be made"),
    ],
)
async def test_why_no_connection_came_about_is_told_from_its_cause(
    cause: OSError, says: str
) -> None:
    async def fail(_: httpx.Request) -> httpx.Response:
        wrapped = OSError("All connection attempts failed")
        wrapped.__context__ = cause
        raise httpx.ConnectError("canary") from wrapped

    connection = Connection(
        Account("acme"), BearerToken(SecretStr("tok")), transport=httpx.MockTransport(fail)
    )
    with pytest.raises(ConnectionFailed, match=says):
        await connection.send("GET", "/api/v2/tickets/1")
    await connection.aclose()


class _Broken(httpx.AsyncByteStream):
    async def __aiter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
        yield b'{"ticket":'
        raise httpx.ReadError("canary")


async def test_an_answer_that_breaks_off_was_sent(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    zendesk_mock.get(TICKET).mock(return_value=httpx.Response(200, stream=_Broken()))
    with pytest.raises(ConnectionFailed, match="broke") as caught:
        await connection.send("GET", "/api/v2/tickets/1")
    assert caught.value.sent


async def test_an_answer_that_cannot_be_decompressed_is_unreadable() -> None:
    """In full, through httpx's own decoder: a mock would decode too early."""

    async def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        stream = httpx.ByteStream(b"this is not gzip")
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=stream)

    connection = Connection(
        Account("acme"), BearerToken(SecretStr("tok")), transport=httpx.MockTransport(answer)
    )
    with pytest.raises(UnreadableResponse, match="decompressed"):
        await connection.send("GET", "/api/v2/tickets/1")
    await connection.aclose()


async def test_after_a_fault_the_same_connection_goes_on(
    zendesk_mock: respx.MockRouter, connection: Connection
) -> None:
    zendesk_mock.get(TICKET).side_effect = [
        httpx.ReadError("gone"),
        httpx.Response(200, json={"ok": True}),
    ]
    with pytest.raises(ConnectionFailed):
        await connection.send("GET", "/api/v2/tickets/1")
    assert (await connection.send("GET", "/api/v2/tickets/1")).body == {"ok": True}
