"""Arguments as assistants really send them, and hints that lead to the right next call."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.serving.inventory import Inventory, Policy
from zendesk_tools import CATALOGUE

pytestmark = pytest.mark.anyio


async def test_null_for_an_optional_argument_is_the_same_as_leaving_it_out(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        plain = await desk.ask("search_users", query="role:agent")
        strict = await desk.ask("search_users", query="role:agent", limit=None, cursor=None)
        assert [user["id"] for user in strict["items"]] == [user["id"] for user in plain["items"]]
        error = await desk.fail("search_users", query=None)
        assert [entry["field"] for entry in error["details"]["fields"]] == ["query"]


@pytest.mark.parametrize("subject", ["null", '["a","b"]', '{"a":1}', "true", "12", '"x"'])
async def test_a_text_stays_the_text_that_was_sent(
    open_workspace: OpenWorkspace, subject: str
) -> None:
    async with open_workspace() as desk:
        await desk.ask("update_ticket", ticket_id=OPEN_TICKET, subject=subject)
        assert desk.sandbox.store.tickets[OPEN_TICKET]["subject"] == subject


async def test_a_list_sent_as_json_text_is_still_read(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=OPEN_TICKET, add='["a1","b2"]')
        assert {"a1", "b2"} <= set(answer["tags"])


async def test_a_union_makes_one_entry_an_argument(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail(
            "update_ticket",
            ticket_id=OPEN_TICKET,
            assignee={"a": 1},
            custom_fields={"Product area!": {"x": 1}, "Other": {"x": 1}},
        )
        entries = {entry["field"]: entry["problem"] for entry in error["details"]["fields"]}
        assert set(entries) == {"assignee", "custom_fields"}
        assert len(error["details"]["fields"]) == 2
        assert entries["assignee"] == "should be a valid string or should be a valid integer"


@pytest.mark.parametrize("asked", ["create_ticket", "delete_ticket", "merge_tickets"])
async def test_an_action_that_does_not_exist_is_not_replaced_by_another(
    open_workspace: OpenWorkspace, asked: str
) -> None:
    async with open_workspace() as desk:
        assert "nearest" not in (await desk.fail(asked))["reason"]
        assert "search_tickets" in (await desk.fail("search_ticket"))["reason"]


@pytest.mark.parametrize("number", [5551234, "5551234"])
async def test_a_number_that_zendesk_echoes_is_left_out(
    open_workspace: OpenWorkspace, number: object
) -> None:
    async with open_workspace() as desk:
        text = "Organization 5551234 is not one of the requester's open tickets; urgent"
        body = {"error": "RecordInvalid", "description": text}
        desk.sandbox.faults.add("PUT", "/tickets/", 1, Fault(status=422, body=body))
        error = await desk.fail(
            "update_ticket",
            ticket_id=OPEN_TICKET,
            organization_id=number,
            status="open",
            priority="urgent",
            subject="ticket",
        )
        shown = json.dumps(error, ensure_ascii=False)
        assert "5551234" not in shown
        assert "open tickets; urgent" in shown


async def test_none_and_single_tools_narrow_the_list(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(toolsets="none", tools="get_ticket") as desk:
        assert await desk.tools() == ["check_connection", "get_ticket"]


@pytest.mark.parametrize("hidden", [(), ("update_ticket_tags",)])
async def test_a_foreign_argument_leads_to_a_tool_that_is_offered(
    open_workspace: OpenWorkspace, hidden: tuple[str, ...]
) -> None:
    async with open_workspace() as desk:
        specs = tuple(replace(s, elsewhere={"tags": "update_ticket_tags"}) for s in CATALOGUE)
        desk.server._offers.inventory = Inventory(specs, Policy(exclude_tools=hidden))
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, tags=["vip"])
        (problem,) = error["details"]["fields"]
        assert problem["field"] == "tags"
        assert ("use update_ticket_tags" in problem["problem"]) is not bool(hidden)


def test_what_is_elsewhere_is_there_and_not_here() -> None:
    arguments = {spec.name: {p.name for p in spec.parameters} for spec in CATALOGUE}
    for spec in CATALOGUE:
        assert arguments[spec.name].isdisjoint(spec.elsewhere)
        assert set(spec.elsewhere.values()) <= set(arguments) - {spec.name}
