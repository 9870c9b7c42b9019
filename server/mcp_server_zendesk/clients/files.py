"""Reads a client's file and replaces it in one step, with a backup beside it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from mcp_server_zendesk.clients.refusals import EntryRefused

_PRIVATE = 0o600


@dataclass(frozen=True)
class Content:
    """A file as it was found; no bytes and a private mode where there is none yet."""

    exists: bool
    raw: bytes = b""
    mode: int = _PRIVATE

    def text(self) -> str:
        """The content as text.

        Raises:
            UnicodeDecodeError: It is not UTF-8.
        """
        return self.raw.decode("utf-8")


def read(file: Path) -> Content:
    """The content of a file that may be absent.

    Raises:
        EntryRefused: There is something else than a file.
        OSError: It cannot be read.
    """
    try:
        found = file.stat()
    except FileNotFoundError:
        return Content(exists=False)
    if not stat.S_ISREG(found.st_mode):
        raise EntryRefused(f"{file} is not a file")
    return Content(exists=True, raw=file.read_bytes(), mode=stat.S_IMODE(found.st_mode))


def back_up(file: Path, content: Content, now: datetime) -> Path:
    """Keep a copy beside a file, readable by its owner alone.

    Raises:
        OSError: It cannot be written.
    """
    first = f"{file.name}.bak-{now:%Y%m%d-%H%M%S}"
    names = chain([first], (f"{first}-{number}" for number in count(2)))
    backup = next(
        candidate for name in names if not os.path.lexists(candidate := file.with_name(name))
    )
    _write_new(backup, content.raw, content.mode & _PRIVATE)
    return backup


def replace(file: Path, raw: bytes, before: Content) -> None:
    """Put new content in the place of a file, whole or not at all, with the mode it had.

    Args:
        file: The file itself, no link to it. Its folder is made when absent.
        raw: The new content.
        before: What was read from it.

    Raises:
        EntryRefused: Another program has written the file since it was read.
        OSError: It cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        _write_new(temporary, raw, before.mode)
        if read(file) != before:
            raise EntryRefused(f"{file} was changed by another program meanwhile; try again")
        temporary.replace(file)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _write_new(file: Path, raw: bytes, mode: int) -> None:
    """Write a file that is not there yet; it is never readable by more people than it shall."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(raw)
            opened.flush()
            os.fsync(opened.fileno())
        file.chmod(mode)
    except OSError:
        file.unlink(missing_ok=True)
        raise
