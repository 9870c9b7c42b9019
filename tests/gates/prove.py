"""Damages a copy of this checkout in one small way for each gate, and sees that gate fail.

`make prove-gates`, or `make prove-gates ONLY="imports wheel"`. Each gate must also pass in a copy
that nobody damaged: otherwise its failure would prove nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gates.damages import DAMAGES, Damage

ROOT = Path(__file__).parents[2]
# Installed for the checkout and used by its copies; what make would find too old for them.
INSTALLED = (".venv", "tests/typescript/node_modules", "tests/gates/node_modules")
NEVER_REMADE = (
    *(f".venv/{mark}" for mark in (".product", ".test", ".quality")),
    *(f"{folder}/.package-lock.json" for folder in INSTALLED[1:]),
)
OF_THIS_RUN = frozenset({"UPDATE_SNAPSHOTS", "TESTS", "ONLY", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"})
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "node_modules", ".coverage*", "dist", "build")
AT_ONCE = max(2, os.cpu_count() or 1)

Gate = tuple[str, tuple[str, ...]]
"""A target of the Makefile, and the variables that narrow it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a gate ended in a copy."""

    failed: bool
    output: str
    seconds: float


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the checkout that shares what is installed, its caches included."""
    with tempfile.TemporaryDirectory(prefix="gates-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT, symlinks=True)
        for name in INSTALLED:
            (copy / name).symlink_to(ROOT / name)
        yield copy


def ended(gate: Gate, copy: Path) -> Ended:
    """Run a gate in a copy, whose own packages come before those that are installed."""
    target, narrowed = gate
    kept = [part for name in NEVER_REMADE for part in ("--old-file", name)]
    paths = os.pathsep.join(str(copy / folder) for folder in ("server", "tools"))
    environment = {key: v for key, v in os.environ.items() if key not in OF_THIS_RUN}
    began = time.monotonic()
    process = subprocess.run(
        ["make", *kept, target, "WORKERS=1", *narrowed],  # noqa: S607 - make is found on the path
        cwd=copy,
        env={**environment, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ended(process.returncode != 0, process.stdout, time.monotonic() - began)


def undamaged(gate: Gate) -> str | None:
    """What is wrong with a gate where nothing is."""
    with copied() as copy:
        result = ended(gate, copy)
    return f"{gate[0]} fails undamaged:\n{result.output}" if result.failed else None


def proved(damage: Damage) -> tuple[str, str | None]:
    """A row of the table, and what is wrong with the gate if it does not see the damage."""
    with copied() as copy:
        damage.done(copy)
        result = ended((damage.gate, damage.narrowed), copy)
    said = re.search(rf".{{0,40}}(?:{damage.says}).{{0,60}}", result.output)
    line = said[0].strip(" E|>").replace("|", "/") if said else "(nothing)"
    row = f"| `{damage.gate}` | {damage.what} | {line} | {result.seconds:.0f} s |"
    if result.failed and said:
        return row, None
    return row, f"{damage.gate} does not see {damage.what}:\n{result.output}"


def main(only: Iterable[str]) -> int:
    """Print the table.

    Returns:
        1 if a gate fails undamaged, or does not see a damage.
    """
    wanted = set(only) or {damage.gate for damage in DAMAGES}
    damages = [damage for damage in DAMAGES if damage.gate in wanted]
    gates = list(dict.fromkeys((damage.gate, damage.narrowed) for damage in damages))
    wrong: list[str] = []
    with ThreadPoolExecutor(AT_ONCE) as several:
        sound = several.map(undamaged, gates)
        rows = several.map(proved, damages)
        wrong += [problem for problem in sound if problem]
        sys.stdout.write("| gate | damage | what it said | took |\n|---|---|---|---|\n")
        for row, problem in rows:
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
            wrong += [problem] if problem else []
    for problem in wrong:
        sys.stdout.write(f"\n{problem}\n")
    sys.stdout.write(f"\n{len(damages)} damages, {len(gates)} gates undamaged: ")
    sys.stdout.write(f"{len(wrong)} wrong.\n" if wrong or not damages else "all as they must.\n")
    return bool(wrong) or not damages


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
