"""What each check finds in a set-up that works, and what it doubts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from mcp_server_zendesk.connection.limits import Headroom
from mcp_server_zendesk.doctor import examination
from mcp_server_zendesk.doctor.facts import look_at_rate_limit
from mcp_server_zendesk.sandbox import (
    DEMO_API_TOKEN,
    DEMO_TOKEN,
    Fault,
    Rules,
    Sandbox,
    misfortunes,
)
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_EMAIL,
    AGENT_ID,
    LIGHT_AGENT_ID,
)
from mcp_server_zendesk.serving.spec import ALWAYS
from mcp_server_zendesk.signing_in.sign_in import SignIn
from zendesk_tools import CATALOGUE

pytestmark = pytest.mark.anyio

GOOD = {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN}
BASIC = {
    "ZENDESK_AUTH": "api_token",
    "ZENDESK_API_TOKEN": DEMO_API_TOKEN,
    "ZENDESK_EMAIL": ADMIN_EMAIL,
}
ME = "/api/v2/users/me$"
Examined = Callable[..., Any]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (misfortunes.rate_limited(), "rate_limited"),
        (misfortunes.html_error(502), "zendesk_unavailable"),
        (misfortunes.truncated_json(), "unreadable_response"),
        (misfortunes.never_answered(), "timeout"),
        (misfortunes.reset_before_write(), "unreachable"),
        (misfortunes.wrong_types(), "unreadable_response"),
        (Fault(403, {"error": "Forbidden", "description": "Scopes: users:read"}), "scope_missing"),
    ],
)
async def test_other_failures_to_sign_in_are_told_apart(
    examined: Examined, fault: Fault, cause: str
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", ME, 1, fault, after=1)
    check = (await examined(sandbox, GOOD))["authentication"]
    assert (check.state, check.cause) == ("fail", cause)
    assert check.why
    assert check.mend
    assert "doctor' looks" not in check.mend


# role


@pytest.mark.parametrize(
    ("user_id", "known", "cause"),
    [
        (LIGHT_AGENT_ID, {}, "light_agent"),
        (AGENT_ID, {"ticket_restriction": "groups"}, "restricted_agent"),
        (AGENT_ID, {"restricted_agent": True}, "restricted_agent"),
        (AGENT_ID, {}, None),
    ],
)
async def test_what_narrows_a_role_is_doubted(
    examined: Examined, user_id: int, known: dict[str, Any], cause: str | None
) -> None:
    sandbox = Sandbox()
    sandbox.store.users[user_id] |= known
    token = sandbox.token(user_id=user_id)
    check = (await examined(sandbox, {**GOOD, "ZENDESK_OAUTH_TOKEN": token}))["role"]
    assert check.cause == cause
    assert check.state == ("warn" if cause else "ok")


async def test_the_end_of_api_tokens_is_told(examined: Examined) -> None:
    checks = await examined(Sandbox(), BASIC)
    assert checks["role"].state == "warn"
    assert "2027-04-30" in (checks["role"].why or "")
    assert "--auth oauth" in (checks["role"].mend or "")
    assert "none of its own" in checks["scopes"].found


# scopes


async def test_tools_that_the_token_hides_are_told(examined: Examined) -> None:
    sandbox = Sandbox()
    token = sandbox.token(["read"])
    check = (
        await examined(sandbox, {**GOOD, "ZENDESK_OAUTH_TOKEN": token}, scopes="read tickets:write")
    )["scopes"]
    assert (check.state, check.cause) == ("warn", "token_lacks_scopes")
    assert "tickets:write" in (check.why or "")
    assert "update_ticket" in (check.why or "")
    assert "Admin Center" in (check.why or "")


async def test_tools_hidden_by_scopes_and_by_policy_are_counted_apart(examined: Examined) -> None:
    check = (await examined(Sandbox(), GOOD, toolsets="tickets"))["scopes"]
    assert check.state == "ok"
    others = sum(spec.toolset not in {"tickets", ALWAYS} for spec in CATALOGUE)
    assert f", {others} hidden by policy" in check.found
    assert re.search(r", \d+ hidden by scopes \([^)]*update_ticket_tags", check.found)
    assert "granted beyond the configured" in check.found


async def test_a_workspace_without_tools_is_doubted(examined: Examined) -> None:
    checks = await examined(Sandbox(), GOOD, toolsets="none")
    assert checks["scopes"].cause == "no_tools"
    assert checks["permissions"].state == "skipped"


async def test_scopes_that_changed_since_signing_in_are_doubted(
    examined: Examined, sign_in: Callable[..., SignIn]
) -> None:
    kept = sign_in(DEMO_TOKEN, granted=["read", "write", "impersonate"])
    check = (await examined(Sandbox(), {}, kept=kept))["scopes"]
    assert (check.state, check.cause) == ("warn", "granted_differs")


async def test_a_token_without_scopes_may_do_everything(examined: Examined) -> None:
    sandbox = Sandbox()
    token = sandbox.token([])
    check = (await examined(sandbox, {**GOOD, "ZENDESK_OAUTH_TOKEN": token}))["scopes"]
    assert "read write granted" in check.found


async def test_scopes_that_zendesk_does_not_tell_are_doubted(examined: Examined) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", "/oauth/tokens/current", None, misfortunes.html_error(500))
    checks = await examined(sandbox, GOOD)
    assert (checks["scopes"].state, checks["scopes"].cause) == ("warn", "granted_unknown")
    assert checks["permissions"].state == "ok"


# permissions


async def test_users_are_read_where_tickets_are_out_of_reach(examined: Examined) -> None:
    sandbox = Sandbox()
    checks = await examined(sandbox, GOOD, scopes="users:read")
    assert checks["permissions"].found == "the user may list users"
    assert checks["account_facts"].state == "skipped"
    assert not any(request.path == "/api/v2/tickets" for request in sandbox.requests)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault(404, {"error": "InvalidEndpoint", "description": ""}), "endpoint_unavailable"),
        (misfortunes.html_error(503), "zendesk_unavailable"),
    ],
)
async def test_other_failures_to_read_are_told(
    examined: Examined, fault: Fault, cause: str
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", "/api/v2/tickets$", None, fault)
    check = (await examined(sandbox, GOOD))["permissions"]
    assert (check.state, check.cause) == ("fail", cause)


# the account's facts and its limit


async def test_closed_tickets_that_cannot_be_tagged_are_doubted(examined: Examined) -> None:
    rules = Rules(sandbox_account=True)
    rules.closed_tickets.modify_closed_tickets = False
    reading = (await examined(Sandbox(rules=rules), GOOD))["account_facts"]
    assert reading.state == "ok"
    assert "a sandbox account; closed tickets can be edited: no" in reading.found
    tagging = (await examined(Sandbox(rules=rules), GOOD, scopes="read tickets:write"))[
        "account_facts"
    ]
    assert (tagging.state, tagging.cause) == ("warn", "closed_tickets_locked")


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (misfortunes.forbidden(), "skipped"),
        (misfortunes.html_error(500), "warn"),
        (misfortunes.altered(lambda _: {"settings": [1]}), "ok"),
        (misfortunes.altered(lambda _: {"settings": {"tickets": None}}), "ok"),
    ],
)
async def test_the_accounts_facts_are_never_a_failure(
    examined: Examined, fault: Fault, state: str
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", "/account/settings", None, fault)
    assert (await examined(sandbox, GOOD))["account_facts"].state == state


@pytest.mark.parametrize(
    ("headroom", "state"),
    [
        (None, "skipped"),
        (Headroom(700, 140), "ok"),
        (Headroom(700, 139, 12), "warn"),
        (Headroom(10, 0), "warn"),
    ],
)
def test_the_limit_is_judged_by_what_is_left(headroom: Headroom | None, state: str) -> None:
    assert look_at_rate_limit(headroom).state == state


async def test_an_odd_answer_to_the_other_scheme_proves_nothing(
    examined: Examined,
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", ME, None, misfortunes.html_with_200(), after=2)
    environ = {**BASIC, "ZENDESK_API_TOKEN": DEMO_TOKEN}
    check = (await examined(sandbox, environ))["authentication"]
    assert check.cause is None
    assert check.candidates


async def test_a_check_that_breaks_leaves_the_others_alone(
    examined: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaking(*_: object) -> None:
        raise KeyError(DEMO_TOKEN)

    monkeypatch.setattr(examination, "look_at_scopes", breaking)
    checks = await examined(Sandbox(), GOOD)
    assert checks["scopes"].cause == "check_broke"
    assert DEMO_TOKEN not in str(checks)
    assert checks["rate_limit"].state == "ok"
    assert checks["permissions"].state == "skipped"
