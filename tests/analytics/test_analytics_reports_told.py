"""What a report tells beside its numbers: how fresh the copy is, and what it lacks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.independent_exports import Raw
from analytics.raw_desks import AS_OF, desk, store
from mcp_server_zendesk.analytics.querying.reading import Reader
from mcp_server_zendesk.analytics.reports.asking import spans
from mcp_server_zendesk.analytics.reports.groupings import buckets, fitting
from mcp_server_zendesk.analytics.reports.periods import Unit, period, time_zone
from mcp_server_zendesk.analytics.reports.running import Finished, Wish, run
from mcp_server_zendesk.analytics.reports.tables import rounded
from mcp_server_zendesk.analytics.reports.work import offsets
from mcp_server_zendesk.analytics.store import Store, StreamState
from mcp_server_zendesk.serving.local_refusals import NeverSynced
from mcp_server_zendesk.serving.local_store import Analytics

pytestmark = [pytest.mark.heavy, pytest.mark.anyio]
BERLIN = time_zone("Europe/Berlin")


async def _run(local: Analytics, report: str, *, later: int = 0, **more: Any) -> Finished:
    """A report as it is made some hours after the copy ends."""
    now = AS_OF + timedelta(hours=later)
    return await run(Wish(report, **more), local, Reader(local).ask, lambda: now)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Analytics:
    return store(desk(5, 60), tmp_path_factory.mktemp("told"))


async def test_a_report_of_a_fresh_and_whole_copy_needs_few_words(local: Analytics) -> None:
    made = await _run(local, "waiting", period="last_30_days")
    assert made.notes == []
    assert made.freshness.as_of == AS_OF


async def test_an_old_copy_says_how_old_it_is(local: Analytics) -> None:
    made = await _run(local, "waiting", later=73, period="2026-10")
    assert made.notes == ["The copy is 3 days old; sync_tickets renews it."]


async def test_a_period_that_is_not_over_is_counted_to_the_same_point(local: Analytics) -> None:
    made = await _run(local, "volume", period="this_month", compare_with="previous")
    assert made.now.ends == AS_OF
    assert made.before is not None
    assert made.before.ends == AS_OF.replace(month=10)
    assert "The period is not over; both are counted to the same point." in made.notes
    other = await _run(local, "volume", period="this_month", compare_with="2026-09")
    assert "The period is not over, but is compared with a whole one." in other.notes


async def test_a_period_to_come_is_empty_and_says_so(local: Analytics) -> None:
    made = await _run(local, "volume", period="2027")
    assert made.small.rows == [[0, 0, 0]]
    assert any("begins after the copy ends" in note for note in made.notes)
    over_time = await _run(local, "volume", period="2027", group_by="month")
    assert over_time.small.rows == []


async def test_what_lies_before_the_copy_is_told(local: Analytics) -> None:
    made = await _run(local, "volume", period="2020")
    assert any(
        note.startswith("The first ticket of the copy came in on 2026-") for note in made.notes
    )


async def test_what_is_kept_no_longer_is_told(tmp_path: Path) -> None:
    days = (datetime.now(UTC) - AS_OF).days + 400
    local = store(desk(5, 30), tmp_path, retention_days=max(days, 1))
    made = await _run(local, "volume", period="2024")
    assert any("(retention)" in note for note in made.notes)


async def test_what_was_not_synced_is_told(tmp_path: Path) -> None:
    raw = desk(5, 60)
    raw.ticket_events = []
    for ticket in raw.tickets[::2]:
        ticket.pop("metric_set", None)
    local = store(raw, tmp_path)
    with Store(local).batch() as batch:
        for stream in ("ticket_events", "ticket_metric_events"):
            batch.execute("DELETE FROM kept.streams WHERE name = ?", [stream])
        batch.set_state("tickets", StreamState("cursor", AS_OF, complete=False), AS_OF)
    backlog = await _run(local, "backlog", period="2026-10")
    assert any(note.startswith("There are no histories") for note in backlog.notes)
    assert any("did not come to its end" in note for note in backlog.notes)
    missed = await _run(local, "sla_breaches", period="2026-10")
    assert any("has not been synced" in note for note in missed.notes)
    volume = await _run(local, "volume", period="2026-10")
    assert any("metrics do not tell" in note for note in volume.notes)


async def test_histories_that_end_early_are_told(tmp_path: Path) -> None:
    local = store(desk(5, 30), tmp_path)
    with Store(local).batch() as batch:
        earlier = AS_OF - timedelta(days=2)
        batch.set_state("ticket_events", StreamState("c", earlier, complete=True), AS_OF)
    made = await _run(local, "backlog", period="this_month", group_by="day")
    assert "Histories of statuses are there until 2026-11-16T10:30:00Z only." in made.notes


async def test_a_store_without_any_stream_was_never_synced(tmp_path: Path) -> None:
    local = store(Raw(as_of=AS_OF), tmp_path)
    with Store(local).batch() as batch:
        batch.execute("DELETE FROM kept.streams")
    with pytest.raises(NeverSynced):
        await _run(local, "volume")


async def test_a_desk_without_tickets_has_reports_without_rows(tmp_path: Path) -> None:
    local = store(Raw(as_of=AS_OF), tmp_path)
    assert (await _run(local, "volume")).small.rows == [[0, 0, 0]]
    charted = await _run(local, "tags", chart=True)
    assert charted.small.rows == []
    assert "There is too little here for a chart." in charted.notes


async def test_too_many_days_become_weeks_and_a_chart_is_drawn_over_time(local: Analytics) -> None:
    made = await _run(local, "volume", period="last_90_days", chart=True)
    assert made.small.columns[0] == "week"
    assert any(note.startswith("By week:") for note in made.notes)
    assert made.drawing is not None


@given(
    st.dates(datetime(2001, 1, 1, tzinfo=UTC).date(), datetime(2090, 1, 1, tzinfo=UTC).date()),
    st.integers(0, 3_000),
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
)
def test_the_parts_of_a_period_cover_it_without_a_gap(first: Any, days: int, unit: Unit) -> None:
    whole = period(f"{first}..{first + timedelta(days=days)}", first, BERLIN)
    parts = [one.period for one in buckets(whole, unit)]
    assert parts[0].begins == whole.begins
    assert parts[-1].ends == whole.ends
    assert all(one.ends == two.begins for one, two in pairwise(parts))
    assert len({one.label for one in buckets(whole, unit)}) == len(parts)
    assert len(buckets(whole, fitting(whole, unit))) <= 38


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "UTC"])
def test_the_clocks_of_a_zone_are_known_to_the_second(zone: str) -> None:
    year = period("2026", AS_OF.date(), time_zone(zone))
    span, _ = spans(year, None, year.ends, neighbour=False)
    changes = offsets(span, year.zone)
    assert len(changes) == {"Asia/Kolkata": 1, "UTC": 1}.get(zone, 3)
    for hour in range(0, 365 * 24, 7):
        at = span.begins + timedelta(hours=hour)
        shift = [shift for since, shift in changes if since <= at][-1]
        assert timedelta(seconds=shift) == at.astimezone(year.zone).utcoffset()


@pytest.mark.parametrize(
    ("value", "shown"), [(0.1234, 0.12), (12.345, 12.3), (123.4, 123), (5.0, 5), (0, 0)]
)
def test_a_number_has_three_digits_that_count(value: float, shown: float) -> None:
    assert rounded(value) == shown
