"""The doctor on settings: one place to mend, what is missing, and variables that mean nothing."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.doctor.checks import Check
from mcp_server_zendesk.doctor.report import as_text
from mcp_server_zendesk.sandbox import DEMO_TOKEN, Sandbox

pytestmark = pytest.mark.anyio

GOOD = {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN}
TABLE = '[workspaces.demo]\nsubdomain = "northwind-demo"\nwrites_per_minute = 0\n'
Examined = Callable[..., Awaitable[dict[str, Check]]]


@pytest.mark.parametrize(
    ("environ", "flags", "place"),
    [
        ({}, {"writes_per_minute": "0"}, "--writes-per-minute"),
        ({"ZENDESK_WRITES_PER_MINUTE": "0"}, {}, "ZENDESK_WRITES_PER_MINUTE"),
        ({"ZENDESK_REDACT": "canary"}, {}, "ZENDESK_REDACT"),
        ({"ZENDESK_REDACT": "canary"}, {"redact": "cardz"}, "--redact"),
        ({"ZENDESK_REDACT": "canary"}, {"tools": "canary"}, "ZENDESK_REDACT"),
        ({}, {"exclude_tools": "get_tickets"}, "--exclude-tools"),
        ({"ZENDESK_REDACT": "x"}, {"confirm": "x"}, "--confirm, ZENDESK_REDACT"),
    ],
)
async def test_the_place_where_a_wrong_setting_is_set_is_named_alone(
    examined: Examined, environ: dict[str, str], flags: dict[str, Any], place: str
) -> None:
    check = (await examined(Sandbox(), {**GOOD, **environ}, **flags))["configuration"]
    assert (check.state, check.cause) == ("fail", "configuration_unusable")
    assert check.mend == f"correct it where it is set: {place}"
    assert "canary" not in f"{check}"


async def test_a_wrong_setting_of_the_file_is_said_to_be_there(
    examined: Examined, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(TABLE, encoding="utf-8")
    check = (await examined(Sandbox(), GOOD, subdomain=None))["configuration"]
    assert check.mend == f"correct it where it is set: writes_per_minute in {config}"
    assert "use read_only" in (check.why or "")


async def test_a_mistyped_limit_of_the_environment_fails(examined: Examined) -> None:
    environ = {**GOOD, "ZENDESK_ALLOW_EFFECT": "canary"}
    check = (await examined(Sandbox(), environ))["configuration"]
    assert (check.state, check.cause) == ("fail", "configuration_unusable")
    assert "most likely means ZENDESK_ALLOW_EFFECTS" in (check.why or "")
    assert check.mend == "correct the name of ZENDESK_ALLOW_EFFECT, or unset it"
    assert "canary" not in f"{check}"


async def test_variables_that_are_no_settings_are_doubted_by_name(examined: Examined) -> None:
    environ = {**GOOD, "ZENDESK_DOMAIN": "canary", "ZENDESK_LOGLEVEL": "canary", "OTHER": "x"}
    check = (await examined(Sandbox(), environ))["configuration"]
    assert (check.state, check.cause) == ("warn", "variable_unknown")
    assert "ZENDESK_DOMAIN is no setting of this server" in (check.why or "")
    assert "or correct its name to ZENDESK_LOG_LEVEL" in (check.mend or "")
    assert "OTHER" not in f"{check}"
    assert "canary" not in f"{check}"


async def test_a_kind_of_redaction_whose_extra_is_missing_fails(
    examined: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "stdnum", None)
    monkeypatch.delitem(
        sys.modules, "mcp_server_zendesk.serving.cleaning.registered_numbers", raising=False
    )
    check = (await examined(Sandbox(), GOOD, redact="bank_accounts"))["configuration"]
    assert (check.state, check.cause) == ("fail", "extra_missing")
    assert check.mend == "pip install 'mcp-server-zendesk[redaction]'"
    assert "redact: bank_accounts needs a library" in (check.why or "")


async def test_what_is_redacted_is_read_aloud(examined: Examined) -> None:
    check = (await examined(Sandbox(), GOOD, redact="cards"))["policy"]
    assert "Redacted in what a model reads, as far as recognised: payment card" in check.found
    assert "Nothing is redacted" in (await examined(Sandbox(), GOOD))["policy"].found


async def test_a_long_policy_is_read_in_lines_of_a_terminal(examined: Examined) -> None:
    checks = await examined(Sandbox(), GOOD, redact="all")
    lines = as_text([checks["policy"]]).splitlines()
    assert len(lines) > 3
    assert all(len(line) <= 100 for line in lines)
    assert " ".join("".join(f"{line.strip()} " for line in lines).split()).startswith(
        f"✓ policy {checks['policy'].found}"
    )
