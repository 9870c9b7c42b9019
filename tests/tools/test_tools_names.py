"""Names beside ids, and ids from names: an answer is worth more than the names in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.clock import ManualClock, utc_now
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    OPEN_TICKET,
    REQUESTER_EMAIL,
    REQUESTER_ID,
    SUPPORT_GROUP_ID,
)
from mcp_server_zendesk.sandbox.misfortunes import altered

pytestmark = pytest.mark.anyio

LONG_CURSOR = "e" * 1_100
LATE = {"query": "tags:late", "sort_by": "created_at", "limit": 100}


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock(utc_now())


@pytest.fixture(scope="module")
def crowd(clock: ManualClock) -> Sandbox:
    """More tickets than search gives out, each of another requester."""
    sandbox = Sandbox(clock=clock)
    start = sandbox.clock() - timedelta(days=3)
    for number in range(1_100):
        person = sandbox.store.add_user(name=f"Person {number}", email=f"p{number}@x.example")
        moment = start + timedelta(seconds=number)
        sandbox.store.add_ticket(
            subject=f"Parcel {number}",
            tags=["late"],
            requester_id=person["id"],
            assignee_id=AGENT_ID,
            created_at=moment,
            updated_at=moment,
        )
    return sandbox


@pytest.fixture
def crowded(crowd: Sandbox) -> Sandbox:
    crowd.faults.clear()
    return crowd


async def exported(desk: Any) -> dict[str, Any]:
    """The first page beyond the thousand."""
    page = await desk.ask("search_tickets", **LATE)
    for _ in range(10):
        page = await desk.ask("search_tickets", **LATE, cursor=page["next_cursor"])
    assert "total" not in page
    return dict(page)


async def test_every_person_of_an_exported_page_has_a_name(
    open_workspace: OpenWorkspace, crowded: Sandbox
) -> None:
    """A hundred requesters and their agents are more than one request for names takes."""
    async with open_workspace(sandbox=crowded) as desk:
        page = await exported(desk)
        assert len(page["items"]) == 100
        assert [item["id"] for item in page["items"] if "name" not in item["requester"]] == []
        assert all(item["assignee"]["name"] for item in page["items"])


@pytest.mark.parametrize("status", [403, 404])
async def test_an_exported_page_is_worth_more_than_its_names(
    open_workspace: OpenWorkspace, crowded: Sandbox, status: int
) -> None:
    async with open_workspace(sandbox=crowded) as desk:
        crowded.faults.add("GET", "/users/show_many", None, Fault(status=status))
        crowded.faults.add("GET", "/groups", None, Fault(status=status))
        page = await exported(desk)
        crowded.faults.clear()
        assert len(page["items"]) == 100
        assert "name" not in page["items"][0]["requester"]


@pytest.mark.parametrize("status", [400, 422])
async def test_an_expired_cursor_says_so(
    open_workspace: OpenWorkspace, crowded: Sandbox, clock: ManualClock, status: int
) -> None:
    async with open_workspace(sandbox=crowded) as desk:
        query = {**LATE, "limit": 90}
        page = await desk.ask("search_tickets", **query)
        while "total" in page:
            page = await desk.ask("search_tickets", **query, cursor=page["next_cursor"])
        clock.forward(3_700)
        if status != 400:
            crowded.faults.add("GET", "/search/export", 1, Fault(status=status, body={}))
        error = await desk.fail("search_tickets", **query, cursor=page["next_cursor"])
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == "cursor"
        assert "expired" in error["reason"]
        assert "start over without cursor" in error["reason"]


async def test_a_refusal_without_a_cursor_is_no_expired_cursor(
    open_workspace: OpenWorkspace, crowded: Sandbox
) -> None:
    async with open_workspace(sandbox=crowded) as desk:
        page = await desk.ask("search_tickets", **LATE)
        for _ in range(9):
            page = await desk.ask("search_tickets", **LATE, cursor=page["next_cursor"])
        crowded.faults.add("GET", "/search/export", 1, Fault(status=400, body={"error": "x"}))
        error = await desk.fail("search_tickets", **LATE, cursor=page["next_cursor"])
        assert error["kind"] == "invalid_request"


async def test_a_long_export_cursor_is_handed_out_and_accepted(
    open_workspace: OpenWorkspace, crowded: Sandbox
) -> None:
    async with open_workspace(sandbox=crowded) as desk:

        def lengthen(body: dict[str, Any]) -> dict[str, Any]:
            return {**body, "meta": {"has_more": True, "after_cursor": LONG_CURSOR}}

        crowded.faults.add("GET", "/search/export", 1, altered(lengthen))
        page = await exported(desk)
        crowded.faults.add("GET", "/search/export", 1, Fault(status=200, body={"results": []}))
        last = await desk.ask("search_tickets", **LATE, cursor=page["next_cursor"])
        assert last == {"items": [], "has_more": False}
        assert desk.sandbox.requests[-1].query["page[after]"] == LONG_CURSOR


@pytest.mark.parametrize("tool", ["search_tickets", "search_users"])
async def test_a_cursor_keeps_the_size_of_its_pages(
    open_workspace: OpenWorkspace, tool: str
) -> None:
    async with open_workspace() as desk:
        query = "created>2000-01-01"
        page = await desk.ask(tool, query=query, limit=5)
        found = page["items"]
        for limit in (3, 50, 100, 1, 5, 7, 9, 11):
            if page["has_more"]:
                page = await desk.ask(tool, query=query, limit=limit, cursor=page["next_cursor"])
                found += page["items"]
        assert len(found) == len({one["id"] for one in found}) == min(45, page["total"])


async def test_of_two_groups_of_one_name_none_is_taken(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        name = desk.sandbox.store.groups[SUPPORT_GROUP_ID]["name"]
        other = desk.sandbox.store.add_group(name=f" {str(name).upper()} ")
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, group=name)
        (problem,) = error["details"]["fields"]
        assert "more than one" in problem["problem"]
        assert {one["id"] for one in problem["candidates"]} == {SUPPORT_GROUP_ID, other["id"]}
        assert desk.sent("PUT") == []


@pytest.mark.parametrize("argument", ["group", "assignee"])
async def test_a_number_beyond_all_ids_is_refused(
    open_workspace: OpenWorkspace, argument: str
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, **{argument: "9" * 5_000})
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == argument


@pytest.mark.parametrize("status", [403, 404])
async def test_a_person_is_worth_more_than_the_organizations_name(
    open_workspace: OpenWorkspace, status: int
) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/organizations/", None, Fault(status=status))
        user = await desk.ask("get_user", user=REQUESTER_ID)
        assert user["email"] == REQUESTER_EMAIL
        assert set(user["organization"]) == {"id"}
