"""Waits on 127.0.0.1 for the browser that comes back from Zendesk (RFC 8252 §7.3)."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from mcp_server_zendesk.signing_in.authorization import CALLBACK_PATH, parameters
from mcp_server_zendesk.signing_in.page import HEADERS, Page

_HOST = "127.0.0.1"
_SECONDS_TO_ASK = 15
_SECONDS_TO_ANSWER = 60.0
_SECONDS_TO_SHOW = 2.0
_MOST_VISITS = 32
_NOTHING_HERE = Page(
    done=False, title="Nothing here", text="This address only takes the end of a sign-in."
)
_GONE = Page(
    done=False,
    title="The sign-in has ended",
    text="The terminal no longer waits for it. Start it again there.",
)


class PortsTaken(Exception):
    """None of the ports is free."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = tuple(ports)
        super().__init__(f"taken: {', '.join(map(str, ports))}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at the redirect address. It waits until it is answered."""

    answer: dict[str, str] = field(repr=False)
    shown: threading.Event = field(default_factory=threading.Event, repr=False)
    _pages: queue.SimpleQueue[Page] = field(default_factory=queue.SimpleQueue, repr=False)

    def reply(self, page: Page) -> None:
        """Show a page, and see it off: the process may end next."""
        self._pages.put(page)
        self.shown.wait(_SECONDS_TO_SHOW)

    def page(self) -> Page:
        """The reply, waited for."""
        try:
            return self._pages.get(timeout=_SECONDS_TO_ANSWER)
        except queue.Empty:
            return _GONE


class Loopback:
    """A listener on the first free one of some ports, for as long as the context is open.

    Raises:
        PortsTaken: When it is made.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self._visits: queue.Queue[Visit] = queue.Queue(_MOST_VISITS)
        self._server = _bound(ports, self._visits)
        self.port: int = self._server.server_port

    @property
    def redirect_uri(self) -> str:
        """What Zendesk sends the browser back to."""
        return redirect_uri(self.port)

    def wait(self, seconds: float) -> Visit | None:
        """The next visit; None when nobody came in time."""
        try:
            return self._visits.get(timeout=max(seconds, 0))
        except queue.Empty:
            return None

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        while visit := self.wait(0):
            visit.reply(_GONE)
        self._server.server_close()


def redirect_uri(port: int) -> str:
    """The address to register for a port."""
    return f"http://{_HOST}:{port}{CALLBACK_PATH}"


class _Server(ThreadingHTTPServer):
    # Elsewhere than on POSIX this would let another program take the port away.
    allow_reuse_address = os.name == "posix"
    daemon_threads = True  # browsers open connections ahead and send nothing on them
    request_queue_size = 64  # of a few that queue, the next would wait for seconds

    def server_bind(self) -> None:
        """Without asking name servers for our own name, which takes seconds on some machines."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is nobody's news."""


def _bound(ports: Sequence[int], visits: queue.Queue[Visit]) -> _Server:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SECONDS_TO_ASK
        server_version = "mcp-server-zendesk"
        sys_version = ""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            own = f"{_HOST}:{self.connection.getsockname()[1]}"
            if parts.path != CALLBACK_PATH or self.headers.get("Host") != own:
                self._show(_NOTHING_HERE)
                return
            visit = Visit(parameters(parts.query))
            try:
                visits.put_nowait(visit)
                self._show(visit.page())
            except queue.Full:
                self._show(_GONE)
            finally:
                visit.shown.set()

        def _show(self, page: Page) -> None:
            self.send_response(page.status)
            body = page.html()
            for name, value in HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
            """Never: the address holds the code."""

    for port in ports:
        try:
            return _Server((_HOST, port), Handler)
        except OSError:
            continue
    raise PortsTaken(ports)
