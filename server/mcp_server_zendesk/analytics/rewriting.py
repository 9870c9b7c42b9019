"""Writes the store's file anew, so that what was removed leaves the disk and room is given back.

DuckDB marks the blocks of removed rows as free: it cuts off those at the file's end, and neither
CHECKPOINT nor VACUUM clears the others, so that the words of a deleted comment lie in the file
until something is written over them. A new file has only what is kept. (What a disk keeps of a file
that was removed is the disk's own affair.)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mcp_server_zendesk.analytics.facts import REMOVED_SINCE
from mcp_server_zendesk.analytics.folder import FRESH, discard_fresh, narrow, own_files
from mcp_server_zendesk.analytics.opening import (
    PATIENT,
    Waiting,
    connect,
    duckdb_of,
    exclusively,
    exists,
    in_turn,
    told,
)
from mcp_server_zendesk.analytics.tables import FACTS, SCHEMA
from mcp_server_zendesk.serving.local_refusals import StoreFull
from mcp_server_zendesk.serving.local_store import Analytics

REMOVED_DAYS = 1
"""How long what was removed may lie in the file: it leaves at the first sync after that."""
FREE_SHARE = 0.3
FREE_BYTES = 8 * 1024 * 1024
"""A file is also written anew where this much of it is free, and that share."""


def tidy(
    local: Analytics, now: datetime, waiting: Waiting = PATIENT, *, force: bool = False
) -> bool:
    """Write the file anew where it is time for it. Call it at the end of a sync, in a thread.

    Whoever reads goes on reading the old file to the end of their query. A crash leaves the old
    file, or the new one.

    Returns:
        Whether it was.

    Raises:
        ExtraNeeded, StoreBusy, StoreUnusable: As ``opening.opened`` does.
        StoreFull: There is no room for both files; the old one is still there.
    """
    engine = duckdb_of()
    if not exists(local):
        return False
    with exclusively(local, waiting):
        connection = in_turn(lambda: connect(local, local.file, attaches=True), waiting)
        try:
            if not force and not _due(connection, now):
                return False
            discard_fresh(local)
            _copy(connection, local)
        except engine.Error as error:
            discard_fresh(local)
            raise told(error) from None
        finally:
            connection.close()
        return _exchange(local)


def _due(connection: Any, now: datetime) -> bool:
    row = connection.execute(
        f"SELECT value FROM {SCHEMA}.{FACTS.name} WHERE name = ?", [REMOVED_SINCE]
    ).fetchone()
    if row is not None and now - datetime.fromisoformat(row[0]) >= timedelta(days=REMOVED_DAYS):
        return True
    size = "SELECT block_size, total_blocks, free_blocks FROM pragma_database_size()"
    block, total, free = connection.execute(size).fetchone()
    return bool(free * block >= FREE_BYTES and free >= total * FREE_SHARE)


def _copy(connection: Any, local: Analytics) -> None:
    (name,) = connection.execute("SELECT current_database()").fetchone()
    connection.execute(f"ATTACH '{_quoted(str(local.folder / FRESH))}' AS fresh")
    connection.execute(f'COPY FROM DATABASE "{name}" TO fresh')
    connection.execute(f"DELETE FROM fresh.{SCHEMA}.{FACTS.name} WHERE name = '{REMOVED_SINCE}'")
    connection.execute("CHECKPOINT fresh")
    connection.execute("DETACH fresh")
    connection.execute("CHECKPOINT")


def _exchange(local: Analytics) -> bool:
    """Put the new file in the place of the old one; not where a log is left that one of them
    needs, which the system would read with the other.
    """
    file, wal, fresh, fresh_wal = own_files(local)
    try:
        if wal.exists() or fresh_wal.exists():
            discard_fresh(local)
            return False
        narrow(fresh)
        fresh.replace(file)
    except OSError as error:
        raise StoreFull(error.strerror or type(error).__name__) from None
    return True


def _quoted(text: str) -> str:
    return text.replace("'", "''")
