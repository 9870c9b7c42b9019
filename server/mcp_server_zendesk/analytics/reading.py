"""Reads the store: statements of ours for reports, and a model's own for ``query_tickets``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import anyio

from mcp_server_zendesk.analytics.tables import SCHEMA
from mcp_server_zendesk.analytics.views import VIEWS
from mcp_server_zendesk.serving.local_refusals import NeverSynced
from mcp_server_zendesk.serving.local_store import Analytics

EVERYTHING = "TIMESTAMPTZ '-infinity'"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave: columns with their types in SQL, and rows of JSON values.

    ``truncated`` tells that there were more rows than are given.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False
    seconds: float = 0.0

    def records(self) -> list[dict[str, Any]]:
        """The rows by column."""
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(slots=True)
class Reader:
    """Asks the views of one store."""

    analytics: Analytics

    async def ask(self, statement: str, parameters: Sequence[Any] = ()) -> Answer:
        """A statement of ours.

        Raises:
            NeverSynced: There is no store.
            StoreUnusable: It cannot be read.
            StoreBusy: It is being written to for longer than is decent to wait.
        """
        return await anyio.to_thread.run_sync(self._ask, statement, tuple(parameters))

    def _ask(self, statement: str, parameters: Sequence[Any]) -> Answer:
        import duckdb  # noqa: PLC0415 - an extra, and heavy

        if not self.analytics.file.exists():
            raise NeverSynced
        oldest = self.analytics.oldest(datetime.now(UTC))
        cutoff = EVERYTHING if oldest is None else f"TIMESTAMPTZ '{oldest.isoformat()}'"
        began = time.perf_counter()
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"ATTACH '{self.analytics.file}' AS store (READ_ONLY)")
            for view in VIEWS:
                connection.execute(view.statement(kept=f"store.{SCHEMA}", oldest=cutoff))
            found = connection.execute(statement, [*parameters])
            columns = tuple((one[0], str(one[1])) for one in found.description or ())
            rows = tuple(found.fetchall())
        return Answer(columns, rows, seconds=time.perf_counter() - began)
