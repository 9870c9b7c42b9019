"""An export holds what the views say, and sends only what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analytics.exports import (
    ROWS,
    VIEW,
    assert_same_as_views,
    assert_whole,
    exported,
    files_in,
    manifest_in,
    parquet,
    rows_in,
    rows_of,
    store_with_everything,
    ticket,
)
from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.parquet.exported import MANIFEST, NO_MONTH
from mcp_server_zendesk.analytics.parquet.exporting import Step
from mcp_server_zendesk.analytics.parquet.snapshots import EXPORTED_TYPES, check_month
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import TICKETS
from mcp_server_zendesk.analytics.views import VIEWS

pytestmark = [pytest.mark.heavy, pytest.mark.anyio]


async def test_another_engine_reads_back_each_row_of_each_view(tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    report = await exported(local, tmp_path / "out")
    assert_same_as_views(files_in(tmp_path / "out"), local)
    assert [*report.rows] == [*VIEW]
    assert report.rows["tickets"] == len(ROWS["tickets"])
    assert report.rows["tags"] == 3
    assert report.rows["sla_breaches"] == 1
    assert report.complete
    assert report.as_of == NOW


async def test_every_file_of_a_table_has_the_same_columns_and_all_may_be_null(
    tmp_path: Path,
) -> None:
    local = store_with_everything(tmp_path)
    await exported(local, tmp_path / "out")
    files = files_in(tmp_path / "out")
    for view in VIEWS:
        for content in parquet(files, view.name):
            arrow = pq.ParquetFile(BytesIO(content)).schema_arrow
            assert arrow.names == [column.name for column in view.columns]
            assert all(field.nullable for field in arrow)
            kinds = {"BIGINT": "int64", "VARCHAR": "string", "BOOLEAN": "bool"}
            for field, column in zip(arrow, view.columns, strict=True):
                if column.kind in kinds:
                    assert str(field.type) == kinds[column.kind]
            group = pq.ParquetFile(BytesIO(content)).metadata.row_group(0)
            assert {group.column(n).compression for n in range(group.num_columns)} == {"ZSTD"}


def test_no_view_has_a_type_or_a_name_that_engines_would_stumble_over() -> None:
    for view in VIEWS:
        assert {column.kind for column in view.columns} <= EXPORTED_TYPES
        assert "month" not in {column.name for column in view.columns}


async def test_a_ticket_without_a_time_is_in_the_partition_that_hive_has_for_it(
    tmp_path: Path,
) -> None:
    local = store_with_everything(tmp_path)
    await exported(local, tmp_path / "out", tables=(VIEW["tickets"],))
    names = [name for name in files_in(tmp_path / "out") if NO_MONTH in name]
    assert len(names) == 1


async def test_a_second_export_sends_nothing_and_touches_nothing(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    first = await exported(local, out)
    before = {one: one.stat().st_mtime_ns for one in out.rglob("*")}
    second = await exported(local, out)
    assert (first.sent, second.sent, second.removed) == (first.files, 0, 0)
    assert {one: one.stat().st_mtime_ns for one in out.rglob("*")} == before


async def test_only_the_month_that_changed_is_sent_again(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    await exported(local, out)
    with Store(local).batch() as batch:
        batch.put(TICKETS, [ticket(2, 100, status="solved")])
    report = await exported(local, out)
    assert (report.sent, report.removed) == (1, 1)
    assert_same_as_views(files_in(out), local)


async def test_a_ticket_that_was_deleted_leaves_the_files(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    await exported(local, out)
    assert any(row[0] == 1 for row in rows_in(parquet(files_in(out), "tickets")))
    with Store(local).batch() as batch:
        batch.remove_tickets([1], NOW)
    await exported(local, out)
    left = files_in(out)
    assert_same_as_views(left, local)
    assert all(row[0] != 1 for row in rows_in(parquet(left, "tickets")))
    assert all(row[1] != 1 for row in rows_in(parquet(left, "comments")))


async def test_what_is_kept_no_longer_leaves_the_files_with_its_month(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    await exported(local, out)
    shorter = replace(local, retention_days=30)
    await exported(shorter, out)
    left = files_in(out)
    assert {row[0] for row in rows_in(parquet(left, "tickets"))} == {3, 4, 5}
    assert assert_whole(left).retention_days == 30
    assert not [one for one in out.rglob("*") if one.is_dir() and not any(one.iterdir())]


async def test_tables_and_months_that_are_not_asked_for_leave_the_destination(
    tmp_path: Path,
) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    await exported(local, out)
    since = f"{NOW - timedelta(days=40):%Y-%m}"
    await exported(local, out, tables=(VIEW["tickets"], VIEW["users"]), since=since)
    left = files_in(out)
    assert {name.partition("/")[0] for name in left} == {MANIFEST, "tickets", "users"}
    months = {piece.month for piece in manifest_in(left).tables["tickets"].files}
    assert months == {since, f"{NOW - timedelta(days=1):%Y-%m}"}


async def test_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    would = await exported(local, out, dry_run=True)
    assert not out.exists()
    did = await exported(local, out)
    assert replace(would, seconds=0) == replace(did, seconds=0, dry_run=True)


async def test_an_unfinished_sync_is_exported_and_told(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    store = filled(local, {"tickets": [ticket(1, 1)]})
    with store.batch() as batch:
        batch.set_state("tickets", replace(batch.state("tickets"), complete=False), NOW)
    report = await exported(local, tmp_path / "out")
    assert not report.complete
    assert not manifest_in(files_in(tmp_path / "out")).complete


async def test_progress_counts_to_its_end(tmp_path: Path) -> None:
    steps: list[Step] = []
    report = await exported(
        store_with_everything(tmp_path), tmp_path / "out", progress=steps.append
    )
    written = [step for step in steps if step.stage == "writing"]
    sent = [step for step in steps if step.stage == "sending"]
    assert written[-1] == Step("writing", report.files, report.files, report.bytes)
    assert sent[-1] == Step("sending", report.files, report.files, report.sent_bytes)
    assert [step.done for step in sent] == sorted(step.done for step in sent)


def test_a_month_is_written_in_one_way() -> None:
    assert check_month("2026-01") == "2026-01"
    for wrong in ("2026-13", "2026-1", "26-01", "2026-01-01", "2026-00", "٢٠٢٦-01", ""):
        with pytest.raises(ValueError, match="2026-11"):
            check_month(wrong)


async def test_the_manifest_documents_each_column(tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    await exported(local, tmp_path / "out")
    told = manifest_in(files_in(tmp_path / "out"))
    for view in VIEWS:
        columns = told.tables[view.name].columns
        assert [(one.name, one.type, one.meaning) for one in columns] == [
            (one.name, one.kind, one.meaning) for one in view.columns
        ]
        assert told.tables[view.name].rows == rows_of(local, view).total()
