"""The process that runs one statement over a store and ends: what a model writes runs nowhere else.

It knows its job from its standard input and answers with one JSON object on its standard output.
It has no environment and no argument, gives up what it can (``confinement``), opens the store for
reading, locks the engine, and only then looks at the statement. It ends when its input does, so
that it does not outlive who asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import duckdb

from mcp_server_zendesk.analytics.querying import confinement
from mcp_server_zendesk.analytics.querying.cells import expression, quoted
from mcp_server_zendesk.analytics.querying.job import MOMENT, READY, Job
from mcp_server_zendesk.analytics.querying.permitted import NotPermitted, Permitted, permitted

_BUSY = (
    "Could not set lock",
    "different configuration",
    "Unique file handle conflict",
    "being used by another process",
)
_PAUSE_SECONDS = 0.02
_COUNTED = 5_000
_ONCE = 500
_MOST_COLUMNS = 200
_WORDS = 2_000

_OPENED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "python_enable_replacements": "false",
    "python_scan_all_frames": "false",
    "temp_directory": "",
    "async_threads": 0,  # they would start with the connection, and so before Landlock holds
}
_LOCKED = (
    "SET enable_progress_bar = false",
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET disabled_filesystems = 'LocalFileSystem'",
    "SET max_expression_depth = 250",
    "SET lock_configuration = true",
)


def main() -> None:
    """Do the job that stands on the standard input."""
    channel = _own_channel()
    job = Job(**json.loads(sys.stdin.buffer.readline()))
    confinement.bounded(memory=job.process_memory, seconds=2 + int(job.seconds * job.threads))
    confinement.tied_to(job.parent)
    try:
        answer = json.dumps(done(job, _Confining(channel)), ensure_ascii=False).encode()
        with open(channel, "wb") as said:  # noqa: PTH123 - a descriptor
            said.write(answer)
    finally:
        os._exit(0)  # at once: the other thread waits for the input, and an engine may be at work


def _own_channel() -> int:
    """The standard output under another number: whatever else is written to it goes nowhere."""
    channel = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return channel


def _end_with(given: BinaryIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        given.read()
    os._exit(0)


class _Confining:
    def __init__(self, channel: int) -> None:
        self._channel = channel

    def alone_with(self, folder: Path) -> None:
        confinement.alone_with(folder)
        threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()

    def sealed(self) -> None:
        os.write(self._channel, READY)
        confinement.sealed()


class Confining(Protocol):
    """What the process gives up, and when."""

    def alone_with(self, folder: Path) -> None:
        """Before the store is opened, and before the engine starts threads."""

    def sealed(self) -> None:
        """When it is open."""


def done(job: Job, confining: Confining) -> dict[str, Any]:
    """The answer, or why there is none: ``busy``, ``broken``, ``refused`` or ``error``.

    Args:
        job: What is asked.
        confining: What is given up on the way.
    """
    with opened(job) as engine:
        confining.alone_with(Path(job.folder))
        try:
            if not attached(engine, job):
                return {"busy": True}
            state = prepared(engine, job)
        except duckdb.Error as error:
            return {"broken": _told(error)}
        confining.sealed()
        try:
            return {"state": state, **answered(engine, job)}
        except NotPermitted as why:
            return {"refused": {"problem": why.problem, "name": why.name, "among": why.among}}
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer tells it
            return {"error": _told(error)}


def opened(job: Job) -> duckdb.DuckDBPyConnection:
    """An engine in memory, that has no thread beside this one yet."""
    config: dict[str, Any] = {**_OPENED, "memory_limit": f"{job.memory}B", "threads": 1}
    return duckdb.connect(":memory:", config=config)


def prepared(engine: duckdb.DuckDBPyConnection, job: Job) -> dict[str, list[list[Any]]]:
    """Make the views of an attached store and lock the engine.

    Returns:
        The rows of the job's ``state``.
    """
    engine.execute(f"SET threads = {job.threads}")
    for view in job.views.values():
        engine.execute(view)
    state = {name: _all(engine, text) for name, text in job.state.items()}
    for lock in _LOCKED:
        engine.execute(lock)
    return state


def _told(error: Exception) -> dict[str, str]:
    if isinstance(error, MemoryError):
        return {"kind": "OutOfMemoryException", "message": ""}
    told = str(error) if isinstance(error, duckdb.Error) else ""
    return {"kind": type(error).__name__, "message": told[:_WORDS]}


def attached(engine: duckdb.DuckDBPyConnection, job: Job) -> bool:
    """Open the store, or wait for whoever writes to it; false where that takes too long."""
    until = time.monotonic() + job.patience
    file = job.file.replace("'", "''")
    while True:
        try:
            engine.execute(f"ATTACH '{file}' AS store (READ_ONLY)")
        except duckdb.Error as error:
            if not any(sign in str(error) for sign in _BUSY):
                raise
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE_SECONDS)
        else:
            return True


def _all(engine: duckdb.DuckDBPyConnection, statement: str) -> list[list[Any]]:
    return [[*row] for row in engine.execute(statement).fetchall()]


def answered(engine: duckdb.DuckDBPyConnection, job: Job) -> dict[str, Any]:
    """Look at the statement, and run it if it may be run."""
    asked = Permitted(job.statement)
    if not job.trusted:
        asked = permitted(
            job.statement, job.views, partial(_parsed, engine), partial(_serialized, engine)
        )
    if asked.describes is not None:
        return {"describes": asked.describes}
    inner = f"FROM (\n{asked.sql.strip().rstrip(';')}\n)"
    parameters = [_parameter(one) for one in job.parameters]
    described = engine.execute(f"DESCRIBE {inner}", parameters or None).fetchall()
    columns = [(str(row[0]), str(row[1])) for row in described]
    if len(columns) > _MOST_COLUMNS:
        raise NotPermitted(f"At most {_MOST_COLUMNS} columns are given; name those you need.")
    texts = ", ".join(
        f"{expression(name, kind, job.longest)} AS {quoted(name)}" for name, kind in columns
    )
    most = max(job.rows + 1, _COUNTED)
    found = engine.execute(f"SELECT {texts} FROM ({inner} LIMIT {most})", parameters or None)
    rows, total = _taken(found, job)
    return {"columns": columns, "rows": rows, "total": total if total < most else None}


def _taken(found: duckdb.DuckDBPyConnection, job: Job) -> tuple[list[list[Any]], int]:
    """The rows that there is room for, and how many there are."""
    rows: list[list[Any]] = []
    room, total = job.bytes, 0
    while some := found.fetchmany(_ONCE):
        for row in some:
            total += 1
            if room < 0 or len(rows) == job.rows:
                continue
            room -= sum(len(one.encode()) + 4 if one else 4 for one in row)
            if room >= 0 or not rows:
                rows.append([*row])
    return rows, total


def _parsed(engine: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[str]]:
    found = engine.extract_statements(sql)
    return [_kind(one) for one in found], [one.query for one in found]


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:  # of a kind that the binding does not know
        return "UNKNOWN"


def _serialized(engine: duckdb.DuckDBPyConnection, sql: str) -> str:
    row = engine.execute("SELECT CAST(json_serialize_sql(?::VARCHAR) AS VARCHAR)", [sql]).fetchone()
    return str(row[0]) if row else "{}"


def _parameter(value: Any) -> Any:
    return datetime.fromisoformat(value[MOMENT]) if isinstance(value, dict) else value
