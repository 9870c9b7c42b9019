"""Tells clients that the list of tools has changed: what was granted, or another policy."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.shared.subscriptions import ToolsListChanged
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

logger = logging.getLogger(__name__)

_MOST_LISTENERS = 1024
_SECONDS_TO_TELL = 5


class Announcer:
    """Knows who may have seen a list that no longer holds, one each connection.

    Args:
        lasting: The list can change for as long as the server runs. Otherwise nobody is remembered
            any more once it is known what was granted.
    """

    def __init__(self, *, lasting: bool = False) -> None:
        self.bus = InMemorySubscriptionBus()
        self._lasting = lasting
        self._closed = False
        self._listeners: OrderedDict[int, ServerSession] = OrderedDict()

    async def notice(
        self, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Remember who asks, and forget whoever has been silent for longest where there are many.

        The SDK makes a session for each request; what a connection keeps is its client's
        parameters, which tell whether two sessions are of one client.
        """
        client, session = ctx.session.client_params, ctx.session
        if (
            ctx.method in {"tools/list", "tools/call"}
            and client is not None
            and session.protocol_version not in MODERN_PROTOCOL_VERSIONS
            and not self._closed
        ):
            self._listeners[id(client)] = session
            self._listeners.move_to_end(id(client))
            if len(self._listeners) > _MOST_LISTENERS:
                self._listeners.popitem(last=False)
        return await call_next(ctx)

    async def tell(self) -> None:
        """Tell everyone: today's clients by their subscriptions, older ones by their session."""
        await self.bus.publish(ToolsListChanged())
        async with anyio.create_task_group() as telling:
            for session in list(self._listeners.values()):
                telling.start_soon(_tell, session)

    def granted_known(self) -> None:
        """The scopes that were granted are known: from here on only the policy can change."""
        if not self._lasting:
            self._closed = True
            self._listeners.clear()


async def _tell(session: ServerSession) -> None:
    with anyio.move_on_after(_SECONDS_TO_TELL):
        try:
            await session.send_tool_list_changed()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            logger.debug("A client has gone before it could be told of the other list")


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
