"""The package as people install it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from mcp_server_zendesk import __version__

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_dependency_is_capped_below_its_next_major() -> None:
    for requirement in PROJECT["project"]["dependencies"]:
        assert "<" in requirement, requirement


def test_every_dependency_says_in_one_line_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.split("dependencies = [")[1].split("]\n")[0]
    for line in block.strip().splitlines():
        assert "#" in line, f"{line.strip()} is not justified"


def test_the_example_configuration_is_valid_and_holds_no_secret() -> None:
    example = json.loads((ROOT / "mcp.json.example").read_text(encoding="utf-8"))
    server = example["mcpServers"]["zendesk"]
    assert server["command"] == "uvx"
    assert server["args"] == ["mcp-server-zendesk"]
    for name, value in server["env"].items():
        if "TOKEN" in name or "SECRET" in name:
            assert value.startswith("${"), f"{name} holds a value"


def test_the_changelog_knows_this_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    for folder in ("server", "tools", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            if "node_modules" not in file.parts:
                lines = len(file.read_text(encoding="utf-8").splitlines())
                assert lines <= 400, f"{file.relative_to(ROOT)} has {lines} lines"
