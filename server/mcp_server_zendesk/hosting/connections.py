"""Connections that are opened and then say nothing, or say it a letter at a time.

uvicorn waits for the head of a request for ever. Here it has some seconds, and only so many
connections may be without one at a time: the one that has waited longest goes.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
MOST_WAITING = 512


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with a limit on how long, and how often, the head of a request is waited for."""

    head_seconds: ClassVar[float] = HEAD_SECONDS
    most_waiting: ClassVar[int] = MOST_WAITING
    _waiting: ClassVar[dict[PatientProtocol, asyncio.TimerHandle]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait for a further request from its first letter on; between two it is uvicorn's wait."""
        if not self._answering() and self not in self._waiting:
            self._wait_for_head()
        super().data_received(data)
        if self._answering():
            self._stop_waiting()

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_for_head(self) -> None:
        if len(self._waiting) >= self.most_waiting:
            next(iter(self._waiting)).give_up()
        self._waiting[self] = self.loop.call_later(self.head_seconds, self.give_up)

    def _stop_waiting(self) -> None:
        if (timer := self._waiting.pop(self, None)) is not None:
            timer.cancel()

    def give_up(self) -> None:
        """Hang up."""
        self._stop_waiting()
        self.transport.close()
