"""A real HTTP server that is sent bad messages, bad headers, and what is no HTTP at all."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import anyio
import httpx

from bench.team.processes import wait_for
from malformed.judging import Judged, id_of
from malformed.messages import GREETING, LEGACY, MODERN, Sent
from malformed.nasty import CANARY, broken
from malformed.streams import SERVE, environment
from operations.proxy import free_port

_AT_ONCE = 8
_SECONDS = 60
_ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_HEADERS = (
    "Accept",
    "Content-Type",
    "MCP-Protocol-Version",
    "Mcp-Session-Id",
    "Mcp-Method",
    "Mcp-Name",
    "Last-Event-ID",
    "Origin",
    "Authorization",
    "Content-Encoding",
    "Mcp-Param-Ticket-Id",
)
_HEADER_VALUES = (
    b"",
    b" ",
    b"*/*",
    b"text/plain",
    b"\xff\xfe",
    b"=?base64?////?=",
    b"=?base64?!?=",
    b"9999-99-99",
    b"2025-03-26",
    b"2025-06-18, 2026-07-28",
    CANARY.encode() * 500,
    b"application/json; charset=utf-16",
    b"http://evil.invalid",
    b"Bearer " + CANARY.encode(),
    b"gzip",
    b"tools/call",
)
_BAD_HEADERS, _BAD_METHODS = 0.3, 0.05
_METHODS = ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", CANARY.upper())


@dataclass
class Served:
    """The server's process and where it is."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def is_ready(self) -> bool:
        """What ``/readyz`` says."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def serving() -> Iterator[Served]:
    """Start it; the end of the context ends it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        command = [*SERVE, "--transport", "streamable-http", "--port", str(port)]
        with log.open("w") as out:
            process = subprocess.Popen(command, env=environment(), stdout=out, stderr=out)
        served = Served(process, port, log)
        try:
            wait_for(served.is_ready, "the server", process)
            yield served
        finally:
            process.terminate()
            process.wait(_SECONDS)


@dataclass
class Poster:
    """Posts messages of one era, as a client of it does."""

    http: httpx.AsyncClient
    url: str
    era: str
    judged: Judged
    session: dict[str, str] = field(default_factory=dict)
    turns: dict[str, anyio.Lock] = field(default_factory=dict)

    async def greet(self) -> None:
        """Begin a session, where the era has them."""
        if self.era == LEGACY:
            hello = {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": GREETING}
            answer = await self.http.post(self.url, json=hello, headers=_ACCEPT)
            self.session = {"Mcp-Session-Id": answer.headers["mcp-session-id"]}

    async def post(self, message: Sent, headers: dict[str, Any], method: str = "POST") -> None:
        """Send it once no other message has its id, and judge what comes back.

        Of two requests of one session that have one id at once, the SDK answers one.
        """
        id_ = repr(id_of(message.raw))
        async with self.turns.setdefault(id_, anyio.Lock()):
            await self._post(message, headers, method)

    async def _post(self, message: Sent, headers: dict[str, Any], method: str) -> None:
        told = [(b"Host", httpx.URL(self.url).netloc), *_encoded(headers)]
        self.judged.sent += 1
        try:
            with anyio.fail_after(_SECONDS):
                answer = await self.http.request(
                    method, self.url, content=message.raw, headers=told, timeout=_SECONDS
                )
        except (TimeoutError, httpx.TimeoutException):
            self.judged.blame(f"an answer without an end, with {headers}", message.raw)
            return
        except httpx.LocalProtocolError:  # this client's own objection
            self.judged.sent -= 1
            return
        heard = list(_messages(answer))
        status = answer.status_code
        self.judged.answered[f"HTTP {status}"] += 1
        for one in heard:
            self.judged.judge(one)
        if status >= 500 or (status == 200 and not heard):
            self.judged.blame(f"HTTP {status} that explains nothing", message.raw)
        if status >= 400 and not heard and CANARY in answer.text:
            self.judged.blame(f"HTTP {status} that repeats what was sent", answer.text)
        if status == 404 and self.era == LEGACY:
            await self.greet()  # a message has ended the session

    def headers(self, message: Sent) -> dict[str, Any]:
        """Those that belong to the message."""
        headers = {**_ACCEPT, **self.session, "MCP-Protocol-Version": self.era}
        if self.era == MODERN:
            with suppress(ValueError, RecursionError, AttributeError, UnicodeEncodeError):
                told = json.loads(message.raw)
                headers["Mcp-Method"] = str(told.get("method"))
                if isinstance(name := told.get("params", {}).get("name"), str):
                    name.encode("ascii")
                    headers["Mcp-Name"] = name
        return headers


def _encoded(headers: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """As bytes, without what ends a header."""
    encoded: list[tuple[bytes, bytes]] = []
    for name, value in headers.items():
        raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        encoded.append((name.encode(), raw.translate(None, b"\r\n\0")))
    return encoded


def _messages(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """The JSON-RPC messages in an answer."""
    kind = answer.headers.get("content-type", "")
    texts = [answer.text] if kind.startswith("application/json") else []
    if kind.startswith("text/event-stream"):
        lines = answer.text.replace("\r\n", "\n").split("\n")
        texts = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    for text in texts:
        if text.strip():
            yield json.loads(text)


def try_over_http(served: Served, era: str, messages: Iterable[Sent], judged: Judged) -> None:
    """Post all of them, some at a time."""
    chance = random.Random(1)  # noqa: S311 - which headers are bad

    async def post_all() -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            poster = Poster(http, served.url, era, judged)
            await poster.greet()
            rest = iter(messages)

            async def work() -> None:
                for message in rest:
                    headers = poster.headers(message)
                    if chance.random() < _BAD_HEADERS:
                        headers[chance.choice(_HEADERS)] = chance.choice(_HEADER_VALUES)
                    await poster.post(message, headers)
                    if chance.random() < _BAD_METHODS:
                        unknown = {**headers, "Mcp-Session-Id": CANARY}
                        await poster.post(message, unknown, chance.choice(_METHODS))

            async with anyio.create_task_group() as workers:
                for _ in range(_AT_ONCE):
                    workers.start_soon(work)

    anyio.run(post_all)
    _look_after(served, judged)


def try_no_http(served: Served, chance: random.Random, count: int, judged: Judged) -> None:
    """Write what is hardly HTTP to its socket."""
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    good = (
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        b"Accept: application/json, text/event-stream\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n" % (served.port, len(body))
    ) + body
    for _ in range(count):
        raw = broken(chance, good)
        judged.sent += 1
        with socket.create_connection(("127.0.0.1", served.port), timeout=_SECONDS) as one:
            with suppress(OSError):
                one.sendall(raw)
                one.shutdown(socket.SHUT_WR)
            try:
                answer = one.recv(65_536)
            except OSError:
                answer = b""
        status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.1 ") else ""
        judged.answered[f"HTTP {status}" if status else "hung up"] += 1
        if status.startswith("5") or (answer and not status):
            judged.blame(f"HTTP {status}", raw)
    _look_after(served, judged)


def _look_after(served: Served, judged: Judged) -> None:
    if served.process.poll() is not None or not served.is_ready():
        judged.blame("the server does not live any more", served.process.poll())
    log = served.log.read_text(encoding="utf-8", errors="replace")
    if "Traceback" in log:
        judged.blame("a traceback", log[log.index("Traceback") :])
