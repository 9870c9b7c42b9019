"""Prints the attacks and what became of each, out of a run of their tests.

PYTHONPATH=tests python -m attacks.table
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attacks.attack import Attack

HERE = Path(__file__).parent
_TEST = re.compile(r"::(test_the_attack_\w+)\[(.*)\]$")
_HARMLESS = "test_the_attack_fails"
_HARMFUL = "test_the_attack_works_without_its_defence"
_COLUMNS = ("attack", "family", "by", "defence", "as it is", "without it")


class Watch:
    """Keeps what became of each test."""

    def __init__(self) -> None:
        self.passed: dict[tuple[str, str], bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = _TEST.search(report.nodeid)
        if found is not None:
            key = (found[1], found[2])
            self.passed[key] = self.passed.get(key, True) and report.passed


def rows(watch: Watch, attacks: Sequence[Attack]) -> list[tuple[str, ...]]:
    """A line for each attack."""
    return [
        (
            attack.name,
            attack.family,
            attack.who,
            attack.defence,
            "harmless" if watch.passed.get((_HARMLESS, attack.name)) else "HARM",
            "harm" if watch.passed.get((_HARMFUL, attack.name)) else "NOT SHOWN",
        )
        for attack in attacks
    ]


def main() -> int:
    """Runs, prints, and tells by its exit code whether all is as it should be."""
    watch = Watch()
    started = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(["-q", "-p", "no:cacheprovider", str(HERE)], plugins=[watch])
    seconds = time.monotonic() - started
    from attacks.catalogue import ATTACKS  # noqa: PLC0415 - pytest comes first, to rewrite asserts

    table = rows(watch, ATTACKS)
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *table]
    families = Counter(attack.family for attack in ATTACKS)
    told = ", ".join(f"{family} {count}" for family, count in families.items())
    harmless = sum(row[4] == "harmless" for row in table)
    shown = sum(row[5] == "harm" for row in table)
    sys.stdout.write(
        "".join(f"| {' | '.join(line)} |\n" for line in lines)
        + f"\n{len(table)} attacks: {harmless} harmless on the server as it is, {shown} harmful "
        f"without their defence; {seconds:.0f} s.\nBy family: {told}.\n"
    )
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
