"""HTTPS to one account: a pool, one exchange at a time, and its failures in our own words.

Nothing is signed here and no redirect is followed.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.connection.errors import (
    AnswerTooLarge,
    ConnectionFailed,
    ForeignAddress,
    TimedOut,
    UnreadableResponse,
)
from mcp_server_zendesk.connection.paths import same_origin

if TYPE_CHECKING:
    import httpx

    from mcp_server_zendesk.connection.account import Account

Json = dict[str, Any]

MAX_ANSWER_BYTES = 16 * 1024 * 1024
USER_AGENT = "mcp-server-zendesk"
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 30.0
NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Request:
    """One request: a method, and a path (and query) on the account's origin.

    It carries a JSON ``body`` or, for an upload, the ``content`` of a file.
    """

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    body: Json | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = None
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came: any status, and a body of bounded size, ``complete`` or its start."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    complete: bool = True

    def json_object(self) -> Json:
        """The body's JSON object; empty where there is no body.

        Raises:
            UnreadableResponse: It is something else.
        """
        if self.status == NO_CONTENT or not self.content.strip():
            return {}
        try:
            body = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise UnreadableResponse(
                "Zendesk's answer is not JSON; a proxy or a login page may stand in between",
                status=self.status,
            ) from error
        if not isinstance(body, dict):
            raise UnreadableResponse("Zendesk's answer is JSON, but no object", status=self.status)
        return body


class Channel:
    """The way to one account's origin and to no other.

    One ``httpx.AsyncClient``, made at the first request: starting up never waits for Zendesk.
    """

    def __init__(
        self,
        account: Account,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        self._origin = account.origin
        self._transport = transport
        self._user_agent = user_agent
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close the pool."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def exchange(
        self, asked: Request, authorization: str | None = None, read: Reader | None = None
    ) -> Raw:
        """Send one request and read its answer, whatever its status.

        Args:
            asked: Its path is on the account's origin.
            authorization: The value of the ``Authorization`` header.
            read: How its body is read; the whole of it by default.

        Raises:
            ConnectionFailed: No answer came; ``sent`` tells whether bytes had left.
            TimedOut: Likewise.
            UnreadableResponse: The answer is too large or cannot be decompressed.
            ForeignAddress: The path leads to another origin; nothing was sent.
        """
        client = self._client or self._open()
        request = client.build_request(
            asked.method,
            self._origin + asked.path,
            params=asked.params or None,
            json=asked.body,
            content=asked.content,
            headers=dict(asked.headers or {}),
        )
        if not same_origin(str(request.url), self._origin):
            raise ForeignAddress
        if authorization is not None:
            request.headers["Authorization"] = authorization
        return await carry_out(client, request, read or _bounded)

    def _open(self) -> httpx.AsyncClient:
        self._client = open_client(self._transport, self._user_agent)
        return self._client


Reader = Callable[["httpx.Response"], Awaitable[tuple[bytes, bool]]]
"""Reads a body of bounded size, and tells whether that is all of it."""


def open_client(transport: httpx.AsyncBaseTransport | None, user_agent: str) -> httpx.AsyncClient:
    """A pool that keeps no cookie and follows no redirect.

    Raises:
        ConnectionFailed: The environment makes it impossible.
    """
    import httpx  # noqa: PLC0415 - heavy, and not needed to list tools

    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    try:
        return httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            follow_redirects=False,
            headers={"Accept": "application/json", "User-Agent": user_agent},
            cookies=no_cookies,
        )
    except (OSError, ImportError, ValueError) as error:
        raise ConnectionFailed(
            "the connection could not be set up: SSL_CERT_FILE, SSL_CERT_DIR or a proxy "
            "variable of the server's environment cannot be used",
            sent=False,
        ) from error


async def carry_out(client: httpx.AsyncClient, request: httpx.Request, read: Reader) -> Raw:
    """Send a request that may be sent, and read its answer. Raises as ``exchange`` does."""
    import httpx  # noqa: PLC0415 - heavy, and not needed to list tools

    try:
        response = await client.send(request, stream=True)
        try:
            content, complete = await read(response)
        finally:
            await response.aclose()
    except (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
    ) as error:
        if isinstance(error, httpx.TimeoutException):
            raise TimedOut("no connection came about in time", sent=False) from error
        raise ConnectionFailed(_cause(error), sent=False) from error
    except httpx.TimeoutException as error:
        raise TimedOut("Zendesk took too long to answer", sent=True) from error
    except httpx.DecodingError as error:
        raise UnreadableResponse("Zendesk's answer could not be decompressed") from error
    except httpx.HTTPError as error:
        raise ConnectionFailed("the connection to Zendesk broke", sent=True) from error
    except httpx.InvalidURL as error:  # of a redirect, which is looked at though not followed
        raise ForeignAddress from error
    return Raw(response.status_code, response.headers, content, complete)


async def _bounded(response: httpx.Response) -> tuple[bytes, bool]:
    """The whole body, or an error once it grows past what any answer of ours needs."""
    chunks = bytearray()
    async for chunk in response.aiter_bytes():
        chunks += chunk
        if len(chunks) > MAX_ANSWER_BYTES:
            megabytes = MAX_ANSWER_BYTES // 1024**2
            raise AnswerTooLarge(
                f"Zendesk's answer is larger than {megabytes} MiB", status=response.status_code
            )
    return bytes(chunks), True


def _cause(error: BaseException | None) -> str:
    """Why no connection came about, in our own words."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return "the TLS certificate could not be verified"
        if isinstance(error, ssl.SSLError):
            return "no TLS connection to Zendesk could be made"
        if isinstance(error, socket.gaierror):
            return "the account's host name could not be resolved"
        error = error.__cause__ or error.__context__
    return "no connection to Zendesk could be made"
