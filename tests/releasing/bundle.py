"""The bundle (MCPB): its files put together, checked and packed by the official tool."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releasing import manifest
from releasing.project import ROOT

NODE = ROOT / "tests" / "typescript" / "node_modules" / "node" / "bin" / "node"
MCPB = (
    ROOT
    / "tests"
    / "releasing"
    / "node_modules"
    / "@anthropic-ai"
    / "mcpb"
    / "dist"
    / "cli"
    / "cli.js"
)
FILES = ("LICENSE", "README.md", "pyproject.toml")
FOLDERS = ("server", "tools")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info")


def stage(folder: Path) -> Path:
    """Puts what a bundle holds into a new folder, which is returned."""
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=_LEFT_OUT)
    shutil.copyfile(manifest.FILE, folder / "manifest.json")
    return folder


def mcpb(*arguments: str) -> str:
    """Runs the official tool on Node 22 and returns what it prints.

    Raises:
        RuntimeError: It was not content; the message is what it printed.
    """
    return _node(str(MCPB), *arguments)


def node_version() -> str:
    """The one on which the official tool runs."""
    return _node("--version").strip()


def _node(*arguments: str) -> str:
    ended = subprocess.run(
        [str(NODE), *arguments],
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=120,
    )
    if ended.returncode != 0:
        raise RuntimeError(ended.stdout + ended.stderr)
    return ended.stdout


@dataclass(frozen=True)
class Command:
    """How a host starts an installed bundle."""

    program: str
    arguments: list[str]
    environment: dict[str, str]


def command(made: dict[str, Any], folder: Path, form: dict[str, str]) -> Command:
    """As a host works it out: defaults, then the form, put in place of what names them.

    Args:
        made: The manifest.
        folder: Where the bundle was unpacked.
        form: What the person typed, by field.

    Raises:
        ValueError: A required field is empty.
    """
    fields = made["user_config"]
    typed = {name: field["default"] for name, field in fields.items() if "default" in field}
    typed |= form
    if empty := [
        name for name, field in fields.items() if field["required"] and not typed.get(name)
    ]:
        raise ValueError(f"required: {empty}")
    text = json.dumps(made["server"]["mcp_config"])
    for name, value in {
        "__dirname": str(folder),
        **{f"user_config.{k}": v for k, v in typed.items()},
    }.items():
        text = text.replace(f"${{{name}}}", json.dumps(value)[1:-1])
    started = json.loads(text)
    return Command(started["command"], started["args"], started["env"])
