"""Looking up people, and the connection itself."""

from __future__ import annotations

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, REQUESTER_EMAIL, REQUESTER_ID

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
