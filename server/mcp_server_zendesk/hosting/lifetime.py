"""The life of the HTTP server: it starts its workspaces, serves, reloads, and ends in good order.

SIGTERM or SIGINT: for ``drain_seconds`` it serves on while ``/readyz`` says no; then new calls are
refused with an explanation, and those under way have ``finish_seconds``; what is left is cancelled,
and written down. A second signal skips the waiting. SIGHUP reloads.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import anyio
import uvicorn
from anyio.abc import TaskGroup
from starlette.types import ASGIApp

from mcp_server_zendesk.hosting.bodies import OneLength
from mcp_server_zendesk.hosting.connections import PatientProtocol
from mcp_server_zendesk.hosting.doors import Doors
from mcp_server_zendesk.hosting.hosted import HostedWorkspace
from mcp_server_zendesk.hosting.reloading import Reloader
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving.server import ZendeskServer

logger = logging.getLogger(__name__)

_RELOAD: int | None = getattr(signal, "SIGHUP", None)
_HEARD = (signal.SIGINT, signal.SIGTERM, *([_RELOAD] if _RELOAD is not None else []))
_BETWEEN_LOOKS = 0.05
_LOOKS_FREE = 2
"""In a row, since the last answer of a call may still be on its way into a stream of SSE."""
_LAST_SECONDS = 3
"""For answers that are written to get out, once nothing runs any more."""


class Signals:
    """The signals that came and were not acted upon yet. Outside the main thread there are none."""

    def __init__(self) -> None:
        self._came: list[int] = []
        if threading.current_thread() is threading.main_thread():
            for number in _HEARD:
                signal.signal(number, lambda number, _: self._came.append(number))

    def take(self) -> Iterator[int]:
        """Each once."""
        while self._came:
            yield self._came.pop(0)


class _Listener(uvicorn.Server):
    """uvicorn, which leaves the signals to us and looks for them ten times a second."""

    def __init__(self, config: uvicorn.Config, look: Callable[[], None]) -> None:
        super().__init__(config)
        self._look = look

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        self._look()
        return await super().on_tick(counter)


class Lifetime:
    """Runs the workspaces of one server, and ends them.

    Args:
        settings: Of the server.
        workspaces: As they were prepared.
        doors: Of the application.
        signals: That came so far.
    """

    def __init__(
        self,
        settings: ServerSettings,
        workspaces: Sequence[HostedWorkspace],
        doors: Doors,
        signals: Signals,
    ) -> None:
        self.ended_by: int | None = None
        """The number of the first signal that asked for the end."""
        self._settings = settings
        self._workspaces = workspaces
        self._doors = doors
        self._signals = signals
        self._at_once = anyio.Event()
        self._served: TaskGroup | None = None

    async def start(self, workspace: HostedWorkspace) -> None:
        """Serve a workspace that was prepared, until the server ends."""
        if self._served is not None and not self._doors.closed:
            await self._served.start(workspace.run)

    async def serve(self, app: ASGIApp, listening: socket.socket, reloader: Reloader) -> None:
        """Serve until a signal asks for the end."""
        config = uvicorn.Config(
            OneLength(app),
            http=PatientProtocol,
            proxy_headers=False,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # A proxy keeps a connection for many callers: nothing of one reaches the next.
            reset_contextvars=True,
            timeout_graceful_shutdown=_LAST_SECONDS,
        )
        async with anyio.create_task_group() as served:
            self._served = served
            for workspace in self._workspaces:
                await self.start(workspace)
            async with anyio.create_task_group() as tasks:
                listener = _Listener(config, lambda: self._act(tasks, listener, reloader))
                await listener.serve(sockets=[listening])
                tasks.cancel_scope.cancel()
            for workspace in self._workspaces:
                workspace.end()

    def _act(self, tasks: TaskGroup, listener: uvicorn.Server, reloader: Reloader) -> None:
        """On the signals that came."""
        for number in self._signals.take():
            if number == _RELOAD:
                tasks.start_soon(reloader.reload)
            elif self.ended_by is None:
                self.ended_by = number
                tasks.start_soon(self._wind_down, listener)
            else:
                self._at_once.set()

    async def _wind_down(self, listener: uvicorn.Server) -> None:
        self._doors.drain()
        with anyio.move_on_after(self._settings.drain_seconds):
            await self._at_once.wait()
        self._doors.close()
        for server in self._servers():
            server.refuse_calls()
        with anyio.move_on_after(self._settings.finish_seconds):
            await self._idle()
        async with anyio.create_task_group() as ending:
            for server in self._servers():
                ending.start_soon(server.end)
        self._doors.end()
        listener.should_exit = True

    async def _idle(self) -> None:
        """Until no call is under way and its answer is out, or there is no more time for that."""
        looks_free = 0
        while looks_free < _LOOKS_FREE and not self._at_once.is_set():
            under_way = self._doors.under_way + sum(one.calls_under_way for one in self._servers())
            looks_free = 0 if under_way else looks_free + 1
            await anyio.sleep(_BETWEEN_LOOKS)

    def _servers(self) -> list[ZendeskServer]:
        return [one.server for one in self._workspaces if one.server is not None]


def exit_by(number: int | None) -> None:
    """End the process as one that a signal ended.

    Raises:
        SystemExit: With 128 and the signal's number, where there was one.
    """
    if number is not None:
        sys.exit(128 + number)
