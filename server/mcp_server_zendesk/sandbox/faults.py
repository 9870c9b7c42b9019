"""Faults on demand: answers that Zendesk did not mean, answers lost, other hands in the account."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with a request.

    A fault with neither status nor exception lets the request be answered as usual, after its
    delay and its effect.
    """

    status: int | None = None
    """Answer with this status instead."""
    body: dict[str, Any] | list[Any] | str | bytes = b""
    """JSON where it is an object or a list, text/plain where it is a string."""
    headers: Mapping[str, str] = field(default_factory=dict)
    exception: Exception | None = None
    """Raised instead of answering: the connection breaks."""
    applied: bool = False
    """Whether the request takes effect first, so that only its answer is lost."""
    delay_seconds: float = 0.0
    """Waited before anything else, with the sandbox's own `sleep`."""
    effect: Callable[[], object] | None = None
    """Happens in the account just before the request: another agent, the closing automation."""


@dataclass
class _Armed:
    method: str
    path: re.Pattern[str]
    left: int | None
    fault: Fault


class Faults:
    """The faults that wait for a request; the first that matches is taken."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, method: str, path_regex: str, times: int | None, fault: Fault) -> None:
        """Arms a fault.

        Args:
            method: `GET`, `PUT` and so on, or `*` for any.
            path_regex: Searched in the path as it was sent, `/api/v2/tickets/1001`.
            times: How many requests it hits; `None` means all of them.
            fault: What happens to them.
        """
        if times == 0:
            return
        self._armed.append(_Armed(method.upper(), re.compile(path_regex), times, fault))

    def clear(self) -> None:
        """Disarms everything."""
        self._armed.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any; counts it as used."""
        for armed in self._armed:
            if armed.method in {"*", method} and armed.path.search(path):
                if armed.left is not None:
                    armed.left -= 1
                    if armed.left <= 0:
                        self._armed.remove(armed)
                return armed.fault
        return None
