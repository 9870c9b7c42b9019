"""Looking up people, and the connection itself."""

from __future__ import annotations

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, REQUESTER_EMAIL, REQUESTER_ID
from mcp_server_zendesk.serving.cursors import seal

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "said",
    [REQUESTER_ID, str(REQUESTER_ID), REQUESTER_EMAIL, REQUESTER_EMAIL.upper(), "external:U-20400"],
)
async def test_a_user_is_known_by_id_address_or_external_id(
    open_workspace: OpenWorkspace, said: str | int
) -> None:
    async with open_workspace() as desk:
        user = await desk.ask("get_user", user=said)
        assert user["id"] == REQUESTER_ID
        assert user["organization"]["name"] == "Fjällgården Outdoor School"
        assert user["role"] == "end-user"


async def test_me_is_the_servers_own_user(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        assert (await desk.ask("get_user", user="me"))["id"] == ADMIN_ID


async def test_a_name_is_sent_to_the_search(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("get_user", user="Lena Bergström")
        assert error["kind"] == "invalid_arguments"
        assert "search_users" in error["reason"]
        assert desk.sent() == []


@pytest.mark.parametrize(
    "said", [987654321, "nobody@nowhere.example", "external:none", 'x"@y.example" role:admin']
)
async def test_an_unknown_user_is_not_found(open_workspace: OpenWorkspace, said: str | int) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("get_user", user=said)
        assert error["kind"] == "not_found"


async def test_a_user_keeps_the_csrf_token_out_of_the_answer(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        user = await desk.ask("get_user", user="me")
        assert "authenticity" not in str(user)


async def test_searching_users_pages_to_the_end(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        page = await desk.ask("search_users", query="role:end-user", limit=6)
        found = page["items"]
        while page["has_more"]:
            page = await desk.ask(
                "search_users", query="role:end-user", limit=6, cursor=page["next_cursor"]
            )
            found += page["items"]
        assert len({user["id"] for user in found}) == page["total"]
        assert all(user["role"] == "end-user" for user in found)


async def test_the_connection_tells_who_what_and_why(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(scopes="read") as desk:
        check = await desk.ask("check_connection")
        assert check["user"]["role"] == "admin"
        assert check["scopes"] == {
            "configured": ["read"], "granted": ["read", "write"], "effective": ["read"],
        }  # fmt: skip
        hidden = {tool["name"]: tool for tool in check["hidden_tools"]}
        assert hidden["update_ticket"]["why"] == "scope"
        assert hidden["update_ticket"]["missing_scopes"] == ["tickets:write"]
        assert check["rate_limit"]["remaining"] <= check["rate_limit"]["limit"]
        assert "update_ticket" not in check["tools"]


async def test_a_stranger_is_told_apart_from_a_user(open_workspace: OpenWorkspace) -> None:
    """``/users/me`` answers 200 to anonymous callers."""
    async with open_workspace() as desk:
        anonymous = {"user": {"id": None, "name": "Anonymous user", "role": "end-user"}}
        desk.sandbox.faults.add("GET", "/users/me", 1, Fault(status=200, body=anonymous))
        error = await desk.fail("check_connection")
        assert error["kind"] == "unauthenticated"
        assert error["who"] == "admin"
        assert error["details"]["candidates"]


async def test_an_introspection_that_fails_is_not_fatal(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/oauth/tokens/current", None, Fault(status=500))
        check = await desk.ask("check_connection")
        assert "granted" not in check["scopes"]
        assert check["scopes"]["effective"] == ["read", "tickets:write"]


async def test_expired_credentials_are_explained(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    async with open_workspace(sandbox=sandbox, token=sandbox.token(expired=True)) as desk:
        error = await desk.fail("check_connection")
        assert error["kind"] == "unauthenticated"
        assert error["status"] == 401
        assert "expired or revoked" in error["reason"]


async def test_a_person_is_known_by_a_second_address(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        address = "lena.private@home.example"
        desk.sandbox.store.add_identity(user_id=REQUESTER_ID, type="email", value=address)
        assert (await desk.ask("get_user", user=address))["id"] == REQUESTER_ID


async def test_an_external_id_is_compared_with_external_ids_only(
    open_workspace: OpenWorkspace,
) -> None:
    """Whatever Zendesk makes of the question, an address in its answer is no external id."""
    async with open_workspace() as desk:
        stranger = {"users": [{"id": 5, "email": "u-1", "external_id": "other"}], "count": 1}
        desk.sandbox.faults.add("GET", "/users/search", 1, Fault(status=200, body=stranger))
        assert (await desk.fail("get_user", user="external:u-1"))["kind"] == "not_found"


async def test_several_users_behind_one_address_are_candidates(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        several = {"users": [{"id": 5, "role": "agent"}, {"id": 6, "role": "end-user"}], "count": 2}
        desk.sandbox.faults.add("GET", "/users/search", 1, Fault(status=200, body=several))
        error = await desk.fail("get_user", user="shared@x.example")
        candidates = error["details"]["fields"][0]["candidates"]
        assert [one["id"] for one in candidates] == [5, 6]


@pytest.mark.parametrize(
    "said", ["external:", "EXTERNAL:  ", "9" * 21, "9" * 5_000, 10**20, -5, "\u00b2", ""]
)
async def test_what_is_no_user_at_all_is_refused_here(
    open_workspace: OpenWorkspace, said: str | int
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("get_user", user=said)
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == "user"
        assert desk.sent() == []


async def test_a_forged_page_is_refused(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        bound_to = {"tool": "search_users", "query": "x"}
        for position in ("9" * 5_000, "page|0|5", f"page|{'9' * 5_000}|5", "page|1|1000", "x"):
            error = await desk.fail("search_users", query="x", cursor=seal(position, bound_to))
            assert error["kind"] == "invalid_arguments"
        assert desk.sent() == []


async def test_cut_notes_say_so(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        whole = await desk.ask("get_user", user=REQUESTER_ID)
        assert "truncated" not in whole
        desk.sandbox.store.users[REQUESTER_ID] |= {"notes": "n" * 16_001, "details": "a\u200bb"}
        cut = await desk.ask("get_user", user=REQUESTER_ID)
        assert cut["truncated"] is True
        assert cut["hidden_text_removed"] == 1
