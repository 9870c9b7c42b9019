"""How clients reach the server: stdio, streamable HTTP, and the older HTTP+SSE."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading

import anyio
from mcp.server.transport_security import TransportSecuritySettings

from mcp_server_zendesk.serving.server import ZendeskServer

logger = logging.getLogger(__name__)

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_SECONDS_TO_FINISH = 10


def serve_stdio(server: ZendeskServer) -> None:
    """Serve one client over standard input and output until it hangs up, or a signal comes."""

    async def run() -> None:
        async with server.running(), anyio.create_task_group() as tasks:
            tasks.start_soon(_end_at_a_signal, server)
            await server.run_stdio_async()
            tasks.cancel_scope.cancel()

    try:
        anyio.run(run)
    except* anyio.BrokenResourceError:
        logger.debug("Interrupted while a message was on its way")


async def _end_at_a_signal(server: ZendeskServer) -> None:
    """End by SIGINT or SIGTERM although nothing can interrupt the thread that waits for a line.

    Where signals cannot be waited for (Windows), the first line after one ends the process.
    """
    try:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for number in signals:
                await server.end()
                os._exit(128 + number)
    except NotImplementedError:
        logger.debug("Signals cannot be waited for here")


def serve_http(server: ZendeskServer, listening: socket.socket, *, sse: bool) -> None:
    """Serve clients over HTTP until interrupted. Host and Origin are always checked.

    Args:
        server: The workspace's server.
        listening: A socket from ``listen``.
        sse: The older HTTP+SSE at ``/sse``, instead of streamable HTTP at ``/mcp``.
    """
    import uvicorn  # noqa: PLC0415 - stdio does not need it

    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[f"{name}:*" for name in _LOOPBACK_NAMES],
        allowed_origins=[f"http://{name}:*" for name in _LOOPBACK_NAMES],
    )
    if sse:
        app = server.sse_app(transport_security=security)
    else:
        app = server.streamable_http_app(transport_security=security)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=_SECONDS_TO_FINISH
    )

    ended_by: list[int] = []
    if threading.current_thread() is threading.main_thread():
        # uvicorn ends by them, and raises them again afterwards: then they are only kept in mind.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: ended_by.append(number))

    async def run() -> None:
        async with server.running():
            if not ended_by:
                await uvicorn.Server(config).serve(sockets=[listening])

    host, port, *_ = listening.getsockname()
    shown = f"[{host}]" if ":" in host else host
    logger.info("Serving at http://%s:%d%s", shown, port, "/sse" if sse else "/mcp")
    anyio.run(run)
    if ended_by:
        sys.exit(128 + ended_by[0])
