"""What the conformance suite may find missing, held against what it found."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

EXPECTED = Path(__file__).with_name("conformance_expected.toml")
_HELD = frozenset({"SUCCESS", "INFO"})


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one scenario: what came of it, and the reason."""

    name: str
    status: str
    said: str

    @property
    def held(self) -> bool:
        """A skipped check has proved as little as a failed one."""
        return self.status in _HELD


def expected() -> frozenset[str]:
    """The names of the checks that may fail, as "scenario: check"."""
    groups = tomllib.loads(EXPECTED.read_text(encoding="utf-8"))
    names = [name for group in groups.values() for name in group["checks"]]
    assert len(names) == len(set(names)), "an expected failure stands there twice"
    return frozenset(names)


def checks_in(folder: Path, scenarios: Iterable[str]) -> Iterator[Check]:
    """What the suite left in its folder, which must know of each scenario."""
    for scenario in scenarios:
        (file,) = folder.glob(f"server-{scenario}-2*/checks.json")
        checks = json.loads(file.read_text(encoding="utf-8"))
        assert checks, f"{scenario} checked nothing"
        for check in checks:
            said = check.get("errorMessage") or check.get("description") or ""
            yield Check(f"{scenario}: {check['id']}", check["status"], said)


def unexpected(checks: Iterable[Check], allowed: frozenset[str]) -> list[str]:
    """What failed and may not."""
    return [
        f"{check.name}: {check.status}: {check.said}"
        for check in checks
        if not check.held and check.name not in allowed
    ]


def stale(checks: Iterable[Check], allowed: frozenset[str]) -> list[str]:
    """What may fail and does not: it holds somewhere, or nobody asks for it any more."""
    found = list(checks)
    failing = {check.name for check in found if not check.held}
    holding = {check.name for check in found if check.held} - failing
    return [
        f"{name}: {'holds now' if name in holding else 'is not checked any more'}"
        for name in sorted(allowed - failing)
    ]
