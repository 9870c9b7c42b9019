"""docs/analytics-export.md is true: what it lists is there, and its statements run."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from analytics.exports import ROWS, exported, store_with_everything
from mcp_server_zendesk.analytics.parquet.exported import NO_MONTH
from mcp_server_zendesk.analytics.parquet.snapshots import EXPORTED_TYPES
from mcp_server_zendesk.analytics.views import VIEWS

pytestmark = pytest.mark.anyio

GUIDE = (Path(__file__).parents[2] / "docs" / "analytics-export.md").read_text(encoding="utf-8")
STATEMENTS = re.findall(r"^```sql\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


async def test_its_statements_for_duckdb_run(tmp_path: Path) -> None:
    await exported(store_with_everything(tmp_path), tmp_path / "out")
    here = str(tmp_path / "out")
    by_month, by_status, fresh = (one.replace("/srv/zendesk", here) for one in STATEMENTS)
    with duckdb.connect(":memory:") as connection:
        months = connection.execute(by_month).fetchall()
        assert sum(row[1] for row in months) == len(ROWS["tickets"])
        assert all(isinstance(row[0], str | None) for row in months)
        statuses = dict(connection.execute(by_status).fetchall())
        assert statuses == {"open": 3, "closed": 1, "new": 1}
        account, _, complete = connection.execute(fresh).fetchall()[0]
        assert (account, complete) == ("acme", True)


def test_it_names_the_tables_that_are_divided_by_month_and_each_type() -> None:
    (said,) = re.findall(r"^- (`tickets`.*?) are divided by month", GUIDE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`(\w+)`", said)) == {view.name for view in VIEWS if view.month}
    assert NO_MONTH in GUIDE
    kinds = {column.kind for view in VIEWS for column in view.columns}
    listed = set(re.findall(r"^\| `([A-Z\[\]]+)` \|", GUIDE, re.MULTILINE))
    assert kinds <= listed <= EXPORTED_TYPES
