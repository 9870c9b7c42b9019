"""Standard input and output as the protocol's own, in which what is no message is answered.

The SDK reads ``sys.stdin.buffer`` and writes to ``sys.stdout.buffer``. While they are the
protocol's, nothing else reads from the one or prints to the other: what is printed goes to stderr.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from mcp_server_zendesk.serving.messages import expects_answer, refusal_of

if TYPE_CHECKING:
    from typing_extensions import Buffer

logger = logging.getLogger(__name__)

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class _Wire(io.BufferedIOBase):
    """Takes whole lines, from any thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._line = bytearray()
        self._turn = Lock()

    def writable(self) -> bool:
        return True

    def write(self, part: Buffer, /) -> int:
        self._line += part
        return memoryview(part).nbytes

    def flush(self) -> None:
        """The end of a line, or of several."""
        line, self._line = self._line, bytearray()
        self.say(bytes(line))

    def say(self, line: bytes) -> None:
        """Write a line, newline included."""
        with self._turn:
            self._file.write(line)
            self._file.flush()


class _Messages(io.BufferedIOBase):
    """The lines that are messages; to any other one its refusal is said."""

    def __init__(self, file: BinaryIO, wire: _Wire) -> None:
        self._file = file
        self._wire = wire
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """Bytes of one line at the most; none at the end of the input."""
        line = self._rest or self._next()
        cut = len(line) if size < 0 else size
        self._rest = line[cut:]
        return line[:cut]

    def _next(self) -> bytes:
        while line := self._file.readline():
            # Between the tokens of JSON it is a space; to the SDK it would be the end of a line.
            line = line.replace(b"\r", b" ")
            refusal = refusal_of(line) if line.strip() else None
            if refusal is not None and expects_answer(line):
                logger.warning("A message was refused: %s", refusal.error.message)
                with suppress(OSError):
                    self._wire.say(f"{refusal.model_dump_json(by_alias=True)}\n".encode())
            elif refusal is None and line.strip():
                return line
        return b""


class _Standard(io.TextIOBase):
    """In the place of ``sys.stdin`` and ``sys.stdout``: the protocol is its buffer, and no more."""

    def __init__(self, buffer: io.BufferedIOBase) -> None:
        self.buffer = buffer

    def read(self, _: int | None = -1, /) -> str:
        return ""

    def readline(self, _: int = -1, /) -> str:  # type: ignore[override]  # typeshed has two of them
        return ""

    def write(self, text: str, /) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


@contextmanager
def standard_streams_of_the_protocol() -> Iterator[None]:
    """Until the end of the context."""
    given = sys.stdin, sys.stdout
    private = os.dup(_STDIN), os.dup(_STDOUT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    # Never closed: a thread may still wait for a line when the server ends.
    source = os.fdopen(private[0], "rb", closefd=False)
    wire = _Wire(os.fdopen(private[1], "wb", closefd=False))
    sys.stdout.flush()
    os.dup2(nothing, _STDIN)
    os.dup2(_STDERR, _STDOUT)
    os.close(nothing)
    sys.stdin, sys.stdout = _Standard(_Messages(source, wire)), _Standard(wire)
    try:
        yield
    finally:
        os.dup2(private[0], _STDIN)
        os.dup2(private[1], _STDOUT)
        sys.stdin, sys.stdout = given
