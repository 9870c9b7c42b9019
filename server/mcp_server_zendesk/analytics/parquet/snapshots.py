"""The store as it is at one moment, as Parquet: a file for each month of each documented view.

Types are those that other engines read: INT64, DOUBLE, BOOLEAN, UTF-8 strings, timestamps in
microseconds of UTC, and lists of them. The same rows give the same bytes.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.analytics.parquet.destinations import ExportFailed
from mcp_server_zendesk.analytics.parquet.exported import NO_MONTH, Piece, path_of
from mcp_server_zendesk.analytics.tables import FACTS, SCHEMA, STREAMS, VERSION
from mcp_server_zendesk.analytics.views import VIEWS, View
from mcp_server_zendesk.serving.local_refusals import (
    ExtraNeeded,
    NeverSynced,
    StoreBusy,
    StoreFull,
    StoreUnusable,
)
from mcp_server_zendesk.serving.local_store import Analytics

if TYPE_CHECKING:
    import duckdb

EXPORTED_TYPES = frozenset(
    {"BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "DATE", "TIMESTAMPTZ", "VARCHAR[]", "BIGINT[]"}
)
"""Those of the views that every engine reads. Another one is refused, not guessed."""

_EVERYTHING = "TIMESTAMPTZ '-infinity'"
_MEMORY = "512MB"
_ONE_THREAD = "1"
"""A second one holds as much again in memory, and a month of long texts would be too much."""
_ROWS_IN_A_GROUP = 122_880
_ROWS_AT_A_TIME = 2_048
"""Of DuckDB's: a group holds a multiple of them."""
_TEXT_IN_A_GROUP_BYTES = 16 * 1024 * 1024
_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.05
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_NO_ROOM = ("no space left", "file too large", "disk quota", "could not write")


@dataclass(slots=True)
class Snapshot:
    """One moment of a store.

    ``as_of`` is up to when Zendesk's changes are in, ``complete`` whether all that was to be
    synced has been.
    """

    as_of: datetime | None
    complete: bool
    _connection: duckdb.DuckDBPyConnection

    def months(self, view: View, since: str | None) -> list[str | None]:
        """The months of a view that has any, in order; one None for a view that is one file."""
        if view.month is None:
            return [None]
        found = self._asked(
            f"SELECT DISTINCT strftime({view.month}, '%Y-%m') FROM {view.name} ORDER BY 1"
        )
        months = [NO_MONTH if month is None else str(month) for (month,) in found]
        return [month for month in months if since is None or since <= month != NO_MONTH]

    def write(self, view: View, month: str | None, folder: Path) -> tuple[Piece, Path]:
        """Write one file into a folder."""
        if strange := {c.name for c in view.columns if c.kind not in EXPORTED_TYPES}:
            raise ExportFailed(f"{view.name}.{min(strange)} is of a type that is not exported")
        file = folder / f"{view.name}-{month or 'all'}.parquet"
        columns = ", ".join(f'CAST("{c.name}" AS {c.kind}) AS "{c.name}"' for c in view.columns)
        # A column without a NULL would be REQUIRED in one month and OPTIONAL in the next.
        nulls = ", ".join(f'CAST(NULL AS {c.kind}) AS "{c.name}"' for c in view.columns)
        order = '"id"' if any(c.name == "id" for c in view.columns) else "ALL"
        found = self._asked(
            f"COPY (SELECT {columns} FROM {view.name} WHERE {_within(view, month)} "
            f"UNION ALL BY NAME SELECT {nulls} FROM range(0) ORDER BY {order}) "
            f"TO '{_quoted(file)}' (FORMAT parquet, COMPRESSION zstd, "
            f"ROW_GROUP_SIZE {self._rows_in_a_group(view, month)})"
        )
        with file.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        path = path_of(view.name, month, digest)
        size = file.stat().st_size
        return Piece(path=path, month=month, rows=found[0][0], bytes=size, sha256=digest), file

    def _rows_in_a_group(self, view: View, month: str | None) -> int:
        """A group is put together in memory: fewer rows where they are long."""
        if not any(column.name == "body" for column in view.columns):
            return _ROWS_IN_A_GROUP
        within = _within(view, month)
        found = self._asked(f"SELECT avg(strlen(body)) FROM {view.name} WHERE {within}")
        rows = int(_TEXT_IN_A_GROUP_BYTES / (found[0][0] or 1)) // _ROWS_AT_A_TIME * _ROWS_AT_A_TIME
        return min(max(rows, _ROWS_AT_A_TIME), _ROWS_IN_A_GROUP)

    def _asked(self, statement: str) -> list[tuple[Any, ...]]:
        with _told():
            return self._connection.execute(statement).fetchall()


@contextmanager
def snapshot(
    analytics: Analytics,
    folder: Path,
    now: datetime,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Snapshot]:
    """Hold a store as it is while the block runs; nobody can write to it meanwhile.

    Blocks: call it in a thread. ``folder`` is where DuckDB may put what memory cannot hold.

    Raises:
        ExtraNeeded: DuckDB is not installed.
        NeverSynced: There is no store.
        StoreBusy: Another process wrote to it all the time.
        StoreFull: There is no room for the files.
        StoreUnusable: It is damaged, of another version or account, or keeps more than it may.
        ExportFailed: It holds what cannot be exported.
    """
    if not analytics.file.exists():
        raise NeverSynced
    connection = _attached(analytics, folder, clock, sleep)
    try:
        oldest = analytics.oldest(now)
        cutoff = _EVERYTHING if oldest is None else f"TIMESTAMPTZ '{oldest.isoformat()}'"
        with _told():
            as_of, complete = _checked(connection, analytics)
            for view in VIEWS:
                connection.execute(view.statement(kept=f"store.{SCHEMA}", oldest=cutoff))
        yield Snapshot(as_of, complete, connection)
    finally:
        connection.close()


def _attached(
    analytics: Analytics,
    folder: Path,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> duckdb.DuckDBPyConnection:
    try:
        import duckdb  # noqa: PLC0415 - an extra, and heavy
    except ImportError:
        raise ExtraNeeded from None
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": _MEMORY,
            "threads": _ONE_THREAD,
            "temp_directory": str(folder),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    until = clock() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"ATTACH '{_quoted(analytics.file)}' AS store (READ_ONLY)")
        except duckdb.Error as error:
            if not isinstance(error, duckdb.IOException) or "lock" not in str(error):
                connection.close()
                raise _damaged() from None
            if clock() >= until:
                connection.close()
                raise StoreBusy from None
            sleep(_PAUSE_SECONDS)
        else:
            return connection


def _checked(
    connection: duckdb.DuckDBPyConnection, analytics: Analytics
) -> tuple[datetime | None, bool]:
    """As of when a store is, and whether it is complete; refused where it is not this one."""
    import duckdb  # noqa: PLC0415 - an extra, and heavy

    try:
        found = connection.execute(f"SELECT name, value FROM store.{SCHEMA}.{FACTS.name}")
    except duckdb.CatalogException:  # the first sync was ended before its first batch
        raise NeverSynced from None
    facts = dict(found.fetchall())
    if facts.get("version") != str(VERSION):
        raise StoreUnusable(
            "The store is of another version.", "Run the command sync, which brings it up to date."
        )
    if facts.get("subdomain") != analytics.subdomain:
        raise StoreUnusable(
            "The store is another account's.", "Run the command purge, then sync again."
        )
    if facts.get("keep") == "texts" and not analytics.texts:
        raise StoreUnusable(
            "The store holds texts, and the setting analytics_keep no longer allows them.",
            "Run the command purge, then sync again.",
        )
    row = connection.execute(
        "SELECT strftime(min(until), '%Y-%m-%dT%H:%M:%S+00:00'), "
        f"coalesce(bool_and(complete), false) FROM store.{SCHEMA}.{STREAMS.name}"
    ).fetchone()
    as_of, complete = row or (None, False)
    return None if as_of is None else datetime.fromisoformat(as_of), bool(complete)


def check_month(text: str) -> str:
    """A month as ``2026-11``.

    Raises:
        ValueError: It is not written so.
    """
    if _MONTH.fullmatch(text) is None:
        raise ValueError("write a month as 2026-11")
    return text


def _within(view: View, month: str | None) -> str:
    if month is None:
        return "true"
    if month == NO_MONTH:
        return f"{view.month} IS NULL"
    found = _MONTH.fullmatch(month)
    if found is None:
        raise ExportFailed(f"the table {view.name} has a time in the month {month!r}")
    year, number = int(found[1]), int(found[2])
    after = f"{year + number // 12:04}-{number % 12 + 1:02}"
    return (
        f"{view.month} >= TIMESTAMPTZ '{month}-01 00:00:00+00' "
        f"AND {view.month} < TIMESTAMPTZ '{after}-01 00:00:00+00'"
    )


@contextmanager
def _told() -> Iterator[None]:
    """DuckDB's own words may quote what is in the store: they are not passed on."""
    import duckdb  # noqa: PLC0415 - an extra, and heavy

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise ExportFailed(
            f"it takes more than {_MEMORY} of memory and the room left on the disk"
        ) from None
    except duckdb.Error as error:
        words = str(error).lower()
        if any(one in words for one in _NO_ROOM):
            raise StoreFull("no room for the files, or they may not be written") from None
        raise _damaged() from None


def _damaged() -> StoreUnusable:
    return StoreUnusable(
        "The store cannot be read: it is damaged.", "Run the command purge, then sync again."
    )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
