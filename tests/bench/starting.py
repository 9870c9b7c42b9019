"""How soon a client has the list of tools, and what the short commands take."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from bench.figures import Table, ratio, within
from bench.ground import BARE, OURS, environment, settings, spawn

PAIRS = 21
_START, _MEMORY, _HELP = 1.10, 1.2, 0.3
_CLICK = [sys.executable, "-c", "import click"]
_COMMANDS = ("--help", "auth --help", "auth status", "doctor --help", "config cursor")


def tables() -> list[Table]:
    """Measure."""
    return [_spawns(), _commands()]


def _spawns() -> Table:
    env = environment(**settings("read write"))
    pairs = [(spawn(BARE, env), spawn(OURS, env)) for _ in range(PAIRS + 1)][1:]
    seconds = ratio([o.seconds for _, o in pairs], [b.seconds for b, _ in pairs])
    memory = ratio([o.memory for _, o in pairs], [b.memory for b, _ in pairs])
    bare_s, ours_s = (statistics.median(pair[at].seconds for pair in pairs) for at in (0, 1))
    bare_m, ours_m = (statistics.median(pair[at].memory for pair in pairs) / 1024 for at in (0, 1))
    return Table(
        "Start",
        f"From the start of the process until `tools/list` is answered over stdio, and the memory "
        f"then; the baseline is the SDK's server with one tool. Medians of {PAIRS} pairs, each "
        "one right after the other.",
        ("", "baseline", "this server", "ratio", "bar", "met"),
        [
            (
                "spawn to `tools/list`",
                f"{bare_s * 1000:.0f} ms",
                f"{ours_s * 1000:.0f} ms",
                f"{seconds:.2f}",
                f"{_START:.2f}",
                within(seconds, _START),
            ),
            (
                "memory at rest",
                f"{bare_m:.1f} MiB",
                f"{ours_m:.1f} MiB",
                f"{memory:.2f}",
                f"{_MEMORY:.2f}",
                within(memory, _MEMORY),
            ),
        ],
    )


def _commands() -> Table:
    rows = []
    for arguments in _COMMANDS:
        pairs = [(_once(_CLICK), _once([*OURS, *arguments.split()])) for _ in range(PAIRS)]
        bare, ours = zip(*pairs, strict=True)
        rows.append(
            (
                f"`{arguments}`",
                f"{statistics.median(bare) * 1000:.0f} ms",
                f"{statistics.median(ours) * 1000:.0f} ms",
                f"{ratio(ours, bare):.2f}",
            )
        )
    return Table(
        "Commands",
        "From the start of the process to its end; the baseline is Python that imports click, the "
        f"library of the command line. Medians of {PAIRS} pairs. The bar of `--help` is "
        f"{_HELP * 1000:.0f} ms on a quiet machine.",
        ("command", "baseline", "this server", "ratio"),
        rows,
    )


def _once(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(
        command,
        env=environment(**settings(), HOME="/nonexistent"),
        capture_output=True,
        check=False,
    )
    return time.perf_counter() - begun
