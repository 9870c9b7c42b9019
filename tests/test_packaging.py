"""The package as people install it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from mcp_server_zendesk import __version__
from zendesk_tools import CATALOGUE

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


@pytest.mark.wheel
@pytest.mark.timeout(240)
def test_the_wheel_serves_from_a_clean_environment(tmp_path: Path) -> None:
    """Dependencies come from this environment; the product only from the wheel."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {f"zendesk_tools/listings/{spec.name}.json" for spec in CATALOGUE} <= held
    assert not any(name.startswith(("tests", "server/", "tools/")) for name in held)
    home = tmp_path / "clean"
    venv.create(home, with_pip=False)
    python = next(home.glob("[Ss]*/python*")) if os.name == "nt" else home / "bin" / "python"
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", str(wheel)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert installed.returncode == 0, installed.stderr
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    command = home / "bin" / "mcp-server-zendesk"
    for start in ([str(command)], [str(python), "-m", "mcp_server_zendesk"]):
        shown = subprocess.run(
            [*start, "tools", "--demo", "--json"],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        )
        listed = json.loads(shown.stdout)["tools"]
        assert [tool["name"] for tool in listed] == [spec.name for spec in CATALOGUE]
    played = subprocess.run(
        [str(command), "demo"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert "path: update_ticket" in played.stdout
