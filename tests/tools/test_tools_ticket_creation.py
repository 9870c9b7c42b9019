"""Creating tickets: internal unless asked otherwise, and never twice."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import ElicitRequestFormParams, ElicitResult

from desk import OpenWorkspace, Workspace, text_of
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    BILLING_GROUP_ID,
    CLOSED_TICKET,
    OPEN_TICKET,
    PRODUCT_AREA_FIELD_ID,
    REQUESTER_EMAIL,
    REQUESTER_ID,
    SUSPENDED_USER_ID,
)
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

ERAS = ["legacy", "auto"]
NEW = {"subject": "Buckle of the Sarek 60", "body": "Called: a buckle broke. Ship a spare one."}
STRANGER = "bo.nyberg@mail.example"


def sent_ticket(desk: Workspace) -> dict[str, Any]:
    """What was sent to create a ticket."""
    (body,) = [request.body for request in desk.sandbox.requests if request.method == "POST"]
    assert isinstance(body, dict)
    ticket: dict[str, Any] = body["ticket"]
    return ticket


async def test_a_ticket_is_internal_unless_asked_otherwise(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("create_ticket", **NEW, requester_email=REQUESTER_EMAIL)
        assert answer["first_comment"] == "internal"
        assert answer["status"] == "new"
        assert answer["requester"]["name"] == "Lena Bergström"
        assert "requester_created" not in answer
        assert "set_by_zendesk" not in answer
        assert sent_ticket(desk) == {
            "subject": NEW["subject"],
            "comment": {"body": NEW["body"], "public": False},
            "requester_id": REQUESTER_ID,
        }
        assert desk.sent() == ["GET users/search", "POST tickets", "GET users/show_many"]
        assert desk.sandbox.store.tickets[answer["ticket_id"]]["is_public"] is False


async def test_names_become_ids_and_side_effects_are_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask(
            "create_ticket",
            **NEW,
            requester_id=REQUESTER_ID,
            priority="high",
            type="question",
            tags=["Spare_Part"],
            assignee="Marek Dvořák",
            custom_fields={"Product area": "Gear repair"},
            external_id="ERP-7",
        )
        sent = sent_ticket(desk)
        assert sent["assignee_id"] == AGENT_ID
        assert sent["tags"] == ["spare_part"]
        assert sent["custom_fields"] == [{"id": PRODUCT_AREA_FIELD_ID, "value": "area_repair"}]
        assert sent["external_id"] == "ERP-7"
        assert answer["status"] == "open"
        assert answer["tags"] == ["area_repair", "spare_part"]
        (effect,) = answer["set_by_zendesk"]
        assert effect["field"] == "group"
        assert "Customer Support" in effect["to"]
        assert "not_set" not in answer


async def test_a_group_by_name_and_the_servers_own_user(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("create_ticket", **NEW, group="billing")
        assert answer["requester"]["id"] == ADMIN_ID
        assert sent_ticket(desk)["group_id"] == BILLING_GROUP_ID


async def test_what_zendesk_did_not_take_over_is_said(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        body = {"ticket": {"id": 1, "status": "new"}, "audit": {"id": 2, "events": []}}
        headers = {"X-Zendesk-API-Warn": '{:unpermitted_keys=>["ticket.external_id"]}'}
        desk.sandbox.faults.add("POST", "/tickets$", 1, Fault(201, body, headers))
        answer = await desk.ask(
            "create_ticket",
            **NEW,
            priority="low",
            external_id="x",
            custom_fields={"Product area": "area_repair"},
        )
        assert answer["not_set"] == ["priority", "external_id", "Product area"]


async def test_who_was_mailed_is_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        rule = {"from": {"title": "Notify requester"}, "rel": "trigger"}
        mail = {"id": 3, "type": "Notification", "recipients": [REQUESTER_ID]}
        mail["via"] = {"channel": "rule", "source": rule}
        change = {"id": 4, "type": "Change", "field_name": "priority", "value": "high"}
        change["via"] = mail["via"]
        body = {
            "ticket": {"id": 1, "status": "new", "requester_id": REQUESTER_ID},
            "audit": {"id": 2, "author_id": ADMIN_ID, "events": [mail, change]},
        }
        desk.sandbox.faults.add("POST", "/tickets$", 1, Fault(201, body))
        answer = await desk.ask("create_ticket", **NEW)
        assert answer["notified"] == [
            f"Lena Bergström ({REQUESTER_ID}) by trigger Notify requester"
        ]
        assert answer["set_by_zendesk"] == [
            {"field": "priority", "to": "high", "rule": "trigger Notify requester"}
        ]


async def test_a_follow_up_brings_its_requester(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("create_ticket", **NEW, follow_up_of=CLOSED_TICKET)
        assert answer["follow_up_of"] == CLOSED_TICKET
        assert answer["requester"]["id"] == REQUESTER_ID
        store = desk.sandbox.store
        assert answer["ticket_id"] in store.tickets[CLOSED_TICKET]["followup_ids"]
        shown = await desk.ask("get_ticket", ticket_id=answer["ticket_id"], comments=0)
        assert shown["follow_up_of"] == CLOSED_TICKET


async def test_only_a_closed_ticket_is_followed_up(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("create_ticket", **NEW, follow_up_of=OPEN_TICKET)
        assert error["kind"] == "invalid_arguments"
        assert "not closed" in error["reason"]
        assert desk.sent("POST") == []
        gone = await desk.fail("create_ticket", **NEW, follow_up_of=987_654)
        assert gone["kind"] == "not_found"
        assert gone["outcome"] == "not_applied"


@pytest.mark.parametrize(
    "requester", [{"requester_id": SUSPENDED_USER_ID}, {"requester_email": "d.carter@mail.example"}]
)
async def test_a_suspended_requester_is_explained(
    open_workspace: OpenWorkspace, requester: dict[str, Any]
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("create_ticket", **NEW, **requester)
        assert "suspended" in error["reason"]
        assert error["outcome"] == "not_applied"
        assert desk.sent("POST") == []


async def test_a_suspended_requester_is_explained_without_the_scope_to_look(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=("tickets:write",))
    async with open_workspace(sandbox=sandbox, token=token, scopes="tickets:write") as desk:
        error = await desk.fail("create_ticket", **NEW, requester_id=SUSPENDED_USER_ID)
        assert error["kind"] == "validation_failed"
        assert "Daniel Carter is suspended" in error["reason"]
        assert error["outcome"] == "not_applied"
        answer = await desk.ask("create_ticket", **NEW, requester_id=REQUESTER_ID)
        assert answer["requester"] == {"id": REQUESTER_ID}
        assert desk.sent() == ["POST tickets", "POST tickets"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"requester_id": 987_654}, "requester_id"),
        ({"requester_id": 1, "requester_email": STRANGER}, "requester_id"),
        ({"requester_email": "no address"}, "requester_email"),
        ({"tags": ["two words"]}, "tags"),
        ({"assignee": "Nobody Here"}, "assignee"),
        ({"group": "Biling"}, "group"),
        ({"custom_fields": {"Product area": "bikes"}}, "custom_fields.Product area"),
        ({"subject": "  "}, "subject"),
        ({"body": ""}, "body"),
        ({"priority": "p1"}, "priority"),
    ],
)
async def test_what_does_not_fit_is_refused_before_anything_is_sent(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("create_ticket", **{**NEW, **arguments})
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == field
        assert desk.sent("POST") == []


async def test_a_lost_answer_creates_nothing_twice(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        before = len(desk.sandbox.store.tickets)
        desk.sandbox.faults.add("POST", "/tickets$", 1, misfortunes.reset_after_write())
        answer = await desk.ask("create_ticket", **NEW)
        assert len(desk.sandbox.store.tickets) == before + 1
        assert answer["ticket_id"] in desk.sandbox.store.tickets
        posts = [request for request in desk.sandbox.requests if request.method == "POST"]
        assert len({request.headers["idempotency-key"] for request in posts}) == 1


async def test_an_answer_that_stays_lost_is_an_unknown_outcome(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("POST", "/tickets$", None, misfortunes.reset_after_write())
        error = await desk.fail("create_ticket", **NEW)
        assert error["outcome"] == "unknown"


async def test_a_hostile_requesters_name_is_cleaned(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.store.users[REQUESTER_ID]["name"] = "Le\u202ena\n<untrusted x>\u200b"
        answer = await desk.ask("create_ticket", **NEW, requester_id=REQUESTER_ID)
        text = json.dumps(answer, ensure_ascii=False)
        assert not any(hidden in text for hidden in ("\u202e", "\u200b", "\\n", "<untrusted"))


# with a human's yes


async def create(
    sandbox: Sandbox, era: str, answer: ElicitResult | None, **arguments: Any
) -> tuple[Any, list[str]]:
    """One create_ticket by a client whose human answers so; the result and what was shown."""
    shown: list[str] = []

    async def asked(_: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        shown.append(params.message)
        assert answer is not None
        return answer

    settings = embedded_settings({"scopes": "read tickets:write"})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox))
    callback: Any = None if answer is None else asked
    async with (
        server.running(),
        Client(server, mode=era, elicitation_callback=callback) as client,
    ):
        return await client.call_tool("create_ticket", {**NEW, **arguments}), shown


YES = ElicitResult(action="accept", content={"agree": True})
NO = ElicitResult(action="decline")


def written(sandbox: Sandbox) -> list[str]:
    return [request.path for request in sandbox.requests if request.method != "GET"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_public_ticket_shows_all_that_will_be_sent(era: str) -> None:
    sandbox = Sandbox()
    result, shown = await create(
        sandbox,
        era,
        YES,
        public=True,
        requester_id=REQUESTER_ID,
        priority="high",
        tags=["spare_part"],
        custom_fields={"Product area": "Gear repair"},
        follow_up_of=CLOSED_TICKET,
    )
    assert not result.is_error, text_of(result)
    assert result.structured_content["first_comment"] == "public"
    (question,) = shown
    assert f"Requester: Lena Bergström <{REQUESTER_EMAIL}>" in question
    for told in (f"Subject: {NEW['subject']}", "Priority: high", "Tags: spare_part"):
        assert told in question
    assert "Product area: Gear repair" in question
    assert f"Follow-up of ticket {CLOSED_TICKET}: Refund for" in question
    assert ", last changed 20" in question
    assert question.endswith(NEW["body"])
    assert len(written(sandbox)) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_a_new_requester_needs_a_yes_even_for_an_internal_ticket(era: str) -> None:
    sandbox = Sandbox()
    result, shown = await create(sandbox, era, YES, requester_email=STRANGER)
    assert not result.is_error, text_of(result)
    assert result.structured_content["requester_created"] is True
    assert result.structured_content["first_comment"] == "internal"
    assert f"Requester: {STRANGER}" in shown[0]
    assert "may send a welcome or verification mail" in shown[0]


@pytest.mark.parametrize("era", ERAS)
async def test_an_internal_ticket_for_somebody_known_needs_none(era: str) -> None:
    sandbox = Sandbox()
    result, shown = await create(sandbox, era, None, requester_email=REQUESTER_EMAIL)
    assert not result.is_error, text_of(result)
    assert shown == []


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("answer", "kind"), [(NO, "confirmation_declined"), (None, "confirmation_unavailable")]
)
async def test_without_a_yes_nothing_is_created(
    era: str, answer: ElicitResult | None, kind: str
) -> None:
    sandbox = Sandbox()
    result, _ = await create(sandbox, era, answer, public=True, requester_id=REQUESTER_ID)
    error = (result.meta or {})[META_KEY]
    assert error["kind"] == kind
    assert error["outcome"] == "not_applied"
    assert written(sandbox) == []


@pytest.mark.parametrize("era", ERAS)
async def test_a_question_cannot_be_asked_about_a_wrong_requester(era: str) -> None:
    sandbox = Sandbox()
    result, shown = await create(sandbox, era, YES, public=True, requester_id=SUSPENDED_USER_ID)
    assert result.is_error
    assert shown == []
    assert written(sandbox) == []


async def test_an_address_that_only_resembles_a_known_one_is_not_taken_for_it(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(confirm="client") as desk:
        found = {"users": [desk.sandbox.store.users[REQUESTER_ID]], "count": 1}
        desk.sandbox.faults.add("GET", "/users/search", 1, Fault(200, found))
        answer = await desk.ask("create_ticket", **NEW, requester_email=STRANGER)
        assert sent_ticket(desk)["requester"]["email"] == STRANGER
        assert answer["requester"]["id"] != REQUESTER_ID
