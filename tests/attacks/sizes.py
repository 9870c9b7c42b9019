"""What costs too much: memory, time, requests, and room in a model's context."""

from __future__ import annotations

import gzip
import re
import struct
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
from mcp.shared.exceptions import MCPError

from attached_files import attach
from attacks import defences
from attacks.attack import Attacks, Ground, put_in_place
from attacks.hosts import OWN, Street
from attacks.reading import read
from mcp_server_zendesk.sandbox import Fault, misfortunes
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET, ORDER_NUMBER_FIELD_ID

ATTACKS = Attacks("size and cost")

MEGABYTE = 1024 * 1024


class Pouring(httpx.AsyncByteStream):
    """An answer that does not end for a long while."""

    def __init__(self) -> None:
        self.poured = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(48):
            self.poured += MEGABYTE
            yield b" " * MEGABYTE


@ATTACKS.add(
    "answer without end",
    who="network",
    tries="an answer of 48 MiB to a question for one user",
    defence="an answer is read up to a bound",
    without=put_in_place("mcp_server_zendesk.connection.exchange:MAX_ANSWER_BYTES", 2**40),
)
async def _(ground: Ground) -> bool:
    streams: list[Pouring] = []

    def pour(_: httpx.Request) -> httpx.Response:
        streams.append(Pouring())
        return httpx.Response(200, stream=streams[-1])

    async with ground.open_workspace(transport=httpx.MockTransport(pour), scopes="read") as desk:
        await read(desk, "get_user", user="me")
    return max(stream.poured for stream in streams) > 32 * MEGABYTE


def _all_of_it(packed: bytes, most: int, *, complete: bool) -> tuple[bytes, bool]:
    del most
    return zlib.decompressobj(47).decompress(packed), complete


@ATTACKS.add(
    "packed bomb",
    who="stranger",
    tries="a text file that unpacks to 24 MB",
    defence="no more is unpacked than is read",
    without=put_in_place("mcp_server_zendesk.connection.downloads:_unpacked", _all_of_it),
)
async def _(ground: Ground) -> bool:
    street = Street()
    number = attach(street.sandbox, "a.txt", gzip.compress(b"0" * (24 * MEGABYTE), 1))
    street.sandbox.faults.add(
        "GET", "^/attachment/", 1, Fault(headers={"content-encoding": "gzip"})
    )
    async with ground.open_workspace(
        transport=street, scopes="read", toolsets="attachments"
    ) as desk:
        tracemalloc.start()
        try:
            await read(desk, "get_attachment", attachment_id=number)
            return tracemalloc.get_traced_memory()[1] >= 24 * MEGABYTE
        finally:
            tracemalloc.stop()


def _png(width: int, height: int) -> bytes:
    """A picture that is all one colour, and mostly claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    row = b"\0" * (1 + width)
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@ATTACKS.add(
    "picture of too many pixels",
    who="stranger",
    tries="a picture of a few kilobytes that takes 64 megabytes once it is opened",
    defence="a picture's size is looked at before it is opened",
    without=put_in_place("zendesk_tools.attachment_media:_refuse_bombs", lambda *_: None),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace(scopes="read", toolsets="attachments") as desk:
        number = attach(desk.sandbox, "a.png", _png(8_000, 8_000), "image/png")
        return "shown as" in await read(desk, "get_attachment", attachment_id=number)


@ATTACKS.add(
    "HTML that is slow to read",
    who="stranger",
    tries="a comment nested so that reading it costs its depth times its length",
    defence="reading ends where nesting is nobody's",
    without=defences.nesting_is_bounded,
)
async def _(ground: Ground) -> bool:
    html = "".join(f"<b id=x{number}><p>" for number in range(1_500))
    async with ground.open_workspace(scopes="read") as desk:
        desk.sandbox.store.comments[OPEN_TICKET][-1]["html_body"] = html
        started = time.process_time()
        await read(desk, "get_ticket", ticket_id=OPEN_TICKET)
        return time.process_time() - started > 0.3


@ATTACKS.add(
    "pattern that takes for ever",
    who="agent-side data",
    tries="a field's own pattern, and a value on which it takes twice as long a character",
    defence="patterns with a repeated group are left to Zendesk",
    without=put_in_place("zendesk_tools.custom_fields:_NOT_FOR_PYTHON", re.compile(r"(?!)")),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace() as desk:
        pattern = {"regexp_for_validation": r"^(\w+\s?)*$"}
        desk.sandbox.store.ticket_fields[ORDER_NUMBER_FIELD_ID].update(pattern)
        taken = {"ticket": {"id": OPEN_TICKET}, "audit": {"id": 1, "events": []}}
        desk.sandbox.faults.add("PUT", "/tickets/", 1, Fault(status=200, body=taken))
        value = {"Order number": "a" * 24 + "!"}
        started = time.process_time()
        await read(desk, "update_ticket", ticket_id=OPEN_TICKET, custom_fields=value)
        return time.process_time() - started > 0.3


@ATTACKS.add(
    "comment that fills the context",
    who="stranger",
    tries="a comment of 60,000 characters",
    defence="texts are cut, and say so",
    without=defences.texts_are_cut,
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace(scopes="read") as desk:
        text = "buy now " * 7_500
        desk.sandbox.store.comments[OPEN_TICKET][-1].update(html_body=text, plain_body=text)
        return len(await read(desk, "get_ticket", ticket_id=OPEN_TICKET)) > 20_000


@ATTACKS.add(
    "refusal that fills the context",
    who="client",
    tries="five thousand unknown arguments, each of which a refusal would name",
    defence="a refusal names a few problems",
    without=put_in_place("mcp_server_zendesk.serving.arguments:_MAX_PROBLEMS", 10**6),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace(scopes="read") as desk:
        many = {f"argument_{number}": 1 for number in range(5_000)}
        return len(await read(desk, "get_ticket", ticket_id=OPEN_TICKET, **many)) > 100_000


@ATTACKS.add(
    "number of thousands of digits",
    who="client",
    tries="a ticket's number with five thousand digits, which Python does not write out",
    defence="numbers beyond all ids are left alone",
    without=put_in_place("mcp_server_zendesk.serving.arguments:_BEYOND_ALL_IDS", 10**9_999),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace() as desk:
        with suppress(MCPError):
            told = await read(desk, "update_ticket", ticket_id=OPEN_TICKET, problem_id=10**5_000)
            return '"kind":"invalid_arguments"' not in told
    return True


@ATTACKS.add(
    "pages without end",
    who="network",
    tries="a list of groups whose every page says that there is one more",
    defence="pages are counted",
    without=put_in_place("zendesk_tools.names:_MAX_GROUP_PAGES", 300),
)
async def _(ground: Ground) -> bool:
    endless = {"groups": [], "meta": {"has_more": True, "after_cursor": "again"}}
    async with ground.open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/groups", None, Fault(status=200, body=endless))
        await read(desk, "update_ticket", ticket_id=OPEN_TICKET, group="nobody")
        return len(desk.sent()) > 100


@ATTACKS.add(
    "redirects without end",
    who="network",
    tries="an address that redirects to itself",
    defence="redirects are counted",
    without=put_in_place("mcp_server_zendesk.connection.client:MAX_REDIRECTS", 200),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace(scopes="read") as desk:
        again = Fault(status=302, headers={"Location": f"https://{OWN}/api/v2/users/me"})
        desk.sandbox.faults.add("GET", "/users/me", None, again)
        await read(desk, "get_user", user="me")
        return len(desk.sent()) > 100


@ATTACKS.add(
    "told to wait for a day",
    who="network",
    tries="a limit that is over tomorrow, so that the assistant hangs",
    defence="a call has fifty seconds for all of it",
    without=put_in_place("mcp_server_zendesk.connection.handle:CALL_SECONDS", 10.0**9),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace(scopes="read") as desk:
        desk.sandbox.faults.add("GET", "/users/me", 1, misfortunes.rate_limited(86_400))
        await read(desk, "get_user", user="me")
        return sum(desk.slept) > 3_600
