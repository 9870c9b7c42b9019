import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    CLOSED_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    SOLVE_BLOCKED_TICKET,
)

pytestmark = pytest.mark.anyio


async def submit(client: httpx.AsyncClient, ids: str, **ticket: object) -> httpx.Response:
    return await client.put(f"tickets/update_many?ids={ids}", json={"ticket": ticket})


async def test_a_job_is_queued_then_working_then_completed(client: httpx.AsyncClient) -> None:
    answer = await submit(client, f"{OPEN_TICKET},{NEW_TICKET}", additional_tags=["bulk"])
    job = answer.json()["job_status"]
    assert job["id"].startswith("V3-")
    assert (job["status"], job["results"], job["total"]) == ("queued", None, 2)
    seen = []
    for _ in range(4):
        job = (await client.get(job["url"])).json()["job_status"]
        seen.append((job["status"], job["results"] is not None))
    assert seen == [("queued", False), ("working", False), ("completed", True), ("completed", True)]
    assert job["progress"] == 2
    assert job["message"].startswith("Completed at 2026-11-22 ")
    assert job["results"][0] == {
        "action": "update",
        "id": OPEN_TICKET,
        "status": "Updated",
        "success": True,
    }


async def test_nothing_is_done_before_the_job_is(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    await submit(client, str(OPEN_TICKET), additional_tags=["bulk"])
    tags = f"tickets/{OPEN_TICKET}/tags"
    assert "bulk" not in (await client.get(tags)).json()["tags"]
    clock.forward(sandbox.rules.job_seconds)
    assert "bulk" in (await client.get(tags)).json()["tags"]


async def test_a_completed_job_can_hold_failed_items(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.job_phases = ("completed",)
    ids = f"{OPEN_TICKET},999999,{SOLVE_BLOCKED_TICKET},{CLOSED_TICKET}"
    job = (await submit(client, ids, status="solved")).json()["job_status"]
    results = (await client.get(job["url"])).json()["job_status"]["results"]
    assert [item["id"] for item in results] == [
        OPEN_TICKET,
        999999,
        SOLVE_BLOCKED_TICKET,
        CLOSED_TICKET,
    ]
    assert all("success" not in item for item in results)
    assert results[1]["details"] == "Not found"
    assert "is required when solving" in results[2]["details"]
    assert results[3]["details"] == "Status: closed prevents ticket update"


async def test_ordinary_fields_and_conflicts(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.job_phases = ("completed",)
    job = (await submit(client, str(OPEN_TICKET), priority="low")).json()["job_status"]
    await client.get(job["url"])
    assert sandbox.store.tickets[OPEN_TICKET]["priority"] == "low"
    stale = {"safe_update": True, "updated_stamp": "2026-01-01T00:00:00Z"}
    job = (await submit(client, str(OPEN_TICKET), priority="high", **stale)).json()["job_status"]
    (item,) = (await client.get(job["url"])).json()["job_status"]["results"]
    assert "outdated ticket data" in item["details"]


async def test_the_batch_form_has_a_change_for_each(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.job_phases = ("completed",)
    batch = [
        {"id": OPEN_TICKET, "priority": "low", "nonsense": 1},
        {"id": NEW_TICKET, "priority": "urgent"},
    ]
    answer = await client.put("tickets/update_many", json={"tickets": batch})
    assert '"tickets.0.nonsense"' in answer.headers["X-Zendesk-API-Warn"]
    await client.get(answer.json()["job_status"]["url"])
    assert sandbox.store.tickets[OPEN_TICKET]["priority"] == "low"
    assert sandbox.store.tickets[NEW_TICKET]["priority"] == "urgent"
    many = {"tickets": [{"id": number} for number in range(101)]}
    assert (await client.put("tickets/update_many", json=many)).status_code == 400
    assert (await client.put("tickets/update_many", json={})).status_code == 400


async def test_thirty_jobs_are_enough(client: httpx.AsyncClient, clock: ManualClock) -> None:
    for _ in range(30):
        assert (await submit(client, str(OPEN_TICKET), priority="low")).status_code == 200
    refused = await submit(client, str(OPEN_TICKET), priority="low")
    assert (refused.status_code, refused.json()["error"]) == (429, "TooManyJobs")
    assert "Retry-After" in refused.headers
    clock.forward(60)
    assert (await submit(client, str(OPEN_TICKET), priority="low")).status_code == 200


async def test_a_hundred_tickets_are_enough(client: httpx.AsyncClient) -> None:
    ids = ",".join(str(number) for number in range(1001, 1102))
    answer = await submit(client, ids, priority="low")
    assert (answer.status_code, answer.json()["error"]) == (400, "TooManyValues")


async def test_reading_a_job_takes_a_scope(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    token = sandbox.token(scopes=("tickets:read", "tickets:write"))
    client.headers["Authorization"] = f"Bearer {token}"
    job = (await submit(client, str(OPEN_TICKET), priority="low")).json()["job_status"]
    assert (await client.get(job["url"])).status_code == 403
    sandbox.rules.job_status_scopes = frozenset({"tickets:read", "read"})
    assert (await client.get(job["url"])).status_code == 200
    assert (await client.get("job_statuses/V3-none")).status_code == 404
