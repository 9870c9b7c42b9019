"""Groups, and who is in them."""

from __future__ import annotations

import json

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    BILLING_GROUP_ID,
    RETURNS_GROUP_ID,
    SUPPORT_GROUP_ID,
    TEAM_LEAD_ID,
)

pytestmark = pytest.mark.anyio


async def test_groups_are_listed_by_name_in_one_request(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("list_groups")
        assert answer == {
            "items": [
                {"id": BILLING_GROUP_ID, "name": "Billing"},
                {"id": SUPPORT_GROUP_ID, "name": "Customer Support"},
                {"id": RETURNS_GROUP_ID, "name": "Returns & Warranty"},
            ],
            "has_more": False,
            "total": 3,
        }
        await desk.ask("list_groups")
        assert desk.sent() == ["GET groups"]


async def test_all_members_come_with_one_more_request(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("list_groups", with_members=True)
        billing, support, _ = answer["items"]
        assert billing["members"] == [
            {"id": ADMIN_ID, "name": "Ada Okafor", "role": "admin"},
            {"id": TEAM_LEAD_ID, "name": "Priya Raman", "role": "agent"},
        ]
        assert AGENT_ID in {person["id"] for person in support["members"]}
        assert desk.sent() == ["GET groups", "GET group_memberships"]


@pytest.mark.parametrize("said", ["billing", BILLING_GROUP_ID])
async def test_one_group_is_known_by_name_or_id(
    open_workspace: OpenWorkspace, said: str | int
) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("list_groups", group=said, with_members=True)
        (group,) = answer["items"]
        assert len(group["members"]) == 2
        assert desk.sent() == ["GET groups", f"GET groups/{BILLING_GROUP_ID}/memberships"]


async def test_a_group_without_members_says_so(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        empty = desk.sandbox.store.add_group(name="Empty")["id"]
        answer = await desk.ask("list_groups", with_members=True)
        assert next(one for one in answer["items"] if one["id"] == empty)["members"] == []


async def test_members_are_read_over_all_pages(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        crowd = desk.sandbox.store.add_group(name="Crowd")["id"]
        for number in range(230):
            person = desk.sandbox.store.add_user(name=f"Agent {number:03}", role="agent")
            desk.sandbox.store.add_membership(person["id"], crowd)
        answer = await desk.ask("list_groups", group="Crowd", with_members=True)
        members = answer["items"][0]["members"]
        assert len({person["id"] for person in members}) == 230
        assert len(desk.sent()) == 1 + 3
        assert len(json.dumps(members)) < 80 * 230


async def test_too_many_members_for_one_call_ask_for_one_group(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        for _ in range(1_000):
            desk.sandbox.store.add_membership(AGENT_ID, SUPPORT_GROUP_ID)
        error = await desk.fail("list_groups", with_members=True)
        assert error["details"]["fields"][0]["field"] == "with_members"
        assert "one group" in error["reason"]
        assert len(desk.sent()) <= 11


async def test_groups_are_paged(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        first = await desk.ask("list_groups", limit=2)
        assert first["has_more"]
        last = await desk.ask("list_groups", limit=2, cursor=first["next_cursor"])
        names = [one["name"] for one in (*first["items"], *last["items"])]
        assert names == ["Billing", "Customer Support", "Returns & Warranty"]
        assert not last["has_more"]
        error = await desk.fail("list_groups", with_members=True, cursor=first["next_cursor"])
        assert error["details"]["fields"][0]["field"] == "cursor"


async def test_a_group_newer_than_what_is_kept_is_found_by_id(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        await desk.ask("list_groups")
        new = desk.sandbox.store.add_group(name="Brand new")["id"]
        answer = await desk.ask("list_groups", group=new)
        assert answer["items"] == [{"id": new, "name": "Brand new"}]
        assert (await desk.fail("list_groups", group=1))["kind"] == "not_found"


async def test_an_unknown_name_comes_back_with_candidates(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        (problem,) = (await desk.fail("list_groups", group="warranty"))["details"]["fields"]
        assert problem["candidates"][0] == {"id": RETURNS_GROUP_ID, "name": "Returns & Warranty"}


async def test_two_groups_of_one_name_are_never_guessed(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        twin = desk.sandbox.store.add_group(name="billing")["id"]
        (problem,) = (await desk.fail("list_groups", group="Billing"))["details"]["fields"]
        assert {one["id"] for one in problem["candidates"]} == {BILLING_GROUP_ID, twin}


async def test_without_user_scopes_members_are_ids(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=["groups:read"])
    async with open_workspace(sandbox=sandbox, token=token, scopes="groups:read") as desk:
        answer = await desk.ask("list_groups", group="Billing", with_members=True)
        assert answer["items"][0]["members"] == [{"id": ADMIN_ID}, {"id": TEAM_LEAD_ID}]
        answer = await desk.ask("list_groups", with_members=True)
        assert answer["items"][0]["members"] == [{"id": ADMIN_ID}, {"id": TEAM_LEAD_ID}]
        assert not any("include" in request.query for request in sandbox.requests)


async def test_refusals_are_explained(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/groups$", 1, misfortunes.forbidden())
        assert (await desk.fail("list_groups"))["kind"] == "forbidden"
        desk.sandbox.faults.add("GET", "/group_memberships$", 1, misfortunes.wrong_types())
        error = await desk.fail("list_groups", with_members=True)
        assert error["kind"] == "unreadable_response"


async def test_what_is_hidden_in_names_is_taken_out(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.store.groups[BILLING_GROUP_ID]["name"] = "Bill\u200bing\u202e"
        desk.sandbox.store.users[ADMIN_ID]["name"] = "Ada\u2066 Okafor"
        answer = await desk.ask("list_groups", group=BILLING_GROUP_ID, with_members=True)
        (group,) = answer["items"]
        assert group["name"] == "Billing"
        assert group["members"][0]["name"] == "Ada Okafor"
