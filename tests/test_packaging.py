"""The package as people install it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

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


def _needed(requirements: Iterable[str]) -> list[Distribution]:
    """The distributions of this environment that these require, and those that they require."""
    found: dict[str, Distribution] = {}
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        wanted = Requirement(requirement)
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        one = distribution(wanted.name)
        for part in {"", *wanted.extras}:
            if f"{wanted.name}[{part}]" not in found:
                found[f"{wanted.name}[{part}]"] = one
                waiting += [(further, part) for further in one.requires or ()]
    return list(found.values())


def _entries(distributions: Iterable[Distribution]) -> set[Path]:
    """What they put into site-packages."""
    return {
        Path(str(one.locate_file(file.parts[0])))
        for one in distributions
        for file in one.files or ()
        if file.parts[0] not in {"..", "__pycache__"}
    }


@pytest.mark.wheel
@pytest.mark.timeout(240)
def test_the_wheel_serves_and_plays_its_demo_from_a_clean_environment(tmp_path: Path) -> None:
    """What it declares comes from this environment, and nothing else; it comes from the wheel."""
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
    installed = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    for entry in _entries(_needed(PROJECT["project"]["dependencies"])):
        (installed / entry.name).symlink_to(entry)
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    for step in (["install", "--quiet", "--no-deps", "--no-index", str(wheel)], ["check"]):
        ended = subprocess.run([*pip, *step], check=False, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    command = home / "bin" / "mcp-server-zendesk"
    shown = subprocess.run(
        [str(python), "-m", "mcp_server_zendesk", "tools", "--demo", "--json"],
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
    for word in ("update_ticket_tags", "path: update_ticket", "scope_missing", "intent"):
        assert word in played.stdout
