"""The engine as a query's process has it, within a test: prepared, locked, and asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.querying import worker
from mcp_server_zendesk.analytics.querying.job import Job
from mcp_server_zendesk.analytics.querying.reading import Reader
from mcp_server_zendesk.serving.local_store import Analytics

CANARY = "canary-7f3a"
OLD = "older than anything that is kept"


class Free:
    """Gives nothing up: a test goes on."""

    def alone_with(self, folder: Path) -> None:
        assert folder.is_dir()

    def sealed(self) -> None:
        return


def ticket(number: int, **more: object) -> dict[str, object]:
    at = NOW.isoformat()
    return {"id": number, "status": "open", "created_at": at, "updated_at": at, **more}


@cache
def ground() -> Analytics:
    """A store with an old ticket that is kept no longer, and files beside its folder."""
    folder = Path(tempfile.mkdtemp())
    local = analytics(folder, retention_days=30)
    old = (NOW - timedelta(days=90)).isoformat()
    tickets = [
        ticket(1, subject="first", tags=["vip"]),
        ticket(2, subject="second", updated_at=old, created_at=old) | {"subject": OLD},
    ]
    filled(local, {"tickets": tickets})
    for name in ("csv", "json", "txt"):
        text = f'[{{"a": "{CANARY}"}}]' if name == "json" else f"{CANARY}\n{CANARY}\n"
        (folder / f"canary.{name}").write_text(text, encoding="utf-8")
    with duckdb.connect(str(folder / "canary.duckdb")) as other:
        other.execute(f"CREATE TABLE t AS SELECT '{CANARY}' AS a")
        other.execute(f"COPY t TO '{folder / 'canary.parquet'}' (FORMAT parquet)")
    return local


def job(local: Analytics, sql: str, **more: Any) -> Job:
    made = Reader(local)._job(sql, [], 50, trusted=False)
    for name, value in more.items():
        object.__setattr__(made, name, value)
    return made


_open = ExitStack()


@cache
def shared_engine() -> duckdb.DuckDBPyConnection:
    """One for all that is only asked, or refused: nothing can be changed in it."""
    return _open.enter_context(engine_of(ground()))


@contextmanager
def engine_of(local: Analytics) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open, prepared and locked."""
    asked = job(local, "SELECT 1")
    with worker.opened(asked) as engine:
        assert worker.attached(engine, asked)
        worker.prepared(engine, asked)
        yield engine
