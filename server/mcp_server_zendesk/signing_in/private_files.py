"""Files that only their owner can read, written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_LONGEST_PREFIX = 180


def write_private(file: Path, text: str, *, like: os.stat_result | None = None) -> None:
    """Put ``text`` in place of a file's content, with mode 0600 from its first byte on.

    Folders that are missing are made for their owner alone. With ``like``, the group and the mode
    are those of another file, where this user may give them.

    Raises:
        OSError: The old content is still there.
    """
    _make_private(file.parent)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=_prefix(file))
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
            if like is not None and os.name == "posix":
                with suppress(PermissionError):
                    os.fchown(opened.fileno(), -1, like.st_gid)
                    os.fchmod(opened.fileno(), stat.S_IMODE(like.st_mode))
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def leftovers(file: Path) -> list[Path]:
    """What a crash in the midst of ``write_private`` has left beside a file."""
    prefix = _prefix(file)
    return [one for one in file.parent.glob(".*") if one.name.startswith(prefix)]


def _prefix(file: Path) -> str:
    return f".{file.name[:_LONGEST_PREFIX]}."


def _make_private(folder: Path) -> None:
    for missing in reversed([folder, *folder.parents]):
        if not missing.exists():
            missing.mkdir(mode=0o700, exist_ok=True)
