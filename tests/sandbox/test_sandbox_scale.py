"""Two hundred thousand tickets, of which only those that are looked at exist."""

import time
import tracemalloc
from collections.abc import AsyncIterator

import httpx
import pytest

from mcp_server_zendesk.sandbox import (
    DEMO_SUBDOMAIN,
    DEMO_TOKEN,
    ManualClock,
    Sandbox,
    seeded_store,
)
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET

pytestmark = pytest.mark.anyio

MANY = 200_000
NUMBER = 2_000 + MANY
"""The youngest, which nobody has answered yet."""


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return Sandbox(seeded_store(clock, tickets=MANY), clock=clock)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=sandbox),
        base_url=f"https://{DEMO_SUBDOMAIN}.zendesk.com/api/v2/",
        headers={"Authorization": f"Bearer {DEMO_TOKEN}"},
    ) as client:
        yield client


async def test_they_are_counted_shown_and_searched(client: httpx.AsyncClient) -> None:
    assert (await client.get("tickets/count")).json()["count"]["value"] == MANY + 37
    page = (await client.get("tickets?page[size]=3&sort=-id")).json()
    assert [one["id"] for one in page["tickets"]] == [2_000 + MANY - past for past in range(3)]
    before = (await client.get(page["links"]["next"])).json()["tickets"]
    assert before[0]["id"] == 2_000 + MANY - 3
    found = (await client.get("search?query=type:ticket status:open tags:shipping")).json()
    assert found["count"] > 100
    assert {one["status"] for one in found["results"]} == {"open"}


async def test_each_is_whole_and_always_the_same(
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    ordinary = (await client.get(f"tickets/{OPEN_TICKET}")).json()["ticket"]
    ticket = (await client.get(f"tickets/{NUMBER}?include=users,metric_sets,dates")).json()
    assert ordinary.keys() <= ticket["ticket"].keys()
    comments = (await client.get(f"tickets/{NUMBER}/comments")).json()["comments"]
    assert comments[0]["plain_body"] == ticket["ticket"]["description"]
    audits = (await client.get(f"tickets/{NUMBER}/audits")).json()["audits"]
    assert audits[0]["created_at"] == ticket["ticket"]["created_at"]
    assert {comment["audit_id"] for comment in comments} <= {audit["id"] for audit in audits}
    other = seeded_store(clock, tickets=MANY)
    assert dict(other.tickets[NUMBER])["subject"] == ticket["ticket"]["subject"]


async def test_one_that_is_written_to_is_kept(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    path = f"tickets/{NUMBER}"
    change = {"tags": ["rare"], "comment": {"body": "Noted.", "public": False}}
    answer = await client.put(path, json={"ticket": change})
    assert answer.status_code == 200
    assert answer.json()["audit"]["events"]
    assert (await client.get(path)).json()["ticket"]["tags"] == ["rare"]
    comments = (await client.get(f"{path}/comments")).json()["comments"]
    assert comments[-1]["plain_body"] == "Noted."
    assert len(comments) > 1
    assert (await client.get("tickets/count")).json()["count"]["value"] == MANY + 37
    await client.delete(path)
    assert (await client.get(path)).status_code == 404
    assert (await client.get("tickets/count")).json()["count"]["value"] == MANY + 36
    await client.put(f"deleted_{path}/restore")
    assert (await client.get(path)).json()["ticket"]["tags"] == ["rare"]
    made = await client.post("tickets", json={"ticket": {"comment": {"body": "x"}}})
    assert made.json()["ticket"]["id"] == 2_001 + MANY


async def test_they_are_exported_page_by_page(client: httpx.AsyncClient) -> None:
    page = (await client.get("incremental/tickets/cursor?start_time=0&per_page=50")).json()
    after = (await client.get(page["after_url"])).json()
    first, second = ([one["id"] for one in one["tickets"]] for one in (page, after))
    assert len(set(first) | set(second)) == 100
    assert page["tickets"][-1]["updated_at"] <= after["tickets"][0]["updated_at"]
    assert after["end_of_stream"] is False
    events = (await client.get("incremental/ticket_events?start_time=0&per_page=200")).json()
    times = [event["timestamp"] for event in events["ticket_events"]]
    assert times == sorted(times)
    assert len(times) >= 200


async def test_memory_stays_flat_and_making_them_costs_nothing(clock: ManualClock) -> None:
    begun = time.perf_counter()
    sandbox = Sandbox(seeded_store(clock, tickets=MANY), clock=clock)
    assert time.perf_counter() - begun < 0.5
    transport = httpx.ASGITransport(app=sandbox)
    base_url = f"https://{DEMO_SUBDOMAIN}.zendesk.com/api/v2/"
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers) as client:
        tracemalloc.start()
        try:
            for number in range(10_000, 10_200):
                await client.get(f"tickets/{number}")
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert kept < 3_000_000
