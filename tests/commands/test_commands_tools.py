"""`tools`, and `--demo` of any command: what is in force, without an account."""

from __future__ import annotations

import gc
import logging
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from in_process import run_command
from mcp_server_zendesk import logs
from mcp_server_zendesk.cli import main
from mcp_server_zendesk.policy_settings import REDACTED_KINDS
from mcp_server_zendesk.serving.spec import TOOLSETS
from mcp_server_zendesk.settings import load

ACME = {"ZENDESK_SUBDOMAIN": "acme"}


def run(*arguments: str, **environ: str) -> Result:
    try:
        return CliRunner().invoke(main, arguments, env=environ)
    finally:
        gc.enable()  # which `serve` switches off while it starts


@pytest.mark.parametrize(
    "command", [("tools",), ("tools", "--demo"), ("config", "cursor"), ("serve",)], ids=" ".join
)
def test_a_mistyped_kind_of_redaction_passes_no_command(command: tuple[str, ...]) -> None:
    ran = run(*command, "--redact", "cardz", **ACME)
    assert ran.exit_code == 1
    assert ran.stdout == ""
    assert ran.stderr.endswith(
        "Error: redact: entry 1 is no kind that there is; the nearest is 'cards'. Valid: cards, "
        "bank_accounts, national_ids, tokens, passwords, all, none\n"
    )


def test_a_server_without_the_extra_that_redaction_needs_says_so_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "stdnum", None)
    monkeypatch.delitem(
        sys.modules, "mcp_server_zendesk.serving.cleaning.registered_numbers", raising=False
    )
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **ACME}
    try:
        ran = run_command(["serve", "--redact", "all"], environ, tmp_path)
    finally:
        gc.enable()
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr == (
        "Error: redact: bank_accounts needs a library that is not installed; run pip install "
        "'mcp-server-zendesk[redaction]', or leave that kind out\n"
    )


def test_a_mistyped_limit_of_the_environment_passes_no_command() -> None:
    ran = run("tools", ZENDESK_ALLOW_EFFECT="read", **ACME)
    assert ran.exit_code == 1
    assert "ZENDESK_ALLOW_EFFECT is no setting, and most likely means" in ran.stderr


def test_a_demo_goes_by_flags_alone_and_says_so() -> None:
    ran = run("tools", "--demo", ZENDESK_SCOPES="read tickets:write", ZENDESK_REDACT="canary")
    assert ran.exit_code == 0
    assert "Scopes: read\n" in ran.stdout
    assert ran.stderr == (
        "Note: --demo goes by flags alone, not by ZENDESK_SCOPES, ZENDESK_REDACT.\n"
    )
    assert run("tools", "--demo").stderr == ""


@pytest.mark.parametrize("command", ["tools", "serve"])
@pytest.mark.parametrize("flag", ["--config", "--workspace", "--subdomain", "--email", "--auth"])
def test_a_flag_without_effect_on_the_demo_is_wrong_usage(command: str, flag: str) -> None:
    ran = run(command, "--demo", flag, "x")
    assert ran.exit_code == 2
    assert f"{flag} has no effect with --demo" in ran.stderr


@pytest.mark.parametrize("command", ["serve", "tools", "demo", "config", "doctor"])
def test_help_has_examples_and_says_what_it_ends_with(command: str) -> None:
    told = run(command, "--help").stdout
    assert "Examples:\n    mcp-server-zendesk " in told
    assert "Exit code 0: " in told


@pytest.mark.parametrize("command", ["serve", "tools", "config", "doctor"])
def test_help_names_what_a_flag_takes(command: str) -> None:
    told = " ".join(run(command, "--help").stdout.split())
    assert [name for name in (*TOOLSETS, *REDACTED_KINDS) if name not in told] == []


def test_a_server_logs_once_what_has_no_effect(caplog: pytest.LogCaptureFixture) -> None:
    environ = {**ACME, "ZENDESK_DOMAIN": "canary", "ZENDESK_PORTAL": "canary"}
    with caplog.at_level(logging.WARNING):
        logs.tell_of(load({}, environ=environ, config=None))
    (record,) = caplog.records
    assert "without effect on it: ZENDESK_DOMAIN, ZENDESK_PORTAL." in record.getMessage()
    assert "canary" not in record.getMessage()


def test_a_file_is_held_to_the_same(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[workspaces.a]\nsubdomain = "a"\nredact = true\n', encoding="utf-8")
    ran = run("tools", "--config", str(file))
    assert (ran.exit_code, ran.stderr) == (
        1,
        "Error: redact: has to be names, in one text or a list\n",
    )
