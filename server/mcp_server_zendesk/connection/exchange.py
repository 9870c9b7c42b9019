"""HTTPS to one account: a pool, one exchange at a time, and its failures in our own words.

Nothing is signed here and no redirect is followed.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.connection.errors import (
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
_NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Request:
    """One request: a method, and a path (and query) on the account's origin."""

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    body: Json | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came: any status, and a body of bounded size."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    def json_object(self) -> Json:
        """The body's JSON object; empty where there is no body.

        Raises:
            UnreadableResponse: It is something else.
        """
        if self.status == _NO_CONTENT or not self.content.strip():
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

    async def exchange(self, asked: Request, authorization: str | None = None) -> Raw:
        """Send one request and read its answer, whatever its status.

        Args:
            asked: Its path is on the account's origin.
            authorization: The value of the ``Authorization`` header.

        Raises:
            ConnectionFailed: No answer came; ``sent`` tells whether bytes had left.
            TimedOut: Likewise.
            UnreadableResponse: The answer is too large or cannot be decompressed.
            ForeignAddress: The path leads to another origin; nothing was sent.
        """
        import httpx  # noqa: PLC0415 - heavy, and not needed to list tools

        client = self._client or self._open()
        request = client.build_request(
            asked.method,
            self._origin + asked.path,
            params=asked.params or None,
            json=asked.body,
            headers=dict(asked.headers or {}),
        )
        if not same_origin(str(request.url), self._origin):
            raise ForeignAddress
        if authorization is not None:
            request.headers["Authorization"] = authorization
        try:
            response = await client.send(request, stream=True)
            try:
                content = await _bounded(response)
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
        return Raw(response.status_code, response.headers, content)

    def _open(self) -> httpx.AsyncClient:
        import httpx  # noqa: PLC0415 - heavy, and not needed to list tools

        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        try:
            self._client = httpx.AsyncClient(
                transport=self._transport,
                timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
                follow_redirects=False,
                headers={"Accept": "application/json", "User-Agent": self._user_agent},
                cookies=no_cookies,
            )
        except (OSError, ImportError, ValueError) as error:
            raise ConnectionFailed(
                "the connection could not be set up: SSL_CERT_FILE, SSL_CERT_DIR or a proxy "
                "variable of the server's environment cannot be used",
                sent=False,
            ) from error
        return self._client


async def _bounded(response: httpx.Response) -> bytes:
    """The whole body, or an error once it grows past what any answer of ours needs."""
    chunks = bytearray()
    async for chunk in response.aiter_bytes():
        chunks += chunk
        if len(chunks) > MAX_ANSWER_BYTES:
            megabytes = MAX_ANSWER_BYTES // 1024**2
            raise UnreadableResponse(
                f"Zendesk's answer is larger than {megabytes} MiB", status=response.status_code
            )
    return bytes(chunks)


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
