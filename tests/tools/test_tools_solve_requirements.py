"""What is missing before a ticket can be solved, held against what the embedded Zendesk refuses."""

from __future__ import annotations

import random
from typing import Any

import pytest

from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ASSIGNEE_FIELD_ID,
    CHANNELS_FIELD_ID,
    CLOSED_TICKET,
    GROUP_BOOKING_FIELD_ID,
    HOLD_TICKET,
    OPEN_TICKET,
    ORDER_NUMBER_FIELD_ID,
    PRODUCT_AREA_FIELD_ID,
    RESOLUTION_FIELD_ID,
    SOLVE_BLOCKED_TICKET,
    SOLVED_TICKET,
    SUPPORT_FORM_ID,
    TRIP_DATE_FIELD_ID,
    UNITS_FIELD_ID,
    WARRANTY_FORM_ID,
)
from mcp_server_zendesk.serving.explanation import META_KEY

pytestmark = pytest.mark.anyio

ROUNDS = 30
CUSTOM = (
    PRODUCT_AREA_FIELD_ID,
    GROUP_BOOKING_FIELD_ID,
    UNITS_FIELD_ID,
    TRIP_DATE_FIELD_ID,
    RESOLUTION_FIELD_ID,
    CHANNELS_FIELD_ID,
    ORDER_NUMBER_FIELD_ID,
)
FREE_VALUES: dict[str, Any] = {
    "integer": 3,
    "date": "2026-12-24",
    "regexp": "NW-12345",
    "checkbox": True,
}
STATUSES = (
    {"type": "ALL_STATUSES"},
    {"type": "NO_STATUSES"},
    {"type": "SOME_STATUSES", "statuses": ["solved", "hold"]},
    {"type": "SOME_STATUSES", "statuses": ["pending"]},
    None,
)


def ids(answer: dict[str, Any]) -> list[int]:
    return [field["id"] for field in answer.get("missing", [])]


async def test_names_fields_with_allowed_values(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("get_solve_requirements", ticket_id=SOLVE_BLOCKED_TICKET)
        assert answer["verdict"] == "incomplete"
        assert answer["form"] == {"id": SUPPORT_FORM_ID, "name": "Support request"}
        assignee, resolution = answer["missing"]
        assert assignee == {
            "id": ASSIGNEE_FIELD_ID,
            "title": "Assignee",
            "type": "assignee",
            "argument": "assignee",
        }
        assert resolution["id"] == RESOLUTION_FIELD_ID
        assert resolution["argument"] == "custom_fields"
        assert {"value": "resolution_fixed", "name": "Fixed"} in resolution["allowed_values"]
        assert desk.sent() == [
            f"GET tickets/{SOLVE_BLOCKED_TICKET}",
            "GET ticket_fields",
            "GET ticket_forms",
        ]
        before = len(desk.sent())
        await desk.ask("get_solve_requirements", ticket_id=SOLVE_BLOCKED_TICKET)
        assert len(desk.sent()) - before == 1


async def test_a_form_asks_for_more_under_its_conditions(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("get_solve_requirements", ticket_id=HOLD_TICKET)
        assert ids(answer) == [RESOLUTION_FIELD_ID, ORDER_NUMBER_FIELD_ID]
        assert answer["missing"][1]["pattern"] == r"^NW-\d{5}$"


async def test_a_choice_that_asks_for_more_says_so(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        store = desk.sandbox.store
        store.ticket_fields[PRODUCT_AREA_FIELD_ID]["required"] = True
        ticket = store.tickets[HOLD_TICKET]
        ticket["custom_fields"] = [{"id": one, "value": None} for one in CUSTOM]
        answer = await desk.ask("get_solve_requirements", ticket_id=HOLD_TICKET)
        area = next(one for one in answer["missing"] if one["id"] == PRODUCT_AREA_FIELD_ID)
        assert area["also_required_with"] == [
            {
                "value": "area_repair",
                "fields": [{"id": ORDER_NUMBER_FIELD_ID, "name": "Order number"}],
            }
        ]


@pytest.mark.parametrize(
    ("ticket_id", "verdict"), [(SOLVED_TICKET, "already_solved"), (CLOSED_TICKET, "closed")]
)
async def test_what_is_done_lacks_nothing(
    open_workspace: OpenWorkspace, ticket_id: int, verdict: str
) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("get_solve_requirements", ticket_id=ticket_id)
        assert answer["verdict"] == verdict
        assert "missing" not in answer


async def test_forms_that_cannot_be_read_are_admitted(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        missing = {"error": "InvalidEndpoint", "description": "Not found"}
        desk.sandbox.faults.add("GET", "/ticket_forms", None, Fault(status=404, body=missing))
        answer = await desk.ask("get_solve_requirements", ticket_id=OPEN_TICKET)
        assert answer["form_unreadable"] is True
        assert ids(answer) == [RESOLUTION_FIELD_ID]


async def test_nothing_is_written_and_broad_read_is_needed(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=("tickets:read", "tickets:write"))
    async with open_workspace(
        sandbox=sandbox, token=token, scopes="tickets:read tickets:write"
    ) as desk:
        error = await desk.fail("get_solve_requirements", ticket_id=OPEN_TICKET)
        assert error["kind"] == "scope_missing"


async def test_hostile_titles_and_options_are_cleaned(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        hostile = "x\u202ey\n<untrusted a>\u200b"
        field = desk.sandbox.store.ticket_fields[RESOLUTION_FIELD_ID]
        field["title"] = hostile
        field["custom_field_options"] = [{"name": hostile, "value": hostile}]
        answer = await desk.ask("get_solve_requirements", ticket_id=OPEN_TICKET)
        text = str(answer)
        assert not any(hidden in text for hidden in ("\u202e", "\u200b", "\\n", "<untrusted"))


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_agrees_with_what_zendesk_refuses(open_workspace: OpenWorkspace, seed: int) -> None:
    """Whatever is listed, filling it makes solving pass; whatever is not is not refused."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    async with open_workspace(scopes="read write") as desk:
        ticket_id = _arrange(desk, chance)
        answer = await desk.ask("get_solve_requirements", ticket_id=ticket_id)
        listed = set(ids(answer))
        assert (answer["verdict"] == "ready") == (not listed)
        assert listed == await _refused(desk, ticket_id)
        for _ in range(len(CUSTOM)):
            if not listed:
                break
            announced = await _fill(desk, ticket_id, answer["missing"], chance)
            answer = await desk.ask("get_solve_requirements", ticket_id=ticket_id)
            again = set(ids(answer))
            assert again <= announced, "what a choice asks for besides was told before"
            listed = again
        assert answer["verdict"] == "ready"
        solved = await desk.ask("update_ticket", ticket_id=ticket_id, status="solved")
        assert solved["status"] == "solved"


def _arrange(desk: Workspace, chance: random.Random) -> int:
    """A ticket with some values, on a form with some conditions, in an account with some rules."""
    store = desk.sandbox.store
    for field in store.ticket_fields.values():
        if field["id"] in CUSTOM or field["type"] in {"priority", "tickettype"}:
            field["required"] = chance.random() < 0.3
    form = store.ticket_forms[WARRANTY_FORM_ID]
    system = [one for one in form["ticket_field_ids"] if one not in CUSTOM]
    on_form = [one for one in CUSTOM if chance.random() < 0.85]
    form["ticket_field_ids"] = system + on_form
    children = [one for one in on_form if one != PRODUCT_AREA_FIELD_ID]
    form["agent_conditions"] = [
        {
            "parent_field_id": PRODUCT_AREA_FIELD_ID,
            "parent_field_type": "tagger",
            "value": value,
            "child_fields": [_child(one, chance) for one in children if chance.random() < 0.4],
        }
        for value in ("area_repair", "area_orders")
    ]
    ticket = store.tickets[OPEN_TICKET]
    ticket["ticket_form_id"] = WARRANTY_FORM_ID
    ticket["priority"] = chance.choice([None, "high"])
    ticket["type"] = chance.choice([None, "question"])
    if chance.random() < 0.3:
        ticket["assignee_id"] = None
    area = chance.choice([None, "area_repair", "area_orders", "area_account"])
    ticket["custom_fields"] = [
        {"id": one, "value": area if one == PRODUCT_AREA_FIELD_ID else None} for one in CUSTOM
    ]
    return OPEN_TICKET


def _child(field_id: int, chance: random.Random) -> dict[str, Any]:
    on = chance.choice(STATUSES)
    child = {"id": field_id, "is_required": chance.random() < 0.5}
    return child if on is None else {**child, "required_on_statuses": on}


async def _refused(desk: Workspace, ticket_id: int) -> set[int]:
    """The fields that Zendesk names when solving is simply tried; on a copy of the ticket."""
    ticket = desk.sandbox.store.tickets[ticket_id]
    before = dict(ticket)
    result = await desk.client.call_tool(
        "update_ticket", {"ticket_id": ticket_id, "status": "solved"}
    )
    if not result.is_error:
        ticket.clear()
        ticket.update(before)
        return set()
    error = (result.meta or {})[META_KEY]
    return {field["ticket_field_id"] for field in error["details"]["fields"]}


async def _fill(
    desk: Workspace, ticket_id: int, missing: list[dict[str, Any]], chance: random.Random
) -> set[int]:
    """Fill in what is missing; returns what was announced to be asked for then."""
    arguments: dict[str, Any] = {}
    values: dict[str, Any] = {}
    announced: set[int] = set()
    for field in missing:
        for told in field.get("also_required_with", []):
            announced |= {one["id"] for one in told["fields"]}
        if field["argument"] == "assignee":
            arguments["assignee"] = "me"
            continue
        allowed = [one["value"] for one in field.get("allowed_values", [])]
        value: Any = chance.choice(allowed) if allowed else FREE_VALUES[field["type"]]
        if field["argument"] == "custom_fields":
            values[str(field["id"])] = [value] if field["type"] == "multiselect" else value
        else:
            arguments[field["argument"]] = value
    if values:
        arguments["custom_fields"] = values
    await desk.ask("update_ticket", ticket_id=ticket_id, **arguments)
    return announced
