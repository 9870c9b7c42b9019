"""Takes in what a client posts: one message, whole and within bounds, before anything is done.

A client that is slow, or that never ends, costs a little memory for a while and nothing else.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_server_zendesk.hosting.refusals import refusal
from mcp_server_zendesk.serving.messages import refusal_of

logger = logging.getLogger(__name__)

MOST_BYTES = 8 * 1024 * 1024
"""Of one message. The largest that a tool takes is a file of 5 MB, as base64."""

SECONDS = 30.0
"""For one message to arrive."""

_BOTH = frozenset({b"content-length", b"transfer-encoding"})


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    pass


class OneLength:
    """ASGI middleware before which a request tells in one way alone how long it is.

    Where it tells in two, a proxy may have taken it for another one (RFC 9112 §6.3).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or hang up."""
        if scope["type"] == "http" and {name for name, _ in scope["headers"]} >= _BOTH:
            words = "Send Content-Length or Transfer-Encoding, and not both. Nothing was done."
            answer = refusal(HTTPStatus.BAD_REQUEST, words)
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


class WholeBodies:
    """ASGI middleware behind which the body of each POST is there at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on with its body, or say why it cannot be taken."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            with anyio.fail_after(SECONDS):
                body = await _whole(scope, receive)
        except _Gone:
            return
        except _TooLarge:
            words = (
                f"The message is larger than the {MOST_BYTES // 1024**2} MiB that this server "
                "takes. Nothing was done. Send less in one call."
            )
            await refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)(scope, receive, send)
            return
        except TimeoutError:
            words = (
                f"The message had not arrived whole after {SECONDS:.0f} s. Nothing was done. "
                "Send it again."
            )
            answer = refusal(HTTPStatus.REQUEST_TIMEOUT, words, retry_after=1)
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
            return
        if (none := refusal_of(body)) is not None:
            logger.info("A message was refused: %s", none.error.message)
            words, code = none.error.message, none.error.code
            answer = refusal(HTTPStatus.BAD_REQUEST, words, request_id=none.id, code=code)
            await answer(scope, receive, send)
            return
        told: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return told.pop() if told else await receive()

        await self._app(scope, again, send)


async def _whole(scope: Scope, receive: Receive) -> bytes:
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise _TooLarge
    parts, size, more = list[bytes](), 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise _Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise _TooLarge
        more = message.get("more_body", False)
    return b"".join(parts)
