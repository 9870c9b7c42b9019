"""Tickets that are merged, deleted, restored; and everything that is done to many at once."""

from typing import Any

import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    CLOSED_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    PENDING_TICKET,
    TEAM_LEAD_ID,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def at_once(sandbox: Sandbox) -> None:
    sandbox.rules.job_phases = ("completed",)


async def results(client: httpx.AsyncClient, answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    job = answer.json()["job_status"]
    assert (job["status"], job["results"]) == ("queued", None)
    return (await client.get(job["url"])).json()["job_status"]["results"]


def bearer(sandbox: Sandbox, user_id: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.token(user_id=user_id)}"}


async def test_merging_closes_the_sources_and_tells_both_sides_in_private(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    body = {"ids": [NEW_TICKET, PENDING_TICKET], "target_comment": "Same customer"}
    merged = await results(client, await client.post(f"tickets/{OPEN_TICKET}/merge", json=body))
    assert [(one["id"], one["success"]) for one in merged] == [
        (NEW_TICKET, True),
        (PENDING_TICKET, True),
    ]
    source = sandbox.store.tickets[NEW_TICKET]
    assert (source["status"], "closed_by_merge" in source["tags"]) == ("closed", True)
    last = sandbox.store.comments[NEW_TICKET][-1]
    assert (last["public"], f"#{OPEN_TICKET}" in last["plain_body"]) == (False, True)
    assert sandbox.store.comments[OPEN_TICKET][-1]["plain_body"] == "Same customer"
    assert sandbox.store.audits[NEW_TICKET][-1]["via"]["source"]["rel"] == "merge"


async def test_a_closed_ticket_is_not_merged_and_the_item_says_so(
    client: httpx.AsyncClient,
) -> None:
    body = {"ids": [CLOSED_TICKET, 999_999, OPEN_TICKET], "source_comment_is_public": True}
    failed = await results(client, await client.post(f"tickets/{OPEN_TICKET}/merge", json=body))
    assert [one["error"] for one in failed] == ["TicketMergeFailed"] * 3
    assert all("success" not in one for one in failed)
    assert failed[1]["details"] == "Not found"
    assert (await client.post(f"tickets/{OPEN_TICKET}/merge", json={})).status_code == 400


async def test_a_deleted_ticket_is_gone_until_it_is_restored(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    path = f"tickets/{OPEN_TICKET}"
    deleted = await client.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await client.get(path)).status_code == 404
    assert (await client.delete(path)).status_code == 404
    (listed,) = (await client.get("deleted_tickets")).json()["deleted_tickets"]
    assert (listed["id"], listed["previous_state"]) == (OPEN_TICKET, "open")
    assert listed["actor"]["id"] == ADMIN_ID
    restored = await client.put(f"deleted_tickets/{OPEN_TICKET}/restore")
    assert restored.status_code == 204
    assert (await client.get(path)).json()["ticket"]["status"] == "open"
    assert len((await client.get(f"{path}/comments")).json()["comments"]) == 3
    assert (await client.put(f"deleted_tickets/{OPEN_TICKET}/restore")).status_code == 404


async def test_deleting_and_merging_take_a_permission(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    agent, lead = bearer(sandbox, AGENT_ID), bearer(sandbox, TEAM_LEAD_ID)
    refused = await client.delete(f"tickets/{OPEN_TICKET}", headers=agent)
    assert (refused.status_code, refused.json()["error"]["title"]) == (403, "Forbidden")
    many = await client.delete(f"tickets/destroy_many?ids={OPEN_TICKET}", headers=agent)
    assert many.status_code == 403
    assert (await client.delete(f"tickets/{OPEN_TICKET}", headers=lead)).status_code == 204


async def test_deleting_for_good_is_a_job_with_one_object_as_its_result(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    await client.delete(f"tickets/{OPEN_TICKET}")
    answer = await client.delete(f"deleted_tickets/{OPEN_TICKET}")
    assert await results(client, answer) == {"success": True}
    assert OPEN_TICKET not in sandbox.store.comments
    assert (await client.delete(f"deleted_tickets/{OPEN_TICKET}")).status_code == 404


async def test_many_are_created_and_deleted_item_by_item(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    batch = [{"subject": "One", "comment": {"body": "x"}}, {"subject": "No description"}]
    made = await results(client, await client.post("tickets/create_many", json={"tickets": batch}))
    assert set(made[0]) == {"index", "id", "account_id"}
    assert sandbox.store.tickets[made[0]["id"]]["subject"] == "One"
    assert (made[1]["index"], made[1]["error"]) == (1, "TicketCreateFailed")
    assert made[1]["details"] == "Description: cannot be blank"
    answer = await client.delete(f"tickets/destroy_many?ids={made[0]['id']},999999")
    done, failed = await results(client, answer)
    assert done == {"action": "delete", "id": made[0]["id"], "status": "Deleted", "success": True}
    assert (failed["id"], failed["error"]) == (999_999, "TicketDeleteFailed")


async def test_jobs_of_every_kind_share_the_limit(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    for _ in range(15):
        await client.post(f"tickets/{OPEN_TICKET}/merge", json={"ids": [999_999]})
        await client.put("organizations/update_many?ids=1", json={"organization": {}})
    refused = await client.delete(f"tickets/destroy_many?ids={NEW_TICKET}")
    assert (refused.status_code, refused.json()["error"]) == (429, "TooManyJobs")
    jobs = ",".join(list(sandbox.store.jobs)[:2])
    shown = (await client.get(f"job_statuses/show_many?ids={jobs}")).json()["job_statuses"]
    assert [one["status"] for one in shown] == ["completed", "completed"]
