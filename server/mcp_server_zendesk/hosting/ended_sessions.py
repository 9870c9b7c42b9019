"""A session of an older client that ends while its last notification is being taken in.

The client has its answer by then. The SDK takes it for a crash all the same: it logs one, answers
a second time, and fails at that.
"""

from __future__ import annotations

import logging

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

_SDK = "mcp.server.streamable_http"


class EndedSessions:
    """ASGI middleware before the SDK's transport: one answer a request, and no alarm about this."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        sdk = logging.getLogger(_SDK)
        if _is_a_failure not in sdk.filters:
            sdk.addFilter(_is_a_failure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on; what happens after its answer is nobody's."""
        answered = False

        async def once(message: Message) -> None:
            nonlocal answered
            if answered:
                return
            last = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)
            answered = last

        try:
            await self._app(scope, receive, once)
        except anyio.ClosedResourceError:
            if not answered:
                raise
            logger.info("A session ended while a message to it was taken in")


def _is_a_failure(record: logging.LogRecord) -> bool:
    """A filter of the SDK's log: without this one case, which is told above."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, anyio.ClosedResourceError)
