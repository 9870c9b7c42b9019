"""Updating a ticket, and telling what really changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    BILLING_GROUP_ID,
    CLOSED_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    PRODUCT_AREA_FIELD_ID,
    RESOLUTION_FIELD_ID,
)

pytestmark = pytest.mark.anyio


def changes_of(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {change["field"]: change for change in answer["changes"]}


async def test_tells_side_effects_apart_from_what_was_asked(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask(
            "update_ticket", ticket_id=NEW_TICKET, assignee="me", priority="high"
        )
        changes = changes_of(answer)
        assert changes["assignee"]["to"] == f"Ada Okafor ({ADMIN_ID})"
        assert changes["assignee"]["requested"] is True
        assert changes["status"] == {
            "field": "status", "from": "new", "to": "open", "requested": False,
        }  # fmt: skip
        assert changes["group"]["requested"] is False
        assert "Customer Support" in changes["group"]["to"]
        assert "custom_status_id" not in changes
        assert answer["status"] == "open"


async def test_names_the_person_before_and_after(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket", ticket_id=OPEN_TICKET, assignee="me")
        change = changes_of(answer)["assignee"]
        assert change["from"] == f"Marek Dvořák ({AGENT_ID})"


@pytest.mark.parametrize(
    "said", ["Marek Dvořák", "marek dvořák", "marek.dvorak@northwind-outdoor.example", AGENT_ID]
)
async def test_an_assignee_is_known_by_name_address_or_id(
    open_workspace: OpenWorkspace, said: str | int
) -> None:
    async with open_workspace() as desk:
        await desk.ask("update_ticket", ticket_id=NEW_TICKET, assignee=said)
        assert desk.sandbox.store.tickets[NEW_TICKET]["assignee_id"] == AGENT_ID


async def test_an_unknown_assignee_comes_back_with_candidates(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=NEW_TICKET, assignee="Ada")
        (problem,) = error["details"]["fields"]
        assert problem["field"] == "assignee"
        assert problem["candidates"][0]["id"] == ADMIN_ID
        assert desk.sent("PUT") == []


async def test_a_customer_is_never_taken_for_an_agent(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=NEW_TICKET, assignee="Lena Bergström")
        assert error["kind"] == "invalid_arguments"
        assert desk.sent("PUT") == []


async def test_none_unassigns(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket", ticket_id=OPEN_TICKET, assignee="none")
        assert "to" not in changes_of(answer)["assignee"]
        assert desk.sandbox.store.tickets[OPEN_TICKET]["assignee_id"] is None


async def test_a_group_is_known_by_name(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        await desk.ask("update_ticket", ticket_id=NEW_TICKET, group="billing")
        assert desk.sandbox.store.tickets[NEW_TICKET]["group_id"] == BILLING_GROUP_ID


async def test_an_unknown_group_comes_back_with_the_nearest_first(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=NEW_TICKET, group="Biling")
        (problem,) = error["details"]["fields"]
        assert problem["candidates"][0]["name"] == "Billing"


@pytest.mark.parametrize("name", ["Product area", "product AREA", str(PRODUCT_AREA_FIELD_ID)])
async def test_a_custom_field_is_known_by_title_or_id(
    open_workspace: OpenWorkspace, name: str
) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={name: "area_returns"}
        )
        change = changes_of(answer)["Product area"]
        assert change["to"] == "area_returns"
        assert change["requested"] is True


async def test_an_unknown_custom_field_comes_back_with_candidates(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Product aria": "x"}
        )
        (problem,) = error["details"]["fields"]
        assert problem["candidates"] == [{"id": PRODUCT_AREA_FIELD_ID, "title": "Product area"}]


async def test_a_field_required_on_solve_is_named_with_its_allowed_values(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, status="solved")
        (problem,) = error["details"]["fields"]
        assert error["kind"] == "validation_failed"
        assert problem["ticket_field_id"] == RESOLUTION_FIELD_ID
        assert "resolution_fixed" in problem["allowed_values"]
        assert error["outcome"] == "not_applied"

        answer = await desk.ask(
            "update_ticket",
            ticket_id=OPEN_TICKET,
            status="solved",
            custom_fields={"Resolution": problem["allowed_values"][0]},
        )
        assert answer["status"] == "solved"


async def test_what_was_so_already_is_said(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket", ticket_id=OPEN_TICKET, priority="high")
        assert answer["changes"] == []
        assert answer["unchanged"] == ["priority"]


async def test_what_zendesk_ignored_is_said(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        warning = '{:unpermitted_keys=>["ticket.priority", "ticket.id"], :controller=>"tickets"}'
        body = {"ticket": {"id": OPEN_TICKET, "status": "open"}, "audit": {"id": 1, "events": []}}
        fault = Fault(status=200, body=body, headers={"X-Zendesk-API-Warn": warning})
        desk.sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, fault)
        answer = await desk.ask("update_ticket", ticket_id=OPEN_TICKET, priority="low")
        assert answer["ignored"] == ["priority"]
        assert "unchanged" not in answer


async def test_an_outdated_reading_is_a_conflict(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET, comments=0)
        await desk.ask("update_ticket", ticket_id=OPEN_TICKET, priority="low")
        desk.sandbox.store.tickets[OPEN_TICKET]["updated_at"] = "2031-01-01T00:00:00Z"
        error = await desk.fail(
            "update_ticket",
            ticket_id=OPEN_TICKET,
            priority="urgent",
            expected_updated_at=ticket["updated_at"],
        )
        assert error["kind"] == "conflict"
        assert error["outcome"] == "not_applied"
        assert desk.sandbox.store.tickets[OPEN_TICKET]["priority"] == "low"


async def test_a_current_reading_is_accepted(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET, comments=0)
        answer = await desk.ask(
            "update_ticket",
            ticket_id=OPEN_TICKET,
            priority="low",
            expected_updated_at=ticket["updated_at"],
        )
        assert changes_of(answer)["priority"]["to"] == "low"


async def test_a_closed_ticket_is_explained_in_any_language(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    sandbox.rules.closed_tickets.language = "de"
    async with open_workspace(sandbox=sandbox) as desk:
        error = await desk.fail("update_ticket", ticket_id=CLOSED_TICKET, status="open")
        assert error["kind"] == "ticket_closed"
        assert error["outcome"] == "not_applied"


async def test_closing_is_not_offered_here(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, status="closed")
        (problem,) = error["details"]["fields"]
        assert problem["allowed_values"] == ["open", "pending", "hold", "solved"]
        assert desk.sent() == []


async def test_nothing_to_change_is_an_error(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET)
        assert error["kind"] == "invalid_arguments"
        assert desk.sent() == []


async def test_a_note_is_always_internal(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("add_internal_note", ticket_id=OPEN_TICKET, body="Asked the team.")
        assert answer["comment_id"]
        (write,) = [request for request in desk.sandbox.requests if request.method == "PUT"]
        assert write.body == {"ticket": {"comment": {"body": "Asked the team.", "public": False}}}


async def test_a_note_whose_answer_was_lost_is_found_and_not_sent_again(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        lost = misfortunes.reset_after_write()
        desk.sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, lost)
        answer = await desk.ask("add_internal_note", ticket_id=OPEN_TICKET, body="Only *once*.")
        assert answer["answer_was_lost"] is True
        assert answer["comment_id"]
        assert len(desk.sent("PUT")) == 1


async def test_a_colleagues_note_is_not_mistaken_for_the_lost_one(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:

        def colleague() -> None:
            comments = desk.sandbox.store.comments[OPEN_TICKET]
            comments.append({**comments[-1], "id": desk.sandbox.store.new_id()})

        lost = replace(misfortunes.reset_before_write(), effect=colleague)
        desk.sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, lost)
        error = await desk.fail("add_internal_note", ticket_id=OPEN_TICKET, body="Ours.")
        assert error["outcome"] == "unknown"
        assert "read the record again" in error["hint"]


async def test_an_update_whose_first_answer_was_lost_says_so(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        lost = misfortunes.reset_after_write()
        desk.sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, lost)
        answer = await desk.ask("update_ticket", ticket_id=OPEN_TICKET, priority="low")
        assert answer["answer_was_lost"] is True
        assert "unchanged" not in answer
        assert desk.sandbox.store.tickets[OPEN_TICKET]["priority"] == "low"


async def test_a_note_on_a_closed_ticket_is_explained(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("add_internal_note", ticket_id=CLOSED_TICKET, body="late")
        assert error["kind"] == "ticket_closed"
        assert "follow-up" in error["hint"]


async def test_without_user_scopes_an_assignee_by_name_is_refused_by_its_scope(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    scopes = ("tickets:read", "tickets:write")
    token = sandbox.token(scopes=scopes)
    async with open_workspace(sandbox=sandbox, token=token, scopes=" ".join(scopes)) as desk:
        error = await desk.fail("update_ticket", ticket_id=NEW_TICKET, assignee="Ada Okafor")
        assert error["kind"] == "scope_missing"
        assert error["details"]["missing"] == [["users:read"]]
        answer = await desk.ask("update_ticket", ticket_id=NEW_TICKET, assignee=AGENT_ID)
        assert changes_of(answer)["assignee"]["to"] == str(AGENT_ID)
