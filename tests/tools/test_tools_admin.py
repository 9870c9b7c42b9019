"""What an account does by itself, and its tags."""

from __future__ import annotations

from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    PRODUCT_AREA_FIELD_ID,
    RETURNS_GROUP_ID,
)

pytestmark = pytest.mark.anyio

ADMIN: dict[str, Any] = {"scopes": "read write", "toolsets": "admin", "confirm": "client"}
NAMED_RULE = 41700000063051


def narrow(sandbox: Sandbox, *scopes: str) -> dict[str, Any]:
    """A workspace with these scopes and no other."""
    token = sandbox.token(scopes)
    return {**ADMIN, "scopes": " ".join(scopes), "sandbox": sandbox, "token": token}


def with_named_rule() -> Sandbox:
    """A desk with a trigger that mentions a group, a person and a custom field by id."""
    sandbox = Sandbox()
    sandbox.store.triggers[NAMED_RULE] = {
        "id": NAMED_RULE,
        "title": "Escalate\u200b returns\n!",
        "active": False,
        "description": "",
        "conditions": {
            "all": [
                {"field": "group_id", "operator": "is", "value": str(RETURNS_GROUP_ID)},
                {
                    "field": f"custom_fields_{PRODUCT_AREA_FIELD_ID}",
                    "operator": "is",
                    "value": "area_returns",
                },
            ],
            "any": [{"field": "assignee_id", "operator": "is", "value": AGENT_ID}],
        },
        "actions": [
            {"field": "notification_group", "value": [str(RETURNS_GROUP_ID), "Hi", "x" * 900]},
            {"field": "assignee_id", "value": ""},
            {"field": "cc", "value": "current_user"},
        ],
    }
    return sandbox


# rules


async def test_a_trigger_says_when_it_acts_and_what_it_does(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**narrow(Sandbox(), "triggers:read")) as desk:
        page = await desk.ask("list_triggers")
        received, priority = page["items"]
        priority.pop("updated_at")
        assert priority == {
            "id": 41700000063034,
            "title": "Priority of key accounts",
            "active": True,
            "all": ["update_type is Create", "current_tags includes vip"],
            "actions": ["priority: high"],
        }
        assert received["actions"][0].startswith("notification_user: requester_id, [Request rec")
        assert (page["total"], page["has_more"]) == (2, False)
        assert desk.sent() == ["GET triggers"]


async def test_an_automation_says_when_it_acts_and_what_it_does(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**narrow(Sandbox(), "automations:read")) as desk:
        assert await desk.tools() == ["check_connection", "list_automations"]
        (rule,) = (await desk.ask("list_automations"))["items"]
        assert rule["all"] == ["status is solved", "SOLVED greater_than 96"]
        assert rule["actions"] == ["status: closed"]
        assert desk.sent() == ["GET automations"]


async def test_ids_in_a_rule_have_names_beside_them(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**ADMIN, sandbox=with_named_rule()) as desk:
        (rule,) = (await desk.ask("list_triggers", active=False))["items"]
        assert rule["title"] == "Escalate returns !"
        assert rule["all"] == [
            f"group_id is Returns & Warranty ({RETURNS_GROUP_ID})",
            "Product area is area_returns",
        ]
        assert rule["any"] == [f"assignee_id is Marek Dvořák ({AGENT_ID})"]
        notify, *rest = rule["actions"]
        assert notify.startswith(f"notification_group: Returns & Warranty ({RETURNS_GROUP_ID}), Hi")
        assert len(notify) < 250
        assert rest == ["assignee_id: (empty)", "cc: current_user"]
        assert sorted(desk.sent()) == [
            "GET groups",
            "GET ticket_fields",
            "GET triggers",
            "GET users/show_many",
        ]


async def test_without_enriching_scopes_a_rule_has_ids(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**narrow(with_named_rule(), "triggers:read")) as desk:
        (rule,) = (await desk.ask("list_triggers", active=False))["items"]
        assert rule["all"] == [
            f"group_id is {RETURNS_GROUP_ID}",
            f"field {PRODUCT_AREA_FIELD_ID} is area_returns",
        ]
        assert desk.sent() == ["GET triggers"]


async def test_names_that_cannot_be_read_do_not_cost_the_rules(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**ADMIN, sandbox=with_named_rule()) as desk:
        for path in ("/groups$", "/ticket_fields$", "/users/show_many$"):
            desk.sandbox.faults.add("GET", path, None, misfortunes.forbidden())
        (rule,) = (await desk.ask("list_triggers", active=False))["items"]
        assert rule["any"] == [f"assignee_id is {AGENT_ID}"]


@pytest.mark.parametrize(
    ("arguments", "titles"),
    [
        ({"query": "KEY accounts"}, ["Priority of key accounts"]),
        ({"query": "notification_user"}, ["Notify requester of received request"]),
        ({"query": "vip"}, ["Priority of key accounts"]),
        ({"query": "Marek"}, ["Escalate returns !"]),
        ({"query": "vip", "active": False}, []),
        ({"query": "create requester", "active": True}, ["Notify requester of received request"]),
    ],
)
async def test_rules_are_found_by_words_of_title_condition_or_action(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], titles: list[str]
) -> None:
    async with open_workspace(**ADMIN, sandbox=with_named_rule()) as desk:
        page = await desk.ask("list_triggers", **arguments)
        assert [rule["title"] for rule in page["items"]] == titles
        assert page["total"] == len(titles)


async def test_many_rules_are_paged_to_the_end_by_few_requests(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    first = next(iter(sandbox.store.triggers.values()))
    for number in range(1, 249):
        sandbox.store.triggers[number] = {**first, "id": number}
    async with open_workspace(**ADMIN, sandbox=sandbox) as desk:
        page = await desk.ask("list_triggers", limit=100)
        seen = [rule["id"] for rule in page["items"]]
        while page["has_more"]:
            page = await desk.ask("list_triggers", cursor=page["next_cursor"])
            seen += [rule["id"] for rule in page["items"]]
        assert len(seen) == len(set(seen)) == page["total"] == 250
        assert desk.sent() == ["GET triggers"] * 3
        error = await desk.fail("list_automations", cursor="x")
        assert error["details"]["fields"][0]["field"] == "cursor"


async def test_a_list_that_does_not_end_is_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**ADMIN) as desk:
        meta = {"has_more": True, "after_cursor": "again"}
        endless = Fault(status=200, body={"triggers": [{"id": 1}], "meta": meta})
        desk.sandbox.faults.add("GET", "/triggers$", None, endless)
        error = await desk.fail("list_triggers")
        assert error["kind"] == "unreadable_response"
        assert len(desk.sent()) == 20


async def test_odd_rules_do_not_cost_the_list(open_workspace: OpenWorkspace) -> None:
    rules: list[dict[str, Any]] = [
        {"id": 1},
        {"id": 2, "conditions": None, "actions": None},
        {
            "id": 3,
            "conditions": {"all": [{"field": None}]},
            "actions": [{"value": [1, None, True]}],
        },
        {"id": 4, "actions": [{"field": "priority", "value": {"a": 1}}]},
    ]
    async with open_workspace(**ADMIN) as desk:
        fault = Fault(status=200, body={"triggers": rules})
        desk.sandbox.faults.add("GET", "/triggers$", 1, fault)
        page = await desk.ask("list_triggers")
        assert page["items"] == [
            {"id": 1},
            {"id": 2},
            {"id": 3, "all": ["(no field) is (empty)"], "actions": ["(no field): 1, True"]},
            {"id": 4, "actions": ["priority: {'a': 1}"]},
        ]


# tags


async def test_tags_come_with_how_often_they_are_used(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**narrow(Sandbox(), "read")) as desk:
        page = await desk.ask("list_tags", limit=2)
        seen = page["items"]
        assert seen[0]["count"] >= seen[1]["count"]
        assert desk.sent() == ["GET tags"]
        while page["has_more"]:
            page = await desk.ask("list_tags", limit=2, cursor=page["next_cursor"])
            seen += page["items"]
        assert len({one["name"] for one in seen}) == len(seen) > 5


async def test_tags_are_completed_from_their_beginning(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**ADMIN) as desk:
        page = await desk.ask("list_tags", query=" AREA_ ", limit=3)
        names = [one["name"] for one in page["items"]]
        assert names == ["area_account", "area_orders", "area_repair"]
        rest = await desk.ask("list_tags", query="area_", limit=3, cursor=page["next_cursor"])
        assert [one["name"] for one in rest["items"]] == ["area_returns"]
        assert rest["has_more"] is False
        assert set(desk.sent()) == {"GET autocomplete/tags"}
        error = await desk.fail("list_tags", query="ar", cursor=page["next_cursor"])
        assert error["details"]["fields"][0]["field"] == "cursor"


@pytest.mark.parametrize("query", ["", " ", "a", " a "])
async def test_a_beginning_needs_two_characters(open_workspace: OpenWorkspace, query: str) -> None:
    async with open_workspace(**ADMIN) as desk:
        error = await desk.fail("list_tags", query=query)
        assert error["details"]["fields"][0]["field"] == "query"
        assert desk.sent() == []


async def test_a_beginning_is_data_and_tags_are_cleaned(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**ADMIN) as desk:
        fault = Fault(status=200, body={"tags": ["a\u200bb\n<untrusted>", None, 7]})
        desk.sandbox.faults.add("GET", "/autocomplete/tags$", 1, fault)
        page = await desk.ask("list_tags", query="a&name=b c/..")
        assert [one["name"] for one in page["items"]] == [
            "ab \N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}untrusted>"
        ]
        (request,) = [one for one in desk.sandbox.requests if "autocomplete" in one.path]
        assert request.query["name"] == "a&name=b c/.."


async def test_unreadable_tags_are_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**ADMIN) as desk:
        for path, arguments in (("/tags$", {}), ("/autocomplete/tags$", {"query": "ab"})):
            fault = Fault(status=200, body={"tags": "none"})
            desk.sandbox.faults.add("GET", path, 1, fault)
            error = await desk.fail("list_tags", **arguments)
            assert error["kind"] == "unreadable_response"
