"""Faults on demand: answers that Zendesk did not mean, answers lost, other hands in the account.

`misfortunes.py` has the usual ones by name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_server_zendesk.sandbox.breakage import Breakage


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with a request.

    A fault with none of status, stream, exception and breakage lets the request be answered as
    usual, after its delay and its effect, and then alters that answer as it says.
    """

    status: int | None = None
    """Answer with this status instead."""
    body: dict[str, Any] | list[Any] | str | bytes = b""
    """JSON where it is an object or a list, text/plain where it is a string."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer that `status` gives; added to the usual answer otherwise."""
    exception: Exception | None = None
    """Raised instead of answering: the connection breaks. On a port it is reset."""
    breaks: Breakage | None = None
    """The same without an exception of one's own: raised in the words of the client in use."""
    applied: bool = False
    """Whether the request takes effect first, so that only its answer is lost."""
    delay_seconds: float = 0.0
    """Waited before anything else, with the sandbox's own `sleep`."""
    effect: Callable[[], object] | None = None
    """Happens in the account just before the request: another agent, the closing automation."""
    alter: Callable[[bytes], bytes] | None = None
    """Changes the body of the usual answer on its way."""
    stream: Callable[[], Iterable[bytes]] | None = None
    """Makes the body of a `status` piece by piece, so that a huge one never stands in memory."""
    pieces: int = 1
    """Into how many pieces the body is cut."""
    pause_seconds: float = 0.0
    """Waited before each piece but the first."""

    @property
    def broken(self) -> bool:
        """Whether no answer comes at all."""
        return self.exception is not None or self.breaks in {"refused", "reset", "silence"}

    @property
    def answers_itself(self) -> bool:
        """Whether the answer is the fault's own."""
        return self.status is not None


@dataclass
class _Armed:
    method: str
    path: re.Pattern[str]
    spared: int
    left: int | None
    fault: Fault


class Faults:
    """The faults that wait for a request; the first that matches is taken."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(
        self,
        method: str,
        path_regex: str,
        times: int | None,
        fault: Fault,
        *,
        after: int = 0,
    ) -> None:
        """Arms a fault.

        Args:
            method: `GET`, `PUT` and so on, or `*` for any.
            path_regex: Searched in the path as it was sent, `/api/v2/tickets/1001`.
            times: How many requests it hits; `None` means all of them.
            fault: What happens to them.
            after: How many requests are spared first.
        """
        if times == 0:
            return
        self._armed.append(_Armed(method.upper(), re.compile(path_regex), after, times, fault))

    def clear(self) -> None:
        """Disarms everything."""
        self._armed.clear()

    @property
    def waiting(self) -> int:
        """How many are still armed: a test can see that its fault was met."""
        return len(self._armed)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any; counts it as used."""
        for armed in self._armed:
            if armed.method not in {"*", method} or not armed.path.search(path):
                continue
            if armed.spared:
                armed.spared -= 1
                continue
            if armed.left is not None:
                armed.left -= 1
                if armed.left <= 0:
                    self._armed.remove(armed)
            return armed.fault
        return None
