"""The wheel in an environment that holds what it declares, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def build(folder: Path) -> Path:
    """The wheel, from the checkout, by its own build system alone."""
    ran([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)])
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, home: Path) -> Path:
    """Make an environment of it. What it declares comes from this one; its Python is returned."""
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    installed = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    for entry in _entries(_needed(PROJECT["project"]["dependencies"])):
        (installed / entry.name).symlink_to(entry)
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    ran([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)])
    ran([*pip, "check"])
    return python


def ran(command: list[str]) -> None:
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


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
