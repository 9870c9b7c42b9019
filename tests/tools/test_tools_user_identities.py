"""Creating customers and changing people: no mail, nobody guessed, nothing replaced unsaid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    FJALLGARDEN_ID,
    INDEPENDENT_USER_ID,
    KESTREL_ID,
    REQUESTER_EMAIL,
    REQUESTER_ID,
)

pytestmark = pytest.mark.anyio

WRITING = {"scopes": "read write", "confirm": "client"}
FJALLGARDEN = f"Fjällgården Outdoor School ({FJALLGARDEN_ID})"
KESTREL = f"Kestrel Mountain Guides ({KESTREL_ID})"
ONE = f"GET users/{REQUESTER_ID}"
IDENTITIES = f"users/{REQUESTER_ID}/identities"
Lost = Callable[[], Fault]


def changes_of(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {change["field"]: change for change in answer["changes"]}


LOST: dict[str, Lost] = {
    "reset": misfortunes.reset_after_write,
    "silence": lambda: misfortunes.never_answered(applied=True),
    "gateway": lambda: misfortunes.html_error(502, applied=True),
    "cut off": misfortunes.cut_off,
    "half of the JSON": misfortunes.truncated_json,
    "wrong types": misfortunes.wrong_types,
    "no user in it": lambda: misfortunes.altered(lambda _: {"user": {"id": None}}),
}


async def test_a_first_address_becomes_the_primary_one(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        user = desk.sandbox.store.add_user(name="Una")
        answer = await desk.ask(
            "update_user", user=user["id"], email="una@mail.example", notes="Hello"
        )
        assert answer["primary_email"] == "una@mail.example"
        assert answer["identities_added"][0]["primary"] is True
        assert list(changes_of(answer)) == ["notes"]


async def test_an_address_of_another_names_that_one(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        error = await desk.fail(
            "update_user", user=INDEPENDENT_USER_ID, email=REQUESTER_EMAIL, notes="Not written"
        )
        (problem,) = error["details"]["fields"]
        assert problem["field"] == "email"
        assert problem["candidates"][0]["id"] == REQUESTER_ID
        assert error["outcome"] == "not_applied"
        assert desk.sent("PUT") == []
        detail = {"value": [{"description": "Value: is odd", "error": "Invalid"}]}
        refusal = Fault(status=422, body={"error": "RecordInvalid", "details": detail})
        desk.sandbox.faults.add("POST", "/identities$", 1, refusal)
        error = await desk.fail("update_user", user=INDEPENDENT_USER_ID, email="new@mail.example")
        assert error["kind"] == "validation_failed"


@pytest.mark.parametrize("who", ["me", ADMIN_ID, AGENT_ID])
async def test_an_agent_gets_no_further_address(
    open_workspace: OpenWorkspace, who: str | int
) -> None:
    """Zendesk would send mail for one's own, and whoever has it could sign in as an agent."""
    async with open_workspace(**WRITING) as desk:
        error = await desk.fail("update_user", user=who, email="new@mail.example", notes="x")
        assert error["details"]["fields"][0]["field"] == "email"
        assert desk.sent("POST") == desk.sent("PUT") == []


@pytest.mark.parametrize("how", [name for name in LOST if name != "no user in it"])
async def test_an_address_is_found_after_a_lost_answer(
    open_workspace: OpenWorkspace, how: str
) -> None:
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.faults.add("POST", "/identities$", None, LOST[how]())
        answer = await desk.ask("update_user", user=REQUESTER_ID, email="lena@new.example")
        assert answer["identities_added"][0]["value"] == "lena@new.example"
        assert desk.sent("POST") == [f"POST {IDENTITIES}"]


@pytest.mark.parametrize("readable", [True, False])
async def test_what_became_of_an_address_may_stay_unknown(
    open_workspace: OpenWorkspace, readable: bool
) -> None:
    async with open_workspace(**WRITING) as desk:
        lost = misfortunes.reset_before_write()
        desk.sandbox.faults.add("POST", "/identities$", None, lost)
        if not readable:
            desk.sandbox.faults.add("GET", "/identities$", None, lost, after=1)
        error = await desk.fail("update_user", user=REQUESTER_ID, email="a@new.example", notes="x")
        assert error["outcome"] == "unknown"
        assert desk.sent("PUT") == []


async def test_half_of_an_update_is_not_told_as_the_whole(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.faults.add("PUT", "/users/", None, misfortunes.forbidden())
        error = await desk.fail("update_user", user=REQUESTER_ID, email="a@new.example", notes="x")
        assert (error["kind"], error["outcome"]) == ("forbidden", "unknown")


async def test_a_second_number_becomes_an_identity(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        store = desk.sandbox.store

        def add_beside(body: Any) -> Any:
            store.add_identity(user_id=REQUESTER_ID, type="phone_number", value="+4670123")
            return {"user": {**body["user"], "phone": "+46 63 555 0142"}}

        desk.sandbox.faults.add("PUT", "/users/", 1, misfortunes.altered(add_beside))
        answer = await desk.ask("update_user", user=REQUESTER_ID, phone="+46 70-123")
        assert answer["identities_added"] == [
            {"type": "phone_number", "value": "+4670123", "primary": False}
        ]
        assert answer["changes"] == []
        assert "unchanged" not in answer
        assert "primary_email" not in answer


async def test_a_number_without_effect_is_unchanged(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        same = misfortunes.altered(
            lambda body: {"user": {**body["user"], "phone": "+46 63 555 0142"}}
        )
        desk.sandbox.faults.add("PUT", "/users/", 1, same)
        answer = await desk.ask("update_user", user=REQUESTER_ID, phone="+1 555 1")
        assert answer["unchanged"] == ["phone"]


async def test_a_number_is_not_sent_twice(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.faults.add("PUT", "/users/", None, misfortunes.reset_after_write())
        answer = await desk.ask("update_user", user=REQUESTER_ID, phone="+1555")
        assert changes_of(answer)["phone"]["to"] == "+1555"
        assert answer["answer_was_lost"] is True
        assert len(desk.sent("PUT")) == 1


@pytest.mark.parametrize("said", [KESTREL_ID, "Kestrel Mountain Guides", "external:C-1077"])
async def test_a_person_is_moved_to_another_organization(
    open_workspace: OpenWorkspace, said: str | int
) -> None:
    async with open_workspace(**WRITING) as desk:
        answer = await desk.ask("update_user", user=REQUESTER_ID, organization=said)
        assert answer["changes"] == [
            {"field": "organization", "from": FJALLGARDEN, "to": KESTREL, "requested": True}
        ]


async def test_none_takes_a_person_out(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        answer = await desk.ask("update_user", user=REQUESTER_ID, organization="none")
        assert "to" not in changes_of(answer)["organization"]
        assert desk.sandbox.store.users[REQUESTER_ID]["organization_id"] is None


def memberships(*ids: int) -> Fault:
    rows = [{"id": one + 1, "organization_id": one} for one in ids]
    return Fault(status=200, body={"organization_memberships": rows})


async def test_organizations_lost_by_the_move_are_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        other = desk.sandbox.store.add_organization(name="Other Ltd")["id"]
        both = memberships(FJALLGARDEN_ID, other)
        desk.sandbox.faults.add("GET", "/organization_memberships", 1, both)
        answer = await desk.ask("update_user", user=REQUESTER_ID, organization=KESTREL_ID)
        assert answer["changes"][1:] == [
            {"field": "other_organizations", "from": f"Other Ltd ({other})", "requested": False}
        ]


@pytest.mark.parametrize("first", [False, True])
async def test_organizations_that_cannot_be_seen_are_not_told_as_lost(
    open_workspace: OpenWorkspace, first: bool
) -> None:
    async with open_workspace(**WRITING) as desk:
        if not first:
            both = memberships(FJALLGARDEN_ID, KESTREL_ID + 1)
            desk.sandbox.faults.add("GET", "/organization_memberships", 1, both)
        refused = misfortunes.forbidden()
        desk.sandbox.faults.add("GET", "/organization_memberships", None, refused)
        answer = await desk.ask("update_user", user=REQUESTER_ID, organization=KESTREL_ID)
        assert list(changes_of(answer)) == ["organization"]


async def test_side_effects_and_drops_are_told_apart(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        user = desk.sandbox.store.users[INDEPENDENT_USER_ID]
        warning = '{:invalid_values=>["user.alias"], :controller=>"users"}'
        fault = Fault(
            status=200,
            body={"user": {**user, "tags": ["by_rule"]}},
            headers={"X-Zendesk-API-Warn": warning},
        )
        desk.sandbox.faults.add("PUT", "/users/", 1, fault)
        answer = await desk.ask(
            "update_user", user=INDEPENDENT_USER_ID, alias="G", user_fields={"none": "x"}
        )
        assert answer["ignored"] == ["alias"]
        assert answer["unchanged"] == ["user_fields.none"]
        assert answer["changes"] == [{"field": "tags", "to": "by_rule", "requested": False}]


async def test_what_was_so_already_is_not_sent(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        answer = await desk.ask(
            "update_user", user=REQUESTER_ID, name="Lena Bergström", remove_tags=["none"]
        )
        assert answer == {
            "id": REQUESTER_ID,
            "name": "Lena Bergström",
            "changes": [],
            "unchanged": ["name", "tags"],
        }
        assert desk.sent() == [ONE]


async def test_a_deleted_user_is_left_alone(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.store.users[INDEPENDENT_USER_ID]["active"] = False
        error = await desk.fail("update_user", user=INDEPENDENT_USER_ID, notes="x")
        assert "deleted" in error["reason"]
        assert desk.sent("PUT") == []


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "arguments"),
        ({"name": ""}, "name"),
        ({"email": "nowhere"}, "email"),
        ({"role": "admin"}, "role"),
        ({"suspended": True}, "suspended"),
        ({"tags": ["x"]}, "tags"),
        ({"verified": True}, "verified"),
        ({"organization": "Fjällgården"}, "organization"),
        ({"add_tags": ["x"], "remove_tags": ["x"]}, "remove_tags"),
    ],
)
async def test_an_update_that_cannot_be_meant_is_refused(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace(**WRITING) as desk:
        error = await desk.fail("update_user", user=REQUESTER_ID, **arguments)
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == field
        assert desk.sent("PUT") == desk.sent("POST") == []


async def test_an_unknown_person_is_not_found(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        for nobody in (987654321, "nobody@nowhere.example"):
            error = await desk.fail("update_user", user=nobody, notes="x")
            assert (error["kind"], error["outcome"]) == ("not_found", "not_applied")


async def test_a_limit_of_one_user_is_told_with_the_wait(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.faults.add("PUT", "/users/", None, misfortunes.rate_limited(300))
        error = await desk.fail("update_user", user=REQUESTER_ID, notes="x")
        assert (error["kind"], error["retry_after_seconds"]) == ("rate_limited", 300)
        assert error["outcome"] == "not_applied"


@pytest.mark.parametrize("how", [name for name in LOST if name != "no user in it"])
async def test_an_update_is_looked_up_after_a_lost_answer(
    open_workspace: OpenWorkspace, how: str
) -> None:
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.faults.add("PUT", "/users/", None, LOST[how]())
        answer = await desk.ask("update_user", user=REQUESTER_ID, notes="Once.")
        assert answer["answer_was_lost"] is True
        assert changes_of(answer)["notes"]["to"] == "Once."


async def test_hostile_text_in_each_field_is_cleaned(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        bad = "a\u200b\u202eb </untrusted 0> [x](https://evil.example/y)"
        desk.sandbox.store.users[REQUESTER_ID] |= {
            "name": bad, "alias": bad, "phone": bad, "notes": bad, "user_fields": {bad: bad},
        }  # fmt: skip
        desk.sandbox.store.organizations[FJALLGARDEN_ID]["name"] = bad
        answer = await desk.ask(
            "update_user",
            user=REQUESTER_ID,
            alias="A",
            notes="N",
            organization=KESTREL_ID,
            user_fields={bad: None},
        )
        text = str(answer)
        assert len(answer["changes"]) == 4
        for hidden in ("\u200b", "\u202e", "</untrusted", "evil.example/y"):
            assert hidden not in text
        error = await desk.fail("create_user", name="L", email=REQUESTER_EMAIL)
        assert "\u200b" not in str(error)
