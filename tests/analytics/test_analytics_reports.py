"""Each report tells what the raw exports say, counted again without SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from analytics.independent import Case, Raw, differences
from analytics.raw_desks import AS_OF, desk, store
from mcp_server_zendesk.analytics.querying.reading import EVERYTHING, Answer
from mcp_server_zendesk.analytics.reports.asking import Ask
from mcp_server_zendesk.analytics.reports.catalogue import REPORTS
from mcp_server_zendesk.analytics.reports.groupings import FIELD
from mcp_server_zendesk.analytics.reports.running import Finished, Wish, run
from mcp_server_zendesk.analytics.views import VIEWS
from mcp_server_zendesk.serving.local_store import Analytics

pytestmark = pytest.mark.anyio

PERIODS = (
    ("last_30_days", "UTC"),
    ("this_month", "Europe/Berlin"),
    ("2026-10", "America/New_York"),
    ("2026-09-07..2026-11-12", "Asia/Kolkata"),
)


@pytest.fixture(scope="module")
def raw() -> Raw:
    return desk(7)


@pytest.fixture(scope="module")
def kept(raw: Raw, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Analytics, Ask]]:
    """The store, and a way to ask it that opens it once and not for each of many questions."""
    local = store(raw, tmp_path_factory.mktemp("kept"))
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET threads = 1")
        connection.execute(f"ATTACH '{local.file}' AS store (READ_ONLY)")
        for view in VIEWS:
            connection.execute(view.statement(kept="store.kept", oldest=EVERYTHING))

        async def ask(statement: str, parameters: Sequence[Any]) -> Answer:
            found = connection.execute(statement, [*parameters])
            columns = tuple((one[0], str(one[1])) for one in found.description or ())
            return Answer(columns, tuple(found.fetchall()))

        yield local, ask


def _now() -> datetime:
    return AS_OF


def case(wish: Wish, made: Finished) -> Case:
    spans = [one for one in (made.now, made.before) if one is not None]
    by = wish.group_by and made.small.columns[0] if wish.report != "complaints" else wish.group_by
    return Case(
        wish.report,
        (made.now.begins, made.now.ends),
        None if made.before is None else (made.before.begins, made.before.ends),
        tuple((one.period.first, one.period.until) for one in spans),
        by,
        ZoneInfo(wish.zone),
        made.freshness.as_of,
    )


EVERY = [
    (name, by)
    for name, report in REPORTS.items()
    for by in (None, *(f"{FIELD}Colours" if one == FIELD else one for one in report.groupings))
]
CHOSEN = [one for number, one in enumerate(EVERY) if one[1] is None or number % 5 == 0]
"""Each report, and each grouping with several of them: the others are of the same make."""


def _wish(name: str, by: str | None, compare: str | None, period: str, zone: str) -> Wish:
    return Wish(name, period, by, compare, zone)


def wishes(number: int, name: str, by: str | None) -> list[Wish]:
    compare = None if REPORTS[name].compares == "never" else "previous"
    turns = range(len(PERIODS) if by is None else 1)
    return [_wish(name, by, compare, *PERIODS[(number + turn) % len(PERIODS)]) for turn in turns]


@pytest.mark.parametrize(("number", "name", "by"), [(n, *one) for n, one in enumerate(CHOSEN)])
async def test_a_report_tells_what_the_raw_exports_say(
    raw: Raw, kept: tuple[Analytics, Ask], number: int, name: str, by: str | None
) -> None:
    local, ask = kept
    for wish in wishes(number, name, by):
        made = await run(wish, local, ask, _now)
        assert made.small.rows
        assert not differences(raw, case(wish, made), made.small.columns, made.small.rows)


@pytest.mark.parametrize("name", REPORTS)
async def test_a_number_that_is_wrong_would_be_seen(
    raw: Raw, kept: tuple[Analytics, Ask], name: str
) -> None:
    """The comparison itself: each number of a table, altered, is a difference."""
    local, ask = kept
    wish = wishes(0, name, None)[0]
    made = await run(wish, local, ask, _now)
    columns, rows = made.small.columns, made.small.rows
    unseen = set()
    for line, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, int | float):
                wrong = [[*one] for one in rows]
                wrong[line][place] = value * 1.1 + 2 if isinstance(value, float) else value + 7
                if not differences(raw, case(wish, made), columns, wrong):
                    unseen.add(columns[place])
    assert not unseen
