"""What one caller may keep open at a time, so that there is room for the others.

Tool calls have limits that an admin sets (``serving.fairness``). These are of what carries them:
requests, streams of news included, the memory that their bodies take, and sessions, of which the
server has so many for all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_server_zendesk.hosting.bodies import MOST_BYTES
from mcp_server_zendesk.hosting.refusals import refusal
from mcp_server_zendesk.serving.callers import current_caller

_SESSION = "mcp-session-id"

MOST_REQUESTS = 256
MOST_BYTES_AT_ONCE = 8 * MOST_BYTES
MOST_SESSIONS = 500
IDLE_SECONDS = 1_800.0
"""After which the SDK ends a session of which nothing is heard."""

_REQUESTS = (
    f"This caller has {MOST_REQUESTS} requests open at this server, which is the most. Nothing was "
    "done. Close some, or wait for their answers."
)
_BYTES = (
    f"This caller's messages that are being answered fill {MOST_BYTES_AT_ONCE // 1024**2} MiB, "
    "which is the most. Nothing was done. Send large messages one after the other, with their "
    "Content-Length."
)
_SESSIONS = (
    f"This caller has {MOST_SESSIONS} sessions open at this server, which is the most. Nothing was "
    "done. End those that nobody uses: send DELETE with their Mcp-Session-Id."
)


class Crowds:
    """What each caller keeps open, at all workspaces of a server.

    Args:
        clock: Seconds of any origin.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.requests = Counter[str]()
        self.bytes = Counter[str]()
        self.sessions: dict[str, dict[str, float]] = {}
        """Of each caller by id, and when it was last used."""


class Room:
    """ASGI middleware behind the gate: no known caller takes the room of the others.

    Args:
        app: What the requests go to.
        crowds: Of the server.
        sessions: The app keeps some for older clients.
    """

    def __init__(self, app: ASGIApp, crowds: Crowds, *, sessions: bool) -> None:
        self._app = app
        self._crowds = crowds
        self._keeps = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request while it lasts, or say what its caller has too much of."""
        caller = current_caller().key
        if scope["type"] != "http" or not caller:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        size, opens = _size(scope, headers), self._keeps and _SESSION not in headers
        too_much = self._too_much(caller, size)
        if opens and too_much is None:
            too_much = self._too_many_sessions(caller, headers)
        if too_much is not None:
            answer = refusal(HTTPStatus.TOO_MANY_REQUESTS, too_much, retry_after=1)
            await answer(scope, receive, send)
            return
        self._crowds.requests[caller] += 1
        self._crowds.bytes[caller] += size
        self._note_use(caller, scope, headers)
        try:
            await self._app(scope, receive, self._noting(caller, send) if opens else send)
        finally:
            self._give_back(caller, size)

    def _too_much(self, caller: str, size: int) -> str | None:
        if self._crowds.requests[caller] >= MOST_REQUESTS:
            return _REQUESTS
        if size and self._crowds.bytes[caller] + size > MOST_BYTES_AT_ONCE:
            return _BYTES
        return None

    def _give_back(self, caller: str, size: int) -> None:
        for counts, much in ((self._crowds.requests, 1), (self._crowds.bytes, size)):
            counts[caller] -= much
            if not counts[caller]:
                del counts[caller]

    def _too_many_sessions(self, caller: str, headers: Headers) -> str | None:
        version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
        if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
            return None
        now, known = self._crowds.clock(), self._crowds.sessions.pop(caller, {})
        kept = {one: last for one, last in known.items() if now - last < IDLE_SECONDS}
        if kept:
            self._crowds.sessions[caller] = kept
        return _SESSIONS if len(kept) >= MOST_SESSIONS else None

    def _note_use(self, caller: str, scope: Scope, headers: Headers) -> None:
        """Of a session that this caller opened."""
        used, mine = headers.get(_SESSION), self._crowds.sessions.get(caller, {})
        if used is not None and used in mine:
            if scope["method"] == "DELETE":
                del mine[used]
            else:
                mine[used] = self._crowds.clock()

    def _noting(self, caller: str, send: Send) -> Send:
        """Notes a session that an answer opens."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                opened = Headers(raw=message["headers"]).get(_SESSION)
                if opened is not None and message["status"] < HTTPStatus.BAD_REQUEST:
                    self._crowds.sessions.setdefault(caller, {})[opened] = self._crowds.clock()
            await send(message)

        return noted


def _size(scope: Scope, headers: Headers) -> int:
    """Of a request's body; what does not say so may be as large as any."""
    if scope["method"] != "POST":
        return 0
    declared = headers.get("content-length", "")
    return min(int(declared), MOST_BYTES) if declared.isdecimal() else MOST_BYTES
