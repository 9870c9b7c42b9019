"""Generated tickets are believable, and each is the same however it is looked at."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generated_desk import FIRST, Record, client_of, desk, walked
from mcp_server_zendesk.sandbox import ManualClock, Sandbox, seeded_store
from mcp_server_zendesk.sandbox.clock import moment, stamp, stamped
from mcp_server_zendesk.sandbox.landmarks import (
    CHANNELS_FIELD_ID,
    GROUP_BOOKING_FIELD_ID,
    ORDER_NUMBER_FIELD_ID,
    PRODUCT_AREA_FIELD_ID,
    RESOLUTION_FIELD_ID,
    TRIP_DATE_FIELD_ID,
    UNITS_FIELD_ID,
)
from mcp_server_zendesk.sandbox.scale.collections import LazyTickets
from mcp_server_zendesk.sandbox.scale.conversation import audits_of
from mcp_server_zendesk.sandbox.scale.life import LONGEST
from mcp_server_zendesk.sandbox.scale.wording import FAX, LOYALTY, RECALL
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.tickets.course import course_of
from mcp_server_zendesk.sandbox.tickets.metrics import metric_set_of
from mcp_server_zendesk.sandbox.tickets.schedule import Schedule
from mcp_server_zendesk.sandbox.tickets.values import InvalidValueError, read_value, values_of

pytestmark = pytest.mark.anyio

MANY = 4_000
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DONE = {"solved", "closed"}


@pytest.fixture(scope="module")
def store() -> Store:
    return seeded_store(ManualClock(NOW), tickets=MANY)


@pytest.fixture(scope="module")
def tickets(store: Store) -> list[Record]:
    found = store.tickets
    assert isinstance(found, LazyTickets)
    return [found.record(number) for number in range(FIRST, FIRST + MANY)]


@pytest.fixture(scope="module")
def metrics(store: Store, tickets: list[Record]) -> dict[int, Record]:
    return {one["id"]: metric_set_of(store, one) for one in tickets}


def test_each_value_is_the_same_alone_and_in_the_whole(store: Store, tickets: list[Record]) -> None:
    for ticket in tickets[:: MANY // 200]:
        for key, value in ticket.items():
            assert store.tickets[ticket["id"]][key] == value, key
        assert dict(store.tickets[ticket["id"]]) == ticket
    again = seeded_store(ManualClock(NOW), tickets=MANY)
    assert dict(again.tickets[FIRST + 77]) == tickets[77]


def test_a_course_is_what_the_audits_tell(store: Store, tickets: list[Record]) -> None:
    written = seeded_store(ManualClock(NOW))
    for ticket in tickets[:: MANY // 200]:
        number = ticket["id"]
        known = course_of(store, ticket)
        written.audits[number] = store.audits[number]
        written.comments[number] = store.comments[number]
        assert course_of(written, ticket) == known
        assert store.said(number) == [one["plain_body"] for one in store.comments[number]]


def test_a_timeline_is_every_moment_in_order_both_ways(clock: ManualClock) -> None:
    found = seeded_store(clock, tickets=200).tickets
    assert isinstance(found, LazyTickets)
    every = sorted(
        (int(moment(at["created_at"]).timestamp()), number, place)
        for number in range(FIRST, FIRST + 200)
        for place, at in enumerate(audits_of(found.bulk, number))
    )
    assert list(found.changes.since(0)) == every
    for at, _, _ in [every[0], *every[:: len(every) // 20], every[-1]]:
        for moved in (at - 1, at, at + 1):
            later = [one for one in every if one[0] >= moved]
            earlier = [one for one in every if one[0] <= moved]
            assert list(found.changes.since(moved)) == later
            assert list(found.changes.before(moved)) == earlier[::-1]


def test_more_comes_in_by_day_on_workdays_and_each_year(tickets: list[Record]) -> None:
    created = [moment(one["created_at"]) for one in tickets]
    assert created == sorted(created)
    by_weekday = Counter(at.weekday() for at in created)
    assert by_weekday[0] > 2 * by_weekday[6]
    by_hour = Counter(at.hour for at in created)
    assert by_hour[10] > 5 * by_hour[3]
    by_year = Counter((NOW - at).days // 365 for at in created)
    assert by_year[0] > 1.2 * by_year[1] > 1.2 * by_year[2] > 0


def test_what_is_old_is_closed_and_the_young_are_in_every_status(tickets: list[Record]) -> None:
    young: Counter[str] = Counter()
    old: Counter[str] = Counter()
    for ticket in tickets:
        age = NOW - moment(ticket["created_at"])
        (old if age.total_seconds() > 366 * 86_400 else young)[ticket["status"]] += 1
        assert moment(ticket["updated_at"]) - moment(ticket["created_at"]) <= _LONGEST
    assert set(old) == {"closed"}
    assert set(young) == {"new", "open", "pending", "hold", "solved", "closed"}


_LONGEST = moment(stamped(LONGEST)) - moment(stamped(0))


def test_some_are_reopened_and_answers_take_minutes_to_days(
    tickets: list[Record], metrics: dict[int, Record]
) -> None:
    reopened = sum(one["reopens"] > 0 for one in metrics.values())
    assert 0.06 < reopened / MANY < 0.1
    held = sum(one["on_hold_time_in_minutes"]["calendar"] > 0 for one in metrics.values())
    assert 0.05 < held / MANY < 0.2
    replies: dict[str, list[int]] = defaultdict(list)
    for ticket in tickets:
        took = metrics[ticket["id"]]["reply_time_in_minutes"]
        if took["calendar"] is not None:
            replies[ticket["priority"]].append(took["calendar"])
            assert took["business"] <= took["calendar"]
    assert median(replies["urgent"]) < median(replies["high"]) < median(replies["low"])
    every = sorted(one for many in replies.values() for one in many)
    assert every[len(every) // 20] < 30
    assert every[-len(every) // 20] > 1_440
    overnight = [
        one["reply_time_in_minutes"]
        for one in metrics.values()
        if (one["reply_time_in_minutes"]["calendar"] or 0) > 900
    ]
    assert all(one["business"] < one["calendar"] for one in overnight)


def test_tags_come_and_go(tickets: list[Record]) -> None:
    halves = tickets[: MANY // 2], tickets[MANY // 2 :]
    before, after = (Counter(tag for one in half for tag in one["tags"]) for half in halves)
    assert after[LOYALTY] > 2 * before[LOYALTY] > 0
    assert before[FAX] > 2 * after[FAX] > 0
    recalled = [NOW - moment(one["created_at"]) for one in tickets if RECALL in one["tags"]]
    assert recalled
    assert max(recalled).days < 60


def test_custom_fields_hold_what_their_fields_take_and_leave_their_tags(
    store: Store, tickets: list[Record]
) -> None:
    filled: Counter[int] = Counter()
    for ticket in tickets:
        for key, value in values_of(ticket).items():
            if value in (None, False):
                continue
            filled[key] += 1
            assert read_value(store.ticket_fields[key], value) == value
            if key in {PRODUCT_AREA_FIELD_ID, RESOLUTION_FIELD_ID}:
                assert value in ticket["tags"]
    assert {
        PRODUCT_AREA_FIELD_ID,
        RESOLUTION_FIELD_ID,
        UNITS_FIELD_ID,
        TRIP_DATE_FIELD_ID,
        CHANNELS_FIELD_ID,
        ORDER_NUMBER_FIELD_ID,
        GROUP_BOOKING_FIELD_ID,
    } <= filled.keys()
    assert all(0 < times < MANY for times in filled.values())
    with pytest.raises(InvalidValueError):
        read_value(store.ticket_fields[UNITS_FIELD_ID], "many")


def test_they_come_by_several_ways_to_several_people(tickets: list[Record]) -> None:
    for key, several in (("group_id", 3), ("assignee_id", 4), ("organization_id", 4)):
        assert len({one[key] for one in tickets} - {None}) >= several
    assert len({one["via"]["channel"] for one in tickets}) == 5
    assert {one["type"] for one in tickets} == {None, "question", "incident", "task", "problem"}
    assert {one["priority"] for one in tickets} == {"low", "normal", "high", "urgent"}
    assert len({one["ticket_form_id"] for one in tickets}) == 2
    assert len({one["brand_id"] for one in tickets}) == 2


async def test_ratings_come_to_one_in_seven(clock: ManualClock) -> None:
    sandbox = desk(clock, 2_000)
    async with client_of(sandbox) as client:
        address = "satisfaction_ratings?page[size]=100"
        every = await walked(client, address, "satisfaction_ratings")
        received = await walked(client, f"{address}&score=received", "satisfaction_ratings")
        newest = await walked(client, f"{address}&sort=-created_at", "satisfaction_ratings")
        tickets = await walked(client, "incremental/tickets/cursor?start_time=0", "tickets")
        by_offset = (await client.get("satisfaction_ratings?per_page=7&page=2")).json()
        middle = received[len(received) // 2]
        at = int(moment(middle["created_at"]).timestamp())
        later = await walked(client, f"{address}&start_time={at}", "satisfaction_ratings")
        earlier = await walked(client, f"{address}&end_time={at}&sort=-id", "satisfaction_ratings")
        one = (await client.get(f"satisfaction_ratings/{middle['id']}")).json()
        first = (await client.get(f"{address}")).json()
        second = (await client.get(first["links"]["next"])).json()
        back = (await client.get(second["links"]["prev"])).json()
        missing = await client.get(f"satisfaction_ratings/{middle['id'] + 1}")
    mine = [one for one in every if one["ticket_id"] >= FIRST]
    assert len({one["id"] for one in every}) == len(every)
    assert 0.12 < len(received) / 2_000 < 0.18
    good = [one for one in received if one["score"] == "good"]
    assert 0.8 < len(good) / len(received) < 0.93
    assert 0 < sum(bool(one["comment"]) for one in received) < len(received)
    assert {one["reason_id"] for one in good if one["ticket_id"] >= FIRST} == {0}
    assert len({one["reason_id"] for one in received}) > 2
    shown = {one["id"]: one["satisfaction_rating"]["score"] for one in tickets}
    assert {one["ticket_id"]: one["score"] for one in mine} == {
        number: score for number, score in shown.items() if score != "unoffered" and number >= FIRST
    }
    times = [one["created_at"] for one in newest]
    assert times == sorted(times, reverse=True)
    assert {one["id"] for one in newest} == {one["id"] for one in every}
    assert by_offset["count"] == len(every)
    assert [one["id"] for one in by_offset["satisfaction_ratings"]] == [
        one["id"] for one in every[7:14]
    ]
    assert len(later) + len(earlier) == len(every)
    assert min(one["created_at"] for one in later) == middle["created_at"]
    assert one["satisfaction_rating"] == middle
    assert back["satisfaction_ratings"] == first["satisfaction_ratings"]
    assert missing.status_code == 404


async def test_they_stand_still_while_time_goes_on(clock: ManualClock) -> None:
    sandbox = Sandbox(seeded_store(clock, tickets=50), clock=clock)
    async with client_of(sandbox) as client:
        path = "incremental/ticket_metric_events?start_time=0"
        before = await walked(client, path, "ticket_metric_events")
        clock.forward(30 * 86_400)
        after = await walked(client, path, "ticket_metric_events")
    mine = [one for one in before if one["ticket_id"] >= FIRST]
    assert mine == [one for one in after if one["ticket_id"] >= FIRST]


@given(st.integers(0, 2_000_000_000), st.integers(0, 40 * 86_400))
def test_a_schedule_counts_what_it_gives_back(at: int, more: int) -> None:
    schedule = Schedule()
    worked = schedule.worked(at)
    assert schedule.worked(schedule.when(worked)) == worked
    assert 0 <= schedule.worked(at + more) - worked <= more
    assert schedule.when(worked + more) >= at or schedule.worked(at) == worked
    assert schedule.worked(at + 7 * 86_400) - worked == 50 * 3_600


@given(st.integers(0, 4_000_000_000))
def test_a_stamp_of_seconds_is_the_stamp_of_the_moment(seconds: int) -> None:
    assert stamped(seconds) == stamp(datetime.fromtimestamp(seconds, UTC))
