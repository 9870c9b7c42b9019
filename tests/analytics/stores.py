"""A store with a few tickets in it, as a sync leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcp_server_zendesk.analytics.store import Store, StreamState
from mcp_server_zendesk.analytics.syncing.streams import STREAMS
from mcp_server_zendesk.analytics.tables import TABLES
from mcp_server_zendesk.serving.local_store import Analytics, Keep

NOW = datetime.now(UTC).replace(microsecond=0)

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def analytics(
    folder: Path, *, keep: Keep = "texts", retention_days: int | None = None
) -> Analytics:
    return Analytics(folder / "acme", "acme", keep, retention_days)


def filled(local: Analytics, rows: Rows) -> Store:
    """A store with these rows by table; every stream is complete as of now."""
    store = Store(local)
    tables = {table.name: table for table in TABLES}
    with store.batch() as batch:
        for name, given in rows.items():
            batch.put(tables[name], given)
        for stream in STREAMS:
            batch.set_state(stream.name, StreamState("cursor", NOW, complete=True), NOW)
    return store
