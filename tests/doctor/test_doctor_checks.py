"""What each check finds in a set-up that works, and what it doubts."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.sandbox import (
    DEMO_API_TOKEN,
    DEMO_TOKEN,
    Fault,
    ManualClock,
    Sandbox,
    misfortunes,
)
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    DEMO_CLIENT,
)
from mcp_server_zendesk.sandbox.oauth.records import RefreshToken
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.vaults import FileVault

pytestmark = pytest.mark.anyio

GOOD = {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN}
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
        (
            '[workspaces.a]\nsubdomain = "a"\ntoolsets = ["nothing"]',
            "toolsets: entry 1 does not exist",
        ),
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
    whole = "TOML" not in told  # the HTTP server's part of the file is another one
    assert others.pop("http_binding") == ("ok" if whole else "fail")
    assert others.pop("http_callers") == ("ok" if whole else "skipped")
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
