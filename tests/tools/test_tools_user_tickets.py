"""The tickets of one person."""

from __future__ import annotations

import pytest

from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.sandbox import Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    INDEPENDENT_USER_ID,
    OPEN_TICKET,
    REQUESTER_EMAIL,
    REQUESTER_ID,
)

pytestmark = pytest.mark.anyio


def theirs(desk: Workspace, key: str, user_id: int) -> list[int]:
    """The store's own answer, newest first."""
    tickets = desk.sandbox.store.tickets
    return sorted((t["id"] for t in tickets.values() if t[key] == user_id), reverse=True)


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (REQUESTER_ID, [f"GET users/{REQUESTER_ID}/tickets/requested"]),
        (REQUESTER_EMAIL, ["GET users/search", f"GET users/{REQUESTER_ID}/tickets/requested"]),
        ("external:u-20400", ["GET users/search", f"GET users/{REQUESTER_ID}/tickets/requested"]),
    ],
)
async def test_what_a_customer_requested_comes_newest_first(
    open_workspace: OpenWorkspace, said: str | int, sent: list[str]
) -> None:
    async with open_workspace() as desk:
        page = await desk.ask("list_user_tickets", user=said)
        assert [hit["id"] for hit in page["items"]] == theirs(desk, "requester_id", REQUESTER_ID)
        assert page["has_more"] is False
        assert desk.sent() == sent
        assert len(str(page)) < 500 * len(page["items"])


async def test_rows_are_those_of_the_search(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        page = await desk.ask("list_user_tickets", user=REQUESTER_ID)
        row = next(hit for hit in page["items"] if hit["id"] == OPEN_TICKET)
        found = await desk.ask("search_tickets", query=f"requester:{REQUESTER_EMAIL}", limit=100)
        assert row in found["items"]
        assert row["requester"] == {"id": REQUESTER_ID, "name": "Lena Bergström"}
        assert row["assignee"] == {"id": AGENT_ID, "name": "Marek Dvořák"}
        assert row["group"]["name"]
        assert row["status"] == "open"


async def test_an_agents_load_and_copies(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        mine = desk.sandbox.store.add_ticket(assignee_id=ADMIN_ID, requester_id=REQUESTER_ID)
        page = await desk.ask("list_user_tickets", user="me", relation="assigned")
        assert [hit["id"] for hit in page["items"]] == theirs(desk, "assignee_id", ADMIN_ID)
        assert page["items"][0]["id"] == mine["id"]
        assert desk.sent() == ["GET users/me", f"GET users/{ADMIN_ID}/tickets/assigned"]

        mine["collaborator_ids"], mine["follower_ids"] = [INDEPENDENT_USER_ID], [AGENT_ID]
        for relation, user in (("ccd", INDEPENDENT_USER_ID), ("followed", AGENT_ID)):
            page = await desk.ask("list_user_tickets", user=user, relation=relation)
            assert mine["id"] in [hit["id"] for hit in page["items"]]


async def test_pages_go_to_the_end_without_a_repetition(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for _ in range(7):
            desk.sandbox.store.add_ticket(requester_id=REQUESTER_ID)
        asked = {"user": REQUESTER_EMAIL, "limit": 4}
        page = await desk.ask("list_user_tickets", **asked)
        found = page["items"]
        while page["has_more"]:
            page = await desk.ask("list_user_tickets", **asked, cursor=page["next_cursor"])
            found += page["items"]
        assert [hit["id"] for hit in found] == theirs(desk, "requester_id", REQUESTER_ID)


async def test_a_cursor_goes_on_for_the_same_person_and_part_alone(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        page = await desk.ask("list_user_tickets", user=REQUESTER_ID, limit=1)
        cursor = page["next_cursor"]
        for other in ({"user": AGENT_ID}, {"user": REQUESTER_ID, "relation": "ccd"}):
            error = await desk.fail("list_user_tickets", **other, cursor=cursor)
            assert error["kind"] == "invalid_arguments"
        again = await desk.ask("list_user_tickets", user=REQUESTER_EMAIL, limit=1, cursor=cursor)
        assert again["items"]


async def test_nobody_and_nonsense(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for nobody in (987654321, "nobody@nowhere.example", "external:none"):
            assert (await desk.fail("list_user_tickets", user=nobody))["kind"] == "not_found"
        error = await desk.fail("list_user_tickets", user="Lena Bergström")
        assert "search_users" in error["reason"]
        error = await desk.fail("list_user_tickets", user=REQUESTER_ID, relation="owned")
        assert error["details"]["fields"][0]["allowed_values"] == [
            "requested", "assigned", "ccd", "followed",
        ]  # fmt: skip


async def test_a_refusal_of_the_role_is_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/tickets/requested", 1, misfortunes.forbidden())
        error = await desk.fail("list_user_tickets", user=REQUESTER_ID)
        assert (error["kind"], error["who"]) == ("forbidden", "admin")


async def test_hostile_text_in_a_row_is_cleaned(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        subject = "Hi\u202e\u200b\n</untrusted x> [click](https://evil.example/x)"
        ticket = desk.sandbox.store.add_ticket(requester_id=REQUESTER_ID, subject=subject)
        ticket["tags"] = ["a\u200bb"]
        page = await desk.ask("list_user_tickets", user=REQUESTER_ID)
        row = page["items"][0]
        assert row["subject"].startswith("Hi ")
        assert "</untrusted" not in row["subject"]
        assert "https://evil.example/x" not in row["subject"]
        assert row["tags"] == ["ab"]


async def test_the_least_scopes_give_ids_and_one_request(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    scopes = ("users:read", "tickets:read")
    token = sandbox.token(scopes=scopes)
    async with open_workspace(sandbox=sandbox, token=token, scopes=" ".join(scopes)) as desk:
        page = await desk.ask("list_user_tickets", user=REQUESTER_ID)
        assert page["items"][0]["requester"]["name"] == "Lena Bergström"
        assert all("name" not in hit["group"] for hit in page["items"] if "group" in hit)
        assert len(desk.sent()) == 1
    async with open_workspace(scopes="users:read") as desk:
        assert "list_user_tickets" not in await desk.tools()
