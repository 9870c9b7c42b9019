import httpx
import pytest

from mcp_server_zendesk.sandbox import ClosedTicketRules, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    CLOSED_TICKET,
    PRODUCT_AREA_FIELD_ID,
    TEAM_LEAD_ID,
)
from mcp_server_zendesk.sandbox.rules import Language

pytestmark = pytest.mark.anyio

REFUSED = {
    "error": "RecordInvalid",
    "description": "Record validation errors",
    "details": {"status": [{"description": "Status: closed prevents ticket update"}]},
}


async def update(client: httpx.AsyncClient, **ticket: object) -> httpx.Response:
    return await client.put(f"tickets/{CLOSED_TICKET}", json={"ticket": ticket})


async def tags(client: httpx.AsyncClient) -> set[str]:
    return set((await client.get(f"tickets/{CLOSED_TICKET}/tags")).json()["tags"])


async def update_many(client: httpx.AsyncClient, **ticket: object) -> dict[str, object]:
    """The one item of the finished job."""
    path = f"tickets/update_many?ids={CLOSED_TICKET}"
    job = (await client.put(path, json={"ticket": ticket})).json()["job_status"]
    while job["status"] != "completed":
        job = (await client.get(f"job_statuses/{job['id']}")).json()["job_status"]
    (item,) = job["results"]
    return dict(item)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_the_tags_endpoints_refuse(client: httpx.AsyncClient, method: str) -> None:
    before = await tags(client)
    path = f"tickets/{CLOSED_TICKET}/tags"
    answer = await client.request(method, path, json={"tags": ["refund"]})
    assert (answer.status_code, answer.json()) == (422, REFUSED)
    assert await tags(client) == before


async def test_update_ticket_takes_tags_subject_and_priority(client: httpx.AsyncClient) -> None:
    answer = await update(client, tags=["late"], subject="Refunded", priority="low")
    assert answer.status_code == 200
    assert answer.json()["ticket"]["status"] == "closed"
    assert await tags(client) == {"late"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"status": "open"},
        {"tags": ["late"], "status": "open"},
        {"comment": {"body": "One more thing"}},
        {"assignee_id": AGENT_ID},
        {"custom_fields": [{"id": PRODUCT_AREA_FIELD_ID, "value": None}]},
    ],
)
async def test_update_ticket_takes_nothing_else(
    client: httpx.AsyncClient,
    wanted: dict[str, object],
) -> None:
    before = await tags(client)
    answer = await update(client, **wanted)
    assert (answer.status_code, answer.json()) == (422, REFUSED)
    assert await tags(client) == before


async def test_custom_fields_can_be_switched_on(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.closed_tickets.custom_fields = True
    wanted = [{"id": PRODUCT_AREA_FIELD_ID, "value": "area_orders"}]
    assert (await update(client, custom_fields=wanted)).status_code == 200


async def test_the_account_setting_can_forbid_it(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.closed_tickets.modify_closed_tickets = False
    assert (await update(client, tags=["late"])).json() == REFUSED
    item = await update_many(client, additional_tags=["late"])
    assert item == {
        "index": 0,
        "error": "TicketUpdateFailed",
        "id": CLOSED_TICKET,
        "details": "Status: closed prevents ticket update",
    }


@pytest.mark.parametrize(("user_id", "status"), [(AGENT_ID, 422), (TEAM_LEAD_ID, 200)])
async def test_an_agent_needs_the_permission(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    user_id: int,
    status: int,
) -> None:
    client.headers["Authorization"] = f"Bearer {sandbox.token(user_id=user_id)}"
    assert (await update(client, tags=["late"])).status_code == status
    item = await update_many(client, additional_tags=["later"])
    assert item.get("success") is (True if status == 200 else None)


async def test_update_many_adds_and_removes(client: httpx.AsyncClient) -> None:
    before = await tags(client)
    item = await update_many(client, additional_tags=["late"], remove_tags=["refund"])
    assert item == {
        "action": "update",
        "id": CLOSED_TICKET,
        "status": "Updated",
        "success": True,
    }
    assert await tags(client) == (before | {"late"}) - {"refund"}


async def test_each_path_can_allow(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.rules.closed_tickets = ClosedTicketRules(
        tags_endpoints="allow",
        update_ticket="allow",
        update_many="allow",
        modify_closed_tickets=False,
    )
    client.headers["Authorization"] = f"Bearer {sandbox.token(user_id=AGENT_ID)}"
    path = f"tickets/{CLOSED_TICKET}/tags"
    assert (await client.post(path, json={"tags": ["one"]})).status_code == 201
    assert (await update(client, tags=["two"])).status_code == 200
    assert (await update_many(client, additional_tags=["three"]))["success"] is True
    assert await tags(client) == {"two", "three"}


async def test_each_path_can_refuse(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.rules.closed_tickets = ClosedTicketRules(update_ticket="refuse", update_many="refuse")
    before = await tags(client)
    assert (await update(client, tags=["two"])).json() == REFUSED
    assert "error" in await update_many(client, additional_tags=["three"])
    assert await tags(client) == before


async def test_each_path_can_silently_do_nothing(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.closed_tickets = ClosedTicketRules(
        tags_endpoints="ignore",
        update_ticket="ignore",
        update_many="ignore",
    )
    before = await tags(client)
    path = f"tickets/{CLOSED_TICKET}/tags"
    for method, status in (("PUT", 200), ("POST", 201), ("DELETE", 200)):
        answer = await client.request(method, path, json={"tags": ["refund", "late"]})
        assert (answer.status_code, set(answer.json()["tags"])) == (status, before)
    answer = await update(client, tags=["late"])
    assert (answer.status_code, answer.json()["audit"]["events"]) == (200, [])
    assert (await update_many(client, additional_tags=["late"]))["success"] is True
    assert await tags(client) == before


async def test_the_refusal_has_other_envelopes_and_languages(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    closed = sandbox.rules.closed_tickets
    closed.envelope = "base"
    details = (await update(client, status="open")).json()["details"]
    assert details == {"base": [{"description": "Status: closed prevents ticket update"}]}
    closed.envelope = "closed_ticket"
    details = (await update(client, status="open")).json()["details"]
    assert details["status"][0]["error"] == "ClosedTicket"
    closed.envelope = "text"
    answer = await update(client, status="open")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == "Status: closed prevents ticket update"
    closed.envelope = "status"
    languages: tuple[Language, ...] = ("de", "fr")
    for language in languages:
        closed.language = language
        body = (await update(client, status="open")).json()
        assert body["error"] == "RecordInvalid"
        assert "closed" not in body["details"]["status"][0]["description"]


async def test_safe_update_holds_for_closed_tickets_too(client: httpx.AsyncClient) -> None:
    stamp = (await client.get(f"tickets/{CLOSED_TICKET}")).json()["ticket"]["updated_at"]
    lock: dict[str, object] = {"safe_update": True, "updated_stamp": stamp}
    assert (await update(client, tags=["late"], **lock)).status_code == 200
    conflict = await update(client, tags=["later"], **lock)
    assert (conflict.status_code, conflict.json()["error"]) == (409, "UpdateConflict")
    assert await tags(client) == {"late"}


async def test_a_body_of_dropped_keys_only_is_no_update(client: httpx.AsyncClient) -> None:
    answer = await update(client, additional_tags=["late"])
    assert answer.status_code == 200
    assert "ticket.additional_tags" in answer.headers["X-Zendesk-API-Warn"]
    assert "late" not in await tags(client)
