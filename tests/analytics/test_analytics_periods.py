"""A period is a half-open run of days, and neighbours touch whatever the clocks do."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.analytics.reports.periods import (
    EXAMPLES,
    Period,
    Unit,
    floor,
    period,
    stepped,
    time_zone,
)
from mcp_server_zendesk.serving.refusals import InvalidArguments

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UTC_ZONE = zoneinfo.ZoneInfo("UTC")
TODAY = date(2026, 11, 18)  # a Wednesday

days = st.dates(date(1995, 1, 1), date(2100, 1, 1))
zones = st.sampled_from(sorted(zoneinfo.available_timezones())).map(zoneinfo.ZoneInfo)
units: st.SearchStrategy[Unit] = st.sampled_from(["day", "week", "month", "quarter", "year"])


def _days(text: str, today: date = TODAY) -> tuple[str, str]:
    found = period(text, today, UTC_ZONE)
    return found.first.isoformat(), (found.until - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("today", "2026-11-18", "2026-11-18"),
        ("yesterday", "2026-11-17", "2026-11-17"),
        ("this_week", "2026-11-16", "2026-11-22"),
        ("last_week", "2026-11-09", "2026-11-15"),
        ("this_month", "2026-11-01", "2026-11-30"),
        ("Last Month", "2026-10-01", "2026-10-31"),
        ("this_quarter", "2026-10-01", "2026-12-31"),
        ("last_quarter", "2026-07-01", "2026-09-30"),
        ("this_year", "2026-01-01", "2026-12-31"),
        ("last_7_days", "2026-11-11", "2026-11-17"),
        ("last 30 days", "2026-10-19", "2026-11-17"),
        ("last_90_days", "2026-08-20", "2026-11-17"),
        ("last_12_months", "2025-11-01", "2026-10-31"),
        ("2026-11", "2026-11-01", "2026-11-30"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-Q3", "2026-07-01", "2026-09-30"),
        ("2026-W48", "2026-11-23", "2026-11-29"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-11-15", "2026-11-15", "2026-11-15"),
        ("2026-11-01..2026-11-15", "2026-11-01", "2026-11-15"),
        ("2026-11-01 to 2026-11-15", "2026-11-01", "2026-11-15"),
        ("since 2026-11-01", "2026-11-01", "2026-11-18"),
    ],
)
def test_a_period_is_the_days_that_a_person_means(text: str, first: str, last: str) -> None:
    assert _days(text) == (first, last)


@given(st.sampled_from(EXAMPLES), days, zones)
def test_every_example_is_a_half_open_range_at_any_day_anywhere(
    text: str, today: date, zone: zoneinfo.ZoneInfo
) -> None:
    if text.startswith("since"):
        text = f"since {today - timedelta(days=3)}"
    found = period(text, today, zone)
    assert found.begins < found.ends or zone.key in {"Pacific/Apia", "Pacific/Kwajalein"}
    assert found.previous().ends == found.begins
    assert found.begins.tzinfo is UTC
    assert found.words


@given(days, units, zones, st.integers(1, 40))
def test_neighbours_touch_and_cover_everything(
    day: date, unit: Unit, zone: zoneinfo.ZoneInfo, count: int
) -> None:
    first = floor(day, unit)
    assert first <= day < stepped(first, unit, 1)
    run = [stepped(first, unit, step) for step in range(count + 1)]
    assert run == sorted(set(run))
    one = Period(run[0], run[1], zone, unit)
    assert one.previous().until == one.first
    assert stepped(stepped(first, unit, count), unit, -count) == first


@given(days, days)
def test_a_written_range_holds_both_its_days(one: date, other: date) -> None:
    first, last = sorted((one, other))
    assert _days(f"{first}..{last}") == (first.isoformat(), last.isoformat())
    if first != last:
        with pytest.raises(InvalidArguments, match="ends before it begins"):
            _days(f"{last}..{first}")


@given(days, st.integers(1, 3_000))
def test_the_latest_days_are_so_many_whole_ones_before_today(today: date, count: int) -> None:
    found = period(f"last_{count}_days", today, UTC_ZONE)
    assert found.days == count
    assert found.until == today
    assert found.previous().days == count


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)]
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(day: str, hours: int) -> None:
    found = period(day, TODAY, BERLIN)
    assert found.ends - found.begins == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026", "2026"),
        ("2026-Q3", "Q3 2026"),
        ("2026-11", "November 2026"),
        ("2026-11-15", "15 Nov 2026"),
        ("2026-W48", "23\u201329 Nov 2026"),
        ("2026-10-20..2026-11-02", "20 Oct \u2013 2 Nov 2026"),
        ("2025-12-20..2026-01-02", "20 Dec 2025 \u2013 2 Jan 2026"),
    ],
)
def test_a_period_is_read_as_people_say_it(text: str, words: str) -> None:
    assert period(text, TODAY, UTC_ZONE).words == words


def test_a_day_begins_where_its_people_are() -> None:
    assert period("2026-11", TODAY, BERLIN).begins == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert period("2026-07", TODAY, BERLIN).begins == datetime(2026, 6, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2026-03", ("2026-02-01", "2026-02-28")),
        ("2026-Q1", ("2025-10-01", "2025-12-31")),
        ("2026-W01", ("2025-12-22", "2025-12-28")),
        ("2026", ("2025-01-01", "2025-12-31")),
        ("2026-11-01..2026-11-30", ("2026-10-01", "2026-10-31")),
        ("2026-11-06..2026-11-10", ("2026-11-01", "2026-11-05")),
        ("last_7_days", ("2026-11-04", "2026-11-10")),
    ],
)
def test_before_a_period_is_its_neighbour_in_the_calendar(
    text: str, before: tuple[str, str]
) -> None:
    found = period(text, TODAY, UTC_ZONE).previous()
    assert (str(found.first), str(found.until - timedelta(days=1))) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "last_0_days",
        "last_9999_years",
        "2026-13",
        "2026-00",
        "2026-W54",
        "2025-W53",
        "2026-02-30",
        "2026-Q5",
        "0000",
        "9999",
        "0001-01-01",
        "since 2026-12-01",
        "2026-11-15..2026-11-01",
        "2026-11-01..2026-11-31",
        "x" * 10_000,
    ],
)
def test_nonsense_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        period(text, TODAY, UTC_ZONE)
    (problem,) = refused.value.problems
    assert "2026-Q3" in problem.allowed_values
    assert problem.field == "period"


@given(st.text())
def test_any_text_is_a_period_or_refused(text: str) -> None:
    try:
        found = period(text, TODAY, UTC_ZONE)
    except InvalidArguments:
        found = None
    assert found is None or found.begins < found.ends


def test_what_is_compared_with_is_refused_by_its_own_name() -> None:
    with pytest.raises(InvalidArguments) as refused:
        period("before", TODAY, UTC_ZONE, "compare_with")
    (problem,) = refused.value.problems
    assert (problem.field, problem.allowed_values[0]) == ("compare_with", "previous")


def test_a_time_zone_is_known_by_its_name_in_any_case_and_near_ones_are_told() -> None:
    assert time_zone("europe/berlin").key == "Europe/Berlin"
    assert time_zone("America/New York").key == "America/New_York"
    with pytest.raises(InvalidArguments) as refused:
        time_zone("Europe/Berlim")
    assert "Europe/Berlin" in refused.value.problems[0].allowed_values
    with pytest.raises(InvalidArguments):
        time_zone("../../etc/passwd")
