"""The store on the disk: opened for as long as a batch takes, so that queries get their turn."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.analytics.facts import (
    FACTS_OF_IT,
    REMOVED_SINCE,
    STREAMS_OF_IT,
    Facts,
)
from mcp_server_zendesk.analytics.folder import FRESH, discard_fresh, make_private, narrow
from mcp_server_zendesk.analytics.migrations import migrate
from mcp_server_zendesk.analytics.opening import (
    Waiting,
    connect,
    duckdb_of,
    exclusively,
    exists,
    opened,
    told,
)
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
from mcp_server_zendesk.serving.local_refusals import NeverSynced, StoreFull
from mcp_server_zendesk.serving.local_store import Analytics

if TYPE_CHECKING:
    import duckdb

Row = Mapping[str, Any]


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
        named = ", ".join(f'"{column}"' for column in table.columns)
        columns = ", ".join(f'row."{column}"' for column in table.columns)
        self._connection.execute(
            f"INSERT INTO {name} ({named}) SELECT {columns} FROM "
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
        self.must_leave(now)
        self.put(GONE, [{"id": one, "seen_at": now.isoformat()} for one in ids])

    def must_leave(self, now: datetime) -> None:
        """Remember that what was taken out has to leave the disk as well (``rewriting``).

        With ``LONG_AGO`` for the time, it does so at the end of the next sync.
        """
        known = self.fact(REMOVED_SINCE)
        if known is None or datetime.fromisoformat(known) > now:
            self.set_fact(REMOVED_SINCE, now.isoformat())

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
    """One workspace's store. It is open only within ``batch`` and ``facts``."""

    analytics: Analytics
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return exists(self.analytics)

    @property
    def waiting(self) -> Waiting:
        """How its turn is waited for."""
        return Waiting(self.clock, self.sleep)

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
        make_private(self.analytics)
        if not self.exists:
            self._make()
        with opened(self.analytics, waiting=self.waiting) as connection:
            connection.execute("BEGIN")
            batch = Batch(connection)
            self._admit(batch)
            yield batch
            connection.execute("COMMIT")

    def facts(self) -> Facts:
        """What the store says of itself. Blocks, as ``batch`` does.

        Raises:
            NeverSynced: There is none.
            StoreUnusable: It cannot be read, or is another account's; and as ``batch`` does.
        """
        if not self.exists:
            raise NeverSynced
        with opened(self.analytics, read_only=True, waiting=self.waiting) as connection:
            facts = _facts(Batch(connection))
        facts.check(self.analytics)
        return facts

    def _make(self) -> None:
        """Make it beside its place, so that a half-made one is never taken for a store."""
        engine, local = duckdb_of(), self.analytics
        fresh = local.folder / FRESH
        with exclusively(local, self.waiting):
            if self.exists:
                return
            discard_fresh(local)
            try:
                connection = connect(local, fresh)
                try:
                    _fill(Batch(connection), local)
                finally:
                    connection.close()
                narrow(fresh)
                fresh.rename(local.file)
            except engine.Error as error:
                raise told(error) from None
            except OSError as error:
                raise StoreFull(error.strerror or type(error).__name__) from None
            finally:
                discard_fresh(local)

    def _admit(self, batch: Batch) -> None:
        """Migrate an older store, refuse what is not this workspace's."""
        facts = _facts(batch)
        facts.check(self.analytics)
        if facts.version < VERSION:
            migrate(batch, facts.version)


def _facts(batch: Batch) -> Facts:
    """Of an open store; none where its tables are not ours."""
    engine = duckdb_of()
    try:
        facts = batch.execute(FACTS_OF_IT)
    except (engine.CatalogException, engine.BinderException):
        return Facts({})
    try:
        return Facts.of(facts, batch.execute(STREAMS_OF_IT))
    except (engine.CatalogException, engine.BinderException):
        return Facts.of(facts)  # of a version that had no such table


def _fill(batch: Batch, local: Analytics) -> None:
    batch.execute(f"CREATE SCHEMA {SCHEMA}")
    for table in TABLES:
        batch.execute(table.ddl)
    given = {"version": str(VERSION), "subdomain": local.subdomain, "keep": local.keep}
    for name, value in given.items():
        batch.set_fact(name, value)
