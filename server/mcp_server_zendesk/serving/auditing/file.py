"""The file of the audit: appended to by several processes, rotated, cut off by a crash."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_server_zendesk.serving.auditing.seal import unsealed

_TAIL_BYTES = 65_536
_BEGINNING = re.compile(rb'\{"v":[0-9]+,"time":"')
"""Of an audit line, also of one that a crash cut off."""
_NOWHERE = -1
_MOST_TRIES = 200
_SECONDS_BETWEEN = 0.001


@dataclass(frozen=True, slots=True)
class Ground:
    """What the file looks like before a line is written.

    ``moved``: it is not the file in which our last line stands (rotated, or cut short).
    ``torn``: its last line has no end, because a crash or a full disk cut it off.
    """

    moved: bool = False
    torn: bool = False


try:
    import fcntl
except ImportError:  # Windows: two lines at once may leave an empty one, which is a notice

    def _lock(descriptor: int) -> None:
        del descriptor

    def _unlock(descriptor: int) -> None:
        del descriptor
else:

    def _lock(descriptor: int) -> None:
        """Wait a little: a process that was stopped in its turn must not stop all others."""
        for _ in range(_MOST_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_SECONDS_BETWEEN)
            except OSError:
                return  # a file system without locks
            else:
                return

    def _unlock(descriptor: int) -> None:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


class AuditFile:
    """Lines are added whole, each by one write to its end; only the owner can read them.

    A device or a pipe has no end to look at and no key beside it. A pipe that nobody reads, or
    whose reader is too slow, takes no line rather than holding the server up.

    Raises:
        OSError: The file cannot be opened or made, or holds something else: then it is as it was.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._torn = False
        self._descriptor = self._open()

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it yet."""
        return os.fstat(self._descriptor).st_size == 0

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)

    @contextmanager
    def turn(self) -> Iterator[Ground]:
        """One process at a time finds the place for its next lines, and writes them there.

        After a rotation that is in the new file.

        Raises:
            OSError: There is no place.
        """
        if not self.regular:
            yield Ground(torn=self._torn)
            return
        _lock(self._descriptor)
        try:
            yield self._look()
        finally:
            _unlock(self._descriptor)

    def _look(self) -> Ground:
        moved = self._rotated()
        if moved:
            old, self._descriptor = self._descriptor, self._open()
            os.close(old)  # and with it the turn there
            _lock(self._descriptor)
        size = os.fstat(self._descriptor).st_size
        moved = moved or size < self._end
        if size in {0, self._end}:
            return Ground(moved)
        return Ground(moved, torn=_read(self._descriptor, size - 1, 1) != b"\n")

    def write(self, line: bytes, *, torn: bool = False) -> None:
        """Add a line.

        Args:
            line: Without its end.
            torn: The file's last line has no end yet.

        Raises:
            OSError: It does not stand there.
        """
        whole = (b"\n" if torn else b"") + line + b"\n"
        self._end = _NOWHERE
        with _in_words(errno.EAGAIN, "what reads from it is too slow"):
            written = os.write(self._descriptor, whole)
        self._torn = written < len(whole)
        if written < len(whole) - 1:  # without its end it is still a line: the next one mends it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.regular and written == len(whole):
            self._end = os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def settle(self) -> None:
        """Return only when what was written would survive a loss of power.

        Raises:
            OSError: It would not.
        """
        if self.regular:
            os.fsync(self._descriptor)

    def last_line(self) -> dict[str, Any] | None:
        """Where the file's last line stands in its run; None where it has none of ours."""
        return _last_line(self._descriptor) if self.regular else None

    def _rotated(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        return (there.st_dev, there.st_ino) != self._identity

    def _open(self) -> int:
        with _in_words(errno.ENXIO, "nothing reads from it"):
            descriptor = os.open(self._path, self._flags(), 0o600)
        found = os.fstat(descriptor)
        self.regular = stat.S_ISREG(found.st_mode)
        try:
            if self.regular:
                _take_over(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        self._identity = (found.st_dev, found.st_ino)
        self._end = _NOWHERE
        return descriptor

    def _flags(self) -> int:
        if self._path.exists() and not self._path.is_file():
            return os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
        return os.O_CREAT | os.O_APPEND | os.O_RDWR | getattr(os, "O_BINARY", 0)


@contextmanager
def _in_words(number: int, words: str) -> Iterator[None]:
    """The system's words for what happens to pipes help nobody."""
    try:
        yield
    except OSError as error:
        if error.errno == number:
            raise OSError(number, words) from None
        raise


def _take_over(descriptor: int) -> None:
    """Make a file its owner's alone, if it is an audit log or empty.

    Raises:
        OSError: It is neither, or somebody else's.
    """
    beginning = _read(descriptor, 0, _TAIL_BYTES)
    if beginning and not _BEGINNING.match(beginning) and _last_line(descriptor) is None:
        raise OSError(errno.EEXIST, "it holds something else than audit lines; name another file")
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)


def _last_line(descriptor: int) -> dict[str, Any] | None:
    size = os.fstat(descriptor).st_size
    begin = max(size - _TAIL_BYTES, 0)
    for line in reversed(_read(descriptor, begin, size - begin).split(b"\n")):
        if unsealed(line) is not None:
            try:
                entry = json.loads(line)
                return {"run": entry["run"], "seq": entry["seq"]}
            except (ValueError, KeyError):
                continue
    return None


def _read(descriptor: int, begin: int, size: int) -> bytes:
    os.lseek(descriptor, begin, os.SEEK_SET)  # what is added goes to the end anyway
    return os.read(descriptor, size)
