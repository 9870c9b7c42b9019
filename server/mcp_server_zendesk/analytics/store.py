"""The store on the disk: opened for as long as a batch takes, so that queries get their turn."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.analytics.tables import (
    FACTS,
    GONE,
    OF_A_TICKET,
    REREAD,
    SCHEMA,
    STREAMS,
    TABLES,
    TICKETS,
    VERSION,
    Table,
)
from mcp_server_zendesk.serving.local_refusals import (
    ExtraNeeded,
    StoreBusy,
    StoreFull,
    StoreUnusable,
)
from mcp_server_zendesk.serving.local_store import Analytics

if TYPE_CHECKING:
    import duckdb

Row = Mapping[str, Any]

_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.05
_OWNER_ONLY = 0o600
_FOLDER_OWNER_ONLY = 0o700
_MEMORY = "256MB"


@dataclass(frozen=True, slots=True)
class StreamState:
    """How far one export has been read: where it goes on, and until when all is there."""

    cursor: str | None = None
    until: datetime | None = None
    complete: bool = False
    requests: int = 0
    records: int = 0


class Batch:
    """What is written in one transaction: all of it, or nothing."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def put(self, table: Table, rows: Sequence[Row]) -> int:
        """Put rows in, each in the place of one of the same key; of two the later one counts.

        Returns:
            How many there are now of these.
        """
        unique = {row[table.key]: row for row in rows}
        if not unique:
            return 0
        name = f"{SCHEMA}.{table.name}"
        self.remove(table, [*unique])
        structure = json.dumps([table.structure])
        columns = ", ".join(f'row."{column}"' for column in table.columns)
        self._connection.execute(
            f"INSERT INTO {name} SELECT {columns} FROM "
            f"(SELECT unnest(from_json(?::JSON, '{structure}')) AS row)",
            [json.dumps([*unique.values()], ensure_ascii=False)],
        )
        return len(unique)

    def remove(self, table: Table, keys: Sequence[Any], by: str | None = None) -> None:
        """Take rows out, by their key or by another column."""
        column = by or table.key
        self._connection.execute(
            f"DELETE FROM {SCHEMA}.{table.name} WHERE {column} IN (SELECT unnest(?))",
            [[*keys]],
        )

    def remove_tickets(self, ids: Sequence[int], now: datetime) -> None:
        """Take tickets out with all that belongs to them, and remember that they are gone."""
        if not ids:
            return
        self.remove(TICKETS, ids)
        for table in OF_A_TICKET:
            self.remove(table, ids, "ticket_id")
        self.remove(REREAD, ids)
        self.put(GONE, [{"id": one, "seen_at": now.isoformat()} for one in ids])

    def gone(self, ids: Sequence[int]) -> frozenset[int]:
        """Those of these tickets that have left."""
        found = self._connection.execute(
            f"SELECT id FROM {SCHEMA}.{GONE.name} WHERE id IN (SELECT unnest(?))",
            [[*ids]],
        ).fetchall()
        return frozenset(one for (one,) in found)

    def state(self, stream: str) -> StreamState:
        """How far an export has been read."""
        found = self._connection.execute(
            f"SELECT cursor, until, complete, requests, records FROM {SCHEMA}.{STREAMS.name} "
            "WHERE name = ?",
            [stream],
        ).fetchone()
        return StreamState() if found is None else StreamState(*found)

    def set_state(self, stream: str, state: StreamState, now: datetime) -> None:
        """Remember it, together with what was read."""
        until = None if state.until is None else state.until.isoformat()
        row: dict[str, Any] = {
            "name": stream,
            "cursor": state.cursor,
            "until": until,
            "complete": state.complete,
        }
        row |= {"requests": state.requests, "records": state.records, "stored_at": now.isoformat()}
        self.put(STREAMS, [row])

    def fact(self, name: str) -> str | None:
        """A fact about the store."""
        found = self._connection.execute(
            f"SELECT value FROM {SCHEMA}.{FACTS.name} WHERE name = ?",
            [name],
        ).fetchone()
        return None if found is None else str(found[0])

    def set_fact(self, name: str, value: str) -> None:
        """Remember it."""
        self.put(FACTS, [{"name": name, "value": value}])

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Any other statement of ours."""
        return self._connection.execute(statement, [*parameters]).fetchall()


@dataclass(slots=True)
class Store:
    """One workspace's store. It is open only within ``batch``."""

    analytics: Analytics
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return self.analytics.file.exists()

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Open the store, made where there is none, and write all of the block, or nothing.

        Blocks: call it in a thread.

        Raises:
            ExtraNeeded: DuckDB is not installed.
            StoreBusy: Others had it open all the time.
            StoreFull: It cannot be written.
            StoreUnusable: It is damaged, too new, or another account's.
        """
        connection = self._open()
        try:
            connection.execute("BEGIN")
            self._prepare(Batch(connection))
            yield Batch(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        try:
            import duckdb  # noqa: PLC0415 - an extra, and heavy
        except ImportError:
            raise ExtraNeeded from None
        file = self.analytics.file
        try:
            file.parent.mkdir(mode=_FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFull(str(error.strerror)) from None
        until = self.clock() + _PATIENCE_SECONDS
        while True:
            try:
                connection = duckdb.connect(str(file), config={"memory_limit": _MEMORY})
            except duckdb.IOException as error:
                if "lock" not in str(error):
                    raise StoreUnusable(
                        "The store cannot be opened.", "Run the command purge, then sync again."
                    ) from None
                if self.clock() >= until:
                    raise StoreBusy from None
                self.sleep(_PAUSE_SECONDS)
            else:
                file.chmod(_OWNER_ONLY)
                return connection

    def _prepare(self, batch: Batch) -> None:
        """Make the tables in a new store; refuse what is not this workspace's."""
        batch.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for table in TABLES:
            batch.execute(table.ddl)
        version = batch.fact("version")
        if version is None:
            batch.set_fact("version", str(VERSION))
            batch.set_fact("subdomain", self.analytics.subdomain)
            batch.set_fact("keep", self.analytics.keep)
        elif version != str(VERSION):
            raise StoreUnusable(
                "The store is of another version.", "Run the command purge, then sync again."
            )
