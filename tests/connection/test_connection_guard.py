"""The guard before a handle that is asked for more than it says: a tool with a mistake in it."""

from __future__ import annotations

from typing import Any

import pytest

from guarded import (
    ANYONE,
    BASECAMP,
    BASECAMP_TICKET,
    NOBODY,
    NOTE,
    OPEN,
    REPLY,
    SUPPORT,
    handle,
    passes,
    refusal,
    written,
)
from mcp_server_zendesk.connection.errors import PolicyRefused
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.connection.guarding.places import Places
from mcp_server_zendesk.connection.guarding.recipients import Recipients
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import landmarks as at

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", ("tickets", OPEN), {"ticket": REPLY}),
        ("PUT", ("tickets", OPEN), {"ticket": {"comment": {"body": "public by default"}}}),
        ("PUT", ("tickets", OPEN), {"ticket": {**NOTE, "email_ccs": [{"user_email": "x@e.org"}]}}),
        ("PUT", ("tickets", OPEN), {"ticket": {**NOTE, "additional_collaborators": ["x@e.org"]}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"collaborator_ids": [at.REQUESTER_ID]}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"requester_id": at.REQUESTER_ID}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"requester": {"email": "x@e.org"}}}),
        ("POST", ("tickets",), {"ticket": {**NOTE, "requester": {"email": "x@e.org"}}}),
        ("POST", ("tickets",), {"ticket": {**REPLY, "requester_id": at.REQUESTER_ID}}),
        ("POST", ("tickets", OPEN, "merge"), {"ids": [1002], "source_comment_is_public": False}),
        ("POST", ("tickets", OPEN, "side_conversations"), {"message": {"to": ANYONE, "body": "x"}}),
        (
            "POST",
            ("tickets", at.ATTACHMENT_TICKET, "side_conversations", at.SIDE_CONVERSATION, "reply"),
            {"message": {"body": "x"}},
        ),
        ("POST", ("users",), {"user": {"name": "x", "email": "x@e.org"}}),
        ("PUT", ("users", at.REQUESTER_ID), {"user": {"email": "x@e.org"}}),
        (
            "POST",
            ("users", at.REQUESTER_ID, "identities"),
            {"identity": {"type": "email", "value": "x@e.org"}},
        ),
    ],
)
async def test_nobody_beyond_the_allowed_domains_is_reached(
    method: str, path: tuple[Any, ...], body: dict[str, Any]
) -> None:
    refused = await refusal(NOBODY, method, *path, body=body)
    assert refused.setting == "allow_recipients"
    assert refused.asked
    assert "@" not in " ".join(refused.asked)


async def test_a_suspended_mail_reaches_its_author() -> None:
    path, params = ("suspended_tickets", "recover_many"), {"ids": at.SUSPENDED_MAIL}
    refused = await refusal(NOBODY, "PUT", *path, params=params, body={})
    assert refused.setting == "allow_recipients"


async def test_a_reply_within_the_domains_passes_and_a_note_needs_no_look() -> None:
    near = Guard(recipients=Recipients.of(["fjallgarden.example"]))
    read = await passes(near, "PUT", "tickets", OPEN, body={"ticket": REPLY})
    assert read == [f"/api/v2/tickets/{OPEN}", "/api/v2/users/show_many"]
    assert await passes(NOBODY, "PUT", "tickets", OPEN, body={"ticket": NOTE}) == []


@pytest.mark.parametrize("key", ["email_cc_ids", "collaborator_ids"])
async def test_those_in_copy_count_however_the_account_tells_of_them(key: str) -> None:
    async with handle(Guard(recipients=Recipients.of(["fjallgarden.example"]))) as (desk, sandbox):
        sandbox.store.tickets[OPEN][key] = [at.JAPANESE_USER_ID]
        with pytest.raises(PolicyRefused):
            await desk.put("tickets", OPEN, body={"ticket": REPLY})
        assert written(sandbox) == []


async def test_a_requester_without_an_address_cannot_be_told_and_is_refused() -> None:
    async with handle(Guard(recipients=Recipients.of(["fjallgarden.example"]))) as (desk, sandbox):
        sandbox.store.users[at.REQUESTER_ID]["email"] = None
        with pytest.raises(PolicyRefused) as caught:
            await desk.put("tickets", OPEN, body={"ticket": REPLY})
    assert "without a mail address" in caught.value.problem


@pytest.mark.parametrize("guard", [SUPPORT, BASECAMP, NOBODY, Guard(effects=frozenset({"read"}))])
@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("DELETE", ("users", at.REQUESTER_ID), {}),
        ("POST", ("tickets", "create_many"), {"body": {"tickets": []}}),
        ("PUT", ("tickets", "update_many"), {"body": {"tickets": [{"id": 1}]}}),
        ("PUT", ("tickets", "update_many"), {"body": {"ticket": NOTE}}),
        (
            "PUT",
            ("tickets", "update_many"),
            {"body": {"ticket": NOTE}, "params": {"external_ids": "x"}},
        ),
        ("PUT", ("tickets", OPEN), {"body": {"ticket": {"sharing_agreement_ids": [1]}}}),
        ("PUT", ("tickets", OPEN), {"body": {"ticket": {"assignee_email": "x@e.org"}}}),
        ("PUT", ("tickets", OPEN), {"body": {"ticket": {}}, "params": {"async": "true"}}),
        ("POST", ("help_center", "sections", 1, "articles.json"), {"body": {"article": {}}}),
        ("POST", ("macros",), {"body": {"macro": {}}}),
    ],
)
async def test_what_is_not_known_is_not_sent_by_a_limited_workspace(
    guard: Guard, method: str, path: tuple[Any, ...], sent: dict[str, Any]
) -> None:
    refused = await refusal(guard, method, *path, **sent)
    assert "cannot be told" in refused.problem


OUTSIDE = at.CLOSED_TICKET


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", ("tickets", OUTSIDE), {"ticket": NOTE}),
        ("PUT", ("tickets", at.NEW_TICKET), {"ticket": NOTE}),
        ("PUT", ("tickets", OUTSIDE), {"ticket": {"group_id": at.SUPPORT_GROUP_ID}}),
        ("POST", ("tickets", OUTSIDE, "tags"), {"tags": ["x"]}),
        ("DELETE", ("tickets", OUTSIDE), None),
        ("POST", ("tickets", OPEN, "merge"), {"ids": [OUTSIDE]}),
        ("POST", ("tickets", OUTSIDE, "side_conversations"), {"message": {"to": ANYONE}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"group_id": at.RETURNS_GROUP_ID}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"group_id": None}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"assignee_id": at.RETURNS_AGENT_ID}}),
        ("POST", ("tickets",), {"ticket": NOTE}),
        ("POST", ("tickets",), {"ticket": {**NOTE, "group_id": at.BILLING_GROUP_ID}}),
        ("POST", ("tickets",), {"ticket": {**NOTE, "assignee_id": at.TEAM_LEAD_ID}}),
        (
            "POST",
            ("tickets",),
            {
                "ticket": {
                    **NOTE,
                    "group_id": at.SUPPORT_GROUP_ID,
                    "via_followup_source_id": OUTSIDE,
                }
            },
        ),
    ],
)
async def test_no_ticket_outside_the_groups_is_touched_and_none_is_moved_out(
    method: str, path: tuple[Any, ...], body: dict[str, Any] | None
) -> None:
    refused = await refusal(SUPPORT, method, *path, body=body)
    assert refused.setting == "allow_groups"
    assert refused.asked


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", ("tickets", OPEN), {"ticket": NOTE}),
        ("PUT", ("tickets", OPEN), {"ticket": {"assignee_id": at.TEAM_LEAD_ID}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"assignee_id": None}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"group_id": at.SUPPORT_GROUP_ID}}),
        ("POST", ("tickets",), {"ticket": {**NOTE, "group_id": at.SUPPORT_GROUP_ID}}),
        ("POST", ("tickets",), {"ticket": {**NOTE, "assignee_id": at.AGENT_ID}}),
        ("PUT", ("organizations", at.FJALLGARDEN_ID), {"organization": {"tags": ["x"]}}),
        ("PUT", ("users", at.REQUESTER_ID), {"user": {"notes": "x"}}),
    ],
)
async def test_what_stays_within_the_groups_passes(
    method: str, path: tuple[Any, ...], body: dict[str, Any]
) -> None:
    await passes(SUPPORT, method, *path, body=body)


async def test_many_tickets_are_looked_at_in_one_request_and_one_outside_refuses_all() -> None:
    body = {"ticket": {"priority": "high"}}
    read = await passes(
        SUPPORT, "PUT", "tickets", "update_many", params={"ids": "1011,1012"}, body=body
    )
    assert read == ["/api/v2/tickets/show_many"]
    params = {"ids": f"1011,{OUTSIDE}"}
    refused = await refusal(SUPPORT, "PUT", "tickets", "update_many", params=params, body=body)
    assert str(OUTSIDE) in refused.problem
    assert "1011" not in refused.problem
    params = {"ids": "1011,999999"}
    await refusal(SUPPORT, "PUT", "tickets", "update_many", params=params, body=body)


def _everybody() -> Guard:
    """All the domains of the seeded desk."""
    mails = [user["email"] for user in Sandbox().store.users.values() if user["email"]]
    return Guard(recipients=Recipients.of(mail.partition("@")[2] for mail in mails))


@pytest.mark.parametrize("guard", [SUPPORT, _everybody()], ids=["groups", "recipients"])
async def test_solving_a_problem_touches_its_incidents_too(guard: Guard) -> None:
    """Zendesk solves them with it, and sends them its comment."""
    solving = {"ticket": {**REPLY, "status": "solved"}}
    async with handle(guard) as (zendesk, sandbox):
        problem, (incident, _) = at.PROBLEM_TICKET, at.INCIDENT_TICKETS
        sandbox.store.tickets[problem]["group_id"] = at.SUPPORT_GROUP_ID
        sandbox.store.tickets[incident]["group_id"] = at.BILLING_GROUP_ID
        asker = sandbox.store.tickets[incident]["requester_id"]
        sandbox.store.users[asker]["email"] = "x@evil.org"
        with pytest.raises(PolicyRefused) as caught:
            await zendesk.put("tickets", problem, body=solving)
        assert written(sandbox) == []
        assert caught.value.asked in {("Billing",), ("evil.org",)}
        await zendesk.put("tickets", problem, body={"ticket": NOTE})


async def test_brands_are_limited_likewise_and_an_article_tells_none() -> None:
    await passes(BASECAMP, "PUT", "tickets", BASECAMP_TICKET, body={"ticket": NOTE})
    move = {"ticket": {"brand_id": at.NORTHWIND_BRAND_ID}}
    for ticket, body in ((OPEN, {"ticket": NOTE}), (BASECAMP_TICKET, move)):
        refused = await refusal(BASECAMP, "PUT", "tickets", ticket, body=body)
        assert refused.setting == "allow_brands"
        assert refused.asked == ("Northwind Outdoor",)
    refused = await refusal(BASECAMP, "POST", "tickets", body={"ticket": NOTE})
    assert refused.asked == ("Northwind Outdoor",), "that of the account's default brand"
    article = ("help_center", "articles", f"{at.DRAFT_ARTICLE}.json")
    refused = await refusal(BASECAMP, "PUT", *article, body={"article": {"label_names": ["x"]}})
    assert "brand" in refused.problem


async def test_a_ticket_is_read_once_for_a_call_and_anew_after_a_human_answered() -> None:
    async with handle(SUPPORT) as (zendesk, sandbox):
        for _ in range(3):
            await zendesk.put("tickets", OPEN, body={"ticket": NOTE})
        assert sum(one.method == "GET" for one in sandbox.requests) == 1
        assert zendesk.requests == 4
        sandbox.store.tickets[OPEN]["group_id"] = at.BILLING_GROUP_ID
        zendesk.began += 1
        with pytest.raises(PolicyRefused):
            await zendesk.put("tickets", OPEN, body={"ticket": NOTE})


@pytest.mark.parametrize(
    ("guard", "missing"),
    [
        (SUPPORT, "tickets:read"),
        (Guard(groups=Places("group", ("Billing",))), "groups:read"),
        (NOBODY, "users:read"),
    ],
)
async def test_what_the_scopes_do_not_show_is_refused_and_the_scope_is_named(
    guard: Guard, missing: str
) -> None:
    scopes = {"tickets:read", "users:read", "groups:read", "tickets:write"} - {missing}
    async with handle(guard, frozenset(scopes)) as (zendesk, sandbox):
        with pytest.raises(PolicyRefused) as caught:
            await zendesk.put("tickets", OPEN, body={"ticket": REPLY})
        assert written(sandbox) == []
    assert missing in caught.value.problem


@pytest.mark.parametrize("name", ["Billling", "customer  support"])
async def test_a_group_that_does_not_exist_refuses_every_change_of_a_ticket(name: str) -> None:
    guard = Guard(groups=Places("group", (str(at.SUPPORT_GROUP_ID), name)))
    refused = await refusal(guard, "PUT", "tickets", OPEN, body={"ticket": NOTE})
    assert refused.asked == (name,)


async def test_a_name_that_two_groups_share_means_none() -> None:
    async with handle(Guard(groups=Places("group", ("Billing",)))) as (zendesk, sandbox):
        one = sandbox.store.groups[at.BILLING_GROUP_ID]
        sandbox.store.groups[7] = {**one, "id": 7}
        with pytest.raises(PolicyRefused):
            await zendesk.put("tickets", at.SOLVED_TICKET, body={"ticket": NOTE})
        assert written(sandbox) == []
