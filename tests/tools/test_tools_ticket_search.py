"""Finding tickets, and going on past what search gives out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from desk import OpenWorkspace, Workspace, text_of
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET

pytestmark = pytest.mark.anyio

MANY = 1_130


@pytest.fixture(scope="module")
def large_sandbox() -> Sandbox:
    """A desk where more tickets match than search gives out, two of them a second."""
    sandbox = Sandbox()
    start = sandbox.clock() - timedelta(days=3)
    for number in range(MANY):
        moment = start + timedelta(seconds=number // 2)
        sandbox.store.add_ticket(
            subject=f"Parcel {number} is late", tags=["late"], created_at=moment, updated_at=moment
        )
    return sandbox


async def every_page(desk: Workspace, **query: Any) -> list[dict[str, Any]]:
    pages = [await desk.ask("search_tickets", **query)]
    while pages[-1]["has_more"]:
        pages.append(await desk.ask("search_tickets", **query, cursor=pages[-1]["next_cursor"]))
        assert len(pages) < 40
    return pages


def query_sent(desk: Workspace) -> str:
    return next(r.query["query"] for r in desk.sandbox.requests if r.path.endswith("/search"))


async def test_finds_with_names_in_one_request(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("search_tickets", query="status<solved priority:urgent")
        hit = next(item for item in answer["items"] if "assignee" in item)
        assert hit["requester"]["name"]
        assert hit["assignee"]["name"]
        assert hit["group"]["name"]
        assert answer["total"] == len(answer["items"])
        assert desk.sent() == ["GET search"]


async def test_a_page_of_25_costs_at_most_300_bytes_a_ticket(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        result = await desk.client.call_tool("search_tickets", {"query": "created>2000-01-01"})
        items = (result.structured_content or {})["items"]
        assert len(items) == 25
        (block,) = result.content
        assert len(block.model_dump()["text"].encode()) <= 300 * 25


async def test_no_text_of_a_ticket_comes_without_its_html(open_workspace: OpenWorkspace) -> None:
    """Zendesk's `description` is plain text, in which what a mail hid can be read."""
    async with open_workspace() as desk:
        ticket = desk.sandbox.store.tickets[OPEN_TICKET]
        ticket["description"] = "What the mail showed. What the mail hid."
        result = await desk.client.call_tool(
            "search_tickets", {"query": "school account", "response_format": "detailed"}
        )
        assert str(OPEN_TICKET) in text_of(result)
        assert "hid" not in text_of(result).replace("hidden", "")


async def test_pages_reach_every_ticket_once(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        pages = await every_page(desk, query="created>2000-01-01", sort_by="created_at", limit=10)
        found = [item["id"] for page in pages for item in page["items"]]
        assert sorted(found) == sorted(desk.sandbox.store.tickets)
        assert {page["total"] for page in pages} == {len(found)}


@pytest.mark.parametrize("sort_by", ["created_at", "updated_at"])
@pytest.mark.parametrize("sort_order", ["asc", "desc"])
async def test_goes_past_a_thousand_without_losing_a_ticket(
    open_workspace: OpenWorkspace, large_sandbox: Sandbox, sort_by: str, sort_order: str
) -> None:
    async with open_workspace(sandbox=large_sandbox) as desk:
        pages = await every_page(
            desk, query="tags:late", sort_by=sort_by, sort_order=sort_order, limit=100
        )
        found = [item["id"] for page in pages for item in page["items"]]
        assert len(set(found)) == MANY
        assert len(found) - MANY <= 2, "only tickets of the very second may come twice"
        assert pages[0]["total"] == MANY
        assert "reachable" not in pages[0]
        assert "total" not in pages[-1]
        beyond = pages[-1]["items"][0]
        assert beyond["requester"]["name"], "the export has no side-loads, the names are asked for"


async def test_says_that_relevance_reaches_only_a_thousand(
    open_workspace: OpenWorkspace, large_sandbox: Sandbox
) -> None:
    async with open_workspace(sandbox=large_sandbox) as desk:
        pages = await every_page(desk, query="tags:late", limit=100)
        assert pages[0]["reachable"] == 1_000
        assert len({item["id"] for page in pages for item in page["items"]}) == MANY


async def test_a_page_size_that_does_not_divide_a_thousand_loses_nothing(
    open_workspace: OpenWorkspace, large_sandbox: Sandbox
) -> None:
    async with open_workspace(sandbox=large_sandbox) as desk:
        pages = await every_page(desk, query="tags:late", sort_by="created_at", limit=90)
        assert len({item["id"] for page in pages for item in page["items"]}) == MANY


async def test_a_cursor_of_another_query_is_refused(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        first = await desk.ask("search_tickets", query="status<solved", limit=2)
        error = await desk.fail(
            "search_tickets", query="status:closed", limit=2, cursor=first["next_cursor"]
        )
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == "cursor"
        assert "another query" in error["reason"]


@pytest.mark.parametrize("cursor", ["x", "", "bm90IGpzb24", "W10", "💥", "a" * 5_000])
async def test_a_forged_cursor_is_refused(open_workspace: OpenWorkspace, cursor: str) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("search_tickets", query="status<solved", cursor=cursor)
        assert error["kind"] == "invalid_arguments"
        assert desk.sent() == []


async def test_other_types_are_sent_to_their_own_tool(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("search_tickets", query="type:user ada")
        assert "search_users" in error["reason"]


@pytest.mark.parametrize("kind", ["incident", "Problem", "question", "task"])
async def test_a_tickets_own_type_is_sent_to_its_keyword(
    open_workspace: OpenWorkspace, kind: str
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("search_tickets", query=f"-type:{kind} printer")
        assert f"ticket_type:{kind.lower()}" in error["reason"]
        assert "search_users" not in error["reason"]


async def test_an_own_type_ticket_is_harmless(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("search_tickets", query="type:ticket status:closed")
        assert answer["total"] > 0
        assert query_sent(desk) == "type:ticket status:closed"


async def test_a_quoted_type_is_a_phrase_and_stays(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        await desk.ask("search_tickets", query='"file type:pdf" refund')
        assert query_sent(desk) == 'type:ticket "file type:pdf" refund'


async def test_finds_nothing_truthfully(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("search_tickets", query="xylophonist")
        assert answer == {"items": [], "has_more": False, "total": 0}


async def test_without_user_scopes_there_are_ids_without_names(
    open_workspace: OpenWorkspace,
) -> None:
    """Broad read holds all; search itself needs it, so this is the token's side."""
    sandbox = Sandbox()
    token = sandbox.token(scopes=("tickets:read",))
    async with open_workspace(sandbox=sandbox, token=token, scopes="tickets:read") as desk:
        assert "search_tickets" not in await desk.tools()
        answer = await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        assert answer["requester"]["id"]
        assert "name" not in answer["requester"]
