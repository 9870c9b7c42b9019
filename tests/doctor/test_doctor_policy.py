"""The doctor reads the policy aloud, and doubts what is risky, idle or wrong in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mcp_server_zendesk.sandbox import DEMO_TOKEN, Fault, Sandbox
from mcp_server_zendesk.sandbox import landmarks as at

pytestmark = pytest.mark.anyio

GOOD = {
    "ZENDESK_AUTH": "oauth_token",
    "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN,
    "ZENDESK_SCOPES": "read write",
    "ZENDESK_TOOLSETS": "all",
}
Examined = Callable[..., Any]


async def test_a_policy_without_doubts_is_read_aloud(examined: Examined) -> None:
    groups = f"billing, {at.RETURNS_GROUP_ID}"
    check = (
        await examined(
            Sandbox(), GOOD, allow_groups=groups, allow_recipients="acme.com", writes_per_minute=5
        )
    )["policy"]
    assert check.state == "ok"
    assert "contact people at acme.com only" in check.found
    assert "at most 5 records a minute" in check.found
    assert f"the groups billing and {at.RETURNS_GROUP_ID} only" in check.found


@pytest.mark.parametrize(
    ("setting", "names", "wrong", "cause"),
    [
        ("allow_groups", "Billing, Bilge", "Bilge", "unknown_group"),
        ("allow_groups", "Billing, 4711", "4711", "unknown_group"),
        ("allow_brands", "Base camp", "Base camp", "unknown_brand"),
    ],
)
async def test_a_group_or_brand_that_does_not_exist_fails(
    examined: Examined, setting: str, names: str, wrong: str, cause: str
) -> None:
    check = (await examined(Sandbox(), GOOD, **{setting: names}))["policy"]
    assert (check.state, check.cause) == ("fail", cause)
    assert wrong in (check.why or "")
    assert setting in (check.mend or "")


@pytest.mark.parametrize(
    ("flags", "cause"),
    [
        ({"confirm": "client"}, "nobody_asked"),
        ({"confirm": "client", "allow_effects": "write contact"}, "anyone_contacted"),
        ({"confirm": "client", "writes_per_session": 9}, None),
        ({"confirm": "client", "allow_effects": "write"}, None),
        ({"confirm": "client", "read_only": True}, None),
        (
            {"confirm": "client", "allow_effects": "contact", "allow_recipients": "acme.com"},
            None,
        ),
        ({"allow_brands": "Basecamp Rentals"}, "articles_refused"),
        ({"allow_brands": "Basecamp Rentals", "toolsets": "tickets"}, None),
        (
            {"scopes": "tickets:write groups:read", "allow_groups": "Billing"},
            "policy_unreadable",
        ),
        (
            {"scopes": "tickets:read tickets:write users:read", "allow_groups": "1"},
            "groups_not_checked",
        ),
    ],
)
async def test_risky_and_idle_policies_are_doubted(
    examined: Examined, flags: dict[str, Any], cause: str | None
) -> None:
    check = (await examined(Sandbox(), GOOD, **flags))["policy"]
    assert check.cause == cause
    assert check.state == ("ok" if cause is None else "warn")
    assert bool(check.why) == bool(check.mend) == (cause is not None)


async def test_the_policy_is_read_aloud_even_where_zendesk_cannot_be_asked(
    examined: Examined,
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", "/api/v2/groups", 9, Fault(500, {}))
    for known in (GOOD, {**GOOD, "ZENDESK_OAUTH_TOKEN": "wrong"}):
        check = (await examined(sandbox, known, allow_groups="Billing"))["policy"]
        assert (check.state, check.cause) == ("warn", "groups_not_checked")
        assert "the group Billing only" in check.found
