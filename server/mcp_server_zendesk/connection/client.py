"""One authenticated connection to one Zendesk account."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mcp_server_zendesk.connection import envelopes
from mcp_server_zendesk.connection.credentials import without_signature
from mcp_server_zendesk.connection.downloads import (
    ContentHost,
    Download,
    content_path,
    is_content_address,
    loggable,
    read_start,
)
from mcp_server_zendesk.connection.errors import TimedOut, UnreadableResponse
from mcp_server_zendesk.connection.exchange import (
    NO_CONTENT,
    USER_AGENT,
    Channel,
    Json,
    Raw,
    Reader,
    Request,
)
from mcp_server_zendesk.connection.limits import RateGate
from mcp_server_zendesk.connection.paths import link_path
from mcp_server_zendesk.connection.shared import Gate

if TYPE_CHECKING:
    import httpx

    from mcp_server_zendesk.connection.account import Account
    from mcp_server_zendesk.connection.credentials import Credentials

logger = logging.getLogger(__name__)

MAX_REDIRECTS = 3
TOTAL_SECONDS = 45.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
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
    date: str | None = None


class Connection:
    """The only code that signs a request."""

    def __init__(
        self,
        account: Account,
        credentials: Credentials,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        user_agent: str = USER_AGENT,
        clock: Callable[[], float] = time.monotonic,
        gate: Gate | None = None,
    ) -> None:
        self.account = account
        self.credentials = credentials
        self.gate: Gate = gate or RateGate(clock)
        self._channel = Channel(account, transport=transport, user_agent=user_agent)
        self._content_host = ContentHost(transport=transport, user_agent=user_agent)

    async def aclose(self) -> None:
        """Close the pools."""
        await self._channel.aclose()
        await self._content_host.aclose()

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
        raw = await self._signed(partial(self._follow, request), within)
        body = raw.json_object()
        if not body and request.method != "GET" and raw.status != NO_CONTENT:
            raise UnreadableResponse(
                "Zendesk's answer says that it worked, and nothing of what was done",
                status=raw.status,
            )
        return Answer(
            body=body,
            status=raw.status,
            warning=raw.headers.get("x-zendesk-api-warn"),
            request_id=envelopes.request_id(raw.headers),
            date=raw.headers.get("date"),
        )

    async def download(
        self, request: Request, within: float = TOTAL_SECONDS, *, most: int
    ) -> Download:
        """Read the content of an attachment, or its first ``most`` bytes.

        Args:
            request: A GET of a ``content_path``.
            within: Seconds.
            most: Bytes.

        Raises:
            ForeignAddress: The content lies neither on the account's origin nor where Zendesk
                keeps attachments; nothing was sent there.
            ZendeskError: In one of its kinds.
        """
        raw = await self._signed(partial(self._fetch, request, partial(read_start, most)), within)
        return Download(
            content=raw.content,
            complete=raw.complete,
            content_type=raw.headers.get("content-type", ""),
            request_id=envelopes.request_id(raw.headers),
        )

    async def _signed(self, send: Callable[[str], Awaitable[Raw]], within: float) -> Raw:
        """What ``send`` brings when it gets a signature; a new one where the first is rejected."""
        sent = False
        try:
            with anyio.fail_after(min(within, TOTAL_SECONDS)):
                signed_with = await self.credentials.authorization()
                sent = True
                raw = await send(signed_with)
                if raw.status == _UNAUTHENTICATED:
                    sent = False  # a rejected request was not carried out
                    if await self.credentials.renew(signed_with):
                        signed_with = await self.credentials.authorization()
                        sent = True
                        raw = await send(signed_with)
        except TimeoutError as error:
            raise TimedOut("Zendesk took too long to answer", sent=sent) from error
        if raw.status >= _FIRST_REFUSAL:
            said = without_signature(raw.content, signed_with)
            refusal = envelopes.read_refusal(raw.status, raw.headers, said)
            raise envelopes.exception_for(refusal, auth=self.credentials.auth)
        return raw

    async def _follow(self, request: Request, authorization: str) -> Raw:
        """Send, and follow redirects of a GET that stay on the account's origin."""
        raw = await self._exchange(request, authorization)
        for _ in range(MAX_REDIRECTS):
            if raw.status not in _REDIRECTS:
                return raw
            target = link_path(raw.headers.get("location", ""), self.account.origin)
            if request.method != "GET":
                break
            raw = await self._exchange(
                Request("GET", target, headers=request.headers), authorization
            )
        if raw.status in _REDIRECTS:
            raise UnreadableResponse("Zendesk redirects and does not arrive", status=raw.status)
        return raw

    async def _fetch(self, request: Request, read: Reader, authorization: str) -> Raw:
        """Follow an attachment to where its content lies; unsigned, once it is another host."""
        origin = self.account.origin
        raw = await self._exchange(request, authorization, read)
        for _ in range(MAX_REDIRECTS):
            if raw.status not in _REDIRECTS:
                return raw
            location = raw.headers.get("location", "")
            if is_content_address(location):
                return await self._content_host.fetch(location, read)
            target = Request("GET", content_path(location, origin), headers=request.headers)
            raw = await self._exchange(target, authorization, read)
        raise UnreadableResponse("Zendesk redirects and does not arrive", status=raw.status)

    async def _exchange(
        self, asked: Request, authorization: str, read: Reader | None = None
    ) -> Raw:
        """One request and one answer."""
        started = time.perf_counter()
        raw = await self._channel.exchange(asked, authorization, read)
        self.gate.learn(asked.method, asked.path, raw.status, raw.headers)
        logger.debug(
            "%s %s answered %d in %.0f ms",
            asked.method,
            loggable(asked.path),
            raw.status,
            (time.perf_counter() - started) * 1000,
        )
        return raw
