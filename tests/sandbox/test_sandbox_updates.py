from typing import Any

import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
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
    PRIVATE_TICKET,
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


async def test_a_comment_is_added_and_told_by_the_audit(client: httpx.AsyncClient) -> None:
    comment = {"body": "First line\n\nSecond & last", "public": False}
    event = (await put(client, OPEN_TICKET, comment=comment)).json()["audit"]["events"][0]
    assert event["type"] == "Comment"
    assert event["public"] is False
    assert event["html_body"] == (
        '<div class="zd-comment" dir="auto"><p dir="auto">First line</p>'
        '<p dir="auto">Second &amp; last</p></div>'
    )
    listed = (await client.get(f"tickets/{OPEN_TICKET}/comments")).json()["comments"]
    assert (listed[-1]["id"], listed[-1]["author_id"]) == (event["id"], ADMIN_ID)


async def test_html_comments_keep_their_markup(client: httpx.AsyncClient) -> None:
    comment = {"html_body": "<p>Yes &amp; <b>no</b></p><ul><li>a</li></ul>", "public": True}
    event = (await put(client, OPEN_TICKET, comment=comment)).json()["audit"]["events"][0]
    assert "<b>no</b>" in event["html_body"]
    assert event["plain_body"] == "Yes & no\n\na"


@pytest.mark.parametrize(("ticket_id", "public"), [(OPEN_TICKET, True), (PRIVATE_TICKET, False)])
async def test_public_follows_the_first_comment(
    client: httpx.AsyncClient,
    ticket_id: int,
    public: bool,
) -> None:
    answer = await put(client, ticket_id, comment={"body": "As usual"})
    assert answer.json()["audit"]["events"][0]["public"] is public


async def test_an_empty_comment_adds_nothing(client: httpx.AsyncClient) -> None:
    assert (await put(client, OPEN_TICKET, comment={"body": ""})).json()["audit"]["events"] == []


async def test_a_comment_may_be_written_in_another_s_name(client: httpx.AsyncClient) -> None:
    comment = {"body": "By phone", "author_id": REQUESTER_ID}
    audit = (await put(client, OPEN_TICKET, comment=comment)).json()["audit"]
    assert (audit["author_id"], audit["events"][0]["author_id"]) == (ADMIN_ID, REQUESTER_ID)


async def test_a_light_agent_only_writes_notes(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    client.headers["Authorization"] = f"Bearer {sandbox.token(user_id=LIGHT_AGENT_ID)}"
    answer = await put(client, OPEN_TICKET, comment={"body": "From the workshop", "public": True})
    assert answer.json()["audit"]["events"][0]["public"] is False


async def test_a_long_comment_is_cut_without_a_word(client: httpx.AsyncClient) -> None:
    answer = await put(client, OPEN_TICKET, comment={"body": "é" * 40_000})
    assert len(answer.json()["audit"]["events"][0]["body"].encode()) == 65_536


async def test_a_ticket_holds_five_thousand_comments(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    ticket = sandbox.store.add_ticket(comments=[{"body": str(n)} for n in range(4_999)])
    assert "base" in await refused(client, ticket["id"], comment={"body": "one more"})


async def test_uploads_become_attachments(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    attachment = {"id": 1, "token": "t", "file_name": "log.txt"}
    sandbox.store.uploads["abc"] = [{**attachment, "content_type": "text/plain", "size": 9}]
    answer = await put(client, OPEN_TICKET, comment={"body": "See log", "uploads": ["abc"]})
    (attached,) = answer.json()["audit"]["events"][0]["attachments"]
    assert attached["file_name"] == "log.txt"


async def test_copies_and_followers_are_added_and_removed(client: httpx.AsyncClient) -> None:
    wanted = {
        "email_ccs": [{"user_email": "new.face@mail.example", "user_name": "New Face"}],
        "followers": [{"user_id": TEAM_LEAD_ID}],
    }
    ticket = (await put(client, OPEN_TICKET, **wanted)).json()["ticket"]
    assert ticket["follower_ids"] == [TEAM_LEAD_ID]
    (copied,) = ticket["email_cc_ids"]
    assert ticket["collaborator_ids"] == [copied]
    user = (await client.get(f"users/{copied}")).json()["user"]
    assert (user["name"], user["email"]) == ("New Face", "new.face@mail.example")
    gone = {"email_ccs": [{"user_id": copied, "action": "delete"}]}
    assert (await put(client, OPEN_TICKET, **gone)).json()["ticket"]["email_cc_ids"] == []


async def test_collaborators_are_the_older_way(client: httpx.AsyncClient) -> None:
    listed = [AGENT_ID, {"name": "Kim", "email": "kim@mail.example"}, "lee@mail.example"]
    ticket = (await put(client, OPEN_TICKET, collaborators=listed)).json()["ticket"]
    assert len(ticket["collaborator_ids"]) == 3
    more = (await put(client, OPEN_TICKET, additional_collaborators=[ADMIN_ID])).json()["ticket"]
    assert more["collaborator_ids"] == [*ticket["collaborator_ids"], ADMIN_ID]
    only = (await put(client, OPEN_TICKET, collaborator_ids=[ADMIN_ID])).json()["ticket"]
    assert only["collaborator_ids"] == [ADMIN_ID]
    answer = await put(client, OPEN_TICKET, followers=[{"user_id": 1}])
    assert answer.status_code == 404


async def test_metadata_is_kept_in_the_audit(client: httpx.AsyncClient) -> None:
    answer = await put(client, OPEN_TICKET, priority="low", metadata={"source": "assistant"})
    assert answer.json()["audit"]["metadata"]["custom"] == {"source": "assistant"}
