"""Ratings, metrics, suspended tickets, side conversations and the index of tags."""

from typing import Any

import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    ATTACHMENT_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    RETURNS_AGENT_ID,
    SIDE_CONVERSATION,
    SOLVED_TICKET,
    SUSPENDED_MAIL,
)

pytestmark = pytest.mark.anyio

SIDE = f"tickets/{ATTACHMENT_TICKET}/side_conversations"


@pytest.mark.parametrize(
    ("score", "number"),
    [
        ("good", 2),
        ("good_with_comment", 1),
        ("good_without_comment", 1),
        ("received", 3),
        ("offered", 1),
        ("unoffered", 0),
    ],
)
async def test_ratings_are_filtered_by_score(
    client: httpx.AsyncClient, score: str, number: int
) -> None:
    page = (await client.get(f"satisfaction_ratings?score={score}")).json()
    assert page["count"] == number


async def test_ratings_are_for_admins(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    assert (await client.get("satisfaction_ratings?score=lovely")).status_code == 400
    assert (await client.get("satisfaction_ratings?start_time=99999999999")).json()["count"] == 0
    rating = (await client.get("satisfaction_ratings/received")).json()["satisfaction_ratings"][0]
    shown = await client.get(f"satisfaction_ratings/{rating['id']}")
    assert shown.json()["satisfaction_rating"] == rating
    agent = {"Authorization": f"Bearer {sandbox.token(user_id=AGENT_ID)}"}
    assert (await client.get("satisfaction_ratings", headers=agent)).status_code == 403
    made = await client.post(f"tickets/{OPEN_TICKET}/satisfaction_rating", json={})
    assert made.status_code == 403


async def test_metrics_of_a_ticket_are_the_same_on_every_path(client: httpx.AsyncClient) -> None:
    metric = (await client.get(f"tickets/{OPEN_TICKET}/metrics")).json()["ticket_metric"]
    assert metric["ticket_id"] == OPEN_TICKET
    assert metric["reply_time_in_minutes"]["calendar"] == 120
    same = (await client.get(f"ticket_metrics/{metric['id']}")).json()["ticket_metric"]
    assert same == metric
    listed = (await client.get("ticket_metrics?page[size]=3")).json()["ticket_metrics"]
    ids = [one["ticket_id"] for one in listed]
    assert ids == sorted(ids, reverse=True)


async def test_a_ticket_tells_what_its_sla_leaves(client: httpx.AsyncClient) -> None:
    ticket = (await client.get(f"tickets/{OPEN_TICKET}?include=slas")).json()["ticket"]
    (metric,) = ticket["slas"]["policy_metrics"]
    assert (metric["metric"], metric["stage"], metric["days"]) == (
        "requester_wait_time",
        "active",
        -5,
    )
    new = (await client.get(f"tickets/{NEW_TICKET}?include=slas")).json()["ticket"]
    assert new["slas"]["policy_metrics"] == []
    task = (await client.get(f"tickets/{SOLVED_TICKET}?include=slas")).json()["ticket"]
    assert task["slas"]["policy_metrics"] == []


async def test_a_suspended_ticket_becomes_a_ticket(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    listed = (await client.get("suspended_tickets")).json()
    assert listed["count"] == 2
    shown = (await client.get(f"suspended_tickets/{SUSPENDED_MAIL}")).json()["suspended_ticket"]
    assert shown["cause"] == "Automated response email, delivery failed"
    answer = await client.put(f"suspended_tickets/{SUSPENDED_MAIL}/recover")
    (ticket,) = answer.json()["ticket"]
    assert ticket["subject"] == shown["subject"]
    requester = sandbox.store.users[ticket["requester_id"]]
    assert requester["email"] == "mailer-daemon@mail.example"
    assert (await client.get(f"suspended_tickets/{SUSPENDED_MAIL}")).status_code == 404
    other = next(iter(sandbox.store.suspended_tickets))
    assert (await client.delete(f"suspended_tickets/{other}")).status_code == 204
    assert sandbox.store.suspended_tickets == {}


async def test_a_side_conversation_is_opened_and_answered(client: httpx.AsyncClient) -> None:
    listed = (await client.get(SIDE)).json()["side_conversations"]
    assert [one["id"] for one in listed] == [SIDE_CONVERSATION]
    message = {"subject": "Stock", "body": "Any left?", "to": [{"email": "a@supplier.example"}]}
    made = await client.post(SIDE, json={"message": message})
    conversation = made.json()["side_conversation"]
    assert (made.status_code, conversation["state"]) == (201, "open")
    assert made.headers["Location"] == conversation["url"]
    one = f"{SIDE}/{conversation['id']}"
    assert (await client.post(f"{one}/reply", json={"message": {"body": "?"}})).status_code == 201
    events = (await client.get(f"{one}/events")).json()["events"]
    assert [event["type"] for event in events] == ["create", "reply"]
    assert events[1]["message"]["to"][0]["email"] == "a@supplier.example"
    with_events = (await client.get(f"{one}?include=events")).json()
    assert len(with_events["events"]) == 2
    closed = await client.put(one, json={"side_conversation": {"state": "closed"}})
    assert closed.json()["side_conversation"]["state"] == "closed"


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"body": "x"}, 400),
        ({"body": "x", "to": [{"name": "nobody"}]}, 400),
        ({"body": "x", "to": [{"email": "a@b.example"}, {"support_group_id": 1}]}, 400),
        ({"body": "x", "to": [{"user_id": 1}]}, 404),
        ({"to": [{"user_id": RETURNS_AGENT_ID}]}, 422),
    ],
)
async def test_a_message_needs_text_and_those_it_goes_to(
    client: httpx.AsyncClient, message: dict[str, Any], status: int
) -> None:
    assert (await client.post(SIDE, json={"message": message})).status_code == status


async def test_side_conversations_are_an_add_on(
    sandbox: Sandbox, client: httpx.AsyncClient
) -> None:
    sandbox.rules.side_conversations = "forbidden"
    assert (await client.get(SIDE)).status_code == 403
    sandbox.rules.side_conversations = "missing"
    assert (await client.get(SIDE)).json()["error"] == "InvalidEndpoint"


async def test_tags_are_counted_and_completed(client: httpx.AsyncClient) -> None:
    tags = (await client.get("tags")).json()["tags"]
    assert [one["count"] for one in tags] == sorted((one["count"] for one in tags), reverse=True)
    number = (await client.get("tags/count")).json()["count"]["value"]
    assert number == len(tags)
    found = (await client.get("autocomplete/tags?name=war")).json()["tags"]
    assert "warranty" in found
    assert (await client.get("autocomplete/tags?name=w")).status_code == 400
