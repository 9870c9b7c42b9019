import httpx
import pytest

from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_EMAIL,
    AGENT_ID,
    BILLING_GROUP_ID,
    FJALLGARDEN_ID,
    JAPANESE_USER_ID,
    LIGHT_AGENT_ID,
    REQUESTER_EMAIL,
    REQUESTER_ID,
    SUSPENDED_USER_ID,
    TEAM_LEAD_ID,
)

pytestmark = pytest.mark.anyio


async def test_a_user_is_shown_by_id(client: httpx.AsyncClient) -> None:
    user = (await client.get(f"users/{REQUESTER_ID}")).json()["user"]
    assert (user["name"], user["organization_id"]) == ("Lena Bergström", FJALLGARDEN_ID)
    assert (await client.get("users/1")).status_code == 404


async def test_many_users_by_id_or_external_id(client: httpx.AsyncClient) -> None:
    ids = {"ids": f"{AGENT_ID},1,{ADMIN_ID}"}
    found = (await client.get("users/show_many", params=ids)).json()
    assert [user["id"] for user in found["users"]] == [AGENT_ID, ADMIN_ID]
    external = {"external_ids": "u-20400"}
    found = (await client.get("users/show_many", params=external)).json()
    assert [user["id"] for user in found["users"]] == [REQUESTER_ID]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("lena", [REQUESTER_ID]),
        ("berg", [REQUESTER_ID]),
        ("strom", []),
        (f"email:{REQUESTER_EMAIL.upper()}", [REQUESTER_ID]),
        (REQUESTER_EMAIL, [REQUESTER_ID]),
        ("role:admin", [ADMIN_ID]),
        ("role:agent name:marek", [AGENT_ID]),
        ("美咲", [JAPANESE_USER_ID]),
        ("is_suspended:true", [SUSPENDED_USER_ID]),
        ('group:"Billing"', [ADMIN_ID, TEAM_LEAD_ID]),
        ("organization:fjäll lena", [REQUESTER_ID]),
    ],
)
async def test_users_are_searched(
    client: httpx.AsyncClient,
    query: str,
    expected: list[int],
) -> None:
    body = (await client.get("users/search", params={"query": query})).json()
    assert [user["id"] for user in body["users"]] == expected
    assert body["count"] == len(expected)


async def test_users_are_searched_by_external_id_in_pages(client: httpx.AsyncClient) -> None:
    one = (await client.get("users/search", params={"external_id": "u-20400"})).json()
    assert [user["id"] for user in one["users"]] == [REQUESTER_ID]
    query = {"query": "role:end-user", "per_page": "4", "page": "2"}
    page = (await client.get("users/search", params=query)).json()
    assert len(page["users"]) == 4
    assert page["count"] == 15
    assert "page=3" in page["next_page"]
    assert "page=1" in page["previous_page"]


async def test_names_are_completed_from_two_characters_on(client: httpx.AsyncClient) -> None:
    found = (await client.get("users/autocomplete", params={"name": "ma"})).json()["users"]
    assert {user["name"] for user in found} == {"Marek Dvořák", "Fiona MacLeod", "Nguyễn Thị Mai"}
    assert (await client.get("users/autocomplete", params={"name": "m"})).status_code == 400


async def test_identities_and_related_counts(client: httpx.AsyncClient) -> None:
    identities = (await client.get(f"users/{REQUESTER_ID}/identities")).json()["identities"]
    assert [(one["type"], one["primary"]) for one in identities] == [
        ("email", True),
        ("phone_number", False),
    ]
    related = (await client.get(f"users/{REQUESTER_ID}/related")).json()["user_related"]
    assert related["requested_tickets"] == 5
    assert related["assigned_tickets"] == 0


async def test_users_are_listed_by_role(client: httpx.AsyncClient) -> None:
    agents = (await client.get("users", params={"role": "agent", "page[size]": "2"})).json()
    assert len(agents["users"]) == 2
    assert agents["meta"]["has_more"]


async def test_groups_and_their_members(client: httpx.AsyncClient) -> None:
    groups = (await client.get("groups")).json()["groups"]
    assert [group["name"] for group in groups] == [
        "Customer Support",
        "Returns & Warranty",
        "Billing",
    ]
    assert (await client.get("groups/assignable")).json()["groups"] == groups
    one = (await client.get(f"groups/{BILLING_GROUP_ID}")).json()["group"]
    assert one["name"] == "Billing"
    assert (await client.get("groups/1")).status_code == 404
    query = {"include": "users,groups"}
    path = f"groups/{BILLING_GROUP_ID}/memberships"
    members = (await client.get(path, params=query)).json()
    assert {user["id"] for user in members["users"]} == {ADMIN_ID, TEAM_LEAD_ID}
    assert [group["id"] for group in members["groups"]] == [BILLING_GROUP_ID]
    assert (await client.get("group_memberships")).json()["count"] == 8


async def test_memberships_of_one_agent(client: httpx.AsyncClient) -> None:
    held = (await client.get(f"users/{TEAM_LEAD_ID}/group_memberships")).json()
    default = [one["group_id"] for one in held["group_memberships"] if one["default"]]
    assert default == [BILLING_GROUP_ID]
    assert (await client.get("users/1/group_memberships")).status_code == 404


async def test_organizations(client: httpx.AsyncClient) -> None:
    one = (await client.get(f"organizations/{FJALLGARDEN_ID}.json")).json()["organization"]
    assert one["name"] == "Fjällgården Outdoor School"
    assert (await client.get("organizations")).json()["count"] == 4


async def test_staff_have_roles(client: httpx.AsyncClient) -> None:
    light = (await client.get(f"users/{LIGHT_AGENT_ID}")).json()["user"]
    assert (light["role"], light["role_type"]) == ("agent", 1)
    found = (await client.get("users/search", params={"query": f"email:{AGENT_EMAIL}"})).json()
    assert found["users"][0]["default_group_id"] is not None
