"""Empties the store: all of it, or what retention no longer allows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mcp_server_zendesk.analytics.folder import (
    OPENING_LOCK,
    SPILLED,
    SYNC_LOCK,
    make_private,
    own_files,
)
from mcp_server_zendesk.analytics.opening import PATIENT, Waiting, exclusively
from mcp_server_zendesk.analytics.retention import Expired, expire
from mcp_server_zendesk.analytics.rewriting import tidy
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.serving.local_refusals import NeverSynced, StoreFull, SyncUnderWay
from mcp_server_zendesk.serving.local_store import Analytics


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed: ``files`` of so many ``bytes`` altogether; ``left`` what is not ours."""

    files: int = 0
    bytes: int = 0
    left: tuple[str, ...] = ()


def purge(local: Analytics, waiting: Waiting = PATIENT) -> Purged:
    """Remove the store with all that belongs to it, damaged or not; DuckDB is not needed.

    Whoever reads it goes on to the end of their query. Files of others in the folder stay.

    Raises:
        SyncUnderWay: A sync of this workspace runs.
        StoreBusy: Others are about to open it.
        StoreFull: The system does not let it be removed.
        StoreUnusable: The folder is not ours.
    """
    if not local.folder.exists():
        return Purged()
    make_private(local)
    with no_sync(local), exclusively(local, waiting):
        try:
            there = [file for file in own_files(local) if file.is_symlink() or file.is_file()]
            size = sum(file.lstat().st_size for file in there)
            for file in there:
                file.unlink()
            shutil.rmtree(local.folder / SPILLED, ignore_errors=True)
            for name in (SYNC_LOCK, OPENING_LOCK):
                (local.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreFull(error.strerror or type(error).__name__) from None
    left = tuple(sorted(file.name for file in local.folder.iterdir()))
    if not left:
        local.folder.rmdir()
    return Purged(len(there), size, left)


def purge_expired(local: Analytics, now: datetime, waiting: Waiting = PATIENT) -> Expired:
    """Remove what retention no longer allows, from the file as well.

    Raises:
        NeverSynced: There is no store.
        SyncUnderWay: A sync of this workspace runs.
        ExtraNeeded, StoreBusy, StoreFull, StoreUnusable: As ``Store.batch`` does.
    """
    store = Store(local, waiting.clock, waiting.sleep)
    if not store.exists:
        raise NeverSynced
    make_private(local)
    with no_sync(local):
        with store.batch() as batch:
            expired = expire(batch, local.oldest(now), now)
        tidy(local, now, waiting, force=True)
    return expired


@contextmanager
def no_sync(local: Analytics) -> Iterator[None]:
    """No sync runs, and none begins.

    Raises:
        SyncUnderWay: One runs.
        StoreFull: The folder cannot be written to.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - seldom

    lock = FileLock(local.folder / SYNC_LOCK, mode=0o600, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise SyncUnderWay from None
    except OSError as error:
        raise StoreFull(error.strerror or type(error).__name__) from None
    try:
        yield
    finally:
        lock.release()
