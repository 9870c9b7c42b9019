"""Help, and how little a command loads before it has something to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mcp_server_zendesk.cli import main

COMMANDS = [
    (),
    ("setup",),
    ("auth",),
    ("auth", "login"),
    ("auth", "status"),
    ("auth", "logout"),
    ("doctor",),
    ("config",),
    ("tools",),
    ("demo",),
    ("serve",),
    ("audit",),
]

LOADED = """
import json, sys
from mcp_server_zendesk.cli import main
try:
    main(json.loads(sys.argv[1]))
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def loaded_by(home: Path, *arguments: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={"ZENDESK_SUBDOMAIN": "acme", "PATH": "/usr/bin:/bin", "HOME": str(home)},
    )
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_reads_as_it_was_written(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*command, "--help"])
    assert shown.exit_code == 0
    assert "\\" not in shown.output
    assert "\b" not in shown.output
    assert all(len(line) <= 100 for line in shown.output.splitlines())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_loads_nothing_but_the_command_line(command: tuple[str, ...], tmp_path: Path) -> None:
    assert loaded_by(tmp_path, *command, "--help").isdisjoint(
        {"mcp", "pydantic", "httpx", "anyio", "keyring", "tomlkit", "yaml"}
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("auth", "status"),
        ("auth", "logout"),
        ("auth", "login", "--auth", "oauth_token", "--token-stdin"),
        ("config", "cursor"),
        ("config", "goose"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_a_command_for_people_does_not_load_the_protocol(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    loaded = loaded_by(tmp_path, *arguments)
    assert "mcp_server_zendesk.settings" in loaded, "it went as far as reading the settings"
    assert loaded.isdisjoint({"mcp", "mcp_types", "starlette", "uvicorn"})


@pytest.mark.parametrize("command", COMMANDS[2:6], ids=" ".join)
def test_a_wrong_flag_is_wrong_usage(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*command, "--no-such-flag"])
    assert shown.exit_code == 2
    assert "--no-such-flag" in shown.output
