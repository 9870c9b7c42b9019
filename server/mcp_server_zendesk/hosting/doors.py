"""Whether the server takes in new calls, and which are still on their way through it.

Open, then *draining* (it serves as ever and tells load balancers to send nobody more), then
*closed* (a new call is refused and told so; those under way finish), then *ended* (streams that
wait for nothing but news are closed).
"""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import Any

import anyio
from mcp.shared.inbound import MCP_METHOD_HEADER
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_server_zendesk.hosting.refusals import refusal

_LISTEN = b"subscriptions/listen"
_METHOD_HEADER = MCP_METHOD_HEADER.encode()
_CLOSED = (
    "This server is being shut down and takes no new calls. Nothing was done: call again, and "
    "where it runs as several replicas another one answers."
)
RETRY_SECONDS = 1


class Doors:
    """The state that all workspaces of one server share."""

    def __init__(self) -> None:
        self.draining = False
        self.closed = False
        self.under_way = 0
        """Requests that have not been answered yet, streams of news left out."""
        self._ended = anyio.Event()

    def drain(self) -> None:
        """Tell load balancers to send nobody more."""
        self.draining = True

    def close(self) -> None:
        """Take in no new call."""
        self.draining = self.closed = True

    def end(self) -> None:
        """Close the streams."""
        self._ended.set()

    @property
    def has_ended(self) -> bool:
        """Whether streams are closed."""
        return self._ended.is_set()

    async def ended(self) -> None:
        """Wait for that."""
        await self._ended.wait()


class Hall:
    """ASGI middleware behind the doors. Bodies have to be whole (``WholeBodies``).

    Args:
        app: What the requests go to.
        doors: Of the server.
        refuses: New calls, once the doors are closed. Clients of SSE take no such answer to what
            they post; they are told by the workspace's server.
    """

    def __init__(self, app: ASGIApp, doors: Doors, *, refuses: bool = True) -> None:
        self._app = app
        self._doors = doors
        self._refuses = refuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, refuse it, or keep a stream open until the end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" or (_METHOD_HEADER, _LISTEN) in scope["headers"]:
            await self._stream(scope, receive, send)
        else:
            await self._call(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._doors.closed and self._refuses:
            message = await receive()
            asked = _request_of(message.get("body", b""))
            if asked is not None:
                answer = refusal(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    _CLOSED,
                    request_id=asked.get("id"),
                    retry_after=RETRY_SECONDS,
                )
                await answer(scope, receive, send)
                return
            receive = _beginning_with(message, receive)
        self._doors.under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._doors.under_way -= 1

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """At the end, tell the transport that its client has gone, and the client that it is over.

        That way each closes as it is used to.
        """
        begun = done = False

        async def watched(message: Message) -> None:
            nonlocal begun, done
            if self._doors.has_ended:
                return  # it speaks to somebody who has gone
            begun = True
            done = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        await self._app(scope, partial(self._received_or_ended, receive), watched)
        if done or not self._doors.has_ended:
            return
        if begun:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            answer = refusal(HTTPStatus.SERVICE_UNAVAILABLE, _CLOSED, retry_after=RETRY_SECONDS)
            await answer(scope, receive, send)

    async def _received_or_ended(self, receive: Receive) -> Message:
        received: Message = {"type": "http.disconnect"}

        async def leave(waiting: anyio.CancelScope) -> None:
            await self._doors.ended()
            waiting.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leave, tasks.cancel_scope)
            received = await receive()
            tasks.cancel_scope.cancel()
        return received


def _request_of(body: bytes) -> dict[str, Any] | None:
    """A JSON-RPC request; answers and notifications belong to calls that are under way."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    is_request = isinstance(message, dict) and "method" in message and "id" in message
    return message if is_request else None


def _beginning_with(message: Message, receive: Receive) -> Receive:
    told = [message]

    async def again() -> Message:
        return told.pop() if told else await receive()

    return again
