"""The content of attachments: on the account's origin, or unsigned where Zendesk keeps it (§5.7).

The host of contents gets no credentials, no cookie and nothing else of ours. No other host gets
anything at all.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcp_server_zendesk.connection import envelopes
from mcp_server_zendesk.connection.errors import (
    Forbidden,
    ForeignAddress,
    Refusal,
    UnreadableResponse,
)
from mcp_server_zendesk.connection.exchange import Raw, Reader, carry_out, open_client
from mcp_server_zendesk.connection.paths import link_path

if TYPE_CHECKING:
    import httpx

_CONTENT = "/attachments/"
_CONTENT_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,4}zdusercontent\.com(?::443)?")
_LONGEST_ADDRESS = 8_192
_FIRST_REDIRECT = 300
_FIRST_REFUSAL = 400
_UNAUTHENTICATED = 401
_GUNZIP_OR_INFLATE = 47  # zlib's number for "gzip or zlib, whichever it is"
_PACKED = {"gzip", "x-gzip", "deflate"}


@dataclass(frozen=True, slots=True)
class Download:
    """The content of an attachment: ``complete``, or its first bytes."""

    content: bytes = field(repr=False)
    complete: bool = True
    content_type: str = ""
    request_id: str | None = None


def content_path(link: str, origin: str) -> str:
    """The path and query of an attachment's ``content_url`` on our own origin.

    Raises:
        ForeignAddress: It leads to another host.
        UnreadableResponse: It leads to something else than an attachment, such as a login page.
    """
    path = link_path(link, origin)
    if not path.startswith(_CONTENT) or not path.isprintable() or len(path) > _LONGEST_ADDRESS:
        raise UnreadableResponse("Zendesk's answer leads to a page that is no attachment")
    return path


def is_content_address(url: str) -> bool:
    """Whether an address is one of Zendesk's host of contents: https, and nothing else in it."""
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return False
    if len(url) > _LONGEST_ADDRESS:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and _CONTENT_HOST.fullmatch(parts.netloc.lower()) is not None


def loggable(path: str) -> str:
    """A path without its query; what follows ``/attachments/`` opens the file by itself."""
    return _CONTENT + "…" if path.startswith(_CONTENT) else path.partition("?")[0]


class ContentHost:
    """The way to the host where Zendesk keeps attachments. Nothing is signed here."""

    def __init__(self, *, transport: httpx.AsyncBaseTransport | None, user_agent: str) -> None:
        self._transport = transport
        self._user_agent = user_agent
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close the pool."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def fetch(self, address: str, read: Reader) -> Raw:
        """Read an address of Zendesk's host of contents; its own redirects are not followed.

        Raises:
            ForeignAddress: The address is another one; nothing was sent.
            Refused: The host says no. Its words and waits are not Zendesk's, and are not kept.
            ZendeskError: As ``Channel.exchange``.
        """
        if self._client is None:
            self._client = open_client(self._transport, self._user_agent)
        if not is_content_address(address):
            raise ForeignAddress
        request = self._client.build_request("GET", address, headers=WHOLE)
        if not is_content_address(str(request.url)):
            raise ForeignAddress
        raw = await carry_out(self._client, request, read)
        if raw.status >= _FIRST_REFUSAL:
            refusal = Refusal(status=raw.status)
            if raw.status == _UNAUTHENTICATED:
                raise Forbidden(refusal)  # our credentials were not asked for
            raise envelopes.exception_for(refusal)
        if raw.status >= _FIRST_REDIRECT:
            raise ForeignAddress
        return raw


WHOLE = {"Accept": "*/*", "Accept-Encoding": "identity"}
"""Asks for a file as it is; some are kept compressed all the same."""


async def read_start(most: int, response: httpx.Response) -> tuple[bytes, bool]:
    """The first bytes of a body, unpacked too, and whether that is all of it.

    Reading ends once there is enough, whatever length is declared.

    Raises:
        UnreadableResponse: It is compressed in a way that we do not know, or badly.
    """
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing not in {"", "identity", *_PACKED}:
        raise UnreadableResponse("the attachment's content could not be decompressed")
    chunks = bytearray()
    async for chunk in response.aiter_raw():
        chunks += chunk
        if len(chunks) > most:
            break
    complete = len(chunks) <= most
    content = bytes(chunks[:most])
    return (
        _unpacked(content, most, complete=complete) if packing in _PACKED else (content, complete)
    )


def _unpacked(packed: bytes, most: int, *, complete: bool) -> tuple[bytes, bool]:
    """Never more than ``most`` bytes, however small they were packed."""
    unpacker = zlib.decompressobj(_GUNZIP_OR_INFLATE)
    try:
        content = unpacker.decompress(packed, most)
    except zlib.error as error:
        raise UnreadableResponse("the attachment's content could not be decompressed") from error
    return content, complete and unpacker.eof and not unpacker.unconsumed_tail
