"""The folder of a store: for its owner alone, and what may lie in it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mcp_server_zendesk.serving.local_refusals import StoreFull, StoreUnusable
from mcp_server_zendesk.serving.local_store import Analytics

FRESH = "tickets.duckdb.new"
"""A store that is being made, or written anew. It takes the store's place once it is whole."""
SYNC_LOCK = "sync.lock"
OPENING_LOCK = "opening.lock"
SPILLED = "tmp"
"""Where DuckDB puts what does not fit into its memory."""

_OWNER_ONLY = 0o600
_FOLDER_OWNER_ONLY = 0o700
_OTHERS = 0o077
_PURGE = "Look at what it is, move it away or run the command purge, then sync again."


def own_files(local: Analytics) -> tuple[Path, ...]:
    """All files that a store may consist of, whether they are there or not; the locks are none."""
    wal = f"{local.file.name}.wal"
    names = (local.file.name, wal, FRESH, f"{FRESH}.wal")
    return tuple(local.folder / name for name in names)


def discard_fresh(local: Analytics) -> None:
    """Take away what somebody began to make and was killed at. Only in one's turn."""
    for name in (FRESH, f"{FRESH}.wal"):
        (local.folder / name).unlink(missing_ok=True)


def make_private(local: Analytics) -> None:
    """Make the folder, for its owner alone, or narrow it where others may do more.

    What is above it is not looked at: who may write there can put another folder in the place of
    this one, and that is refused, being another user's.

    Raises:
        StoreFull: It cannot be made.
        StoreUnusable: It is a link, no folder, or another user's.
    """
    folder = local.folder
    try:
        folder.mkdir(mode=_FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
        found = folder.lstat()
    except FileExistsError:
        raise _no_folder() from None
    except OSError as error:
        raise StoreFull(error.strerror or type(error).__name__) from None
    if not stat.S_ISDIR(found.st_mode):
        raise _no_folder()
    if not _ours(found):
        raise StoreUnusable(
            "The store's folder belongs to another user of this machine.",
            "Have analytics_folder name a folder of the user that the server runs as.",
        )
    try:
        if found.st_mode & _OTHERS:
            folder.chmod(_FOLDER_OWNER_ONLY)
        for file in own_files(local):
            narrow(file)
    except OSError as error:
        raise StoreFull(error.strerror or type(error).__name__) from None


def _no_folder() -> StoreUnusable:
    return StoreUnusable(
        "In the place of the store's folder is a file, or a link that leads elsewhere.",
        "Have analytics_folder name the folder itself, or move away what is there.",
    )


def narrow(file: Path) -> None:
    """Take from a file what others may do with it. A process that umask lets be generous, or a
    copy from elsewhere, may have given it; nobody could follow it through the folder.
    """
    try:
        found = file.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISREG(found.st_mode) and found.st_mode & _OTHERS:
        file.chmod(_OWNER_ONLY)


def check_file(local: Analytics) -> bool:
    """Whether there is a store's file; what is no file of our own is refused unopened.

    Raises:
        StoreUnusable: Something else is in its place.
    """
    try:
        found = local.file.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreUnusable(
            f"The store cannot be reached: {error.strerror}.",
            "Let the user that the server runs as read and write analytics_folder.",
        ) from None
    if not stat.S_ISREG(found.st_mode):
        raise StoreUnusable("In the place of the store is something that is no file.", _PURGE)
    if not _ours(found):
        raise StoreUnusable("The store belongs to another user of this machine.", _PURGE)
    if not _of_duckdb(local.file):
        raise StoreUnusable("The store's file is none of DuckDB's, or is damaged.", _PURGE)
    return True


def _of_duckdb(file: Path) -> bool:
    """By its first bytes: another format is nothing to open, or to fetch an extension for."""
    try:
        with file.open("rb") as opened:
            return opened.read(12)[8:] == b"DUCK"
    except OSError:
        raise StoreUnusable(
            "The store may not be read by the user that the server runs as.", _PURGE
        ) from None


def _ours(found: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
