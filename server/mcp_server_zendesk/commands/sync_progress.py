"""How far a sync has come: one line that changes on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

_WIDTH = 100
_BAR = 24
_QUIET_SECONDS = 5.0
_MINUTE = 60
_CLEAR = "\r\x1b[2K"


class Telling:
    """Writes to a stream what a sync tells.

    On a terminal each word takes the place of the one before. Into a file or a log goes the first,
    then one in five seconds, and what is waited for.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._clock = clock
        self._began = clock()
        self._told: float | None = None
        self._shown = False

    async def progress(self, done: float, total: float | None, message: str) -> None:
        """Tell ``done`` rows of ``total``, where that is known, in words too."""
        now = self._clock()
        line = f"{_bar(done, total)}{message} ({duration(now - self._began)})"
        if self._terminal:
            self._stream.write(_CLEAR + line[:_WIDTH])
            self._shown = True
        elif (
            self._told is None
            or now - self._told >= _QUIET_SECONDS
            or "waiting" in message.casefold()
        ):
            self._told = now
            self._stream.write(line + "\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the terminal's line to what comes next."""
        if self._shown:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._shown = False


def _bar(done: float, total: float | None) -> str:
    if total is None or total <= 0:
        return f"{done:,.0f} rows  " if done else ""
    share = min(max(done / total, 0), 1)
    full = round(share * _BAR)
    return f"[{'#' * full}{'-' * (_BAR - full)}] {share:4.0%}  "


def duration(seconds: float) -> str:
    """In words, from seconds to hours."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes} min {rest} s"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE} min"
