"""A store of an older version is brought up to date at the first batch, or left as it was."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.migrations import Step, migrate
from mcp_server_zendesk.analytics.querying.reading import Reader
from mcp_server_zendesk.analytics.store import Batch, Store
from mcp_server_zendesk.analytics.tables import OF_A_TICKET, TABLES, TICKETS, VERSION
from mcp_server_zendesk.serving.local_refusals import StoreUnusable
from mcp_server_zendesk.serving.local_store import Analytics

pytestmark = pytest.mark.anyio

_TICKETS_OF_0 = "id BIGINT, status VARCHAR, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ"


def _version_0(local: Analytics, tickets: str = _TICKETS_OF_0) -> None:
    """With fewer tables and columns, and in another order."""
    local.folder.mkdir(parents=True)
    with duckdb.connect(str(local.file)) as database:
        database.execute("CREATE SCHEMA kept")
        for table in TABLES:
            if table.name not in {"tickets", "sla_events", "gone"}:
                database.execute(table.ddl)
        database.execute(f"CREATE TABLE kept.tickets ({tickets})")
        database.execute("INSERT INTO kept.tickets (id, status) VALUES (1, 'open')")
        database.execute("UPDATE kept.tickets SET updated_at = ?", [NOW])
        facts = {"version": "0", "subdomain": "acme", "keep": "texts"}
        for name, value in facts.items():
            database.execute("INSERT INTO kept.facts VALUES (?, ?)", [name, value])
        database.execute("INSERT INTO kept.streams (name, complete) VALUES ('tickets', true)")


async def test_an_older_store_keeps_its_rows_and_is_read_again(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    _version_0(local)
    assert Store(local).facts().version == 0
    with Store(local).batch() as batch:
        batch.put(TICKETS, [{"id": 2, "status": "new", "updated_at": NOW.isoformat()}])
        assert batch.state("tickets").cursor is None
        assert not batch.state("tickets").complete
    assert Store(local).facts().version == VERSION
    answer = await Reader(local).ask("SELECT id, status, subject FROM tickets ORDER BY id")
    assert answer.rows == ((1, "open", None), (2, "new", None))


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    _version_0(local, f"{_TICKETS_OF_0}, replies VARCHAR")
    with pytest.raises(StoreUnusable, match="not as they were made"), Store(local).batch():
        pytest.fail("it was opened")
    facts = Store(local).facts()
    assert facts.version == 0
    assert set(facts.streams) == {"tickets"}


def test_a_step_changes_what_a_version_had_otherwise(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    _version_0(local, f"{_TICKETS_OF_0}, replies VARCHAR")
    to_numbers = Step(1, ("ALTER TABLE kept.tickets ALTER replies TYPE BIGINT",))
    with duckdb.connect(str(local.file)) as database:
        migrate(Batch(database), 0, [to_numbers])
    with Store(local).batch() as batch:
        assert batch.fact("version") == str(VERSION)


def test_a_store_of_this_version_is_not_migrated(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    with filled(local, {}).batch() as batch:
        assert batch.state("tickets").cursor == "cursor"


def test_every_table_of_a_ticket_tells_its_ticket() -> None:
    assert all("ticket_id" in table.columns for table in OF_A_TICKET)
