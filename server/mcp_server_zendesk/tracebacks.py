"""Tracebacks without the words of exceptions: those may quote a customer, a search or an argument.

Where something went wrong and what kind of thing it was stays, and the system's own reason.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from types import TracebackType

# What would begin a line of its own in the log, or steer a terminal.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MOST = 20
"""Exceptions that are shown of one chain, or of one group."""

_crashes = logging.getLogger("mcp_server_zendesk")


class WordlessFormatter(logging.Formatter):
    """Formats records like its parent; of an exception, the way to it and its class alone."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text. What another handler has made of its exception is not used."""
        shown = logging.makeLogRecord(record.__dict__)
        shown.exc_text = None
        shown.msg, shown.args = _CONTROL.sub(_number, message_of(record)), None
        return super().format(shown)

    def formatException(  # noqa: N802 - as inherited
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """The way to an exception, as text without a line's end."""
        return without_words(ei[1]) if ei[1] is not None else ""


def message_of(record: logging.LogRecord) -> str:
    """What a record says."""
    message = record.getMessage()
    if record.name == "asyncio":  # lists the objects at fault below its first line
        message = message.partition("\n")[0]
    return message


def without_words(error: BaseException) -> str:
    """How an exception and its causes came about, without what they say."""
    shown: list[str] = []
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain and len(chain) < _MOST:
        chain.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    for one in reversed(chain):
        lines = "".join(traceback.format_tb(one.__traceback__))
        shown.append(f"Traceback (most recent call last):\n{lines}{_kind(one)}")
        if isinstance(one, BaseExceptionGroup):
            parts = (without_words(part) for part in one.exceptions[:_MOST])
            shown += ["\n".join(f"  | {line}" for line in part.splitlines()) for part in parts]
    return "\nwhich led to:\n".join(shown)


def log_crashes() -> None:
    """From now on, what nobody catches ends in the log, without its words."""

    def crashed(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            _crashes.critical("The server stopped", exc_info=error)

    sys.excepthook = crashed


def _number(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def _kind(error: BaseException) -> str:
    """The class, and for a failure of the system its reason, which holds no value."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    number = error.errno if isinstance(error, OSError) else None
    return f"{name}: {os.strerror(number)}" if isinstance(number, int) else name
