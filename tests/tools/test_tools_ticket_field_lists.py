"""Ticket fields, their values, and the forms that they stand on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    GROUP_BOOKING_FIELD_ID,
    ORDER_NUMBER_FIELD_ID,
    PRODUCT_AREA_FIELD_ID,
    RESOLUTION_FIELD_ID,
    SUPPORT_FORM_ID,
    TRIP_DATE_FIELD_ID,
    WARRANTY_FORM_ID,
)

pytestmark = pytest.mark.anyio


def by_title(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["title"]: field for field in answer["items"]}


async def test_fields_are_listed_with_what_the_next_call_needs(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("list_ticket_fields")
        fields = by_title(answer)
        assert fields["Product area"] == {
            "id": PRODUCT_AREA_FIELD_ID,
            "title": "Product area",
            "type": "tagger",
            "options": [
                {"value": "area_account", "name": "Account and login"},
                {"value": "area_orders", "name": "Orders and shipping"},
                {"value": "area_returns", "name": "Returns and warranty"},
                {"value": "area_repair", "name": "Gear repair"},
            ],
        }
        assert fields["Order number"]["pattern"] == r"^NW-\d{5}$"
        assert fields["Resolution"]["required_to_solve"] is True
        assert fields["Priority"]["system"] is True
        assert answer["forms"] == [
            {"id": SUPPORT_FORM_ID, "name": "Support request"},
            {"id": WARRANTY_FORM_ID, "name": "Warranty claim"},
        ]
        assert desk.sent() == ["GET ticket_fields", "GET ticket_forms"]
        assert len(json.dumps(answer, separators=(",", ":"))) < 2_500


@pytest.mark.parametrize("said", ["warranty claim", WARRANTY_FORM_ID])
async def test_a_form_has_its_own_fields_and_conditions(
    open_workspace: OpenWorkspace, said: str | int
) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("list_ticket_fields", form=said)
        ids = {field["id"] for field in answer["items"]}
        assert RESOLUTION_FIELD_ID in ids
        assert GROUP_BOOKING_FIELD_ID not in ids
        assert answer["conditions"] == [
            "Product area = area_repair: Order number (required when solved), Trip date"
        ]
        assert "forms" not in answer
        await desk.ask("list_ticket_fields", form=said)
        assert desk.sent() == ["GET ticket_fields", "GET ticket_forms"]


async def test_conditions_tell_when_a_field_is_required(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        form = desk.sandbox.store.ticket_forms[WARRANTY_FORM_ID]
        children: list[dict[str, Any]] = [
            {"id": ORDER_NUMBER_FIELD_ID, "is_required": True},
            {"id": TRIP_DATE_FIELD_ID, "required_on_statuses": {"type": "ALL_STATUSES"}},
            {"id": 1, "is_required": False},
        ]
        form["agent_conditions"] = [
            {"parent_field_id": GROUP_BOOKING_FIELD_ID, "value": True, "child_fields": children}
        ]
        answer = await desk.ask("list_ticket_fields", form="Warranty claim")
        assert answer["conditions"] == [
            "Group booking = true: Order number (required to solve), Trip date (required), field 1"
        ]


async def test_an_unknown_form_comes_back_with_candidates(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for said in ("warranty", 1):
            (problem,) = (await desk.fail("list_ticket_fields", form=said))["details"]["fields"]
            assert problem["field"] == "form"
            assert {one["id"] for one in problem["candidates"]} == {
                SUPPORT_FORM_ID,
                WARRANTY_FORM_ID,
            }


async def test_two_forms_of_one_name_are_never_guessed(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        twin = desk.sandbox.store.add_ticket_form(name="WARRANTY claim")["id"]
        error = await desk.fail("list_ticket_fields", form="Warranty claim")
        (problem,) = error["details"]["fields"]
        assert {one["id"] for one in problem["candidates"]} == {WARRANTY_FORM_ID, twin}


async def test_a_field_is_found_by_words_or_id(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for said in ("order", "number ORDER", str(ORDER_NUMBER_FIELD_ID)):
            answer = await desk.ask("list_ticket_fields", query=said)
            assert [one["id"] for one in answer["items"]] == [ORDER_NUMBER_FIELD_ID]
            assert "forms" not in answer
        assert (await desk.ask("list_ticket_fields", query="nothing such"))["items"] == []
        assert desk.sent() == ["GET ticket_fields"]


async def test_many_options_are_cut_and_can_be_seen(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        field = desk.sandbox.store.ticket_fields[PRODUCT_AREA_FIELD_ID]
        field["custom_field_options"] = [
            {"id": number, "name": f"Area {number}", "raw_name": "", "value": f"area_{number}"}
            for number in range(300)
        ]
        (cut,) = (await desk.ask("list_ticket_fields", query="product area"))["items"]
        assert len(cut["options"]) == 20
        assert cut["options_total"] == 300
        answer = await desk.ask("list_ticket_fields", query="product area", options_limit=300)
        (whole,) = answer["items"]
        assert len(whole["options"]) == 300
        assert "options_total" not in whole
        (bare,) = (await desk.ask("list_ticket_fields", query="product area", options_limit=0))[
            "items"
        ]
        assert "options" not in bare
        assert bare["options_total"] == 300


async def test_fields_that_are_switched_off_are_left_out(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.store.ticket_fields[TRIP_DATE_FIELD_ID]["active"] = False
        desk.sandbox.store.ticket_forms[SUPPORT_FORM_ID]["active"] = False
        answer = await desk.ask("list_ticket_fields")
        assert "Trip date" not in by_title(answer)
        assert [form["name"] for form in answer["forms"]] == ["Warranty claim"]


async def test_fields_are_paged(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        whole = await desk.ask("list_ticket_fields")
        page = await desk.ask("list_ticket_fields", limit=7)
        found = page["items"]
        while page["has_more"]:
            page = await desk.ask("list_ticket_fields", limit=7, cursor=page["next_cursor"])
            assert "forms" not in page
            found += page["items"]
        assert found == whole["items"]
        assert whole["total"] == len(found) == 15


async def test_a_cursor_belongs_to_its_form(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        page = await desk.ask("list_ticket_fields", limit=7)
        error = await desk.fail(
            "list_ticket_fields", form=WARRANTY_FORM_ID, cursor=page["next_cursor"]
        )
        assert error["details"]["fields"][0]["field"] == "cursor"


async def test_fields_are_worth_listing_where_the_plan_has_no_forms(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/ticket_forms$", 2, misfortunes.forbidden())
        answer = await desk.ask("list_ticket_fields")
        assert len(answer["items"]) == 15
        assert "forms" not in answer
        assert (await desk.fail("list_ticket_fields", form="x"))["kind"] == "forbidden"


async def test_fields_need_the_broad_scope(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(scopes="tickets:read ticket_views:read") as desk:
        assert "list_ticket_fields" not in await desk.tools()


async def test_what_is_hidden_in_titles_and_options_is_taken_out(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        field = desk.sandbox.store.ticket_fields[PRODUCT_AREA_FIELD_ID]
        field["title"] = "Product\u200b area\n\u202e"
        field["custom_field_options"][0] |= {"name": "Acc\u2066ount", "value": "a\u200bb"}
        desk.sandbox.store.ticket_forms[WARRANTY_FORM_ID]["name"] = "War\u2060ranty"
        answer = await desk.ask("list_ticket_fields")
        area = by_title(answer)["Product area"]
        assert area["options"][0] == {"value": "ab", "name": "Account"}
        assert answer["forms"][1]["name"] == "Warranty"
        answer = await desk.ask("list_ticket_fields", form=WARRANTY_FORM_ID)
        assert answer["conditions"][0].startswith("Product area = area_repair")
