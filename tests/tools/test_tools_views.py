"""Views: what is waiting where, and the tickets of one."""

from __future__ import annotations

from typing import Any

import pytest

from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    MY_TICKETS_VIEW,
    NEW_TICKET,
    RETURNS_GROUP_ID,
    RETURNS_VIEW,
    UNASSIGNED_VIEW,
)

pytestmark = pytest.mark.anyio

NARROW = "ticket_views:read"


def add_view(sandbox: Sandbox, title: str, **known: Any) -> int:
    view = {**sandbox.store.views[UNASSIGNED_VIEW], "title": title, "id": None, **known}
    return int(sandbox.store.add(sandbox.store.views, view)["id"])


async def pages(desk: Workspace, tool: str, **arguments: Any) -> list[dict[str, Any]]:
    """All items of a list, by its cursors."""
    found: list[dict[str, Any]] = []
    page = await desk.ask(tool, **arguments)
    while True:
        found += page["items"]
        if not page["has_more"]:
            assert "next_cursor" not in page
            return found
        page = await desk.ask(tool, **{**arguments, "cursor": page["next_cursor"]})


async def test_views_are_listed_with_their_counts_in_two_requests(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("list_views")
        assert answer["items"][:2] == [
            {"id": MY_TICKETS_VIEW, "title": "Your unsolved tickets", "tickets": 1},
            {"id": UNASSIGNED_VIEW, "title": "Unassigned tickets", "tickets": 12},
        ]
        assert (answer["has_more"], answer["total"]) == (False, 5)
        assert desk.sent() == ["GET views", "GET views/count_many"]
        await desk.ask("list_views")
        assert desk.sent()[2:] == ["GET views/count_many"], "the views themselves are kept"


async def test_an_old_count_is_flagged_and_a_missing_one_left_out(
    open_workspace: OpenWorkspace,
) -> None:
    def outdated(body: Any) -> Any:
        first, second, *_ = body["view_counts"]
        return {
            "view_counts": [{**first, "fresh": False}, {**second, "value": None, "fresh": False}]
        }

    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/views/count_many$", 1, misfortunes.altered(outdated))
        first, second, third, *_ = (await desk.ask("list_views"))["items"]
        assert (first["tickets"], first["count_is_old"]) == (1, True)
        for uncounted in (second, third):
            assert not {"tickets", "count_is_old"} & uncounted.keys()


@pytest.mark.parametrize("fault", [misfortunes.forbidden(), misfortunes.truncated_json()])
async def test_views_are_worth_listing_without_counts(
    open_workspace: OpenWorkspace, fault: Fault
) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/views/count_many$", 4, fault)
        items = (await desk.ask("list_views"))["items"]
        assert len(items) == 5
        assert not any("tickets" in view for view in items)


async def test_no_request_counts_more_than_twenty_views(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for number in range(120):
            add_view(desk.sandbox, f"Queue {number}", position=100 + number)
        found = await pages(desk, "list_views")
        assert len({view["id"] for view in found}) == len(found) == 125
        assert all("tickets" in view for view in found)
        counted = [r for r in desk.sandbox.requests if r.path.endswith("count_many")]
        assert {len(request.query["ids"].split(",")) for request in counted} == {20, 5}
        assert desk.sent().count("GET views") == 2


async def test_views_that_are_switched_off_are_listed_on_request(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        old = add_view(desk.sandbox, "Old queue", active=False)
        assert old not in {view["id"] for view in (await desk.ask("list_views"))["items"]}
        answer = await desk.ask("list_views", active=False)
        assert answer["items"] == [{"id": old, "title": "Old queue", "active": False}]
        error = await desk.fail("get_view_tickets", view="Old queue")
        assert error["kind"] == "invalid_arguments"


async def test_it_is_told_whom_a_view_is_for(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for_group = {"type": "Group", "id": RETURNS_GROUP_ID, "ids": [RETURNS_GROUP_ID]}
        group = add_view(desk.sandbox, "For returns", restriction=for_group)
        own = add_view(desk.sandbox, "Mine", restriction={"type": "User", "id": AGENT_ID})
        items = {view["id"]: view for view in (await desk.ask("list_views"))["items"]}
        assert items[group]["groups"] == [{"id": RETURNS_GROUP_ID, "name": "Returns & Warranty"}]
        assert items[own]["personal"] is True
        assert desk.sent() == ["GET views", "GET views/count_many", "GET groups"]


async def test_the_narrow_scope_is_enough_and_nothing_else_is_asked(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=[NARROW])
    restriction = {"type": "Group", "id": RETURNS_GROUP_ID}
    group = add_view(sandbox, "For returns", restriction=restriction)
    async with open_workspace(sandbox=sandbox, token=token, scopes=NARROW) as desk:
        items = {view["id"]: view for view in (await desk.ask("list_views"))["items"]}
        assert items[group]["groups"] == [{"id": RETURNS_GROUP_ID}]
        (hit,) = (await desk.ask("get_view_tickets", view=RETURNS_VIEW, limit=1))["items"]
        assert hit["group"] == {"id": RETURNS_GROUP_ID}
        assert desk.sent() == [
            "GET views",
            "GET views/count_many",
            f"GET views/{RETURNS_VIEW}/tickets",
        ]
        assert "include" not in desk.sandbox.requests[-1].query


async def test_without_the_scope_the_tools_are_not_offered(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(scopes="tickets:read") as desk:
        assert not {"list_views", "get_view_tickets"} & set(await desk.tools())


@pytest.mark.parametrize(
    "said", ["Returns & Warranty: open", "returns & warranty:  OPEN", RETURNS_VIEW]
)
async def test_a_view_is_known_by_title_or_id(
    open_workspace: OpenWorkspace, said: str | int
) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("get_view_tickets", view=said, limit=1)
        (hit,) = answer["items"]
        assert hit["group"] == {"id": RETURNS_GROUP_ID, "name": "Returns & Warranty"}
        assert hit["requester"]["name"]
        listed = [] if said == RETURNS_VIEW else ["GET views"]
        assert desk.sent() == [*listed, f"GET views/{RETURNS_VIEW}/tickets"]


async def test_rows_are_those_of_a_search(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("get_view_tickets", view=UNASSIGNED_VIEW, limit=100)
        hit = next(one for one in answer["items"] if one["id"] == NEW_TICKET)
        found = await desk.ask("search_tickets", query=f"ticket_id:{NEW_TICKET} status:new")
        assert hit in found["items"] or not found["items"]
        assert hit["subject"] == "Do the Sarek 45 hip belts fit the Sarek 60?"


async def test_an_unknown_title_comes_back_with_the_nearest_first(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        (problem,) = (await desk.fail("get_view_tickets", view="warranty"))["details"]["fields"]
        assert problem["candidates"][0] == {"id": RETURNS_VIEW, "name": "Returns & Warranty: open"}
        assert desk.sent() == ["GET views"]


async def test_an_ambiguous_title_is_never_guessed(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        twin = add_view(desk.sandbox, "unassigned TICKETS")
        (problem,) = (await desk.fail("get_view_tickets", view="Unassigned tickets"))["details"][
            "fields"
        ]
        assert "more than one view" in problem["problem"]
        assert {one["id"] for one in problem["candidates"]} == {UNASSIGNED_VIEW, twin}


async def test_a_view_is_read_to_its_end_in_its_own_order(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        found = await pages(desk, "get_view_tickets", view=UNASSIGNED_VIEW, limit=5)
        whole = (await desk.ask("get_view_tickets", view=UNASSIGNED_VIEW, limit=100))["items"]
        assert found == whole
        assert len(whole) == 12
        created = [desk.sandbox.store.tickets[one["id"]]["created_at"] for one in whole]
        assert created == sorted(created), "the view's own order"


async def test_a_view_is_read_to_its_end_in_another_order(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        arguments = {"view": UNASSIGNED_VIEW, "sort_by": "updated_at", "sort_order": "asc"}
        first = await desk.ask("get_view_tickets", **arguments, limit=5)
        assert first["total"] == 12
        # A smaller page later on neither repeats nor leaves out anything.
        second = await desk.ask(
            "get_view_tickets", **arguments, limit=2, cursor=first["next_cursor"]
        )
        assert len(second["items"]) == 5
        found = await pages(desk, "get_view_tickets", **arguments, limit=5)
        assert [*first["items"], *second["items"]] == found[:10]
        updated = [one["updated_at"] for one in found]
        assert updated == sorted(updated)
        assert len({one["id"] for one in found}) == 12


async def test_a_cursor_belongs_to_its_view_and_order(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        page = await desk.ask("get_view_tickets", view=UNASSIGNED_VIEW, limit=2)
        cursor = page["next_cursor"]
        for other in ({"view": RETURNS_VIEW}, {"view": UNASSIGNED_VIEW, "sort_by": "status"}):
            error = await desk.fail("get_view_tickets", **other, cursor=cursor)
            assert error["details"]["fields"][0]["field"] == "cursor"
        # The title means the same view as the id.
        await desk.ask("get_view_tickets", view="Unassigned tickets", cursor=cursor)


async def test_a_view_that_does_not_exist_is_not_found(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        assert (await desk.fail("get_view_tickets", view=1))["kind"] == "not_found"
        error = await desk.fail("get_view_tickets", view="9" * 30)
        assert error["details"]["fields"][0]["problem"] == "is longer than any id"


async def test_a_view_that_may_not_be_seen_is_forbidden(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/views", 9, misfortunes.forbidden())
        assert (await desk.fail("list_views"))["kind"] == "forbidden"
        assert (await desk.fail("get_view_tickets", view=RETURNS_VIEW))["kind"] == "forbidden"


async def test_the_limit_of_a_view_is_waited_for_or_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        limited = misfortunes.rate_limited(retry_after=600)
        desk.sandbox.faults.add("GET", "/tickets$", 1, limited)
        error = await desk.fail("get_view_tickets", view=RETURNS_VIEW)
        assert error["kind"] == "rate_limited"
        assert error["retry_after_seconds"] >= 599


async def test_what_is_hidden_in_a_title_is_taken_out(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        add_view(desk.sandbox, "A\u200b\u202equeue\n<untrusted x>", active=False)
        (view,) = (await desk.ask("list_views", active=False))["items"]
        assert view["title"] == "Aqueue \N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}untrusted x>"
