import time
import unicodedata
from collections import Counter
from datetime import UTC, datetime

import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox, Store, landmarks, seeded_store
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES, STATUSES, TICKET_TYPES


@pytest.fixture
def store(sandbox: Sandbox) -> Store:
    return sandbox.store


def test_it_is_the_same_each_time(store: Store, clock: ManualClock) -> None:
    again = seeded_store(clock)
    for name in ("users", "groups", "tickets", "comments", "audits", "ticket_fields"):
        assert getattr(store, name) == getattr(again, name)


def test_it_is_made_in_no_time() -> None:
    fastest = min(_seconds() for _ in range(5))
    assert fastest < 0.05


def _seconds() -> float:
    started = time.perf_counter()
    Sandbox()
    return time.perf_counter() - started


def test_it_covers_every_status_priority_and_type(store: Store) -> None:
    tickets = store.tickets.values()
    assert len(tickets) >= 36
    assert {ticket["status"] for ticket in tickets} == set(STATUSES)
    assert {ticket["priority"] for ticket in tickets} == {None, *PRIORITIES}
    assert {ticket["type"] for ticket in tickets} == {None, *TICKET_TYPES}
    assert Counter(ticket["status"] for ticket in tickets)["closed"] == 4


def test_nothing_happened_in_the_future_or_out_of_order(store: Store, clock: ManualClock) -> None:
    now = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    for number, audits in store.audits.items():
        stamps = [audit["created_at"] for audit in audits]
        assert stamps == sorted(stamps), number
        assert stamps[-1] <= now, number
        assert store.tickets[number]["updated_at"] == stamps[-1]


def test_every_reference_leads_somewhere(store: Store) -> None:
    for ticket in store.tickets.values():
        assert ticket["requester_id"] in store.users
        assert ticket["assignee_id"] in {None, *store.users}
        assert ticket["group_id"] in {None, *store.groups}
        assert ticket["organization_id"] in {None, *store.organizations}
        assert ticket["custom_status_id"] in store.custom_statuses
        for comment in store.comments[ticket["id"]]:
            assert comment["author_id"] in store.users


def test_the_landmarks_are_where_they_should_be(store: Store) -> None:
    for name, value in vars(landmarks).items():
        if name.endswith("_TICKET"):
            assert value in store.tickets, name
        elif name.endswith(("ADMIN_ID", "AGENT_ID", "LEAD_ID", "USER_ID", "REQUESTER_ID")):
            assert value in store.users, name
    ticket = store.tickets[landmarks.OPEN_TICKET]
    assert (ticket["status"], ticket["priority"]) == ("open", "high")
    assert {"login", "vip"} <= set(ticket["tags"])
    assert len(store.comments[landmarks.OPEN_TICKET]) == 3
    follow_up = store.tickets[landmarks.FOLLOW_UP_TICKET]
    assert follow_up["via"]["source"]["rel"] == "follow_up"
    assert store.tickets[landmarks.CLOSED_TICKET]["followup_ids"] == [landmarks.FOLLOW_UP_TICKET]
    assert "closed_by_merge" in store.tickets[landmarks.MERGED_TICKET]["tags"]
    assert store.users[landmarks.SUSPENDED_USER_ID]["suspended"]
    assert store.users[landmarks.INDEPENDENT_USER_ID]["organization_id"] is None


def test_the_hostile_tickets_are_hostile(store: Store) -> None:
    def text(number: int) -> str:
        said = store.comments[number][0]
        return f"{store.tickets[number]['subject']}\n{said['html_body']}"

    assert "AI ASSISTANT" in text(landmarks.HOSTILE_TICKET)
    assert "Ignore all previous" in text(landmarks.HOSTILE_SUBJECT_TICKET)
    assert "display:none" in text(landmarks.HIDDEN_TEXT_TICKET)
    invisible = text(landmarks.INVISIBLE_CHARACTERS_TICKET)
    assert {"\u200b", "\u202e"} <= set(invisible)
    assert any(0xE0000 <= ord(char) <= 0xE007F for char in invisible)
    assert "</untrusted>" in store.comments[landmarks.FORGED_FENCE_TICKET][0]["plain_body"]
    assert "<img src=" in text(landmarks.EXFILTRATION_TICKET)
    assert "<!-- assistant" in text(landmarks.HTML_COMMENT_TICKET)


def test_people_write_in_their_own_scripts(store: Store) -> None:
    scripts = {
        unicodedata.name(char).split()[0]
        for user in store.users.values()
        for char in user["name"]
        if char.isalpha()
    }
    assert {"LATIN", "CJK", "ARABIC", "CYRILLIC"} <= scripts


def test_a_ticket_can_be_added_in_any_state(store: Store) -> None:
    ticket = store.add_ticket(
        subject="Any state",
        status="closed",
        tags=["b", "a"],
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        updated_at="2026-02-03T00:00:00Z",
        custom_fields={landmarks.UNITS_FIELD_ID: "3"},
        comments=[
            {"html_body": "<p>Later</p>", "author_id": landmarks.AGENT_ID, "public": False}
            | {"created_at": datetime(2026, 1, 3, tzinfo=UTC)},
        ],
    )
    assert (ticket["status"], ticket["tags"]) == ("closed", ["a", "b"])
    assert ticket["created_at"] == "2026-01-02T00:00:00Z"
    assert ticket["updated_at"] == "2026-02-03T00:00:00Z"
    comments = store.comments[ticket["id"]]
    assert [comment["public"] for comment in comments] == [True, False]
    assert comments[1]["created_at"] == "2026-01-03T00:00:00Z"
    assert store.add_ticket(id=9000)["id"] == 9000
    assert store.add_ticket()["id"] == 9001


def test_an_empty_store_can_hold_a_ticket_too() -> None:
    store = Store()
    ticket = store.add_ticket()
    assert store.users[ticket["requester_id"]]["role"] == "end-user"
    assert ticket["subject"] == "Ticket 1001"


def _inside(value: object, seen: set[int]) -> set[int]:
    """Everything that can be changed within a value, by identity."""
    if isinstance(value, dict | list | set) and id(value) not in seen:
        seen.add(id(value))
        for entry in value.values() if isinstance(value, dict) else value:
            _inside(entry, seen)
    return seen


def test_two_desks_share_nothing_that_can_be_changed() -> None:
    one, other = seeded_store(), seeded_store()
    for name, value in vars(one).items():
        assert not _inside(value, set()) & _inside(getattr(other, name), set()), name
