"""Whatever JSON a record holds, a row comes of it that the store can take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_server_zendesk.analytics.syncing.event_rows import (
    comment_row,
    sla_row,
    statuses_of,
    what_happened,
)
from mcp_server_zendesk.analytics.syncing.places import (
    Place,
    page_by_cursor,
    page_by_time,
    zendesk_clock,
)
from mcp_server_zendesk.analytics.syncing.rows import (
    Keeping,
    field_row,
    group_row,
    organization_row,
    rating_row,
    ticket_row,
    user_row,
)
from mcp_server_zendesk.analytics.syncing.values import moment, text, whole
from mcp_server_zendesk.connection.errors import SecondTooFull, UnreadableResponse

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=30)
    | st.sampled_from(["2026-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "12", "\ud800\0"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
FIELDS = st.lists(st.fixed_dictionaries({"id": JSON, "value": JSON}), max_size=3)
NAMES = (
    *("id", "subject", "status", "priority", "type", "via", "requester_id", "due_at", "tags"),
    *("created_at", "metric_set", "satisfaction_rating", "name", "role", "email", "score"),
    *("comment", "reason", "reason_code", "title", "time", "sla", "custom_field_options"),
    *("html_body", "plain_body", "public", "timestamp", "ticket_id", "updater_id"),
)
RECORDS = st.dictionaries(st.sampled_from(NAMES), JSON)


def _strings(row: Any) -> Iterator[str]:
    if isinstance(row, str):
        yield row
    elif isinstance(row, dict | list):
        for one in row.values() if isinstance(row, dict) else row:
            yield from _strings(one)


def _fits(row: Any) -> None:
    """As a batch writes it: JSON in UTF-8, without what DuckDB's texts cannot hold."""
    json.dumps(row, ensure_ascii=False, allow_nan=False).encode()
    assert all("\0" not in one for one in _strings(row))


@settings(max_examples=50)
@given(RECORDS, FIELDS, st.booleans())
def test_a_row_comes_of_any_record(record: dict[str, Any], fields: Any, texts: bool) -> None:
    keeping = Keeping(texts, {1: "text", 2: "tagger", 3: None})
    ticket = {**record, "custom_fields": fields}
    row = ticket_row(ticket, keeping, "incremental")
    _fits(row)
    if not texts:
        assert row["subject"] is None
    for made in (user_row(record, keeping), rating_row(record, keeping)):
        _fits(made)
    for of in (organization_row, group_row, field_row, sla_row):
        _fits(of(record))
    _fits(comment_row(record, 7, record))


@settings(max_examples=50)
@given(st.lists(RECORDS, max_size=2), st.lists(RECORDS, max_size=2), st.booleans())
def test_rows_come_of_any_events(
    events: list[dict[str, Any]], children: list[dict[str, Any]], texts: bool
) -> None:
    told = [
        {**one, "child_events": [{**child, "event_type": "Change"} for child in children]}
        for one in events
    ]
    found = what_happened(told, Keeping(texts))
    _fits(found.status_changes)
    _fits(found.comments)
    for one in events:
        _fits(statuses_of({**one, "events": children}, 7))


@given(JSON)
def test_a_number_fits_and_a_text_can_be_written(value: Any) -> None:
    number = whole(value)
    assert number is None or -(2**63) <= number < 2**63
    said = text(value)
    assert said is None or ("\0" not in said and said.encode() is not None)
    at = moment(value)
    assert at is None or at.tzinfo is UTC


@given(st.text() | st.none())
def test_a_date_is_read_or_not(value: str | None) -> None:
    at = zendesk_clock(value)
    assert at is None or at.tzinfo is not None


def test_the_clock_of_an_answer_is_read() -> None:
    at = zendesk_clock("Mon, 30 Nov 2026 22:40:02 GMT")
    assert at == datetime(2026, 11, 30, 22, 40, 2, tzinfo=UTC)


@given(st.dictionaries(st.sampled_from(["events", "end_of_stream", "end_time"]), JSON))
def test_an_odd_page_is_explained_and_never_goes_back(body: dict[str, Any]) -> None:
    at = Place(start=1_000)
    try:
        page = page_by_time(body, "events", at, None, 100)
    except UnreadableResponse:
        return
    assert page.place.start >= at.start
    assert page.ended or page.place.start > at.start


@given(st.text(min_size=1), st.integers(0, 2**62))
def test_a_place_that_was_kept_is_the_same_place(cursor: str, start: int) -> None:
    for place in (Place(cursor=cursor), Place(start=start)):
        assert Place.read(str(place)) == place


def _page(records: int, end: int | None, *, ended: bool) -> dict[str, Any]:
    events = [{"id": number} for number in range(records)]
    return {"events": events, "end_of_stream": ended, "end_time": end}


@pytest.mark.parametrize(
    ("records", "end", "goes_on_at"),
    [(3, 70, 70), (2, 50, 51), (4, 50, 51)],
    ids=["later", "the same second, all of it", "more than asked for, so as not to cut it"],
)
def test_the_time_form_goes_on_where_nothing_is_lost(
    records: int, end: int, goes_on_at: int
) -> None:
    page = page_by_time(_page(records, end, ended=False), "events", Place(start=50), None, 3)
    assert page.place.start == goes_on_at


def test_a_full_page_of_one_second_is_not_passed_over() -> None:
    with pytest.raises(SecondTooFull):
        page_by_time(_page(3, 50, ended=False), "events", Place(start=50), None, 3)


def test_a_cursor_that_does_not_move_is_no_way_on() -> None:
    body = {"tickets": [], "end_of_stream": False, "after_cursor": "here"}
    with pytest.raises(UnreadableResponse):
        page_by_cursor(body, "tickets", Place(cursor="here"), None)
