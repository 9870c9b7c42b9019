"""One pooled HTTPS connection to one Zendesk account."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import anyio

from mcp_server_zendesk.connection import envelopes
from mcp_server_zendesk.connection.errors import (
    ConnectionFailed,
    ForeignAddress,
    TimedOut,
    UnreadableResponse,
)
from mcp_server_zendesk.connection.limits import RateGate
from mcp_server_zendesk.connection.paths import link_path, same_origin

if TYPE_CHECKING:
    import httpx

    from mcp_server_zendesk.connection.account import Account
    from mcp_server_zendesk.connection.credentials import Credentials

logger = logging.getLogger(__name__)

Json = dict[str, Any]

MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_REDIRECTS = 3
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 30.0
TOTAL_SECONDS = 45.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_CONTENT = 204
_UNAUTHENTICATED = 401
_FIRST_REFUSAL = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its JSON object (empty for 204), and what Zendesk said beside it.

    ``repeated`` when an earlier attempt's answer was lost: that one may have been applied too.
    """

    body: Json
    status: int = 200
    warning: str | None = None
    request_id: str | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Raw:
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    signed_with: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: a method, and a path (and query) on the account's origin."""

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    body: Json | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = None


class Connection:
    """The only code that talks to Zendesk, and the only one that signs.

    One ``httpx.AsyncClient`` for the life of the process, made at the first request: starting
    up never waits for Zendesk.
    """

    def __init__(
        self,
        account: Account,
        credentials: Credentials,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        user_agent: str = "mcp-server-zendesk",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.account = account
        self.credentials = credentials
        self._transport = transport
        self._user_agent = user_agent
        self._client: httpx.AsyncClient | None = None
        self.gate = RateGate(clock)

    async def aclose(self) -> None:
        """Close the pool."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read its answer. See ``carry``.

        Args:
            method: GET, POST, PUT or DELETE.
            path: A path (and query) on the account's origin, from ``api_path`` or ``link_path``.
            params: Query parameters.
            body: Sent as JSON.
            headers: Extra headers, such as ``Idempotency-Key``.
        """
        return await self.carry(Request(method, path, params, body, headers))

    async def carry(self, request: Request, within: float = TOTAL_SECONDS) -> Answer:
        """Send one request and read its answer, within some seconds.

        Raises:
            ZendeskError: In one of its kinds.
        """
        try:
            with anyio.fail_after(min(within, TOTAL_SECONDS)):
                raw = await self._follow(request)
                if raw.status == _UNAUTHENTICATED and await self.credentials.renew(raw.signed_with):
                    raw = await self._follow(request)  # a rejected request was not carried out
        except TimeoutError as error:
            raise TimedOut("Zendesk took too long to answer", sent=True) from error
        if raw.status >= _FIRST_REFUSAL:
            refusal = envelopes.read_refusal(raw.status, raw.headers, raw.content)
            raise envelopes.exception_for(refusal, auth=self.credentials.auth)
        return Answer(
            body=_json_object(raw),
            status=raw.status,
            warning=raw.headers.get("x-zendesk-api-warn"),
            request_id=envelopes.request_id(raw.headers),
        )

    async def _follow(self, request: Request) -> _Raw:
        """Send, and follow redirects of a GET that stay on the account's origin."""
        raw = await self._exchange(request)
        for _ in range(MAX_REDIRECTS):
            if raw.status not in _REDIRECTS:
                return raw
            target = link_path(raw.headers.get("location", ""), self.account.origin)
            if request.method != "GET":
                break
            raw = await self._exchange(Request("GET", target, headers=request.headers))
        if raw.status in _REDIRECTS:
            raise UnreadableResponse("Zendesk redirects and does not arrive", status=raw.status)
        return raw

    async def _exchange(self, asked: Request) -> _Raw:
        """One request and one answer."""
        started = time.perf_counter()
        raw = await self._transmit(asked)
        self.gate.learn(asked.method, asked.path, raw.status, raw.headers)
        logger.debug(
            "%s %s answered %d in %.0f ms",
            asked.method,
            asked.path.partition("?")[0],
            raw.status,
            (time.perf_counter() - started) * 1000,
        )
        return raw

    async def _transmit(self, asked: Request) -> _Raw:
        import httpx  # noqa: PLC0415 - heavy, and not needed to list tools

        client = self._client or self._open()
        request = client.build_request(
            asked.method,
            self.account.origin + asked.path,
            params=asked.params or None,
            json=asked.body,
            headers=dict(asked.headers or {}),
        )
        if not same_origin(str(request.url), self.account.origin):
            raise ForeignAddress
        authorization = self.credentials.authorization()
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
        return _Raw(response.status_code, response.headers, content, authorization)

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


def _json_object(raw: _Raw) -> Json:
    if raw.status == _NO_CONTENT or not raw.content.strip():
        return {}
    try:
        body = json.loads(raw.content)
    except (ValueError, RecursionError) as error:
        raise UnreadableResponse(
            "Zendesk's answer is not JSON; a proxy or a login page may stand in between",
            status=raw.status,
        ) from error
    if not isinstance(body, dict):
        raise UnreadableResponse("Zendesk's answer is JSON, but no object", status=raw.status)
    return body


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
