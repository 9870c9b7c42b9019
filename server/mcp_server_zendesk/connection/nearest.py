"""The valid name that a mistyped one most likely means."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, valid: Iterable[str], *, at_least: float = 0.5) -> str | None:
    """The closest valid name, or None when none is alike enough (0 to 1, by ``difflib``)."""
    import difflib  # noqa: PLC0415 - after a slip alone

    found = difflib.get_close_matches(name, list(valid), n=1, cutoff=at_least)
    return found[0] if found else None


def or_nearest(name: str, valid: Iterable[str]) -> str:
    """``; the nearest is '…'`` for the end of a refusal, or nothing."""
    found = nearest(name, valid)
    return f"; the nearest is {found!r}" if found else ""
