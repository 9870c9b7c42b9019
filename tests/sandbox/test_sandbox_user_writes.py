"""Writing users, identities and organizations."""

from typing import Any

import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    FJALLGARDEN_ID,
    KESTREL_ID,
    REQUESTER_EMAIL,
    REQUESTER_ID,
    SUPPORT_GROUP_ID,
)

pytestmark = pytest.mark.anyio


async def create(client: httpx.AsyncClient, **user: object) -> httpx.Response:
    return await client.post("users", json={"user": user})


async def test_a_user_is_created_with_organization_and_identity(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    organization = {"name": "Kestrel Mountain Guides"}
    answer = await create(
        client, name="Una Hale", email="una@mail.example", tags=["VIP"], organization=organization
    )
    user = answer.json()["user"]
    assert (answer.status_code, answer.headers["Location"]) == (201, user["url"])
    assert (user["role"], user["verified"], user["tags"]) == ("end-user", False, ["vip"])
    assert user["organization_id"] == KESTREL_ID
    (identity,) = sandbox.store.identities[user["id"]]
    assert (identity["value"], identity["primary"]) == ("una@mail.example", True)


async def test_what_a_user_lacks_or_takes_from_another_is_refused(
    client: httpx.AsyncClient,
) -> None:
    nameless = await create(client, email="x@mail.example")
    assert (nameless.status_code, list(nameless.json()["details"])) == (422, ["name"])
    taken = await create(client, name="L", email=REQUESTER_EMAIL)
    assert taken.json()["details"]["email"][0]["error"] == "DuplicateValue"
    role = await create(client, name="L", role="king")
    assert "role" in role.json()["details"]
    unknown = await create(client, name="L", nickname="x")
    assert '"user.nickname"' in unknown.headers["X-Zendesk-API-Warn"]
    assert '"users"' in unknown.headers["X-Zendesk-API-Warn"]


async def test_only_an_admin_makes_agents(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    token = {"Authorization": f"Bearer {sandbox.token(user_id=AGENT_ID)}"}
    body = {"user": {"name": "New agent", "role": "agent"}}
    assert (await client.post("users", json=body, headers=token)).status_code == 403


async def test_another_address_becomes_an_identity(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    body = {"user": {"email": "lena@new.example", "phone": "+46 1", "user_fields": {"a": 1}}}
    user = (await client.put(f"users/{REQUESTER_ID}", json=body)).json()["user"]
    assert (user["email"], user["phone"]) == (REQUESTER_EMAIL, "+46 1")
    values = {one["value"] for one in sandbox.store.identities[REQUESTER_ID]}
    assert {"lena@new.example", REQUESTER_EMAIL} <= values
    wrong = await client.put(f"users/{REQUESTER_ID}", json={"user": {"organization_id": 1}})
    assert wrong.status_code == 422


async def test_identities_are_added_made_primary_and_removed(client: httpx.AsyncClient) -> None:
    path = f"users/{REQUESTER_ID}/identities"
    given = {"identity": {"type": "email", "value": "second@mail.example"}}
    made = await client.post(path, json=given)
    identity = made.json()["identity"]
    assert (made.status_code, identity["verified"], identity["primary"]) == (201, False, False)
    one = f"{path}/{identity['id']}"
    assert (await client.get(one)).json()["identity"] == identity
    assert (await client.put(f"{one}/verify")).json()["identity"]["verified"] is True
    assert (await client.put(f"{one}/request_verification")).status_code == 200
    listed = (await client.put(f"{one}/make_primary")).json()["identities"]
    assert next(each["value"] for each in listed if each["primary"]) == "second@mail.example"
    user = (await client.get(f"users/{REQUESTER_ID}")).json()["user"]
    assert user["email"] == "second@mail.example"
    assert (await client.delete(one)).status_code == 422
    assert (await client.delete(f"{path}/{listed[0]['id']}")).status_code == 204
    taken = await client.post(
        f"users/{AGENT_ID}/identities", json={"identity": {"value": "second@mail.example"}}
    )
    assert taken.json()["details"]["value"][0]["error"] == "DuplicateValue"


async def test_create_or_update_finds_by_external_id_or_email(client: httpx.AsyncClient) -> None:
    path = "users/create_or_update"
    body = {"user": {"name": "Ola", "email": "ola@mail.example", "external_id": "X-1"}}
    first = await client.post(path, json=body)
    body["user"]["name"] = "Ola Berg"
    second = await client.post(path, json=body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["user"]["name"] == "Ola Berg"
    assert first.json()["user"]["id"] == second.json()["user"]["id"]


async def test_a_deleted_user_is_answered_and_inactive(client: httpx.AsyncClient) -> None:
    user = (await create(client, name="Gone", email="gone@mail.example")).json()["user"]
    answer = await client.delete(f"users/{user['id']}")
    assert (answer.status_code, answer.json()["user"]["active"]) == (200, False)
    assert answer.json()["user"]["email"] is None
    again = await create(client, name="Again", email="gone@mail.example")
    assert again.status_code == 201
    busy = await client.delete(f"users/{REQUESTER_ID}")
    assert (busy.status_code, "open tickets" in busy.text) == (422, True)


async def test_users_in_bulk(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.rules.job_phases = ("completed",)

    async def results(answer: httpx.Response) -> Any:
        return (await client.get(answer.json()["job_status"]["url"])).json()["job_status"][
            "results"
        ]

    batch = {"users": [{"name": "A"}, {"email": "nameless@mail.example"}]}
    made, failed = await results(await client.post("users/create_many", json=batch))
    assert set(made) == {"index", "id", "account_id"}
    assert failed["error"] == "UserCreateFailed"
    path = f"users/update_many?ids={made['id']},1"
    done, missing = await results(await client.put(path, json={"user": {"notes": "n"}}))
    assert (done["status"], missing["error"]) == ("Updated", "UserUpdateFailed")
    deleted, _ = await results(await client.delete(f"users/destroy_many?ids={made['id']},1"))
    assert deleted["status"] == "Deleted"
    many = {"users": [{"name": "x"}] * 101}
    assert "Maximum 100 users" in (await client.post("users/create_many", json=many)).text


@pytest.mark.parametrize("relation", ["requested", "ccd", "assigned", "followed"])
async def test_the_tickets_of_a_user(
    sandbox: Sandbox, client: httpx.AsyncClient, relation: str
) -> None:
    ticket = sandbox.store.add_ticket(
        requester_id=REQUESTER_ID, assignee_id=REQUESTER_ID, follower_ids=[REQUESTER_ID]
    )
    ticket["collaborator_ids"] = [REQUESTER_ID]
    page = (await client.get(f"users/{REQUESTER_ID}/tickets/{relation}")).json()
    assert ticket["id"] in {one["id"] for one in page["tickets"]}
    assert (await client.get(f"users/1/tickets/{relation}")).status_code == 404


async def test_users_come_with_their_organizations_and_groups(client: httpx.AsyncClient) -> None:
    path = f"users/{REQUESTER_ID}?include=organizations"
    assert (await client.get(path)).json()["organizations"][0]["id"] == FJALLGARDEN_ID
    listed = (await client.get("users?role=agent&include=organizations,groups")).json()
    assert SUPPORT_GROUP_ID in {one["id"] for one in listed["groups"]}
    groups = (await client.get(f"users/{AGENT_ID}/groups")).json()["groups"]
    assert [one["id"] for one in groups] == [SUPPORT_GROUP_ID]


async def test_organizations_are_found_and_written(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    for path in (
        "search?external_id=c-1042",
        "autocomplete?name=fj",
        f"show_many?ids={FJALLGARDEN_ID}",
    ):
        found = (await client.get(f"organizations/{path}")).json()["organizations"]
        assert [one["id"] for one in found] == [FJALLGARDEN_ID], path
    name = {"name": "Kestrel mountain GUIDES"}
    taken = await client.post("organizations", json={"organization": name})
    assert taken.json()["details"]["name"][0]["error"] == "DuplicateValue"
    changes = {"notes": "n", "tags": ["One two"], "organization_fields": {"a": 1}, "x": 1}
    path = f"organizations/{FJALLGARDEN_ID}"
    answer = await client.put(path, json={"organization": changes})
    assert answer.json()["organization"]["tags"] == ["one", "two"]
    assert '"organization.x"' in answer.headers["X-Zendesk-API-Warn"]
    tickets = (await client.get(f"{path}/tickets")).json()["tickets"]
    assert {one["organization_id"] for one in tickets} == {FJALLGARDEN_ID}
    users = (await client.get(f"{path}/users")).json()["users"]
    assert REQUESTER_ID in {one["id"] for one in users}
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert sandbox.store.users[REQUESTER_ID]["organization_id"] is None
