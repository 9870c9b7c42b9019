"""Rare things in exports: what was permanently deleted, redacted, or is of an unknown type."""

from datetime import datetime

import httpx
import pytest

from generated_desk import EVENTS, FIRST, MANY, TICKETS, Record, client_of, desk, walked
from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import CLOSED_TICKET, OPEN_TICKET
from mcp_server_zendesk.sandbox.oddities import (
    HOLOGRAM,
    hologram_field,
    permanently_deleted,
    redacted_comment,
)
from mcp_server_zendesk.sandbox.rules import Rules, Scrubbed

pytestmark = pytest.mark.anyio

YOUNG = FIRST + MANY - 1


async def _tickets(client: httpx.AsyncClient, since: int = 0) -> dict[int, Record]:
    address = TICKETS.replace("start_time=0", f"start_time={since}")
    return {one["id"]: one for one in await walked(client, address, "tickets")}


@pytest.mark.parametrize(
    ("shown", "status"), [("deleted", "deleted"), ("as_before", "closed"), ("absent", None)]
)
async def test_a_permanently_deleted_ticket_leaves_a_scrubbed_record(
    clock: ManualClock, shown: Scrubbed, status: str | None
) -> None:
    sandbox = desk(clock, rules=Rules(scrubbed_tickets=shown))
    before = dict(sandbox.store.tickets[FIRST])
    since = int(clock().timestamp()) - 60
    numbers = [permanently_deleted(sandbox.store), permanently_deleted(sandbox.store, FIRST)]
    clock.forward(90)
    async with client_of(sandbox) as client:
        found = await _tickets(client, since)
        kept = await walked(client, f"{TICKETS}&exclude_deleted=true", "tickets")
        events = await walked(client, EVENTS, "ticket_events")
        assert (await client.get(f"tickets/{FIRST}")).status_code == 404
    if status is None:
        assert found == {}
    else:
        assert sorted(found) == sorted(numbers)
        for ticket in found.values():
            assert ticket["status"] == status
            assert ticket["subject"] == ticket["description"] == "SCRUBBED"
            assert ticket["tags"] == []
        assert found[FIRST]["created_at"] == before["created_at"]
        assert before["subject"] not in str(found)
    assert not {one["id"] for one in kept} & set(numbers)
    assert not {one["ticket_id"] for one in events} & set(numbers)


@pytest.mark.parametrize("number", [OPEN_TICKET, YOUNG])
async def test_a_redacted_comment_is_gone_from_everything_and_leaves_an_event(
    clock: ManualClock, number: int
) -> None:
    sandbox = desk(clock)
    since = int(clock().timestamp()) - 60
    word = sandbox.store.comments[number][0]["plain_body"].split()[-1]
    comment_id = redacted_comment(sandbox.store, number, word)
    clock.forward(90)
    async with client_of(sandbox) as client:
        ticket = (await _tickets(client, since))[number]
        events = await walked(client, EVENTS, "ticket_events")
        comments = (await client.get(f"tickets/{number}/comments")).json()["comments"]
    mine = [one for one in events if one["ticket_id"] == number]
    child = mine[-1]["child_events"][0]
    assert (child["event_type"], child["comment_id"]) == ("CommentRedactionEvent", str(comment_id))
    assert datetime.fromisoformat(ticket["updated_at"]).timestamp() == since + 60
    assert ticket["description"] == comments[0]["plain_body"]
    assert "▇" * len(word) in comments[0]["plain_body"]
    assert word not in comments[0]["html_body"] + comments[0]["plain_body"]
    told = [one for event in mine for one in event["child_events"] if one["id"] == comment_id]
    assert told[0]["body"] == comments[0]["body"]


async def test_redacting_by_the_api_is_refused_on_closed_tickets_and_for_other_texts(
    sandbox: Sandbox, client: httpx.AsyncClient
) -> None:
    def path(number: int) -> str:
        comment_id = sandbox.store.comments[number][0]["id"]
        return f"tickets/{number}/comments/{comment_id}/redact"

    done = await client.put(path(OPEN_TICKET), json={"text": "Safari"})
    assert done.status_code == 200
    assert "Chrome and ▇▇▇▇▇▇" in done.json()["comment"]["plain_body"]
    for address, body, status in (
        (path(OPEN_TICKET), {"text": "Netscape"}, 422),
        (path(OPEN_TICKET), {"text": ""}, 422),
        (path(OPEN_TICKET), {"text": 7}, 400),
        (path(CLOSED_TICKET), {"text": "a"}, 422),
        (f"tickets/{OPEN_TICKET}/comments/1/redact", {"text": "a"}, 404),
    ):
        assert (await client.put(address, json=body)).status_code == status


async def test_a_field_of_an_unknown_type_has_an_object_as_its_value(clock: ManualClock) -> None:
    sandbox = desk(clock)
    field_id = hologram_field(sandbox.store, OPEN_TICKET, YOUNG)
    clock.forward(90)
    async with client_of(sandbox) as client:
        tickets = await _tickets(client)
        fields = (await client.get("ticket_fields")).json()["ticket_fields"]
        answer = await client.put(f"tickets/{YOUNG}", json={"ticket": {"priority": "low"}})
        assert answer.status_code == 200
    assert {one["id"]: one["type"] for one in fields}[field_id] == "hologram"
    held = {
        number
        for number, ticket in tickets.items()
        if {"id": field_id, "value": HOLOGRAM} in ticket["custom_fields"]
    }
    assert held == {OPEN_TICKET, YOUNG}


async def test_exports_share_ten_requests_a_minute_unless_the_account_has_more(
    clock: ManualClock,
) -> None:
    paths = (TICKETS, "incremental/users?start_time=0", "incremental/ticket_events?start_time=0")
    for rules, most in (
        (Rules(rate_limited=True), 10),
        (Rules(rate_limited=True, exports_per_minute=30), 30),
    ):
        async with client_of(desk(clock, 1, rules)) as client:
            for number in range(most):
                assert (await client.get(paths[number % 3])).status_code == 200
            refused = await client.get(paths[0])
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
