"""What one process does without ever waiting, called like a plain function."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Runs it, and fails if it waits for anything."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]  # of the coroutine
    work.close()
    raise AssertionError("it waited")
