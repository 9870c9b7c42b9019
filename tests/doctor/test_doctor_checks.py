"""What each check finds in a set-up that works, and what it doubts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.connection.limits import Headroom
from mcp_server_zendesk.doctor import examination
from mcp_server_zendesk.doctor.facts import look_at_rate_limit
from mcp_server_zendesk.sandbox import (
    DEMO_API_TOKEN,
    DEMO_TOKEN,
    Fault,
    ManualClock,
    Rules,
    Sandbox,
    misfortunes,
)
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_EMAIL,
    ADMIN_ID,
    AGENT_ID,
    DEMO_CLIENT,
    LIGHT_AGENT_ID,
)
from mcp_server_zendesk.sandbox.oauth.records import RefreshToken
from mcp_server_zendesk.serving.spec import ALWAYS
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.vaults import FileVault
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


async def test_a_good_set_up_has_nothing_to_say(examined: Examined) -> None:
    checks = await examined(Sandbox(), GOOD)
    states = {name: check.state for name, check in checks.items()}
    assert states.pop("network") == "skipped"
    assert set(states.values()) == {"ok"}
    assert "Ada Okafor" in checks["authentication"].found
    assert not any(check.why or check.mend for check in checks.values() if check.state == "ok")


# configuration


async def test_the_origin_of_settings_is_told_by_name(examined: Examined, tmp_path: Path) -> None:
    checks = await examined(Sandbox(), {**GOOD, "ZENDESK_SCOPES": "read"}, toolsets="tickets")
    found = checks["configuration"].found
    for name in ("--subdomain", "--toolsets", "ZENDESK_SCOPES", "ZENDESK_OAUTH_TOKEN"):
        assert name in found


@pytest.mark.parametrize(
    ("environ", "mend"),
    [
        ({"ZENDESK_OAUTH_TOKEN": DEMO_TOKEN}, "ZENDESK_AUTH=oauth_token"),
        ({"ZENDESK_API_TOKEN": DEMO_API_TOKEN}, "ZENDESK_AUTH=api_token"),
        ({**GOOD, "ZENDESK_OAUTH_CLIENT_SECRET": "s3cret"}, "unset ZENDESK_OAUTH_CLIENT_SECRET"),
    ],
)
async def test_a_secret_that_nothing_uses_is_doubted(
    examined: Examined, environ: dict[str, str], mend: str
) -> None:
    check = (await examined(Sandbox(), environ))["configuration"]
    assert (check.state, check.cause) == ("warn", "secret_unused")
    assert mend in (check.mend or "")


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
@pytest.mark.parametrize(("mode", "state"), [(0o600, "ok"), (0o644, "ok"), (0o664, "warn")])
async def test_a_file_that_others_can_write_is_doubted(
    examined: Examined, tmp_path: Path, mode: int, state: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[workspaces.demo]\nsubdomain = "northwind-demo"\n', encoding="utf-8")
    config.chmod(mode)
    check = (await examined(Sandbox(), GOOD, subdomain=None))["configuration"]
    assert check.state == state
    assert f"[workspaces.demo] of {config}" in check.found
    if state == "warn":
        assert check.mend == f"chmod 600 {config}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[workspaces", "is not valid TOML"),
        ('[workspaces.a]\nsubdomain = "a"\noauth_token = "x"', "secrets never stand in the file"),
        ('[workspaces.a]\nsubdomain = "a"\ntoolsets = ["nothing"]', "toolsets: one of the names"),
    ],
)
async def test_a_configuration_that_cannot_be_used_ends_the_examination(
    examined: Examined, tmp_path: Path, text: str, told: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text, encoding="utf-8")
    checks = await examined(Sandbox(), {}, subdomain=None)
    check = checks["configuration"]
    assert (check.state, check.cause) == ("fail", "configuration_unusable")
    assert told in (check.why or "")
    others = {name: c.state for name, c in checks.items() if name != "configuration"}
    assert others.pop("http_binding") == "ok"
    assert set(others.values()) == {"skipped"}


# storage


async def test_an_insecure_file_is_doubted(
    examined: Examined, sign_in: Callable[..., SignIn]
) -> None:
    person = {"id": 1, "name": "Ada\x1b[2J", "role": "admin"}
    kept = sign_in(DEMO_TOKEN, person=person, signed_in_at=1_790_000_000)
    check = (await examined(Sandbox(), {}, kept=kept))["storage"]
    assert (check.state, check.cause) == ("warn", "insecure_storage")
    assert "signed in as Ada[2J, admin on 2026-09-21" in check.found
    assert "unencrypted" in check.found


@pytest.mark.parametrize(
    ("environ", "known", "cause"),
    [
        ({}, None, "not_signed_in"),
        ({}, {"subdomain": "other"}, "signed_in_elsewhere"),
        ({"ZENDESK_AUTH": "oauth_token"}, {}, "signed_in_elsewhere"),
        ({"ZENDESK_OAUTH_CLIENT_ID": "another"}, {}, "signed_in_elsewhere"),
        ({"ZENDESK_AUTH": "api_token", "ZENDESK_API_TOKEN": DEMO_API_TOKEN}, None, "incomplete"),
        ({"ZENDESK_AUTH": "api_token"}, {"auth": "api_token", "client_id": None}, "incomplete"),
        ({"ZENDESK_AUTH": "oauth_client_credentials"}, None, "incomplete"),
    ],
)
async def test_what_is_missing_to_sign_in_with_is_told(
    examined: Examined,
    sign_in: Callable[..., SignIn],
    environ: dict[str, str],
    known: dict[str, Any] | None,
    cause: str,
) -> None:
    kept = None if known is None else sign_in(DEMO_TOKEN, **known)
    checks = await examined(Sandbox(), environ, kept=kept)
    assert (checks["storage"].state, checks["storage"].cause) == ("fail", cause)
    assert checks["storage"].mend
    assert checks["account"].state == "ok"
    assert checks["authentication"].state == "skipped"


async def test_what_is_damaged_and_what_others_can_read_is_told(
    examined: Examined, tmp_path: Path
) -> None:
    vault = FileVault(tmp_path / "vault")
    vault.write("northwind-demo", "{")
    assert (await examined(Sandbox(), {}))["storage"].cause == "sign_in_damaged"
    if os.name == "posix":
        file = vault.path("northwind-demo")
        file.chmod(0o644)
        check = (await examined(Sandbox(), {}))["storage"]
        assert (check.cause, check.mend) == ("file_not_private", f"chmod 600 {file}")


# account and clock


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (misfortunes.html_with_200(), "something_in_between"),
        (Fault(status=200, body=[1]), "something_in_between"),
        (Fault(status=200, body={"hello": "world"}), "something_in_between"),
        (misfortunes.redirect_elsewhere(), "redirected"),
        (Fault(status=302, headers={"location": "/login"}), "redirected"),
        (misfortunes.html_error(503), "zendesk_unavailable"),
        (misfortunes.connection_refused(), "unreachable"),
        (misfortunes.never_answered(), "timeout"),
        (misfortunes.huge_body(declared=False), "something_in_between"),
    ],
)
async def test_what_stands_between_us_and_the_account_is_told(
    examined: Examined, fault: Fault, cause: str
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", ME, 1, fault)
    checks = await examined(sandbox, GOOD)
    assert (checks["account"].state, checks["account"].cause) == ("fail", cause)
    assert checks["account"].mend
    assert checks["authentication"].state == "skipped"
    assert "elsewhere.invalid" not in str(checks)


async def test_a_used_up_limit_keeps_nobody_from_the_rest(examined: Examined) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", ME, 1, misfortunes.rate_limited())
    checks = await examined(sandbox, GOOD)
    assert (checks["account"].state, checks["account"].cause) == ("warn", "rate_limited")
    assert checks["authentication"].state == "ok"


@pytest.mark.parametrize(
    ("seconds", "state", "told"),
    [
        (0, "ok", "within 1 s"),
        (50, "ok", "within 50 s"),
        (90, "warn", "90 s ahead"),
        (-90, "warn", "90 s behind"),
        (600, "fail", "10 minutes ahead"),
    ],
)
async def test_the_clock_is_held_against_zendesks(
    examined: Examined, seconds: int, state: str, told: str
) -> None:
    theirs = ManualClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
    sandbox = Sandbox(clock=theirs)
    late = (theirs() - timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    sandbox.faults.add("GET", ME, 1, Fault(headers={"date": late}))
    check = (await examined(sandbox, GOOD))["clock"]
    assert check.state == state
    if state != "ok":
        assert told in check.found
        assert check.mend


async def test_an_answer_without_a_time_tells_nothing_of_the_clock(examined: Examined) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", ME, 1, Fault(headers={"date": "yesterday"}))
    assert (await examined(sandbox, GOOD))["clock"].state == "skipped"


# authentication


async def test_a_sign_in_that_is_due_is_renewed(
    examined: Examined, sign_in: Callable[..., SignIn], tmp_path: Path
) -> None:
    sandbox = Sandbox(clock=ManualClock())
    register = sandbox.store.oauth
    register.refresh_tokens["r" * 64] = RefreshToken(
        token="r" * 64,
        access_token="a" * 64,
        client=DEMO_CLIENT,
        user_id=ADMIN_ID,
        scopes=frozenset({"read"}),
        expires_at=sandbox.clock() + timedelta(days=1),
    )
    before = sandbox.clock().timestamp() - 1
    kept = sign_in("a" * 64, "r" * 64, expires_at=before, granted=["read"])
    checks = await examined(sandbox, {}, kept=kept)
    assert checks["authentication"].state == "ok"
    assert checks["scopes"].state == "ok"
    assert register.refreshes.succeeded == 1
    text = FileVault(tmp_path / "vault").read("northwind-demo") or ""
    assert "r" * 64 not in text


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
