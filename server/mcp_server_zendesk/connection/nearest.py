"""The valid name that a mistyped one most likely means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The closest valid name, or None when nothing comes close."""
    found = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return found[0] if found else None


def or_nearest(name: str, valid: Iterable[str]) -> str:
    """``; the nearest is '…'`` for the end of a refusal, or nothing."""
    found = nearest(name, valid)
    return f"; the nearest is {found!r}" if found else ""
