"""What the tests of exports share: a store with something of everything, and another engine."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.parquet.destinations import Destination, Folder
from mcp_server_zendesk.analytics.parquet.exported import MANIFEST, NO_MONTH, Manifest
from mcp_server_zendesk.analytics.parquet.exporting import Export, ExportReport
from mcp_server_zendesk.analytics.tables import SCHEMA
from mcp_server_zendesk.analytics.views import VIEWS, View
from mcp_server_zendesk.serving.local_store import Analytics

VIEW = {view.name: view for view in VIEWS}

Rows = Counter[tuple[Any, ...]]
HOSTILE = '\'; DROP TABLE tickets; -- \u202e\U0001f600 "quoted"\nline'


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def ticket(number: int, days: float, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "status": "open",
        "created_at": ago(days),
        "updated_at": ago(days / 2),
        **more,
    }


ROWS: dict[str, list[dict[str, object]]] = {
    "tickets": [
        ticket(1, 200, subject=HOSTILE, tags=["vip", "café", "two words"], assignee_id=7),
        ticket(2, 100, status="closed", first_reply={"calendar": 12, "business": 5}),
        ticket(3, 40, custom_fields=[{"id": 5, "value": "gold"}, {"id": 6, "value": None}]),
        ticket(4, 1, tags=[], organization_id=9, satisfaction="good"),
        {"id": 5, "status": "new", "created_at": None, "updated_at": ago(3)},
    ],
    "comments": [
        {"id": n, "ticket_id": 1 + n % 4, "public": n % 2 == 0, "created_at": ago(n), "body": "b"}
        for n in range(30)
    ],
    "status_changes": [
        {"id": n, "ticket_id": 1 + n % 5, "changed_at": ago(n * 3), "to_status": "open"}
        for n in range(40)
    ],
    "satisfaction": [{"id": 1, "ticket_id": 4, "score": "good", "updated_at": ago(1)}],
    "sla_events": [
        {"id": 1, "ticket_id": 2, "type": "breach", "at": ago(90), "target_minutes": 60}
    ],
    "users": [{"id": 7, "name": "Ada", "role": "agent", "active": True, "tags": ["x"]}],
    "organizations": [{"id": 9, "name": "Ümlaut GmbH", "created_at": ago(300)}],
    "fields": [{"id": 5, "title": "Plan"}],
}


@cache
def _everything() -> bytes:
    """The store's file: it is filled once, and each test has a copy."""
    with tempfile.TemporaryDirectory() as folder:
        return filled(analytics(Path(folder)), ROWS).analytics.file.read_bytes()


def store_with_everything(folder: Path) -> Analytics:
    local = analytics(folder)
    local.folder.mkdir(mode=0o700, parents=True)
    local.file.write_bytes(_everything())
    return local


async def exported(local: Analytics, place: Path | Destination, **options: Any) -> ExportReport:
    """Export, as of ``NOW``."""
    to = Folder(place) if isinstance(place, Path) else place
    return await Export(local, to, now=lambda: NOW, **options).run()


def rows_of(local: Analytics, view: View) -> Rows:
    """What the view says, asked without what exports: times as microseconds since 1970."""
    import duckdb  # noqa: PLC0415 - an extra

    asked = ", ".join(
        f'epoch_us("{c.name}")' if c.kind == "TIMESTAMPTZ" else f'"{c.name}"' for c in view.columns
    )
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{local.file}' AS store (READ_ONLY)")
        connection.execute(view.statement(kept=f"store.{SCHEMA}", oldest="TIMESTAMPTZ '-infinity'"))
        found = connection.sql(f"FROM {view.name}").project(asked).fetchall()
    return Counter(map(_hashable, found))


def rows_in(files: Iterable[bytes]) -> Rows:
    """What Parquet files say, read by Arrow's own reader, which is not DuckDB's."""
    rows: Rows = Counter()
    for content in files:
        table = pq.read_table(BytesIO(content))
        for index, one in enumerate(table.schema):
            if pa.types.is_timestamp(one.type):
                assert one.type == pa.timestamp("us", tz="UTC")
                table = table.set_column(index, one.name, table[one.name].cast(pa.int64()))
        rows.update(map(_hashable, zip(*(c.to_pylist() for c in table.columns), strict=True)))
    return rows


def _hashable(row: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(tuple(one) if isinstance(one, list) else one for one in row)


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }


def parquet(files: Mapping[str, bytes], table: str) -> list[bytes]:
    """The files that an engine finds which looks for all of a table."""
    return [
        content
        for name, content in files.items()
        if name.startswith(f"{table}/") and name.endswith(".parquet")
    ]


def manifest_in(files: Mapping[str, bytes]) -> Manifest:
    return Manifest.model_validate_json(files[MANIFEST])


def assert_whole(files: Mapping[str, bytes]) -> Manifest:
    """What the table of contents names is there, byte for byte."""
    manifest = manifest_in(files)
    for piece in manifest.pieces:
        content = files[piece.path]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (piece.bytes, piece.sha256)
        assert pq.ParquetFile(BytesIO(content)).metadata.num_rows == piece.rows
    return manifest


def assert_same_as_views(files: Mapping[str, bytes], local: Analytics) -> None:
    """Whoever looks for all files finds each row once, in its month, and no other files."""
    manifest = assert_whole(files)
    assert set(files) == {MANIFEST, *(piece.path for piece in manifest.pieces)}
    for view in (VIEW[name] for name in manifest.tables):
        assert rows_in(parquet(files, view.name)) == rows_of(local, view), view.name
        for piece in manifest.tables[view.name].files:
            if view.month is not None:
                months = pq.read_table(BytesIO(files[piece.path]))[view.month].to_pylist()
                named = {NO_MONTH if one is None else f"{one:%Y-%m}" for one in months}
                assert named == {piece.month}
                assert f"/month={piece.month}/" in piece.path


def report_of(out: str) -> dict[str, Any]:
    found = json.loads(out)
    assert isinstance(found, dict)
    return found
