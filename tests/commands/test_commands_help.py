"""Help, and how little a command loads before it has something to do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
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
    ("sync",),
    ("purge",),
    ("tokens",),
    ("tokens", "add"),
    ("tokens", "list"),
    ("tokens", "remove"),
    ("health",),
    ("audit",),
    ("export",),
]

LOADED = """
import json, sys
loaded = []
for arguments in json.loads(sys.argv[1]):
    for name in [name for name in sys.modules if name.startswith("mcp_server_zendesk")]:
        del sys.modules[name]
    from mcp_server_zendesk.cli import main
    try:
        main(arguments)
    except SystemExit:
        pass
    loaded.append(sorted(sys.modules))
print(json.dumps(loaded), file=sys.stderr)
"""
"""The product is new for each command; what it needs of others stays from those before."""


def loaded_by(home: Path, commands: Iterable[tuple[str, ...]]) -> dict[str, set[str]]:
    """What is loaded after each of these commands, one after the other in one new process."""
    known = list(commands)
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(known)],
        capture_output=True,
        text=True,
        check=True,
        env={"ZENDESK_SUBDOMAIN": "acme", "PATH": "/usr/bin:/bin", "HOME": str(home)},
        stdin=subprocess.DEVNULL,
    )
    loaded = json.loads(ran.stderr.splitlines()[-1])
    return {" ".join(one): set(names) for one, names in zip(known, loaded, strict=True)}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_reads_as_it_was_written(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*command, "--help"])
    assert shown.exit_code == 0
    assert "\\" not in shown.output
    assert "\b" not in shown.output
    assert all(len(line) <= 100 for line in shown.output.splitlines())


def test_help_loads_nothing_but_the_command_line(tmp_path: Path) -> None:
    unwanted = {
        *("mcp", "mcp_types", "pydantic", "httpx", "anyio", "starlette"),
        *("keyring", "tomlkit", "yaml", "zendesk_tools"),
    }
    commands = [(*command, "--help") for command in COMMANDS]
    for command, loaded in loaded_by(tmp_path, commands).items():
        assert loaded.isdisjoint(unwanted), command


def test_a_command_for_people_does_not_load_the_protocol(tmp_path: Path) -> None:
    commands = [
        ("auth", "status"),
        ("auth", "logout"),
        ("auth", "login", "--auth", "oauth_token", "--token-stdin"),
        ("config", "cursor"),
        ("config", "goose"),
        ("doctor",),
        ("tokens", "list"),
        ("tokens", "add", "alice", "--scopes", "read"),
    ]
    for command, loaded in loaded_by(tmp_path, commands).items():
        assert "mcp_server_zendesk.settings" in loaded, f"{command} has read no settings"
        assert loaded.isdisjoint({"mcp", "mcp_types", "starlette", "uvicorn"}), command


@pytest.mark.parametrize("command", COMMANDS[2:6], ids=" ".join)
def test_a_wrong_flag_is_wrong_usage(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*command, "--no-such-flag"])
    assert shown.exit_code == 2
    assert "--no-such-flag" in shown.output
