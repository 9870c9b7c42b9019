"""The guard, by what a request says: its effect, its keys, and how long it waited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from guarded import (
    ANYONE,
    BROAD,
    NOTE,
    OPEN,
    REPLY,
    SUPPORT,
    handle,
    passes,
    refusal,
    written,
)
from mcp_server_zendesk.connection.errors import CeilingReached, PolicyRefused
from mcp_server_zendesk.connection.guarding.ceilings import Ceilings
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.connection.guarding.recipients import Recipients
from mcp_server_zendesk.connection.handle import Reach, Zendesk
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox, misfortunes
from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.workspace import access_to

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("effect", "method", "path", "body"),
    [
        ("contact", "PUT", ("tickets", OPEN), {"ticket": REPLY}),
        ("contact", "POST", ("tickets",), {"ticket": {**NOTE, "requester": {"email": "a@b.org"}}}),
        ("contact", "POST", ("tickets", OPEN, "merge"), {"ids": [1011]}),
        ("contact", "POST", ("tickets", OPEN, "side_conversations"), {"message": {"to": ANYONE}}),
        ("irreversible", "DELETE", ("tickets", OPEN), None),
        ("irreversible", "PUT", ("tickets", OPEN), {"ticket": {"status": "closed"}}),
    ],
)
async def test_an_effect_that_is_not_allowed_is_refused_where_it_would_be_sent(
    effect: str, method: str, path: tuple[Any, ...], body: dict[str, Any] | None
) -> None:
    guard = Guard(effects=frozenset({"read", "write", "contact", "irreversible"}) - {effect})
    refused = await refusal(guard, method, *path, body=body)
    assert refused.setting == "allow_effects"


ARTICLE = ("help_center", "articles", at.DRAFT_ARTICLE)
TRANSLATION = (*ARTICLE, "translations", "en-us")
SECTION = ("help_center", "sections", at.RETURNS_SECTION, "articles")
IDENTITIES = ("users", at.REQUESTER_ID, "identities")
BY_MAIL = {"type": "email", "value": "x@e.org"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", ("users", at.REQUESTER_ID), {"user": {"email": "x@e.org"}}),
        ("POST", ("users",), {"user": {"name": "x", "email": "x@e.org"}}),
        (
            "POST",
            ("users",),
            {"user": {"name": "x", "email": "x@e.org", "skip_verify_email": False}},
        ),
        ("POST", IDENTITIES, {"identity": {**BY_MAIL, "skip_verify_email": True}}),
        ("POST", IDENTITIES, {"identity": {**BY_MAIL, "skip_verify_email": False}}),
        ("PUT", TRANSLATION, {"translation": {"draft": False}}),
        ("PUT", TRANSLATION, {"translation": {"title": "x", "draft": "false"}}),
        ("POST", SECTION, {"article": {"title": "x"}, "notify_subscribers": False}),
        ("POST", SECTION, {"article": {"draft": False}, "notify_subscribers": False}),
    ],
)
async def test_an_address_and_publishing_reach_people(
    method: str, path: tuple[Any, ...], body: dict[str, Any]
) -> None:
    refused = await refusal(Guard(effects=frozenset({"read", "write"})), method, *path, body=body)
    assert refused.problem == "it would contact people"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", ("users", at.REQUESTER_ID), {"user": {"role": "admin"}}),
        ("PUT", ("users", at.REQUESTER_ID), {"user": {"role": "end-user"}}),
        ("PUT", ("users", at.REQUESTER_ID), {"user": {"suspended": False}}),
        ("POST", ("users",), {"user": {"name": "x", "role": "agent"}}),
        ("POST", ("users",), {"user": {"name": "x", "verified": True}}),
        ("POST", IDENTITIES, {"identity": {**BY_MAIL, "verified": True}}),
        ("POST", IDENTITIES, {"identity": {"type": "google", "value": "x@e.org"}}),
        ("PUT", ("organizations", 5), {"organization": {"shared_tickets": True}}),
        ("PUT", ("organizations", 5), {"organization": {"domain_names": "e.org"}}),
        ("PUT", ARTICLE, {"article": {"draft": False}}),
        ("PUT", ARTICLE, {"article": {"user_segment_id": None}}),
        ("PUT", TRANSLATION, {"translation": {"outdated": True}}),
        ("POST", SECTION, {"article": {"promoted": True}, "notify_subscribers": False}),
        ("POST", SECTION, {"article": {}, "notify_subscribers": False, "other": 1}),
        ("PUT", ("tickets", OPEN), {"ticket": {"status": "CLOSED"}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"status": "deleted"}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"status": ["closed"]}}),
        ("PUT", ("tickets", OPEN), {"ticket": {"comment": {"public": False, "author_id": 1}}}),
        ("POST", ("tickets", OPEN, "merge"), {"ids": [1011], "target_comment_public": False}),
        ("POST", ("tickets", OPEN, "tags"), {"tags": ["x"], "ticket": {"status": "closed"}}),
    ],
)
async def test_a_key_that_nobody_taught_it_is_not_sent_by_a_limited_workspace(
    method: str, path: tuple[Any, ...], body: dict[str, Any]
) -> None:
    refused = await refusal(Guard(effects=frozenset({"read", "write"})), method, *path, body=body)
    assert "cannot be told" in refused.problem


async def test_an_organization_gets_no_domain_beyond_the_allowed_ones() -> None:
    """Whoever has an address of its domains becomes one of its people."""
    near = Guard(recipients=Recipients.of(["acme.com", "*.acme.com", "a@solo.org"]))
    path = ("organizations", at.FJALLGARDEN_ID)
    for domains in (["evil.org"], ["acme.com", "evil.org"], ["solo.org"], ["a@acme.com"]):
        body = {"organization": {"domain_names": domains}}
        refused = await refusal(near, "PUT", *path, body=body)
        assert refused.setting == "allow_recipients"
    allowed = {"organization": {"domain_names": ["ACME.com", "eu.acme.com"]}}
    assert await passes(near, "PUT", *path, body=allowed) == []
    assert await passes(near, "PUT", *path, body={"organization": {"domain_names": []}}) == []


async def test_a_call_that_touches_more_than_it_reserved_meets_the_ceiling() -> None:
    async with handle(Guard(ceilings=Ceilings(per_minute=2))) as (zendesk, sandbox):
        await zendesk.access.guard.reserve(zendesk, 1)
        for ticket in (OPEN, OPEN, at.NEW_TICKET):
            await zendesk.put("tickets", ticket, body={"ticket": NOTE})
        with pytest.raises(PolicyRefused):
            await zendesk.put("tickets", 1011, body={"ticket": NOTE})
        assert len(written(sandbox)) == 3
        other = replace(zendesk, ledger=type(zendesk.ledger)())
        with pytest.raises(CeilingReached):
            await other.put("tickets", 1011, body={"ticket": NOTE})


@asynccontextmanager
async def waiting(
    guard: Guard, meanwhile: Callable[[Sandbox], object], waits: list[float]
) -> AsyncIterator[tuple[Zendesk, Sandbox]]:
    """A handle whose next change of a ticket meets Zendesk's limit; something happens then."""
    sandbox = Sandbox()
    for method, path in (("PUT", f"tickets/{OPEN}"), ("POST", "tickets")):
        sandbox.faults.add(method, f"/{path}$", 1, misfortunes.rate_limited(30))

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        meanwhile(sandbox)

    access = access_to(
        embedded_settings({"scopes": "read write"}),
        transport=httpx.ASGITransport(app=sandbox),
        clock=lambda: sum(waits),
        sleep=sleep,
    )
    access.guard = guard
    yield Zendesk(access, Reach(writes=True, scopes=BROAD), HeldScopes(BROAD)), sandbox
    await access.connection.aclose()


async def test_after_waiting_for_a_limit_the_policy_is_asked_anew() -> None:
    def moved(sandbox: Sandbox) -> None:
        sandbox.store.tickets[OPEN]["group_id"] = at.BILLING_GROUP_ID

    waits: list[float] = []
    async with waiting(SUPPORT, moved, waits) as (zendesk, sandbox):
        with pytest.raises(PolicyRefused):
            await zendesk.put("tickets", OPEN, body={"ticket": NOTE})
        assert waits
        assert written(sandbox) == ["PUT"], "the one that met the limit"
        assert "x" not in sandbox.store.said(OPEN)
        assert zendesk.outcome == "not_applied"


async def test_a_reply_that_waited_goes_to_nobody_who_came_meanwhile() -> None:
    def copied(sandbox: Sandbox) -> None:
        sandbox.store.tickets[OPEN]["email_cc_ids"] = [at.JAPANESE_USER_ID]

    near = Guard(recipients=Recipients.of(["fjallgarden.example"]))
    async with waiting(near, copied, []) as (zendesk, sandbox):
        with pytest.raises(PolicyRefused):
            await zendesk.put("tickets", OPEN, body={"ticket": REPLY})
        assert "x" not in sandbox.store.said(OPEN)


async def test_what_waited_counts_once_and_without_a_policy_is_not_looked_at() -> None:
    one_each = Guard(ceilings=Ceilings(per_minute=2))
    for limits, reads in ((one_each, 0), (SUPPORT, 2), (Guard(), 0)):
        waits: list[float] = []
        async with waiting(limits, nothing_happens, waits) as (zendesk, sandbox):
            new = {"ticket": {**NOTE, "subject": "x", "group_id": at.SUPPORT_GROUP_ID}}
            await zendesk.post("tickets", body=new)
            assert waits
            assert zendesk.ledger.made == (0 if limits.ceilings is None else 1)
        async with waiting(limits, nothing_happens, []) as (zendesk, sandbox):
            await zendesk.put("tickets", OPEN, body={"ticket": NOTE})
            assert sum(one.method == "GET" for one in sandbox.requests) == reads


def nothing_happens(_: Sandbox) -> None:
    """A quiet half a minute."""


async def test_without_limits_nothing_is_read_and_nothing_refused() -> None:
    assert await passes(Guard(), "PUT", "tickets", OPEN, body={"ticket": REPLY}) == []
    async with handle(Guard()) as (zendesk, sandbox):
        await zendesk.delete("tickets", OPEN)
        assert written(sandbox) == ["DELETE"]
