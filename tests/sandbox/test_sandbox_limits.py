"""Rate limits beyond the account's and the ticket's, which `test_sandbox_answers.py` has."""

import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    CLOSED_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    TEAM_LEAD_ID,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def limited(sandbox: Sandbox) -> None:
    sandbox.rules.rate_limited = True


async def test_search_export_has_a_limit_of_its_own(
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    address = "search/export?query=login&filter[type]=ticket"
    first = await client.get(address)
    assert first.headers["zendesk-ratelimit-search-export"] == "total=100; remaining=99; resets=60"
    for _ in range(99):
        last = await client.get(address)
    assert last.headers["zendesk-ratelimit-search-export"].split("; ")[1] == "remaining=0"
    refused = await client.get(address)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert refused.headers["ratelimit-remaining"] != "0"
    assert (await client.get("search?query=login")).status_code == 200
    clock.forward(60)
    assert (await client.get(address)).status_code == 200


async def test_a_ticket_is_counted_for_each_user_and_all_tickets_for_the_account(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    other = {"Authorization": f"Bearer {sandbox.token(user_id=TEAM_LEAD_ID)}"}
    for _ in range(30):
        await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {}})
    refused = await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {}})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
    assert "single unique ticket" in refused.text
    for ticket in (NEW_TICKET, CLOSED_TICKET):
        for _ in range(30):
            answer = await client.put(f"tickets/{ticket}/tags", json={"tags": ["a"]})
            assert answer.status_code in {200, 422}
    answer = await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {}}, headers=other)
    assert answer.status_code == 200
    assert "remaining=9;" in answer.headers["zendesk-ratelimit-ticket-updates"]


async def test_the_help_center_counts_for_itself(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.requests_per_minute = 1
    assert (await client.get("users/me")).status_code == 200
    refused = await client.get("users/me")
    assert (refused.status_code, refused.headers["ratelimit-remaining"]) == (429, "0")
    assert (await client.get("help_center/articles/1.json")).status_code != 429
    assert (await client.get("help_center/articles/1.json")).status_code == 429
