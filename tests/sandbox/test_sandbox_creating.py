import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    CLOSED_TICKET,
    FJALLGARDEN_ID,
    OPEN_TICKET,
    REQUESTER_EMAIL,
    REQUESTER_ID,
    SUPPORT_GROUP_ID,
    SUSPENDED_USER_ID,
)

pytestmark = pytest.mark.anyio


async def post(
    client: httpx.AsyncClient,
    key: str | None = None,
    **ticket: object,
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("tickets", json={"ticket": ticket}, headers=headers)


async def test_a_ticket_is_created_with_its_audit(client: httpx.AsyncClient) -> None:
    answer = await post(
        client,
        subject="Lost parcel",
        comment={"body": "Where is it?"},
        requester_id=REQUESTER_ID,
        priority="high",
        tags=["Parcel", "lost item"],
    )
    assert answer.status_code == 201
    ticket, audit = answer.json()["ticket"], answer.json()["audit"]
    assert answer.headers["Location"] == ticket["url"]
    assert ticket["status"] == "new"
    assert ticket["description"] == "Where is it?"
    assert ticket["tags"] == ["item", "lost", "parcel"]
    assert (ticket["requester_id"], ticket["submitter_id"]) == (REQUESTER_ID, ADMIN_ID)
    assert ticket["organization_id"] == FJALLGARDEN_ID
    comment, *created = audit["events"]
    assert (comment["type"], comment["author_id"], comment["public"]) == (
        "Comment",
        ADMIN_ID,
        True,
    )
    values = {event["field_name"]: event["value"] for event in created}
    assert values["requester_id"] == str(REQUESTER_ID)
    assert values["priority"] == "high"
    assert values["assignee_id"] is None
    shown = (await client.get(f"tickets/{ticket['id']}")).json()["ticket"]
    assert shown == ticket


async def test_an_assigned_ticket_starts_open_in_the_agent_s_group(
    client: httpx.AsyncClient,
) -> None:
    ticket = (await post(client, description="Note to self", assignee_id=AGENT_ID)).json()["ticket"]
    assert (ticket["status"], ticket["group_id"]) == ("open", SUPPORT_GROUP_ID)


async def test_a_requester_is_found_by_address_or_made(client: httpx.AsyncClient) -> None:
    requester = {"name": "Any Name", "email": REQUESTER_EMAIL.upper()}
    known = await post(client, description="Hi", requester=requester)
    assert known.json()["ticket"]["requester_id"] == REQUESTER_ID
    newcomer = {"name": "New Comer", "email": "new.comer@mail.example"}
    made = (await post(client, description="Hi", requester=newcomer)).json()["ticket"]
    user = (await client.get(f"users/{made['requester_id']}")).json()["user"]
    assert (user["name"], user["role"], user["verified"]) == ("New Comer", "end-user", False)


async def test_a_private_first_comment_makes_a_private_ticket(client: httpx.AsyncClient) -> None:
    comment = {"body": "Internal", "public": False}
    ticket = (await post(client, subject="Stock", comment=comment)).json()["ticket"]
    assert ticket["is_public"] is False


async def test_a_ticket_needs_a_description(client: httpx.AsyncClient) -> None:
    answer = await post(client, subject="Nothing")
    assert answer.status_code == 422
    assert answer.json()["details"] == {
        "base": [{"description": "Description: cannot be blank", "error": "BlankValue"}],
    }


async def test_a_suspended_requester_is_refused(client: httpx.AsyncClient) -> None:
    answer = await post(client, description="Hi", requester_id=SUSPENDED_USER_ID)
    assert answer.status_code == 422
    assert "is suspended." in answer.json()["details"]["requester"][0]["description"]


async def test_a_follow_up_names_a_closed_ticket(client: httpx.AsyncClient) -> None:
    answer = await post(client, description="Again", via_followup_source_id=CLOSED_TICKET)
    ticket = answer.json()["ticket"]
    assert ticket["via"]["source"]["rel"] == "follow_up"
    assert ticket["via"]["source"]["from"]["ticket_id"] == CLOSED_TICKET
    source = (await client.get(f"tickets/{CLOSED_TICKET}")).json()["ticket"]
    assert source["followup_ids"][-1] == ticket["id"]
    refused = await post(client, description="Again", via_followup_source_id=OPEN_TICKET)
    assert refused.status_code == 422


async def test_dropped_keys_are_warned_of(client: httpx.AsyncClient) -> None:
    answer = await post(client, description="Hi", status="open", solved_at="now")
    assert answer.status_code == 201
    assert ':action=>"create"' in answer.headers["X-Zendesk-API-Warn"]
    assert "ticket.solved_at" in answer.headers["X-Zendesk-API-Warn"]


async def test_the_same_key_creates_once(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    before = len(sandbox.store.tickets)
    first = await post(client, "key-1", subject="Once", description="Hi")
    again = await post(client, "key-1", subject="Once", description="Hi")
    assert first.headers["x-idempotency-lookup"] == "miss"
    assert again.headers["x-idempotency-lookup"] == "hit"
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Location"] == first.headers["Location"]
    assert len(sandbox.store.tickets) == before + 1


async def test_a_key_stands_for_one_body(client: httpx.AsyncClient) -> None:
    await post(client, "key-1", description="Hi")
    answer = await post(client, "key-1", description="Other")
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "IdempotentRequestError",
        "description": "Request parameters don't match the given idempotency key",
    }
    assert (await post(client, "k" * 256, description="Hi")).status_code == 400


async def test_a_key_is_kept_for_two_hours(client: httpx.AsyncClient, clock: ManualClock) -> None:
    await post(client, "key-1", description="Hi")
    clock.forward(2 * 3600 + 1)
    answer = await post(client, "key-1", description="Hi")
    assert answer.headers["x-idempotency-lookup"] == "miss"
