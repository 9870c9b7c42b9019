"""Opens the store when it is one's turn, in one process and across several, and says why not.

DuckDB lets one process write or several read. Who wants to open a file waits at its turnstile, a
lock that is held from the wait until the file is open: however many read one after the other, a
writer among them comes to its turn, and so does a reader among batches.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from anyio import from_thread

from mcp_server_zendesk.analytics.folder import OPENING_LOCK, SPILLED, check_file, narrow
from mcp_server_zendesk.serving.local_refusals import (
    ExtraNeeded,
    StoreBusy,
    StoreFull,
    StoreUnusable,
)
from mcp_server_zendesk.serving.local_store import Analytics

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

PATIENCE_SECONDS = 30.0
"""How long is waited for a turn: longer than a query may take."""

AGAIN = "Run the command purge, then sync again."

_PAUSE_SECONDS = 0.05
_MEMORY = "256MB"
_THREADS = 2
_OUT_OF_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
_BUSY = (
    "Could not set lock",
    "different configuration",
    "Unique file handle conflict",
    "being used by another process",
)

_here: dict[Path, threading.Lock] = {}
"""Within a process DuckDB opens a file once only, and the system's lock does not hold."""


def connect(
    local: Analytics, file: Path, *, read_only: bool = False, attaches: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open a file of the store at once: bounded, and reaching nothing but itself.

    Args:
        local: Whose.
        file: Of its folder.
        read_only: Nothing is written.
        attaches: Other files of the folder may be attached.
    """
    config = {
        "memory_limit": _MEMORY,
        "threads": _THREADS,
        "temp_directory": str(local.folder / SPILLED),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection: duckdb.DuckDBPyConnection = duckdb_of().connect(
        str(file), read_only=read_only, config=config
    )
    try:
        if attaches:
            connection.execute("SET allowed_directories = ?", [[str(local.folder)]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a turn is waited for. A call that is cancelled meanwhile waits no longer."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    patience: float = PATIENCE_SECONDS

    def pause(self, until: float) -> None:
        """Wait a moment.

        Raises:
            StoreBusy: It has been waited for as long as is decent.
        """
        with suppress(RuntimeError):  # outside the thread of a call
            from_thread.check_cancelled()
        if self.clock() >= until:
            raise StoreBusy
        self.sleep(_PAUSE_SECONDS)


PATIENT = Waiting()


@contextmanager
def opened(
    local: Analytics,
    *,
    read_only: bool = False,
    attaches: bool = False,
    waiting: Waiting = PATIENT,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The store, which exists, open for as long as the block takes. Blocks: call it in a thread.

    Args:
        local: Whose.
        read_only: Nothing is written, and others may read at the same time.
        attaches: See ``connect``.
        waiting: How its turn is waited for.

    Raises:
        ExtraNeeded: DuckDB is not installed.
        StoreBusy: Others had it open all the time.
        StoreFull: What the block wrote found no room; nothing of it is kept.
        StoreUnusable: It cannot be read.
    """
    engine = duckdb_of()
    with _alone_here(local, waiting):
        with turnstile(local, waiting):
            connection = in_turn(
                lambda: connect(local, local.file, read_only=read_only, attaches=attaches), waiting
            )
        try:
            narrow(local.file)
            yield connection
        except engine.Error as error:
            raise told(error) from None
        finally:
            connection.close()


@contextmanager
def exclusively(local: Analytics, waiting: Waiting = PATIENT) -> Iterator[None]:
    """Nobody else opens the store while the block takes, to put another file in its place.

    Raises: as ``turnstile`` does.
    """
    with _alone_here(local, waiting), turnstile(local, waiting):
        yield


@contextmanager
def _alone_here(local: Analytics, waiting: Waiting) -> Iterator[None]:
    here = _here.setdefault(local.file, threading.Lock())
    until = waiting.clock() + waiting.patience
    while not here.acquire(blocking=False):
        waiting.pause(until)
    try:
        yield
    finally:
        here.release()


@contextmanager
def turnstile(local: Analytics, waiting: Waiting = PATIENT) -> Iterator[None]:
    """Be the next to open the store, of all processes. Held only until it is open.

    Raises:
        StoreBusy: Others went before all the time.
        StoreFull: The folder cannot be written to.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - seldom

    lock = FileLock(local.folder / OPENING_LOCK, mode=0o600, thread_local=False)
    until = waiting.clock() + waiting.patience
    try:
        while True:
            try:
                lock.acquire(blocking=False)
                break
            except Timeout:
                waiting.pause(until)
    except OSError as error:
        raise StoreFull(error.strerror or type(error).__name__) from None
    try:
        yield
    finally:
        lock.release()


def in_turn(connect: Callable[[], T], waiting: Waiting = PATIENT) -> T:
    """Open by ``connect``, at once or when those who have the file open have closed it.

    Raises: as ``opened`` does.
    """
    engine = duckdb_of()
    until = waiting.clock() + waiting.patience
    while True:
        try:
            return connect()
        except engine.Error as error:
            if not any(sign in str(error) for sign in _BUSY):
                raise unusable(error) from None
        waiting.pause(until)


def exists(local: Analytics) -> bool:
    """Whether there is a store. Raises ``StoreUnusable`` for what is none."""
    return check_file(local)


def told(error: Exception) -> Exception:
    """A failure of DuckDB in words; one that is a fault of ours is given back as it is."""
    if (room := _out_of_room(error)) is not None:
        return StoreFull(room)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "OutOfMemoryException" in kinds:
        return StoreFull("no room for what a batch needs while it is written")
    broken = {"FatalException", "InternalException", "IOException", "SerializationException"}
    if kinds & broken or type(error).__name__ == "Error":
        return unusable(error)
    return error


def unusable(error: Exception) -> Exception:
    """Why a file is not opened. DuckDB's own words stay out: they name paths and addresses."""
    if (room := _out_of_room(error)) is not None:
        return StoreFull(room)
    if os.strerror(errno.EACCES) in str(error):
        return StoreUnusable(
            "The store may not be read and written by the user that the server runs as.",
            "Give that user its file back, or run the command purge as that user.",
        )
    text = str(error)
    if "Corrupt" in text or "enough bytes" in text:
        return StoreUnusable("The store is damaged: its file was cut off or changed.", AGAIN)
    if "newer version" in text or "version number" in text:
        return StoreUnusable(
            "The store was written by another version of DuckDB.",
            "Update the extra analytics, or run the command purge, then sync again.",
        )
    return StoreUnusable("The store's file is none of DuckDB's, or is damaged.", AGAIN)


def _out_of_room(error: Exception) -> str | None:
    text = str(error)
    return next((said for code in _OUT_OF_ROOM if (said := os.strerror(code)) in text), None)


def duckdb_of() -> Any:
    """The engine.

    Raises:
        ExtraNeeded: It is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra, and heavy
    except ImportError:
        raise ExtraNeeded from None
    return duckdb
