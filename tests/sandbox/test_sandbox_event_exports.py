"""What the incremental exports tell of generated tickets, held against the tickets themselves."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise

import httpx
import pytest

from generated_desk import (
    EVENTS,
    FIRST,
    MANY,
    METRIC_EVENTS,
    NUMBERS,
    TICKETS,
    Record,
    client_of,
    desk,
    pages,
    walked,
)
from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET, SLA_POLICY_ID

pytestmark = pytest.mark.anyio

YOUNG = NUMBERS[-1]
DONE = {"solved", "closed"}


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return desk(clock)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sandbox) as client:
        yield client


async def test_the_cursor_comes_to_each_ticket_once(
    sandbox: Sandbox, client: httpx.AsyncClient
) -> None:
    address = f"{TICKETS}&per_page=50&include=users,groups,organizations,metric_sets"
    seen, users, groups, organizations = [], set(), set(), set()
    async for page in pages(client, address):
        seen += page["tickets"]
        assert len(page["tickets"]) <= 50
        users |= {one["id"] for one in page["users"]}
        groups |= {one["id"] for one in page["groups"]}
        organizations |= {one["id"] for one in page["organizations"]}
    assert sorted(one["id"] for one in seen) == sorted(sandbox.store.tickets)
    places = [(one["updated_at"], one["id"]) for one in seen]
    assert places == sorted(places)
    assert {one["assignee_id"] for one in seen} - {None} <= users
    assert {one["group_id"] for one in seen} - {None} <= groups
    assert {one["organization_id"] for one in seen} - {None} <= organizations
    assert all(one["metric_set"]["ticket_id"] == one["id"] for one in seen)


async def test_a_ticket_that_changes_during_the_walk_comes_again_at_the_end(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    seen: list[int] = []
    async for page in pages(client, f"{TICKETS}&per_page=100"):
        seen += [one["id"] for one in page["tickets"]]
        if len(seen) == 100:
            changed = next(one["id"] for one in page["tickets"] if one["id"] >= FIRST)
            tags = {"ticket": {"tags": ["late"]}}
            assert (await client.put(f"tickets/{changed}", json=tags)).status_code == 200
            clock.forward(90)
    assert seen.count(changed) == 2
    assert seen[-1] == changed
    assert len(seen) == len(set(seen)) + 1


async def test_a_ticket_that_changes_before_it_comes_comes_once(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    seen: list[int] = []
    async for page in pages(client, f"{TICKETS}&per_page=100"):
        seen += [one["id"] for one in page["tickets"]]
        if len(seen) == 100:
            assert YOUNG not in seen
            await client.put(f"tickets/{YOUNG}", json={"ticket": {"priority": "low"}})
            clock.forward(90)
    assert seen.count(YOUNG) == 1
    assert seen[-1] == YOUNG


async def test_events_are_in_order_and_their_statuses_lead_to_the_tickets(
    client: httpx.AsyncClient,
) -> None:
    events = await walked(client, f"{EVENTS}&per_page=100", "ticket_events")
    places = [(one["timestamp"], one["id"]) for one in events if one["ticket_id"] >= FIRST]
    assert places == sorted(places)
    assert len({one["id"] for one in events}) == len(events)
    told: dict[int, list[Record]] = defaultdict(list)
    for event in events:
        told[event["ticket_id"]] += event["child_events"]
    for ticket in await walked(client, TICKETS, "tickets"):
        changes = [one for one in told[ticket["id"]] if "status" in one]
        assert changes[0]["event_type"] == "Create"
        assert changes[-1]["status"] == ticket["status"]
        for before, after in pairwise(changes):
            assert after["previous_value"] == before["status"] != after["status"]
        rated = [one for one in told[ticket["id"]] if one["event_type"] == "SatisfactionRating"]
        rating = ticket["satisfaction_rating"]
        if ticket["id"] >= FIRST:
            assert [one["score"] for one in rated][-1:] == _unless_unoffered(rating["score"])
        changed = [one for one in told[ticket["id"]] if one not in rated]
        assigned = [one["assignee_id"] for one in changed if "assignee_id" in one]
        assert str(assigned[-1]) == str(ticket["assignee_id"])
        tags = [one["tags"] for one in told[ticket["id"]] if "tags" in one]
        assert (tags[-1] if tags else []) == ticket["tags"]
        filled = {
            key: value
            for one in told[ticket["id"]]
            for key, value in one.get("custom_ticket_fields", {}).items()
        }
        values = {str(one["id"]): one["value"] for one in ticket["custom_fields"]}
        assert {key for key, value in values.items() if value} <= filled.keys()
        ids = [one["id"] for one in told[ticket["id"]]]
        assert ids == sorted(set(ids))


def _unless_unoffered(score: str) -> list[str]:
    return [] if score == "unoffered" else [score]


async def test_events_tell_a_comment_whole_only_where_it_is_asked_for(
    client: httpx.AsyncClient,
) -> None:
    comments = (await client.get(f"tickets/{FIRST}/comments")).json()["comments"]
    whole = await walked(client, EVENTS, "ticket_events")
    short = await walked(client, EVENTS.partition("&")[0], "ticket_events")

    def said(events: list[Record]) -> list[Record]:
        mine = [one for one in events if one["ticket_id"] == FIRST]
        children = [child for one in mine for child in one["child_events"]]
        return [one for one in children if one["event_type"] == "Comment"]

    shown = ("id", "author_id", "body", "html_body", "plain_body", "public", "created_at")
    assert len(comments) > 1
    assert [{key: one[key] for key in shown} for one in said(whole)] == [
        {key: one[key] for key in shown} for one in comments
    ]
    assert all(one["attachments"] == [] for one in said(whole))
    for one, comment in zip(said(short), comments, strict=True):
        assert one["comment_present"] is True
        assert one["comment_public"] == comment["public"]
        assert "body" not in one
        assert comment["body"] not in str(one)


async def test_the_time_form_starts_anywhere(client: httpx.AsyncClient) -> None:
    every = await walked(client, EVENTS, "ticket_events")
    middle = every[len(every) // 2]["timestamp"]
    later = await walked(client, EVENTS.replace("start_time=0", f"start_time={middle}"), _KEY)
    assert later == [one for one in every if one["timestamp"] >= middle]
    metrics = await walked(client, METRIC_EVENTS, "ticket_metric_events")
    from_there = METRIC_EVENTS.replace("start_time=0", f"start_time={middle}")
    assert await walked(client, from_there, "ticket_metric_events") == [
        one for one in metrics if _seconds(one["time"]) >= middle
    ]


_KEY = "ticket_events"


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())


async def test_metric_events_agree_with_the_metric_sets(client: httpx.AsyncClient) -> None:
    events = await walked(client, f"{METRIC_EVENTS}&per_page=200", "ticket_metric_events")
    assert len({one["id"] for one in events}) == len(events)
    told: dict[tuple[int, str], list[Record]] = defaultdict(list)
    for event in events:
        told[event["ticket_id"], event["metric"]].append(event)
    for ticket in await walked(client, f"{TICKETS}&include=metric_sets", "tickets"):
        metrics, number = ticket["metric_set"], ticket["id"]
        replied = [one["status"] for one in told[number, "reply_time"] if "status" in one]
        first = metrics["reply_time_in_minutes"]
        assert replied[:1] == ([] if first["calendar"] is None else [first])
        waited = [one["status"] for one in told[number, "requester_wait_time"] if "status" in one]
        if ticket["status"] in DONE or ticket["status"] == "pending":
            assert abs(waited[-1]["calendar"] - _minutes(metrics, "requester_wait_time")) <= 1
        held = metrics["on_hold_time_in_minutes"]["calendar"]
        assert held <= metrics["requester_wait_time_in_minutes"]["calendar"]
        for metric in ("reply_time", "requester_wait_time", "agent_work_time", "resolution_time"):
            kinds = [one["type"] for one in told[number, metric]]
            assert kinds[0] == "activate"
            running = kinds.count("activate") - kinds.count("fulfill") - kinds.count("pause")
            assert running in {0, 1}
        assert _fulfilled(told[number, "resolution_time"]) == (ticket["status"] in DONE)
        targets = [one["sla"] for one in told[number, "reply_time"] if "sla" in one]
        assert len(targets) == (ticket["type"] != "task" and ticket["priority"] is not None)
        # A reply in the very minute of the target may come before it or after.
        if targets and first["calendar"] not in {None, targets[0]["target"]}:
            kinds = [one["type"] for one in told[number, "reply_time"]]
            assert targets[0]["policy"]["id"] == SLA_POLICY_ID
            assert ("breach" in kinds) == (first["calendar"] > targets[0]["target"])


def _minutes(metrics: Record, name: str) -> int:
    return int(metrics[f"{name}_in_minutes"]["calendar"])


def _fulfilled(events: list[Record]) -> bool:
    last = [one["type"] for one in events if one["type"] in {"activate", "fulfill"}]
    return last[-1:] == ["fulfill"]


async def test_a_write_leaves_what_was_told_before(
    sandbox: Sandbox, client: httpx.AsyncClient, clock: ManualClock
) -> None:
    before = {path: await _of(client, path, YOUNG) for path in (EVENTS, METRIC_EVENTS)}
    change = {"comment": {"body": "On it.", "public": True}, "status": "open"}
    answer = await client.put(f"tickets/{YOUNG}", json={"ticket": change})
    assert answer.status_code == 200
    clock.forward(90)
    for path, known in before.items():
        after = await _of(client, path, YOUNG)
        assert after[: len(known)] == known
        assert len(after) > len(known)
    assert YOUNG in sandbox.store.tickets.kept  # type: ignore[attr-defined]


async def _of(client: httpx.AsyncClient, path: str, number: int) -> list[Record]:
    key = path.partition("/")[2].partition("?")[0]
    return [one for one in await walked(client, path, key) if one["ticket_id"] == number]


async def test_deleted_tickets_can_be_left_out_and_keep_their_events(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    events = await _of(client, EVENTS, FIRST)
    assert (await client.delete(f"tickets/{FIRST}")).status_code == 204
    clock.forward(90)
    every = await walked(client, TICKETS, "tickets")
    assert {one["id"]: one["status"] for one in every}[FIRST] == "deleted"
    rest = await walked(client, f"{TICKETS}&exclude_deleted=true&per_page=50", "tickets")
    assert len(rest) == len(every) - 1
    assert FIRST not in {one["id"] for one in rest}
    assert await _of(client, EVENTS, FIRST) == events


async def test_users_come_by_cursor(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    users = await walked(client, "incremental/users/cursor?start_time=0&per_page=5", "users")
    assert sorted(one["id"] for one in users) == sorted(sandbox.store.users)
    updates = [one["updated_at"] for one in users]
    assert updates == sorted(updates)


async def test_the_search_export_comes_to_each_ticket_once_by_its_creation(
    sandbox: Sandbox, client: httpx.AsyncClient, clock: ManualClock
) -> None:
    address = "search/export?filter[type]=ticket&page[size]=70&query="
    found = await walked(client, address, "results")
    assert sorted(one["id"] for one in found) == sorted(sandbox.store.tickets)
    created = [one["created_at"] for one in found]
    assert created == sorted(created)
    closed = await walked(client, f"{address}status:closed", "results")
    assert [one["id"] for one in closed] == [
        one["id"] for one in found if one["status"] == "closed"
    ]
    assert MANY * 0.7 < len(closed) < MANY
    page = (await client.get(address)).json()
    clock.forward(3_601)
    assert (await client.get(page["links"]["next"])).status_code == 400


async def test_old_audits_read_as_the_export_tells_them(client: httpx.AsyncClient) -> None:
    audits = (await client.get(f"tickets/{FIRST}/audits")).json()["audits"]
    events = await _of(client, EVENTS, FIRST)
    assert [one["id"] for one in audits] == [one["id"] for one in events]
    assert [len(one["events"]) for one in audits] == [len(one["child_events"]) for one in events]
    assert [one["ticket_id"] for one in await _of(client, EVENTS, OPEN_TICKET)]
