"""Organizations: reading, finding and changing them, and their tickets."""

from __future__ import annotations

from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    BILLING_GROUP_ID,
    CORDILLERA_ID,
    FJALLGARDEN_ID,
    KESTREL_ID,
    SUPPORT_GROUP_ID,
)

pytestmark = pytest.mark.anyio

NAME = "Fjällgården Outdoor School"
ONE = f"GET organizations/{FJALLGARDEN_ID}"
EVERYTHING = {"scopes": "read write", "toolsets": "all"}


def changes_of(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {change["field"]: change for change in answer["changes"]}


async def test_its_tickets_come_newest_first_with_names(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        every = desk.sandbox.store.tickets.values()
        theirs = sorted(
            (one["id"] for one in every if one["organization_id"] == FJALLGARDEN_ID), reverse=True
        )
        asked = {"organization": NAME, "limit": 3}
        page = await desk.ask("list_organization_tickets", **asked)
        assert desk.sent() == ["GET organizations/autocomplete", f"{ONE}/tickets"]
        assert page["items"][0]["requester"]["name"]
        found = page["items"]
        while page["has_more"]:
            page = await desk.ask("list_organization_tickets", **asked, cursor=page["next_cursor"])
            found += page["items"]
        assert [hit["id"] for hit in found] == theirs
        error = await desk.fail(
            "list_organization_tickets", organization=KESTREL_ID, cursor="x" * 30
        )
        assert error["details"]["fields"][0]["field"] == "cursor"


async def test_a_role_that_may_not_see_organizations_is_told(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        desk.sandbox.faults.add("GET", "/organizations/", None, misfortunes.forbidden())
        for tool in ("get_organization", "list_organization_tickets"):
            error = await desk.fail(tool, organization=FJALLGARDEN_ID)
            assert (error["kind"], error["who"]) == ("forbidden", "admin")


async def test_an_update_tells_each_field_before_and_after(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        answer = await desk.ask(
            "update_organization",
            organization=NAME,
            name="Fjällgården AB",
            notes="",
            group="billing",
            add_domains=["FG.example", "fjallgarden.example"],
            add_tags=["VIP"],
            remove_tags=["education"],
            organization_fields={"plan": "gold"},
        )
        assert answer["id"] == FJALLGARDEN_ID
        assert answer["name"] == "Fjällgården AB"
        told = changes_of(answer)
        assert told.pop("name") == {
            "field": "name", "from": NAME, "to": "Fjällgården AB", "requested": True,
        }  # fmt: skip
        assert "to" not in told.pop("notes")
        assert told.pop("group")["to"] == f"Billing ({BILLING_GROUP_ID})"
        assert told.pop("domain_names")["to"] == "fg.example, fjallgarden.example"
        assert told.pop("tags")["to"] == "key_account, vip"
        assert told.pop("organization_fields.plan")["to"] == "gold"
        assert told == {}
        (write,) = [one for one in desk.sandbox.requests if one.method == "PUT"]
        assert write.body["organization"]["domain_names"] == ["fjallgarden.example", "fg.example"]
        assert "details" not in write.body["organization"]


async def test_a_group_is_taken_away_by_the_word_none(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        desk.sandbox.store.organizations[KESTREL_ID]["group_id"] = SUPPORT_GROUP_ID
        answer = await desk.ask("update_organization", organization=KESTREL_ID, group="none")
        change = changes_of(answer)["group"]
        assert change["from"] == f"Customer Support ({SUPPORT_GROUP_ID})"
        assert "to" not in change


async def test_what_was_so_already_is_not_sent(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        answer = await desk.ask(
            "update_organization",
            organization=FJALLGARDEN_ID,
            name=NAME,
            add_tags=["education"],
            remove_domains=["other.example"],
            organization_fields={"none": None},
        )
        assert answer["changes"] == []
        assert answer["unchanged"] == ["name", "domain_names", "tags", "organization_fields.none"]
        assert desk.sent() == [ONE]


async def test_what_zendesk_dropped_or_moved_itself_is_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        now = {"id": KESTREL_ID, "name": "Kestrel Mountain Guides", "tags": ["guides", "by_rule"]}
        warning = '{:unpermitted_keys=>["organization.details", "organization.plan"]}'
        fault = Fault(
            status=200,
            body={"organization": {**desk.sandbox.store.organizations[KESTREL_ID], **now}},
            headers={"X-Zendesk-API-Warn": warning},
        )
        desk.sandbox.faults.add("PUT", "/organizations/", 1, fault)
        answer = await desk.ask(
            "update_organization",
            organization=KESTREL_ID,
            details="New",
            notes="Only this",
            organization_fields={"plan": "gold"},
        )
        assert answer["ignored"] == ["details", "organization_fields.plan"]
        assert answer["unchanged"] == ["notes"]
        assert answer["changes"] == [
            {"field": "tags", "from": "guides", "to": "by_rule, guides", "requested": False}
        ]


async def test_a_name_that_another_has_names_that_one(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        error = await desk.fail(
            "update_organization", organization=FJALLGARDEN_ID, name="cordillera RENTALS"
        )
        (problem,) = error["details"]["fields"]
        assert problem["field"] == "name"
        assert problem["candidates"] == [{"id": CORDILLERA_ID, "name": "Cordillera Rentals"}]
        assert error["outcome"] == "not_applied"


async def test_another_refusal_is_told_as_zendesk_tells_it(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        refusal = {
            "error": "RecordInvalid",
            "details": {"name": [{"description": "Name: is too long", "error": "TooLong"}]},
        }
        fault = Fault(status=422, body=refusal)
        desk.sandbox.faults.add("PUT", "/organizations/", None, fault)
        asked = {"organization": FJALLGARDEN_ID, "name": "Quux"}
        error = await desk.fail("update_organization", **asked)
        assert error["kind"] == "validation_failed"
        assert error["details"]["fields"][0]["problem"] == "Name: is too long"
        desk.sandbox.faults.add("GET", "/organizations/auto", None, misfortunes.forbidden())
        assert (await desk.fail("update_organization", **asked))["kind"] == "validation_failed"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "arguments"),
        ({"name": "  "}, "name"),
        ({"add_tags": ["two words"]}, "add_tags"),
        ({"add_tags": ["x"], "remove_tags": ["X"]}, "remove_tags"),
        ({"add_tags": [f"t{n}" for n in range(101)]}, "add_tags"),
        ({"add_domains": ["a@b.example"]}, "add_domains"),
        ({"add_domains": ["b.example"], "remove_domains": ["B.example"]}, "remove_domains"),
        ({"group": "Bilin"}, "group"),
        ({"tags": ["x"]}, "tags"),
        ({"shared_tickets": True}, "shared_tickets"),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_anything_is_written(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        error = await desk.fail("update_organization", organization=FJALLGARDEN_ID, **arguments)
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"].split(".")[0] == field
        assert desk.sent("PUT") == []


LOST = {
    "reset": misfortunes.reset_after_write,
    "silence": lambda: misfortunes.never_answered(applied=True),
    "gateway": lambda: misfortunes.html_error(500, applied=True),
    "cut off": misfortunes.cut_off,
    "half of the JSON": misfortunes.truncated_json,
    "wrong types": misfortunes.wrong_types,
}


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
@pytest.mark.parametrize("how", LOST)
async def test_a_lost_answer_is_looked_up(
    open_workspace: OpenWorkspace, how: str, times: int | None
) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        desk.sandbox.faults.add("PUT", "/organizations/", times, LOST[how]())
        answer = await desk.ask("update_organization", organization=KESTREL_ID, notes="Once.")
        assert answer["answer_was_lost"] is True
        assert changes_of(answer)["notes"]["to"] == "Once."


async def test_what_never_arrived_is_not_told_as_done(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        lost = misfortunes.reset_before_write()
        desk.sandbox.faults.add("PUT", "/organizations/", None, lost)
        error = await desk.fail("update_organization", organization=KESTREL_ID, notes="Never.")
        assert (error["kind"], error["outcome"]) == ("network_error", "unknown")
        assert error["retryable"] is False
        desk.sandbox.faults.add("GET", f"/organizations/{KESTREL_ID}", None, lost)
    async with open_workspace(**EVERYTHING) as desk:
        desk.sandbox.faults.add("PUT", "/organizations/", None, lost)
        unreadable = misfortunes.forbidden()
        desk.sandbox.faults.add("GET", f"/organizations/{KESTREL_ID}$", None, unreadable, after=1)
        error = await desk.fail("update_organization", organization=KESTREL_ID, notes="Never.")
        assert (error["kind"], error["outcome"]) == ("network_error", "unknown")


async def test_a_domain_beyond_the_allowed_recipients_is_added_to_nobody(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**EVERYTHING, allow_recipients="fjallgarden.example") as desk:
        wanted = {"organization": KESTREL_ID, "add_domains": ["fjallgarden.example", "Evil.org"]}
        error = await desk.fail("update_organization", **wanted)
        assert error["kind"] == "policy_refused"
        assert "evil.org" in str(error)
        assert desk.sent() == []
        held = desk.sandbox.store.organizations[FJALLGARDEN_ID]["domain_names"]
        assert held == ["fjallgarden.example"]
        await desk.ask("update_organization", organization=FJALLGARDEN_ID, add_tags=["x"])
