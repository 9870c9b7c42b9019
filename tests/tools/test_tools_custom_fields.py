"""Custom fields as people say them, checked before anything is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    CHANNELS_FIELD_ID,
    GROUP_BOOKING_FIELD_ID,
    IN_REVIEW_STATUS_ID,
    OPEN_TICKET,
    ORDER_NUMBER_FIELD_ID,
    PRODUCT_AREA_FIELD_ID,
    TRIP_DATE_FIELD_ID,
    UNITS_FIELD_ID,
    WARRANTY_FORM_ID,
)

pytestmark = pytest.mark.anyio

TITLES = {
    PRODUCT_AREA_FIELD_ID: "Product area",
    GROUP_BOOKING_FIELD_ID: "Group booking",
    UNITS_FIELD_ID: "Units affected",
    TRIP_DATE_FIELD_ID: "Trip date",
    CHANNELS_FIELD_ID: "Sales channels",
    ORDER_NUMBER_FIELD_ID: "Order number",
}


def sent_values(desk: Workspace) -> dict[int, Any]:
    """What the last update sent, by field id."""
    body = [request.body for request in desk.sandbox.requests if request.method == "PUT"][-1]
    assert isinstance(body, dict)
    return {field["id"]: field["value"] for field in body["ticket"]["custom_fields"]}


@pytest.mark.parametrize(
    ("field", "said", "sent"),
    [
        (PRODUCT_AREA_FIELD_ID, "area_repair", "area_repair"),
        (PRODUCT_AREA_FIELD_ID, "gear  REPAIR", "area_repair"),
        (PRODUCT_AREA_FIELD_ID, None, None),
        (CHANNELS_FIELD_ID, ["Web shop", "channel_store"], ["channel_web", "channel_store"]),
        (CHANNELS_FIELD_ID, "store", ["channel_store"]),
        (GROUP_BOOKING_FIELD_ID, "yes", True),
        (GROUP_BOOKING_FIELD_ID, False, False),
        (UNITS_FIELD_ID, "12", 12),
        (UNITS_FIELD_ID, 12.0, 12),
        (TRIP_DATE_FIELD_ID, " 2026-12-24 ", "2026-12-24"),
        (ORDER_NUMBER_FIELD_ID, "NW-20911", "NW-20911"),
    ],
)
async def test_a_value_goes_out_as_its_field_wants_it(
    open_workspace: OpenWorkspace, field: int, said: Any, sent: Any
) -> None:
    async with open_workspace() as desk:
        for name in (TITLES[field], str(field)):
            await desk.ask("update_ticket", ticket_id=OPEN_TICKET, custom_fields={name: said})
            assert sent_values(desk) == {field: sent}


@pytest.mark.parametrize(
    ("field", "said", "problem"),
    [
        (PRODUCT_AREA_FIELD_ID, "area_repairs", "has no such option"),
        (PRODUCT_AREA_FIELD_ID, 3, "takes one of its options, as text"),
        (CHANNELS_FIELD_ID, ["Web shop", "Moon"], "has no such option"),
        (GROUP_BOOKING_FIELD_ID, "perhaps", "takes true or false"),
        (UNITS_FIELD_ID, "twelve", "takes a whole number"),
        (UNITS_FIELD_ID, 1.5, "takes a whole number"),
        (UNITS_FIELD_ID, True, "takes a whole number"),
        (TRIP_DATE_FIELD_ID, "24.12.2026", "takes a date, YYYY-MM-DD"),
        (TRIP_DATE_FIELD_ID, "2026-02-30", "takes a date, YYYY-MM-DD"),
        (TRIP_DATE_FIELD_ID, "20261224", "takes a date, YYYY-MM-DD"),
        (ORDER_NUMBER_FIELD_ID, "20911", r"has to match the pattern ^NW-\d{5}$"),
        (ORDER_NUMBER_FIELD_ID, ["NW-20911"], "takes one text"),
    ],
)
async def test_a_value_that_does_not_fit_is_refused_before_anything_is_sent(
    open_workspace: OpenWorkspace, field: int, said: Any, problem: str
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={str(field): said}
        )
        (entry,) = error["details"]["fields"]
        assert error["kind"] == "invalid_arguments"
        assert entry["field"] == f"custom_fields.{TITLES[field]}"
        assert entry["problem"] == problem
        assert error["outcome"] == "not_applied"
        assert desk.sent("PUT") == []
        assert not isinstance(said, str) or said not in json.dumps(entry["problem"])


async def test_the_allowed_values_are_given(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Product area": "bikes"}
        )
        (entry,) = error["details"]["fields"]
        assert entry["allowed_values"] == [
            "area_account",
            "area_orders",
            "area_returns",
            "area_repair",
        ]


async def test_all_misfits_are_told_at_once(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        wrong = {"Product area": "bikes", "Units affected": "x", "Trip date": "soon"}
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, custom_fields=wrong)
        assert len(error["details"]["fields"]) == 3


async def test_of_many_options_the_likeliest_come_first(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        options = [{"name": f"Model {number}", "value": f"model_{number}"} for number in range(500)]
        store = desk.sandbox.store
        store.ticket_fields[PRODUCT_AREA_FIELD_ID]["custom_field_options"] = options
        error = await desk.fail(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Product area": "del 499"}
        )
        (entry,) = error["details"]["fields"]
        assert entry["allowed_values"][0] == "model_499"
        assert len(entry["allowed_values"]) == 60


async def test_an_option_is_known_by_the_end_of_its_path(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        options = [
            {"name": "Tents::Kebne 2", "value": "kebne_2"},
            {"name": "Packs::Sarek", "value": "pack_sarek"},
            {"name": "Tents::Sarek", "value": "tent_sarek"},
        ]
        store = desk.sandbox.store
        store.ticket_fields[PRODUCT_AREA_FIELD_ID]["custom_field_options"] = options
        for said in ("Kebne 2", "tents::kebne 2"):
            await desk.ask(
                "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Product area": said}
            )
            assert sent_values(desk) == {PRODUCT_AREA_FIELD_ID: "kebne_2"}
        error = await desk.fail(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Product area": "Sarek"}
        )
        assert error["details"]["fields"][0]["problem"] == "has more than one such option"


@pytest.mark.parametrize(
    "pattern", [r"^[[:alpha:]]+$", r"\A\d+\z", r"^(a+)+$", r"(?<year>\d{4})", r"^(\h+$", "["]
)
async def test_a_pattern_that_python_reads_otherwise_is_left_to_zendesk(
    open_workspace: OpenWorkspace, pattern: str
) -> None:
    async with open_workspace() as desk:
        answer = {"ticket": {"id": OPEN_TICKET}, "audit": {"id": 1, "events": []}}
        desk.sandbox.faults.add("PUT", "/tickets/", 1, Fault(status=200, body=answer))
        desk.sandbox.store.ticket_fields[ORDER_NUMBER_FIELD_ID]["regexp_for_validation"] = pattern
        await desk.ask(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Order number": "a" * 60 + "!"}
        )
        assert desk.sent("PUT")


async def test_a_system_field_is_led_to_its_argument(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for name in ("Priority", "41700000050082"):
            error = await desk.fail(
                "update_ticket", ticket_id=OPEN_TICKET, custom_fields={name: "high"}
            )
            assert "use the argument priority" in error["reason"]
        assert desk.sent("PUT") == []


async def test_without_the_scope_ids_go_out_as_they_are(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    scopes = ("tickets:read", "tickets:write")
    token = sandbox.token(scopes=scopes)
    async with open_workspace(sandbox=sandbox, token=token, scopes=" ".join(scopes)) as desk:
        fields = {str(PRODUCT_AREA_FIELD_ID): "area_repair"}
        answer = await desk.ask("update_ticket", ticket_id=OPEN_TICKET, custom_fields=fields)
        assert any(change["to"] == "area_repair" for change in answer["changes"])
        error = await desk.fail(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Product area": "area_repair"}
        )
        assert error["kind"] == "scope_missing"


async def test_hostile_titles_and_options_are_cleaned_in_a_refusal(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        field = desk.sandbox.store.ticket_fields[PRODUCT_AREA_FIELD_ID]
        field["title"] = "Area\u202e\n<untrusted x>"
        field["custom_field_options"] = [{"name": "n", "value": "v\u200b\n<untrusted y>"}]
        error = await desk.fail(
            "update_ticket",
            ticket_id=OPEN_TICKET,
            custom_fields={str(PRODUCT_AREA_FIELD_ID): "bikes"},
        )
        text = json.dumps(error, ensure_ascii=False)
        assert not any(hidden in text for hidden in ("\u202e", "\u200b", "\\n", "<untrusted"))


async def test_a_form_and_a_status_are_known_by_name(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask(
            "update_ticket",
            ticket_id=OPEN_TICKET,
            ticket_form_id="warranty claim",
            status="In Review",
        )
        ticket = desk.sandbox.store.tickets[OPEN_TICKET]
        assert ticket["ticket_form_id"] == WARRANTY_FORM_ID
        assert ticket["custom_status_id"] == IN_REVIEW_STATUS_ID
        changes = {change["field"]: change for change in answer["changes"]}
        assert changes["custom status"]["to"] == f"In review ({IN_REVIEW_STATUS_ID})"
        assert changes["ticket_form_id"]["to"] == f"Warranty claim ({WARRANTY_FORM_ID})"
        assert all(change["requested"] for change in answer["changes"])


@pytest.mark.parametrize("argument", ["ticket_form_id", "status"])
async def test_an_unknown_form_or_status_comes_back_with_candidates(
    open_workspace: OpenWorkspace, argument: str
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, **{argument: "Warranti"})
        (entry,) = error["details"]["fields"]
        assert entry["field"] == argument
        assert entry["candidates"]
        assert "closed" not in json.dumps(entry["candidates"]).casefold()
        assert desk.sent("PUT") == []


async def test_a_form_or_a_status_by_id_costs_no_list(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    scopes = ("tickets:read", "tickets:write")
    token = sandbox.token(scopes=scopes)
    async with open_workspace(sandbox=sandbox, token=token, scopes=" ".join(scopes)) as desk:
        answer = await desk.ask(
            "update_ticket", ticket_id=OPEN_TICKET, status=str(IN_REVIEW_STATUS_ID)
        )
        assert answer["changes"][0]["to"] == str(IN_REVIEW_STATUS_ID)
        assert desk.sent() == [f"PUT tickets/{OPEN_TICKET}"]


@pytest.mark.parametrize("said", ["closed", "New", "waiting"])
async def test_without_the_scope_only_zendesks_own_statuses_are_known(
    open_workspace: OpenWorkspace, said: str
) -> None:
    sandbox = Sandbox()
    scopes = ("tickets:read", "tickets:write")
    token = sandbox.token(scopes=scopes)
    async with open_workspace(sandbox=sandbox, token=token, scopes=" ".join(scopes)) as desk:
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, status=said)
        (entry,) = error["details"]["fields"]
        assert entry["allowed_values"] == ["open", "pending", "hold", "solved"]
        answer = await desk.ask("update_ticket", ticket_id=OPEN_TICKET, status="Pending")
        assert answer["status"] == "pending"
        assert desk.sent() == [f"PUT tickets/{OPEN_TICKET}"]
