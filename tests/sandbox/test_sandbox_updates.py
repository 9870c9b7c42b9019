from typing import Any

import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    BASECAMP_BRAND_ID,
    BILLING_GROUP_ID,
    CHANNELS_FIELD_ID,
    GROUP_BOOKING_FIELD_ID,
    IN_REVIEW_STATUS_ID,
    INDEPENDENT_USER_ID,
    LIGHT_AGENT_ID,
    NEW_TICKET,
    OPEN_STATUS_ID,
    OPEN_TICKET,
    ORDER_NUMBER_FIELD_ID,
    PENDING_TICKET,
    PROBLEM_TICKET,
    PRODUCT_AREA_FIELD_ID,
    REQUESTER_ID,
    RESOLUTION_FIELD_ID,
    RETURNS_AGENT_ID,
    RETURNS_GROUP_ID,
    SOLVE_BLOCKED_TICKET,
    SOLVED_TICKET,
    SUPPORT_GROUP_ID,
    SUSPENDED_USER_ID,
    TEAM_LEAD_ID,
    TRIP_DATE_FIELD_ID,
    UNITS_FIELD_ID,
    WARRANTY_FORM_ID,
)

pytestmark = pytest.mark.anyio


async def put(client: httpx.AsyncClient, ticket_id: int, **ticket: object) -> httpx.Response:
    return await client.put(f"tickets/{ticket_id}", json={"ticket": ticket})


async def changes(client: httpx.AsyncClient, ticket_id: int, **ticket: object) -> dict[str, Any]:
    """The Change events of an update by field name."""
    answer = await put(client, ticket_id, **ticket)
    assert answer.status_code == 200, answer.text
    return {
        event["field_name"]: (event["previous_value"], event["value"])
        for event in answer.json()["audit"]["events"]
        if event["type"] == "Change"
    }


async def refused(client: httpx.AsyncClient, ticket_id: int, **ticket: object) -> dict[str, Any]:
    """The details of a 422; nothing was changed."""
    before = (await client.get(f"tickets/{ticket_id}")).json()
    answer = await put(client, ticket_id, **ticket)
    assert answer.status_code == 422, answer.text
    body: dict[str, Any] = answer.json()
    assert (body["error"], body["description"]) == ("RecordInvalid", "Record validation errors")
    assert (await client.get(f"tickets/{ticket_id}")).json() == before
    details: dict[str, Any] = body["details"]
    return details


async def test_an_update_tells_what_changed(
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    answer = await put(client, OPEN_TICKET, priority="urgent", subject="Login", external_id="X-1")
    body = answer.json()
    assert body["ticket"]["priority"] == "urgent"
    assert body["ticket"]["updated_at"] == clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert body["audit"]["author_id"] == ADMIN_ID
    assert body["audit"]["ticket_id"] == OPEN_TICKET
    assert {event["field_name"] for event in body["audit"]["events"]} == {
        "priority",
        "subject",
        "external_id",
    }


async def test_the_same_value_again_changes_nothing(client: httpx.AsyncClient) -> None:
    before = (await client.get(f"tickets/{OPEN_TICKET}")).json()["ticket"]
    assert await changes(client, OPEN_TICKET, priority="high", status="open") == {}
    assert (await client.get(f"tickets/{OPEN_TICKET}")).json()["ticket"] == before


async def test_assigning_moves_new_to_open_and_picks_the_agent_s_group(
    client: httpx.AsyncClient,
) -> None:
    told = await changes(client, NEW_TICKET, assignee_id=RETURNS_AGENT_ID)
    assert told["status"] == ("new", "open")
    assert told["assignee_id"] == (None, str(RETURNS_AGENT_ID))
    assert told["group_id"] == (None, str(RETURNS_GROUP_ID))
    assert "custom_status_id" in told


async def test_an_assignee_can_be_named_by_e_mail_or_taken_away(
    client: httpx.AsyncClient,
) -> None:
    email = "priya.raman@northwind-outdoor.example"
    told = await changes(client, OPEN_TICKET, assignee_email=email)
    assert told == {"assignee_id": (str(AGENT_ID), str(TEAM_LEAD_ID))}
    assert await changes(client, OPEN_TICKET, assignee_id=None) == {
        "assignee_id": (str(TEAM_LEAD_ID), None),
    }


async def test_a_group_without_the_assignee_takes_the_ticket_from_them(
    client: httpx.AsyncClient,
) -> None:
    assert await changes(client, OPEN_TICKET, group_id=BILLING_GROUP_ID) == {
        "group_id": (str(SUPPORT_GROUP_ID), str(BILLING_GROUP_ID)),
        "assignee_id": (str(AGENT_ID), None),
    }


async def test_an_agent_outside_the_group_asked_for_is_refused(client: httpx.AsyncClient) -> None:
    details = await refused(client, OPEN_TICKET, assignee_id=AGENT_ID, group_id=BILLING_GROUP_ID)
    assert "not in the group" in details["assignee"][0]["description"]


@pytest.mark.parametrize("assignee_id", [1, REQUESTER_ID, LIGHT_AGENT_ID])
async def test_only_agents_can_be_assigned(client: httpx.AsyncClient, assignee_id: int) -> None:
    details = await refused(client, OPEN_TICKET, assignee_id=assignee_id)
    assert details["assignee"][0]["description"] == "Assignee: is invalid"


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        ({"status": "frozen"}, "status"),
        ({"status": "new"}, "status"),
        ({"custom_status_id": 1}, "custom_status_id"),
        ({"priority": "soon"}, "priority"),
        ({"type": "riddle"}, "type"),
        ({"group_id": 1}, "group"),
        ({"requester_id": 1}, "requester"),
        ({"organization_id": 1}, "organization"),
        ({"brand_id": 1}, "brand_id"),
        ({"type": "incident", "problem_id": NEW_TICKET}, "problem_id"),
        ({"requester": {"name": "No Address"}}, "requester"),
        ({"type": "task", "due_at": "soon"}, "due_at"),
    ],
)
async def test_values_that_do_not_exist_are_refused(
    client: httpx.AsyncClient,
    wanted: dict[str, object],
    key: str,
) -> None:
    assert key in await refused(client, OPEN_TICKET, **wanted)


async def test_a_priority_once_set_cannot_be_reset(client: httpx.AsyncClient) -> None:
    details = await refused(client, OPEN_TICKET, priority=None)
    assert details["priority"][0]["description"] == "Priority: cannot be reset"
    assert await changes(client, NEW_TICKET, priority=None) == {}


async def test_solving_asks_for_the_assignee_and_the_required_field(
    client: httpx.AsyncClient,
) -> None:
    details = await refused(client, SOLVE_BLOCKED_TICKET, status="solved")
    assert [
        (one["description"], one["ticket_field_type"], one["error"]) for one in details["base"]
    ] == [
        ("Assignee: is required when solving a ticket", "FieldAssignee", None),
        ("Resolution: is required when solving a ticket", "FieldTagger", None),
    ]
    assert details["base"][1]["ticket_field_id"] == RESOLUTION_FIELD_ID
    field = {"id": RESOLUTION_FIELD_ID, "value": "resolution_fixed"}
    told = await changes(
        client,
        SOLVE_BLOCKED_TICKET,
        status="solved",
        assignee_id=TEAM_LEAD_ID,
        custom_fields=[field],
    )
    assert told["status"] == ("open", "solved")
    assert told[str(RESOLUTION_FIELD_ID)] == (None, "resolution_fixed")


async def test_a_solved_ticket_can_be_closed_and_never_opened_again(
    client: httpx.AsyncClient,
) -> None:
    assert await changes(client, SOLVED_TICKET, status="closed") == {
        "status": ("solved", "closed"),
    }
    assert "status" in await refused(client, SOLVED_TICKET, status="open")


async def test_the_category_of_a_custom_status_wins(client: httpx.AsyncClient) -> None:
    told = await changes(
        client, PENDING_TICKET, custom_status_id=IN_REVIEW_STATUS_ID, status="hold"
    )
    assert told["status"] == ("pending", "open")
    assert told["custom_status_id"][1] == str(IN_REVIEW_STATUS_ID)
    assert (await changes(client, PENDING_TICKET, status="open"))["custom_status_id"] == (
        str(IN_REVIEW_STATUS_ID),
        str(OPEN_STATUS_ID),
    )


async def test_due_dates_belong_to_tasks_and_problems_to_incidents(
    client: httpx.AsyncClient,
) -> None:
    due = "2027-01-15T12:00:00Z"
    assert await changes(client, OPEN_TICKET, due_at=due, problem_id=PROBLEM_TICKET) == {}
    task = await changes(client, OPEN_TICKET, type="task", due_at=due)
    assert task["due_at"] == (None, due)
    incident = await changes(client, OPEN_TICKET, type="incident", problem_id=PROBLEM_TICKET)
    assert incident["problem_id"] == (None, str(PROBLEM_TICKET))
    assert incident["due_at"] == (due, None)


async def test_a_suspended_requester_is_refused(client: httpx.AsyncClient) -> None:
    details = await refused(client, OPEN_TICKET, requester_id=SUSPENDED_USER_ID)
    assert details["requester"][0]["description"] == "Requester: Daniel Carter is suspended."


async def test_a_new_requester_brings_their_organization(client: httpx.AsyncClient) -> None:
    told = await changes(client, OPEN_TICKET, requester_id=INDEPENDENT_USER_ID)
    assert told["requester_id"][1] == str(INDEPENDENT_USER_ID)
    assert told["organization_id"][1] is None


async def test_custom_fields_take_values_of_their_kind(client: httpx.AsyncClient) -> None:
    told = await changes(
        client,
        NEW_TICKET,
        ticket_form_id=WARRANTY_FORM_ID,
        brand_id=BASECAMP_BRAND_ID,
        custom_fields=[
            {"id": PRODUCT_AREA_FIELD_ID, "value": "area_repair"},
            {"id": GROUP_BOOKING_FIELD_ID, "value": True},
            {"id": UNITS_FIELD_ID, "value": 12},
            {"id": TRIP_DATE_FIELD_ID, "value": "2026-12-24"},
            {"id": CHANNELS_FIELD_ID, "value": ["channel_web", "channel_store"]},
            {"id": ORDER_NUMBER_FIELD_ID, "value": "NW-12345"},
            {"id": 1, "value": "unknown fields are passed over"},
        ],
    )
    assert told[str(UNITS_FIELD_ID)] == (None, "12")
    assert told[str(GROUP_BOOKING_FIELD_ID)] == ("0", "1")
    assert told[str(CHANNELS_FIELD_ID)] == (None, ["channel_web", "channel_store"])
    assert told["tags"][1] == ["area_repair", "channel_store", "channel_web", "group_booking"]
    cleared = await changes(
        client,
        NEW_TICKET,
        custom_fields={str(PRODUCT_AREA_FIELD_ID): None, str(GROUP_BOOKING_FIELD_ID): False},
    )
    assert cleared["tags"][1] == ["channel_store", "channel_web"]


@pytest.mark.parametrize(
    ("field_id", "value", "kind"),
    [
        (PRODUCT_AREA_FIELD_ID, "area_nowhere", "FieldTagger"),
        (CHANNELS_FIELD_ID, ["channel_web", "channel_moon"], "FieldMultiselect"),
        (UNITS_FIELD_ID, "a dozen", "FieldInteger"),
        (TRIP_DATE_FIELD_ID, "soon", "FieldDate"),
        (GROUP_BOOKING_FIELD_ID, "perhaps", "FieldCheckbox"),
        (ORDER_NUMBER_FIELD_ID, "20871", "FieldRegexp"),
    ],
)
async def test_custom_fields_refuse_other_values(
    client: httpx.AsyncClient,
    field_id: int,
    value: object,
    kind: str,
) -> None:
    wanted = [{"id": field_id, "value": value}]
    (entry,) = (await refused(client, OPEN_TICKET, custom_fields=wanted))["base"]
    assert (entry["ticket_field_id"], entry["ticket_field_type"]) == (field_id, kind)
    assert "is not a valid value" in entry["description"]


async def test_every_problem_is_told_at_once(client: httpx.AsyncClient) -> None:
    details = await refused(client, OPEN_TICKET, status="frozen", priority="soon", group_id=1)
    assert set(details) == {"status", "priority", "group"}


async def test_unknown_and_wrong_keys_are_dropped_with_a_warning(
    client: httpx.AsyncClient,
) -> None:
    answer = await put(
        client,
        OPEN_TICKET,
        id=OPEN_TICKET,
        created_at="2020-01-01T00:00:00Z",
        Priority="low",
        additional_tags=["x"],
        comment="no object",
        priority="low",
    )
    assert answer.status_code == 200
    assert answer.headers["X-Zendesk-API-Warn"] == (
        '{:allowed_parameters=>{:controller=>"tickets", :action=>"update", '
        ':unpermitted_keys=>["ticket.id", "ticket.created_at", "ticket.Priority", '
        '"ticket.additional_tags"], :invalid_values=>["ticket.comment"]}}'
    )
    assert [event["field_name"] for event in answer.json()["audit"]["events"]] == ["priority"]
    clean = await put(client, OPEN_TICKET, priority="normal")
    assert "X-Zendesk-API-Warn" not in clean.headers


async def test_a_body_without_a_ticket_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.put(f"tickets/{OPEN_TICKET}", json={"priority": "low"})
    assert answer.status_code == 400
    assert answer.json()["error"]["title"] == "Invalid attribute"


@pytest.mark.parametrize("flag", [True, "true"])
async def test_safe_update_refuses_what_is_outdated(
    client: httpx.AsyncClient,
    clock: ManualClock,
    flag: object,
) -> None:
    seen = (await client.get(f"tickets/{OPEN_TICKET}")).json()["ticket"]["updated_at"]
    clock.forward(1)
    await put(client, OPEN_TICKET, priority="urgent")
    lock = {"safe_update": flag, "updated_stamp": seen}
    conflict = await put(client, OPEN_TICKET, priority="low", **lock)
    assert conflict.status_code == 409
    assert conflict.json()["error"] == "UpdateConflict"
    now = (await client.get(f"tickets/{OPEN_TICKET}")).json()["ticket"]
    assert now["priority"] == "urgent"
    lock["updated_stamp"] = now["updated_at"]
    assert (await put(client, OPEN_TICKET, priority="low", **lock)).status_code == 200


async def test_safe_update_without_a_stamp_is_a_conflict(client: httpx.AsyncClient) -> None:
    answer = await put(client, OPEN_TICKET, priority="low", safe_update=True)
    assert answer.status_code == 409
