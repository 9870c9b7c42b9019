"""What operations may hear of calls and of requests to Zendesk: never content, an id or a path."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from mcp_server_zendesk.connection.errors import (
    ConnectionFailed,
    NotConfigured,
    Refused,
    TimedOut,
    TokenUnavailable,
    UnreadableResponse,
)
from mcp_server_zendesk.connection.limits import Headroom

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.exchange import Request

T = TypeVar("T")

_ENDINGS: tuple[tuple[type[Exception], str], ...] = (
    (TimedOut, "timeout"),
    (ConnectionFailed, "connection_failed"),
    (UnreadableResponse, "unreadable_response"),
    (TokenUnavailable, "no_token"),
    (NotConfigured, "no_token"),
)


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One tool call that has ended.

    ``kind`` is that of the audit: ``ok``, ``asked``, ``cancelled`` or what an explanation says.
    ``tool`` and ``effect`` are None where there is no such tool.
    """

    workspace: str
    tool: str | None
    effect: str | None
    kind: str
    seconds: float
    requests: int = 0


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """One request to Zendesk that has ended, one for each attempt.

    ``outcome`` is the status, or else how it failed. ``repeated``: it had been sent before.
    """

    workspace: str
    method: str
    outcome: str
    seconds: float
    repeated: bool = False
    headroom: Headroom | None = None


class Observer(Protocol):
    """Hears of what has ended. It must not raise, nor take long: calls wait for it."""

    def called(self, call: CallSeen) -> None:
        """A call has ended."""
        ...

    def requested(self, request: RequestSeen) -> None:
        """A request to Zendesk has ended."""
        ...


class Nobody:
    """Hears nothing."""

    def called(self, call: CallSeen) -> None:
        """Nothing."""

    def requested(self, request: RequestSeen) -> None:
        """Nothing."""


NOBODY = Nobody()


def watched(
    carry: Callable[[Request, float], Awaitable[T]],
    observer: Observer,
    workspace: str,
    headroom: Callable[[], Headroom | None],
) -> Callable[[Request, float], Awaitable[T]]:
    """The same way to Zendesk, with an observer told of each attempt."""
    if observer is NOBODY:
        return carry
    attempts = 0

    async def carried(request: Request, within: float) -> T:
        nonlocal attempts
        attempts += 1
        repeated, started, outcome = attempts > 1, time.perf_counter(), "cancelled"
        try:
            answer = await carry(request, within)
            outcome = str(getattr(answer, "status", 200))
        except Exception as error:
            outcome = _ending(error)
            raise
        finally:
            observer.requested(
                RequestSeen(
                    workspace,
                    request.method,
                    outcome,
                    time.perf_counter() - started,
                    repeated=repeated,
                    headroom=headroom(),
                )
            )
        return answer

    return carried


def _ending(error: Exception) -> str:
    if isinstance(error, Refused):
        return str(error.refusal.status)
    return next((told for kind, told in _ENDINGS if isinstance(error, kind)), "failed")
