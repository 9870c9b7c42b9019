"""Tells clients that the list of tools has changed: what was granted can shrink it."""

from __future__ import annotations

import logging
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.shared.subscriptions import ToolsListChanged
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

logger = logging.getLogger(__name__)

_MOST_LISTENERS = 256
_SECONDS_TO_TELL = 5


class Announcer:
    """Knows who may have seen a longer list than what was granted allows, one each connection."""

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self._closed = False
        self._listeners: dict[int, ServerSession] = {}

    async def notice(
        self, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Remember who asks before the granted scopes are known.

        The SDK makes a session for each request; what a connection keeps is its client's
        parameters, which tell whether two sessions are of one client.
        """
        client, session = ctx.session.client_params, ctx.session
        if (
            ctx.method in {"tools/list", "tools/call"}
            and client is not None
            and session.protocol_version not in MODERN_PROTOCOL_VERSIONS
            and not self._closed
            and len(self._listeners) < _MOST_LISTENERS
        ):
            self._listeners.setdefault(id(client), session)
        return await call_next(ctx)

    async def tell(self) -> None:
        """Tell everyone: today's clients by their subscriptions, older ones by their session."""
        await self.bus.publish(ToolsListChanged())
        for session in list(self._listeners.values()):
            with anyio.move_on_after(_SECONDS_TO_TELL):
                try:
                    await session.send_tool_list_changed()
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    logger.debug("A client has gone before it could be told of the shorter list")

    def close(self) -> None:
        """Remember nobody any more."""
        self._closed = True
        self._listeners.clear()


async def declare_list_changes(
    ctx: ServerRequestContext[Any, Any], call_next: CallNext
) -> HandlerResult:
    """Declare at the handshake that the tool list may change."""
    result = await call_next(ctx)
    if ctx.method == "initialize" and isinstance(result, dict):
        tools = result.get("capabilities", {}).get("tools")
        if isinstance(tools, dict):
            tools["listChanged"] = True
    return result
