"""Incremental exports."""

from datetime import datetime

import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import AGENT_ID, NEW_TICKET, OPEN_TICKET
from mcp_server_zendesk.sandbox.paging import encode_cursor

pytestmark = pytest.mark.anyio

CURSOR = "incremental/tickets/cursor"


async def test_tickets_come_once_each_in_the_order_of_their_changes(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    address, seen, pages = f"{CURSOR}?start_time=0&per_page=10", [], 0
    while True:
        page = (await client.get(address)).json()
        seen += page["tickets"]
        pages += 1
        if page["end_of_stream"]:
            break
        address = page["after_url"]
    assert pages == 4
    assert {one["id"] for one in seen} == set(sandbox.store.tickets)
    assert len(seen) == len(sandbox.store.tickets)
    updates = [one["updated_at"] for one in seen]
    assert updates == sorted(updates)
    again = (await client.get(f"{CURSOR}?cursor={page['after_cursor']}")).json()
    assert (again["tickets"], again["end_of_stream"]) == ([], True)
    assert again["after_cursor"] == page["after_cursor"]


async def test_the_latest_minute_is_left_out_and_deleted_tickets_are_not(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    start = int(clock().timestamp()) - 60
    await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {"priority": "low"}})
    await client.delete(f"tickets/{NEW_TICKET}")
    address = f"{CURSOR}?start_time={start}&include=users"
    assert (await client.get(address)).json()["tickets"] == []
    clock.forward(60)
    page = (await client.get(address)).json()
    found = {one["id"]: one["status"] for one in page["tickets"]}
    assert found == {OPEN_TICKET: "open", NEW_TICKET: "deleted"}
    assert page["users"]
    recent = await client.get(f"{CURSOR}?start_time={start + 70}")
    assert (recent.status_code, "Too recent" in recent.text) == (422, True)
    assert (await client.get(CURSOR)).status_code == 400
    for cursor in ("x", encode_cursor({"v": "x"}), encode_cursor({"v": [1]}), encode_cursor({})):
        assert (await client.get(CURSOR, params={"cursor": cursor})).status_code == 400


async def test_exports_are_for_admins(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    agent = {"Authorization": f"Bearer {sandbox.token(user_id=AGENT_ID)}"}
    for path in (
        CURSOR,
        "incremental/users",
        "incremental/users/cursor",
        "incremental/organizations",
        "incremental/ticket_events",
        "incremental/ticket_metric_events",
    ):
        assert (await client.get(f"{path}?start_time=0", headers=agent)).status_code == 403


@pytest.mark.parametrize(
    "resource", ["tickets", "users", "organizations", "ticket_events", "ticket_metric_events"]
)
async def test_the_time_form_goes_on_by_next_page(client: httpx.AsyncClient, resource: str) -> None:
    every = (await client.get(f"incremental/{resource}?start_time=0")).json()
    assert every["end_of_stream"] is True
    assert every["count"] == len(every[resource]) > 0
    address, seen = f"incremental/{resource}?start_time=0&per_page=3", 0
    for _ in range(200):
        page = (await client.get(address)).json()
        seen += page["count"]
        if page["end_of_stream"]:
            break
        address = page["next_page"]
    assert seen == every["count"]


async def test_events_tell_who_changed_what(client: httpx.AsyncClient) -> None:
    events = (await client.get("incremental/ticket_events?start_time=0")).json()["ticket_events"]
    event = next(one for one in events if one["ticket_id"] == OPEN_TICKET)
    assert event["event_type"] == "Audit"
    assert event["timestamp"] == int(datetime.fromisoformat(event["created_at"]).timestamp())
    kinds = {child["event_type"] for child in event["child_events"]}
    assert "Comment" in kinds
    path = "incremental/ticket_metric_events?start_time=0"
    metrics = (await client.get(path)).json()["ticket_metric_events"]
    types = [one["type"] for one in metrics if one["metric"] == "reply_time"]
    assert {"activate", "fulfill", "update_status", "apply_sla", "breach"} == set(types)
