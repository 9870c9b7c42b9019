"""The store keeps each row once, and writes all of a batch or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.querying.reading import Reader
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import TICKETS

pytestmark = pytest.mark.anyio


def _ticket(number: int, **more: object) -> dict[str, object]:
    at = NOW.isoformat()
    return {"id": number, "status": "open", "created_at": at, "updated_at": at, **more}


async def test_a_ticket_that_comes_again_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    store = filled(local, {"tickets": [_ticket(1), _ticket(2)]})
    with store.batch() as batch:
        batch.put(TICKETS, [_ticket(2, status="pending"), _ticket(2, status="solved")])
    answer = await Reader(local).ask("SELECT id, status FROM tickets ORDER BY id")
    assert answer.rows == ((1, "open"), (2, "solved"))


async def test_a_batch_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    store = filled(local, {"tickets": [_ticket(1)]})

    def interrupted() -> None:
        with store.batch() as batch:
            batch.put(TICKETS, [_ticket(2)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (await Reader(local).ask("SELECT id FROM tickets")).rows == ((1,),)


async def test_a_ticket_leaves_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    change = {"id": 7, "ticket_id": 1, "changed_at": NOW.isoformat(), "to_status": "open"}
    store = filled(local, {"tickets": [_ticket(1)], "status_changes": [change]})
    with store.batch() as batch:
        batch.remove_tickets([1], NOW)
        assert batch.gone([1, 2]) == {1}
        left = batch.execute("SELECT count(*) FROM kept.status_changes")
    assert left == [(0,)]
    assert not (await Reader(local).ask("SELECT id FROM tickets")).rows


def test_a_store_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = filled(analytics(tmp_path), {})
    assert isinstance(store, Store)
    assert store.analytics.file.stat().st_mode & 0o077 == 0
    assert store.analytics.folder.stat().st_mode & 0o077 == 0
