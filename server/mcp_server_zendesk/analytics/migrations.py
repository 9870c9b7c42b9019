"""Brings a store of an older version up to date, in the transaction of the batch that finds it.

New tables and columns need no step: they are added, empty, and what they were read from is read
again. A step is for what changes its type or its meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.analytics.opening import AGAIN, duckdb_of
from mcp_server_zendesk.analytics.tables import SCHEMA, STREAMS, TABLES, VERSION, Table
from mcp_server_zendesk.serving.local_refusals import StoreUnusable

if TYPE_CHECKING:
    from mcp_server_zendesk.analytics.store import Batch

_INTERNAL = frozenset({"gone", "streams", "facts"})


@dataclass(frozen=True, slots=True)
class Step:
    """From the version before to ``to``: statements, over tables as that version had them."""

    to: int
    statements: tuple[str, ...]


STEPS: tuple[Step, ...] = ()
"""In their order. Version 1 is the first that was published."""


def migrate(batch: Batch, version: int, steps: Sequence[Step] = STEPS) -> None:
    """Make the tables what they are now. Rows are kept, and read again where they lack something.

    Raises:
        StoreUnusable: The tables are not what that version had. Nothing is changed.
    """
    engine = duckdb_of()
    try:
        for step in steps:
            if version < step.to <= VERSION:
                for statement in step.statements:
                    batch.execute(statement)
        lacking = _complete(batch)
    except (engine.CatalogException, engine.BinderException):
        raise StoreUnusable("The store's tables are not as they were made.", AGAIN) from None
    if columns(batch.execute) != _expected():
        raise StoreUnusable("The store's tables are not as they were made.", AGAIN)
    if lacking:
        read_again(batch)
    batch.set_fact("version", str(VERSION))


def read_again(batch: Batch) -> None:
    """Let the next sync read all from the beginning; what is there is replaced as it comes."""
    batch.execute(f"DELETE FROM {SCHEMA}.{STREAMS.name}")


def columns(execute: Callable[..., list[tuple[Any, ...]]]) -> Mapping[str, Mapping[str, str]]:
    """Each table's columns with their types, as DuckDB names them."""
    found: dict[str, dict[str, str]] = {}
    rows = execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = ?",
        [SCHEMA],
    )
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def _complete(batch: Batch) -> bool:
    """Whether a table of Zendesk's records lacked something that now is there."""
    known = columns(batch.execute)
    lacking = False
    for table in TABLES:
        missing = _missing(table, known)
        if table.name not in known:
            batch.execute(table.ddl)
        for column in missing if table.name in known else ():
            batch.execute(
                f'ALTER TABLE {SCHEMA}.{table.name} ADD COLUMN "{column}" {table.columns[column]}'
            )
        lacking = lacking or (bool(missing) and table.name not in _INTERNAL)
    return lacking


def _missing(table: Table, known: Mapping[str, Mapping[str, str]]) -> list[str]:
    have = known.get(table.name, {})
    return [column for column in table.columns if column not in have]


def _expected() -> Mapping[str, Mapping[str, str]]:
    with duckdb_of().connect(":memory:") as connection:
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for table in TABLES:
            connection.execute(table.ddl)

        def execute(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
            rows: list[tuple[Any, ...]] = connection.execute(statement, [*parameters]).fetchall()
            return rows

        return columns(execute)
