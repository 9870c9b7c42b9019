"""Reads the store: statements of ours for reports, and a model's own for ``query_tickets``.

Both run in a process of their own (``child``), which is given a store, a statement and bounds, and
nothing else of ours.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from mcp_server_zendesk.analytics.facts import LACKS, WAY, Facts
from mcp_server_zendesk.analytics.querying import child, engine_errors
from mcp_server_zendesk.analytics.querying.cells import exact, readable
from mcp_server_zendesk.analytics.querying.job import MOMENT, Job
from mcp_server_zendesk.analytics.querying.schema import described, listed
from mcp_server_zendesk.analytics.tables import FACTS, SCHEMA, STREAMS
from mcp_server_zendesk.analytics.views import VIEWS
from mcp_server_zendesk.serving.local_refusals import (
    NeverSynced,
    QueryStopped,
    StoreBusy,
    StoreUnusable,
)
from mcp_server_zendesk.serving.local_store import Analytics

EVERYTHING = "TIMESTAMPTZ '-infinity'"
ROWS, MOST_ROWS = 200, 1_000
"""Of an answer to a model, by default and at most."""
SECONDS = 10.0
MEMORY_MIB = 512
CHARACTERS = 2_000
"""The most that is read of one value for a model."""

_ENGINE_MIB = 384  # the rest is for values that the engine does not count, threads and Python
_THREADS = 2
_PATIENCE_SECONDS = 5.0
_MEBIBYTE = 1024 * 1024
_BYTES = _MEBIBYTE
_OUR_ROWS, _OUR_BYTES = 50_000, 16 * _MEBIBYTE
_STORE = f"store.{SCHEMA}"
_STATE = {
    "streams": "SELECT name, CAST(until AS VARCHAR), complete, CAST(stored_at AS VARCHAR) FROM "
    f"{_STORE}.{STREAMS.name}",
    "facts": f"SELECT name, value FROM {_STORE}.{FACTS.name}",
}

Way = Literal["incremental", "search"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the store goes: all is there ``until`` an instant, which is None while a first sync
    has not ended. ``way`` tells how it was filled, ``lacks`` what it does not hold for that.
    """

    until: datetime | None
    way: Way
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave: columns with their types in SQL, and rows.

    ``truncated`` tells that there were more rows than are given, ``total`` how many there are
    where that was counted.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False
    seconds: float = 0.0
    total: int | None = None
    freshness: Freshness = field(default_factory=lambda: Freshness(None, "incremental"))

    def records(self) -> list[dict[str, Any]]:
        """The rows by column."""
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(slots=True)
class Reader:
    """Asks the views of one store. ``seconds`` is how long one question may take."""

    analytics: Analytics
    seconds: float = SECONDS
    patience: float = _PATIENCE_SECONDS

    async def ask(self, statement: str, parameters: Sequence[Any] = ()) -> Answer:
        """A statement of ours, with values for its ``?``. Values come as Python has them: times
        with their zone, decimals, lists.

        Raises:
            ExtraNeeded: DuckDB is not installed.
            NeverSynced: There is no store.
            StoreUnusable: It cannot be read.
            StoreBusy: It is being written to for longer than is decent to wait.
            QueryStopped: It took too long or too much.
        """
        given = [_parameter(one) for one in parameters]
        told, seconds = await self._run(statement, given, _OUR_ROWS, trusted=True)
        if error := told.get("error"):
            refused = engine_errors.refusal(error, statement, MEMORY_MIB)
            if isinstance(refused, QueryStopped):
                raise refused
            raise RuntimeError(f"A statement of ours is wrong: {error.get('kind')}")
        answer = _answer(told, exact, seconds)
        if answer.truncated:
            raise QueryStopped(f"the {_OUR_ROWS} rows that are read")
        return answer

    async def query(self, sql: str, *, limit: int = ROWS) -> Answer:
        """A statement that a model wrote, which is looked at before it is run. Values come as JSON
        can hold them, texts uncleaned, cut at ``CHARACTERS``.

        Raises:
            QueryRefused: It is not run, or the engine does not understand it.
            ExtraNeeded, NeverSynced, StoreUnusable, StoreBusy, QueryStopped: As ``ask``.
        """
        told, seconds = await self._run(sql, [], min(limit, MOST_ROWS), trusted=False)
        if refused := told.get("refused"):
            raise engine_errors.not_permitted(refused)
        if error := told.get("error"):
            raise engine_errors.refusal(error, sql, MEMORY_MIB)
        if (view := told.get("describes")) is not None:
            return _documentation(view, _freshness(told), seconds)
        return _answer(told, readable, seconds)

    async def _run(
        self, statement: str, parameters: list[Any], rows: int, *, trusted: bool
    ) -> tuple[dict[str, Any], float]:
        job = self._job(statement, parameters, rows, trusted=trusted)
        began = time.perf_counter()
        told = await child.run(job, seconds=self.seconds, most_bytes=2 * _OUR_BYTES)
        if told.get("busy"):
            raise StoreBusy
        if "broken" in told:
            raise StoreUnusable(
                "The store's file cannot be read: it is damaged, or another program's.",
                "Run the command purge, then sync again.",
            )
        return told, time.perf_counter() - began

    def _job(self, statement: str, parameters: list[Any], rows: int, *, trusted: bool) -> Job:
        file = self.analytics.file
        if not file.exists():
            raise NeverSynced
        if file.is_symlink() or not file.is_file():
            raise StoreUnusable(
                "In the place of the store is something that is no file of its own.",
                "Look at what it is, move it away or run the command purge, then sync again.",
            )
        oldest = self.analytics.oldest(datetime.now(UTC))
        cutoff = EVERYTHING if oldest is None else f"TIMESTAMPTZ '{oldest.isoformat()}'"
        return Job(
            folder=str(file.parent),
            file=str(file),
            parent=os.getpid(),
            views={view.name: view.statement(kept=_STORE, oldest=cutoff) for view in VIEWS},
            statement=statement,
            parameters=parameters,
            state=_STATE,
            trusted=trusted,
            rows=rows,
            bytes=_OUR_BYTES if trusted else _BYTES,
            longest=None if trusted else CHARACTERS,
            seconds=self.seconds,
            patience=min(self.patience, self.seconds / 2),
            memory=_ENGINE_MIB * _MEBIBYTE,
            process_memory=MEMORY_MIB * _MEBIBYTE,
            threads=_THREADS,
        )


def _answer(
    told: dict[str, Any], value: Callable[[str | None, str], Any], seconds: float
) -> Answer:
    columns = tuple((str(name), str(kind)) for name, kind in told["columns"])
    kinds = [kind for _, kind in columns]
    rows = tuple(
        tuple(value(one, kind) for one, kind in zip(row, kinds, strict=True))
        for row in told["rows"]
    )
    total = told["total"]
    return Answer(columns, rows, total != len(rows), seconds, total, _freshness(told))


def _documentation(view: str, freshness: Freshness, seconds: float) -> Answer:
    columns, rows = listed() if view == "*" else described(view)
    kinds = tuple((name, "VARCHAR") for name in columns)
    return Answer(kinds, rows, seconds=seconds, total=len(rows), freshness=freshness)


def _freshness(told: dict[str, Any]) -> Freshness:
    streams = [
        (name, _instant(until), done, _instant(at))
        for name, until, done, at in told["state"]["streams"]
    ]
    facts = Facts.of(told["state"]["facts"], streams)
    way: Way = "search" if facts.given.get(WAY) == "search" else "incremental"
    try:
        lacks = json.loads(facts.given.get(LACKS, "[]"))
    except ValueError:
        lacks = []
    return Freshness(facts.until, way, tuple(map(str, lacks)))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _parameter(value: Any) -> Any:
    if isinstance(value, datetime):
        return {MOMENT: value.isoformat()}
    return list(value) if isinstance(value, tuple | frozenset | set) else value
