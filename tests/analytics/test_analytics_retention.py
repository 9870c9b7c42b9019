"""What may be kept no longer leaves the store, and the disk."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.facts import LONG_AGO
from mcp_server_zendesk.analytics.purging import no_sync, purge, purge_expired
from mcp_server_zendesk.analytics.retention import GONE_DAYS, Expired, expire
from mcp_server_zendesk.analytics.rewriting import REMOVED_DAYS, tidy
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import COMMENTS, OF_A_TICKET, TICKETS
from mcp_server_zendesk.serving.local_refusals import NeverSynced, StoreUnusable, SyncUnderWay
from mcp_server_zendesk.serving.local_store import Analytics

OLD = NOW - timedelta(days=500)
WORD = "xyzzyplugh"


def _at(when: datetime) -> str:
    return when.isoformat()


def _rows() -> dict[str, list[dict[str, Any]]]:
    """Two tickets, one of them old, each with all that a ticket has."""
    rows: dict[str, list[dict[str, Any]]] = {
        "tickets": [
            {"id": 1, "requester_id": 10, "submitter_id": 90, "updated_at": _at(OLD)},
            {"id": 2, "requester_id": 20, "submitter_id": 90, "updated_at": _at(NOW)},
        ],
        "users": [
            {"id": 10, "role": "end-user"},
            {"id": 20, "role": "end-user"},
            {"id": 30, "role": "end-user"},
            {"id": 90, "role": "agent"},
        ],
        "organizations": [{"id": 5, "name": "Umbrella"}],
        "reread": [{"id": 1, "histories": True}, {"id": 2, "histories": True}],
    }
    for table in OF_A_TICKET:
        rows[table.name] = [{"id": 100 + number, "ticket_id": number} for number in (1, 2)]
    return rows


def _ids(store: Store, table: str) -> list[int]:
    with store.batch() as batch:
        found = batch.execute(f"SELECT id FROM kept.{table} ORDER BY id")  # noqa: S608 - our own
        return [one for (one,) in found]


def _expire(store: Store, oldest: datetime | None) -> Expired:
    with store.batch() as batch:
        return expire(batch, oldest, NOW)


def test_an_old_ticket_leaves_with_all_that_belongs_to_it_and_its_customer(tmp_path: Path) -> None:
    store = filled(analytics(tmp_path), _rows())
    assert _expire(store, NOW - timedelta(days=400)) == Expired(tickets=1, customers=1)
    assert _ids(store, "tickets") == [2]
    for table in OF_A_TICKET:
        assert _ids(store, table.name) == [102]
    assert _ids(store, "users") == [20, 30, 90]
    assert _ids(store, "reread") == [2], "else its comments would come back"
    assert _ids(store, "organizations") == [5]


def test_a_customer_whom_a_younger_ticket_names_stays(tmp_path: Path) -> None:
    rows = _rows()
    rows["comments"].append({"id": 300, "ticket_id": 2, "author_id": 10})
    store = filled(analytics(tmp_path), rows)
    assert _expire(store, NOW - timedelta(days=400)) == Expired(tickets=1)
    assert 10 in _ids(store, "users")


def test_without_a_retention_all_stays(tmp_path: Path) -> None:
    store = filled(analytics(tmp_path), _rows())
    assert _expire(store, None) == Expired()
    assert _ids(store, "tickets") == [1, 2]


def test_events_of_a_ticket_that_has_not_come_yet_stay_while_they_are_young(
    tmp_path: Path,
) -> None:
    changes = [
        {"id": 1, "ticket_id": 77, "changed_at": _at(NOW)},
        {"id": 2, "ticket_id": 78, "changed_at": _at(OLD)},
    ]
    store = filled(analytics(tmp_path), {"status_changes": changes})
    _expire(store, NOW - timedelta(days=400))
    assert _ids(store, "status_changes") == [1]


def test_that_a_ticket_is_gone_is_forgotten_once_zendesk_tells_it_no_more(tmp_path: Path) -> None:
    store = filled(analytics(tmp_path), {})
    with store.batch() as batch:
        batch.remove_tickets([1], NOW - timedelta(days=GONE_DAYS + 1))
        batch.remove_tickets([2], NOW)
        expire(batch, None, NOW)
        assert batch.gone([1, 2]) == {2}


def test_removed_words_lie_in_the_file_until_it_is_written_anew(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    words = [{"id": n, "ticket_id": 1, "body": f"{WORD} {n} {n * n}"} for n in range(2_000)]
    store = filled(local, {"tickets": [{"id": 1}, {"id": 2}], "comments": words})
    with store.batch() as batch:
        batch.remove_tickets([1], NOW)
    left = local.file.read_bytes().count(WORD.encode())
    assert left, "else there would be no need of this"
    assert not tidy(local, NOW + timedelta(hours=1))
    assert tidy(local, NOW + timedelta(days=REMOVED_DAYS))
    assert WORD.encode() not in local.file.read_bytes()
    assert _ids(store, "tickets") == [2]
    assert not tidy(local, NOW + timedelta(days=REMOVED_DAYS * 2)), "it has nothing to remove"
    assert local.file.stat().st_mode & 0o077 == 0
    assert sorted(one.name for one in local.folder.iterdir()) == ["opening.lock", local.file.name]


def test_a_file_that_is_mostly_empty_becomes_small(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    store = filled(local, {})
    with store.batch() as batch:
        batch.execute(
            "INSERT INTO kept.comments (id, body) SELECT range, hash(range)::VARCHAR || "
            "md5(range::VARCHAR) || md5((range * 3)::VARCHAR) FROM range(400_000)"
        )
    with store.batch() as batch:
        batch.execute("DELETE FROM kept.comments WHERE id < 390_000")
    before = local.file.stat().st_size
    assert tidy(local, NOW)
    assert local.file.stat().st_size < before / 10


@pytest.mark.skipif(sys.platform == "win32", reason="an open file is not replaced there")
def test_who_reads_while_it_is_written_anew_reads_on(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    store = filled(local, _rows())
    wal = local.folder / f"{local.file.name}.wal"
    with local.file.open("rb") as reader:
        assert tidy(local, NOW, force=True)
        assert reader.read(12)[8:] == b"DUCK"
    assert not wal.exists()
    assert _ids(store, "tickets") == [1, 2]


def test_what_must_leave_at_once_leaves_at_the_end_of_the_next_sync(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    with filled(local, {}).batch() as batch:
        batch.must_leave(NOW)
        batch.must_leave(LONG_AGO)
        batch.must_leave(NOW)
    assert tidy(local, NOW)


def test_purge_removes_all_that_is_ours_and_the_folder(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, _rows())
    (local.folder / "tickets.duckdb.wal").write_bytes(b"a log")
    (local.folder / "tmp").mkdir()
    (local.folder / "tmp" / "spilled").write_bytes(b"rows")
    purged = purge(local)
    assert purged.files == 2
    assert purged.bytes > 100_000
    assert not purged.left
    assert not local.folder.exists()
    assert purge(local).files == 0


def test_purge_leaves_the_files_of_others_and_tells_them(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    (local.folder / "notes.txt").write_text("mine")
    assert purge(local).left == ("notes.txt",)
    assert [one.name for one in local.folder.iterdir()] == ["notes.txt"]


def test_purge_removes_a_damaged_store_and_of_a_link_only_the_link(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    local.folder.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"another's")
    local.file.symlink_to(elsewhere)
    assert purge(local).files == 1
    assert elsewhere.read_bytes() == b"another's"


def test_purge_does_not_touch_a_folder_that_is_a_link(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    local.folder.symlink_to(elsewhere)
    with pytest.raises(StoreUnusable, match="leads elsewhere"):
        purge(local)


def test_nothing_is_purged_while_a_sync_runs(tmp_path: Path) -> None:
    local = analytics(tmp_path, retention_days=1)
    filled(local, _rows())
    with no_sync(local):
        with pytest.raises(SyncUnderWay):
            purge(local)
        with pytest.raises(SyncUnderWay):
            purge_expired(local, NOW)
    assert _ids(Store(local), "tickets") == [1, 2]


def test_what_expired_is_purged_from_the_file_as_well(tmp_path: Path) -> None:
    local = analytics(tmp_path, retention_days=400)
    rows = _rows()
    rows["comments"] = [{"id": n, "ticket_id": 1, "body": f"{WORD} {n}"} for n in range(2_000)]
    filled(local, rows)
    assert purge_expired(local, NOW) == Expired(tickets=1, customers=1)
    assert WORD.encode() not in local.file.read_bytes()
    with duckdb.connect(str(local.file), read_only=True) as database:
        assert database.execute("SELECT id FROM kept.tickets").fetchall() == [(2,)]
    with pytest.raises(NeverSynced):
        purge_expired(Analytics(tmp_path / "none", "acme"), NOW)


def test_tables_keep_what_is_put_by_name(tmp_path: Path) -> None:
    store = filled(analytics(tmp_path), {})
    with store.batch() as batch:
        batch.put(TICKETS, [{"status": "open", "id": 1}])
        batch.put(COMMENTS, [{"body": "b", "id": 1}])
        assert batch.execute("SELECT id, status, subject FROM kept.tickets") == [(1, "open", None)]
