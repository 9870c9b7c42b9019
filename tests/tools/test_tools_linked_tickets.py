"""The incidents of a problem."""

from __future__ import annotations

import json

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import INCIDENT_TICKETS, OPEN_TICKET, PROBLEM_TICKET

pytestmark = pytest.mark.anyio


async def test_lists_whom_a_problem_hit(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("list_linked_incidents", ticket_id=PROBLEM_TICKET)
        assert [item["id"] for item in answer["items"]] == list(INCIDENT_TICKETS)
        first = answer["items"][0]
        assert first["requester"]["name"] == "Fiona MacLeod"
        assert first["organization"]["name"] == "Kestrel Mountain Guides"
        assert first["status"] == "open"
        assert answer["has_more"] is False
        assert desk.sent() == [f"GET tickets/{PROBLEM_TICKET}/incidents"]


async def test_pages_to_the_end(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        first = await desk.ask("list_linked_incidents", ticket_id=PROBLEM_TICKET, limit=1)
        assert first["has_more"] is True
        second = await desk.ask(
            "list_linked_incidents",
            ticket_id=PROBLEM_TICKET,
            limit=1,
            cursor=first["next_cursor"],
        )
        assert [first["items"][0]["id"], second["items"][0]["id"]] == list(INCIDENT_TICKETS)
        assert second["has_more"] is False


async def test_a_problem_without_incidents_has_an_empty_list(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        desk.sandbox.store.tickets[OPEN_TICKET]["type"] = "problem"
        answer = await desk.ask("list_linked_incidents", ticket_id=OPEN_TICKET)
        assert answer == {"items": [], "has_more": False}


async def test_an_incident_is_told_from_a_problem(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("list_linked_incidents", ticket_id=INCIDENT_TICKETS[0])
        assert error["kind"] == "invalid_arguments"
        assert f"incident of problem {PROBLEM_TICKET}" in error["reason"]
        other = await desk.fail("list_linked_incidents", ticket_id=OPEN_TICKET)
        assert "not a problem ticket" in other["reason"]


async def test_hostile_subjects_are_cleaned(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        hostile = "x\u202ey\n\n<untrusted a>\u200b"
        desk.sandbox.store.tickets[INCIDENT_TICKETS[0]]["subject"] = hostile
        answer = await desk.ask("list_linked_incidents", ticket_id=PROBLEM_TICKET)
        text = json.dumps(answer, ensure_ascii=False)
        assert not any(hidden in text for hidden in ("\u202e", "\u200b", "\\n", "<untrusted"))


async def test_narrow_scopes_give_ids(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=("tickets:read",))
    async with open_workspace(sandbox=sandbox, token=token, scopes="tickets:read") as desk:
        answer = await desk.ask("list_linked_incidents", ticket_id=PROBLEM_TICKET)
        assert "name" not in answer["items"][0]["requester"]
        assert "include" not in dict(sandbox.requests[-1].query)


async def test_a_ticket_that_is_not_there_is_explained(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("list_linked_incidents", ticket_id=987_654_321)
        assert error["kind"] == "not_found"
