"""Creating customers and changing people: no mail, nobody guessed, nothing replaced unsaid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from asking import Reply, agrees, call, declines
from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    FJALLGARDEN_ID,
    KESTREL_ID,
    REQUESTER_EMAIL,
    REQUESTER_ID,
)

pytestmark = pytest.mark.anyio

WRITING = {"scopes": "read write", "confirm": "client"}
ONE = f"GET users/{REQUESTER_ID}"
IDENTITIES = f"users/{REQUESTER_ID}/identities"
Lost = Callable[[], Fault]


def changes_of(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {change["field"]: change for change in answer["changes"]}


def narrow(*scopes: str) -> dict[str, Any]:
    """A workspace and a token with these scopes alone."""
    sandbox = Sandbox()
    return {"sandbox": sandbox, "token": sandbox.token(scopes=scopes), "scopes": " ".join(scopes)}


# creating


async def test_a_customer_is_created_without_a_mail(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        answer = await desk.ask(
            "create_user",
            name="Una Hale",
            email="una@mail.example",
            phone="+441234",
            organization="kestrel mountain guides",
            external_id="X-1",
            notes="Met at the fair",
            tags=["VIP"],
            user_fields={"plan": "gold"},
        )
        assert answer == {
            "id": answer["id"],
            "name": "Una Hale",
            "email": "una@mail.example",
            "role": "end-user",
            "organization": {"id": KESTREL_ID, "name": "Kestrel Mountain Guides"},
            "phone": "+441234",
            "external_id": "X-1",
            "tags": ["vip"],
        }
        (write,) = [one for one in desk.sandbox.requests if one.method == "POST"]
        assert write.body["user"]["skip_verify_email"] is True
        assert write.body["user"]["role"] == "end-user"
        assert "verified" not in write.body["user"]
        assert desk.sent() == [
            "GET organizations/autocomplete", f"GET organizations/{KESTREL_ID}",
            "GET users/search", "GET users/search", "POST users", "GET organizations/show_many",
        ]  # fmt: skip


async def test_a_name_is_enough(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        answer = await desk.ask("create_user", name=" Una Hale ")
        assert answer == {"id": answer["id"], "name": "Una Hale", "role": "end-user"}
        assert desk.sent() == ["POST users"]


@pytest.mark.parametrize("known", ["search", "refusal"])
@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"email": REQUESTER_EMAIL.upper()}, "email"), ({"external_id": "u-20400"}, "external_id")],
)
async def test_who_exists_already_is_named_and_not_changed(
    open_workspace: OpenWorkspace, known: str, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace(**WRITING) as desk:
        if known == "refusal":  # the search does not know the user yet, Zendesk does
            nobody = Fault(status=200, body={"users": [], "count": 0})
            desk.sandbox.faults.add("GET", "/users/search", 1, nobody)
            taken = Fault(status=422, body={"error": "RecordInvalid", "details": {}})
            desk.sandbox.faults.add("POST", "/users$", 1, taken)
        before = dict(desk.sandbox.store.users[REQUESTER_ID])
        error = await desk.fail("create_user", name="Lena", **arguments)
        (problem,) = error["details"]["fields"]
        assert (error["kind"], problem["field"]) == ("invalid_arguments", field)
        assert error["outcome"] == "not_applied"
        assert problem["candidates"] == [
            {"id": REQUESTER_ID, "name": "Lena Bergström", "role": "end-user"}
        ]
        assert "update_user" in problem["problem"]
        assert desk.sandbox.store.users[REQUESTER_ID] == before


async def test_a_second_address_is_looked_up_and_not_guessed(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        second = "lena.private@home.example"
        desk.sandbox.store.add_identity(user_id=REQUESTER_ID, type="email", value=second)
        error = await desk.fail("create_user", name="Lena", email=second)
        assert error["details"]["fields"][0]["candidates"][0]["id"] == REQUESTER_ID
        # What a search finds by likeness is nobody who has the address.
        alike = {"users": [{"id": REQUESTER_ID, "email": REQUESTER_EMAIL}], "count": 1}
        desk.sandbox.faults.add("GET", "/users/search", 1, Fault(status=200, body=alike))
        answer = await desk.ask("create_user", name="Lena", email="lena@new.example")
        assert answer["id"] != REQUESTER_ID


async def test_another_refusal_of_zendesk_stays_its_own(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        detail = {"phone": [{"description": "Phone: is odd", "error": "Invalid"}]}
        refusal = Fault(status=422, body={"error": "RecordInvalid", "details": detail})
        desk.sandbox.faults.add("POST", "/users$", 1, refusal)
        error = await desk.fail("create_user", name="Una", phone="1", email="una@mail.example")
        assert error["kind"] == "validation_failed"
        assert error["details"]["fields"][0]["field"] == "phone"


async def test_what_was_dropped_or_not_set_is_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        user = {"id": 5, "name": "Una", "email": "una@mail.example", "role": "end-user"}
        warning = '{:unpermitted_keys=>["user.skip_verify_email"], :controller=>"users"}'
        fault = Fault(status=201, body={"user": user}, headers={"X-Zendesk-API-Warn": warning})
        desk.sandbox.faults.add("POST", "/users$", 1, fault)
        answer = await desk.ask(
            "create_user",
            name="Una",
            email="una@mail.example",
            organization=KESTREL_ID,
            tags=["a"],
            user_fields={"plan": "gold"},
        )
        assert answer["ignored"] == ["skip_verify_email"]
        assert answer["not_set"] == ["tags", "organization", "user_fields.plan"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "U", "email": "no address"}, "email"),
        ({"name": "U", "email": "two@a.example,three@a.example"}, "email"),
        ({"name": "U", "tags": ["two words"]}, "tags"),
        ({"name": "U", "organization": "Kestrel"}, "organization"),
        ({"name": "U", "role": "admin"}, "role"),
        ({"name": "U", "custom_role_id": 7}, "custom_role_id"),
        ({"name": "U", "skip_verify_email": False}, "skip_verify_email"),
        ({"name": "U", "verified": True}, "verified"),
    ],
)
async def test_a_creation_that_cannot_be_meant_is_refused(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace(**WRITING) as desk:
        error = await desk.fail("create_user", **arguments)
        assert error["details"]["fields"][0]["field"] == field
        assert desk.sent("POST") == []


LOST: dict[str, Lost] = {
    "reset": misfortunes.reset_after_write,
    "silence": lambda: misfortunes.never_answered(applied=True),
    "gateway": lambda: misfortunes.html_error(502, applied=True),
    "cut off": misfortunes.cut_off,
    "half of the JSON": misfortunes.truncated_json,
    "wrong types": misfortunes.wrong_types,
    "no user in it": lambda: misfortunes.altered(lambda _: {"user": {"id": None}}),
}


@pytest.mark.parametrize("how", LOST)
async def test_a_created_user_is_found_after_a_lost_answer(
    open_workspace: OpenWorkspace, how: str
) -> None:
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.faults.add("POST", "/users$", None, LOST[how]())
        answer = await desk.ask("create_user", name="Una", email="una@mail.example")
        assert answer["answer_was_lost"] is True
        assert answer["email"] == "una@mail.example"
        assert desk.sent("POST") == ["POST users"]


@pytest.mark.parametrize("arguments", [{}, {"email": "una@mail.example"}, {"external_id": "X-9"}])
async def test_what_became_of_a_creation_may_stay_unknown(
    open_workspace: OpenWorkspace, arguments: dict[str, str]
) -> None:
    async with open_workspace(**WRITING) as desk:
        lost = misfortunes.reset_before_write()
        desk.sandbox.faults.add("POST", "/users$", 1, lost)
        error = await desk.fail("create_user", name="Una", **arguments)
        assert (error["outcome"], error["retryable"]) == ("unknown", False)
        desk.sandbox.faults.add("POST", "/users$", 1, lost)
        desk.sandbox.faults.add("GET", "/users/search", None, lost, after=len(arguments))
        error = await desk.fail("create_user", name="Una", **arguments)
        assert error["outcome"] == "unknown"
        names = [user["name"] for user in desk.sandbox.store.users.values()]
        assert "Una" not in names, "sent twice"


async def test_an_agent_who_may_not_create_is_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.faults.add("POST", "/users$", 1, misfortunes.forbidden())
        error = await desk.fail("create_user", name="Una")
        assert (error["kind"], error["outcome"]) == ("forbidden", "not_applied")


async def test_with_the_least_scopes_an_organization_is_an_id(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**narrow("users:read", "users:write"), confirm="client") as desk:
        answer = await desk.ask("create_user", name="Una", organization=KESTREL_ID)
        assert answer["organization"] == {"id": KESTREL_ID}
        assert desk.sent() == ["POST users"]
        for tool, who in (("create_user", {"name": "U"}), ("update_user", {"user": "me"})):
            error = await desk.fail(tool, **who, organization="Kestrel Mountain Guides")
            assert error["kind"] == "scope_missing"
        answer = await desk.ask("update_user", user=REQUESTER_ID, organization=KESTREL_ID)
        change = changes_of(answer)["organization"]
        assert (change["from"], change["to"]) == (str(FJALLGARDEN_ID), str(KESTREL_ID))
    async with open_workspace(scopes="users:write") as desk:
        assert not {"create_user", "update_user"} & set(await desk.tools())


async def test_with_the_least_scopes_nobody_joins_without_a_yes(
    open_workspace: OpenWorkspace,
) -> None:
    # Whether an organization's people see each other's tickets cannot be told.
    async with open_workspace(**narrow("users:read", "users:write")) as desk:
        error = await desk.fail("update_user", user=REQUESTER_ID, organization=KESTREL_ID)
        assert error["kind"] == "confirmation_unavailable"
        new = {"name": "Una", "email": "una@mail.example", "organization": KESTREL_ID}
        error = await desk.fail("create_user", **new)
        assert error["kind"] == "invalid_arguments"
        assert {one.split()[0] for one in desk.sent()} == {"GET"}


@pytest.mark.parametrize("human", [agrees, declines])
async def test_joining_people_who_share_their_tickets_needs_a_yes(human: Reply) -> None:
    sandbox = Sandbox()
    sandbox.store.organizations[KESTREL_ID]["shared_tickets"] = True
    asked = await call(
        sandbox, "update_user", human, user=REQUESTER_ID, organization="Kestrel Mountain Guides"
    )
    (question,) = asked.shown
    assert question.splitlines()[:2] == [
        f"Put user {REQUESTER_ID} into an organization whose people may see each other's tickets?",
        f"Organization: Kestrel Mountain Guides ({KESTREL_ID})",
    ]
    joined = sandbox.store.users[REQUESTER_ID]["organization_id"] == KESTREL_ID
    assert joined is (human is agrees)


# changing


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (REQUESTER_ID, []),
        (REQUESTER_EMAIL, ["GET users/search"]),
        ("external:U-20400", ["GET users/search"]),
    ],
)
async def test_an_update_tells_each_field_before_and_after(
    open_workspace: OpenWorkspace, said: str | int, sent: list[str]
) -> None:
    async with open_workspace(**WRITING) as desk:
        store = desk.sandbox.store.users[REQUESTER_ID]
        store |= {"notes": "Old", "tags": ["a", "b"], "user_fields": {"plan": "tin", "size": 3}}
        answer = await desk.ask(
            "update_user",
            user=said,
            name="Lena Berg",
            alias="Lena",
            notes="",
            add_tags=["VIP"],
            remove_tags=["b"],
            user_fields={"plan": "gold", "size": None},
        )
        assert {key: answer[key] for key in ("id", "name")} == {
            "id": REQUESTER_ID, "name": "Lena Berg",
        }  # fmt: skip
        assert answer["changes"] == [
            {"field": "name", "from": "Lena Bergström", "to": "Lena Berg", "requested": True},
            {"field": "alias", "to": "Lena", "requested": True},
            {"field": "tags", "from": "a, b", "to": "a, vip", "requested": True},
            {"field": "notes", "from": "Old", "requested": True},
            {"field": "user_fields.plan", "from": "tin", "to": "gold", "requested": True},
            {"field": "user_fields.size", "from": "3", "requested": True},
        ]
        assert desk.sent() == [*sent, ONE, f"PUT users/{REQUESTER_ID}"]


async def test_an_address_is_added_beside_the_primary_one_without_a_mail(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**WRITING) as desk:
        answer = await desk.ask("update_user", user=REQUESTER_ID, email="Lena@new.example")
        assert answer["changes"] == []
        assert answer["identities_added"] == [
            {"type": "email", "value": "Lena@new.example", "primary": False}
        ]
        assert answer["primary_email"] == REQUESTER_EMAIL
        assert desk.sent() == [ONE, f"GET {IDENTITIES}", f"POST {IDENTITIES}"]
        (write,) = [one for one in desk.sandbox.requests if one.method == "POST"]
        assert write.body == {
            "identity": {"type": "email", "value": "Lena@new.example", "skip_verify_email": True}
        }
        again = await desk.ask("update_user", user=REQUESTER_ID, email="lena@NEW.example")
        assert again["unchanged"] == ["email"]
        assert "identities_added" not in again
        assert len(desk.sent("POST")) == 1
