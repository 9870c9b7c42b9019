"""The file of the audit: appended to by several processes, rotated, cut off by a crash."""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_server_zendesk.serving.auditing.seal import unsealed

_TAIL_BYTES = 65_536
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

    Raises:
        OSError: The file cannot be opened or made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = self._open()
        self.regular = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        """Not a device or a pipe, which has no end to look at and no key beside it."""

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
            yield Ground()
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
        return Ground(moved, torn=self._read(size - 1, 1) != b"\n")

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
        written = os.write(self._descriptor, whole)
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
        size = os.fstat(self._descriptor).st_size if self.regular else 0
        begin = max(size - _TAIL_BYTES, 0)
        for line in reversed(self._read(begin, size - begin).split(b"\n")):
            if unsealed(line) is not None:
                try:
                    entry = json.loads(line)
                    return {"run": entry["run"], "seq": entry["seq"]}
                except (ValueError, KeyError):
                    continue
        return None

    def _rotated(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        return (there.st_dev, there.st_ino) != self._identity

    def _open(self) -> int:
        flags = os.O_CREAT | os.O_APPEND | os.O_RDWR | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self._path, flags, 0o600)
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)
        self._identity = (found.st_dev, found.st_ino)
        self._end = _NOWHERE
        return descriptor

    def _read(self, begin: int, size: int) -> bytes:
        os.lseek(self._descriptor, begin, os.SEEK_SET)  # what is added goes to the end anyway
        return os.read(self._descriptor, size)
