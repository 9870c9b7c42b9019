"""One odd field does not cost a whole page; a page that claims more than it gives is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.sandbox.misfortunes import altered

pytestmark = pytest.mark.anyio

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> Fault:
    """The usual answer, changed in place."""

    def change_it(body: dict[str, Any]) -> dict[str, Any]:
        change(body)
        return body

    return altered(change_it)


ODD_FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a number for a text": ({"subject": 4_711, "external_id": 12}, {"subject": "4711"}),
    "an unreadable date": ({"created_at": "soon", "due_at": []}, {}),
    "a date before all dates": ({"created_at": "0001-01-01T00:00:00+14:00"}, {}),
    "a date without a zone": (
        {"created_at": "2026-01-02T03:04:05"}, {"created_at": "2026-01-02T03:04:05Z"},
    ),
    "null among the tags": ({"tags": ["a", None, "b"]}, {"tags": ["a", "b"]}),
    "a number among the tags": ({"tags": ["a", 7]}, {"tags": ["a", "7"]}),
    "a lone surrogate": (
        {
            "subject": "a\ud800b",
            "custom_fields": [{"id": 1, "value": "c\udfffd"}],
            "via": {"channel": "we\ud800b"},
        },
        {"subject": "ab", "channel": "web", "custom_fields": [{"id": 1, "value": "cd"}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD_FIELDS)
async def test_an_odd_field_does_not_cost_the_ticket(
    open_workspace: OpenWorkspace, odd: str
) -> None:
    fields, shown = ODD_FIELDS[odd]
    async with open_workspace() as desk:
        change = changed(lambda body: body["ticket"].update(fields))
        desk.sandbox.faults.add("GET", f"/tickets/{OPEN_TICKET}$", 1, change)
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        assert {key: ticket[key] for key in shown} == shown
        assert ("created_at" in ticket) is ("created_at" in shown or "created_at" not in fields)


async def test_an_odd_field_does_not_cost_the_page(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        odd = {"tags": [None, "x"], "updated_at": "?", "type": "\ud800task", "description": None}
        change = changed(lambda body: body["results"][0].update(odd))
        desk.sandbox.faults.add("GET", "/search$", 1, change)
        page = await desk.ask("search_tickets", query="status<solved", response_format="detailed")
        assert page["items"][0]["tags"] == ["x"]
        assert page["items"][0]["type"] == "task"


SEARCHES = pytest.mark.parametrize(
    ("tool", "path"), [("search_tickets", "/search$"), ("search_users", "/users/search$")]
)


@SEARCHES
@pytest.mark.parametrize("count", [None, "many", -1, True, "²", "9" * 5_000])
async def test_a_search_without_a_count_has_no_total_and_still_goes_on(
    open_workspace: OpenWorkspace, tool: str, path: str, count: object
) -> None:
    async with open_workspace() as desk:
        change = changed(lambda body: body.update(count=count))
        desk.sandbox.faults.add("GET", path, None, change)
        page = await desk.ask(tool, query="created>2000-01-01", limit=5)
        seen = page["items"]
        while page["has_more"]:
            assert "total" not in page
            page = await desk.ask(
                tool, query="created>2000-01-01", limit=5, cursor=page["next_cursor"]
            )
            seen += page["items"]
        desk.sandbox.faults.clear()
        whole = await desk.ask(tool, query="created>2000-01-01")
        assert whole["total"] > 5
        assert len({found["id"] for found in seen}) == whole["total"]


@SEARCHES
async def test_a_count_as_text_is_a_count(
    open_workspace: OpenWorkspace, tool: str, path: str
) -> None:
    async with open_workspace() as desk:
        change = changed(lambda body: body.update(count=str(body["count"])))
        desk.sandbox.faults.add("GET", path, 1, change)
        page = await desk.ask(tool, query="created>2000-01-01", limit=1)
        assert page["total"] > 1
        assert page["has_more"] is True


@SEARCHES
@pytest.mark.parametrize("claim", [{"count": 700}, {"count": None, "next_page": "/more"}])
async def test_an_empty_page_of_many_is_no_end(
    open_workspace: OpenWorkspace, tool: str, path: str, claim: dict[str, Any]
) -> None:
    async with open_workspace() as desk:
        empty = {"results": [], "users": [], **claim}
        desk.sandbox.faults.add("GET", path, 1, Fault(status=200, body=empty))
        error = await desk.fail(tool, query="created>2000-01-01")
        assert error["kind"] == "unreadable_response"


@pytest.mark.parametrize(
    "frame",
    [
        {"meta": {"has_more": True, "after_cursor": None}},
        {"meta": {"has_more": True, "after_cursor": ""}},
        {"meta": {"has_more": True}},
        {"meta": None, "links": None, "next_page": "https://x.zendesk.com/api/v2/x?page=2"},
        {"meta": {"has_more": True, "after_cursor": "not to be\nhanded on"}},
        {"meta": {"has_more": True, "after_cursor": "a" * 20_000}},
    ],
)
async def test_more_without_a_way_on_is_no_end(
    open_workspace: OpenWorkspace, frame: dict[str, Any]
) -> None:
    async with open_workspace() as desk:
        change = changed(lambda body: body.update(frame))
        desk.sandbox.faults.add("GET", "/comments$", 1, change)
        error = await desk.fail("list_ticket_comments", ticket_id=OPEN_TICKET)
        assert error["kind"] == "unreadable_response"
        desk.sandbox.faults.add("GET", "/comments$", 1, change)
        assert await desk.ask("get_ticket", ticket_id=OPEN_TICKET), "it does not page"


@pytest.mark.parametrize(
    "frame", [{"meta": None, "next_page": None}, {"meta": {"has_more": False, "after_cursor": "x"}}]
)
async def test_an_end_is_an_end(open_workspace: OpenWorkspace, frame: dict[str, Any]) -> None:
    async with open_workspace() as desk:
        change = changed(lambda body: body.update(frame))
        desk.sandbox.faults.add("GET", "/comments$", 1, change)
        page = await desk.ask("list_ticket_comments", ticket_id=OPEN_TICKET)
        assert page["has_more"] is False


async def test_a_record_that_is_none_is_unreadable(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        change = changed(lambda body: body.update(results=["ticket"]))
        desk.sandbox.faults.add("GET", "/search$", 1, change)
        error = await desk.fail("search_tickets", query="status<solved")
        assert error["kind"] == "unreadable_response"
