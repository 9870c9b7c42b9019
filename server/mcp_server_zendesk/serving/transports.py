"""stdio: one client, over standard input and output. HTTP is ``hosting``'s."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable

import anyio

from mcp_server_zendesk.serving.server import ZendeskServer
from mcp_server_zendesk.serving.standard_streams import standard_streams_of_the_protocol

logger = logging.getLogger(__name__)


def serve_stdio(server: ZendeskServer, last: Callable[[], None] = lambda: None) -> None:
    """Serve one client over standard input and output until it hangs up, or a signal comes.

    A signal ends the process without what ``atexit`` knows of; ``last`` is done before it.
    """

    async def run() -> None:
        async with server.running(), anyio.create_task_group() as tasks:
            tasks.start_soon(_end_at_a_signal, server, last)
            await server.run_stdio_async()
            tasks.cancel_scope.cancel()

    try:
        with standard_streams_of_the_protocol():
            anyio.run(run)
    except* anyio.BrokenResourceError:
        logger.debug("Interrupted while a message was on its way")


async def _end_at_a_signal(server: ZendeskServer, last: Callable[[], None]) -> None:
    """End by SIGINT or SIGTERM although nothing can interrupt the thread that waits for a line.

    Where signals cannot be waited for (Windows), the first line after one ends the process.
    """
    try:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for number in signals:
                await server.end()
                last()
                os._exit(128 + number)
    except NotImplementedError:
        logger.debug("Signals cannot be waited for here")
