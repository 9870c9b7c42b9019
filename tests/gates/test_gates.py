"""The gates are the same ones everywhere, and each can be seen to fail."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conftest import PARTS
from gates import expectations
from gates.damages import DAMAGES, Damage
from gates.exemptions import stale_lines, unused_patterns
from gates.expectations import Check

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def named(variable: str) -> list[str]:
    found = re.search(rf"^{variable} := (.*)$", MAKEFILE, re.MULTILINE)
    assert found
    return found[1].split()


def test_every_gate_has_a_damage_that_it_must_see() -> None:
    gates = {*named("GATES"), *named("PARTS"), "test"}
    assert {damage.gate for damage in DAMAGES} == gates


def test_the_parts_of_the_suite_are_told_by_their_marks() -> None:
    assert list(PARTS) == named("PARTS")


def test_ci_runs_the_gates_the_tests_and_the_proof() -> None:
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [step for step in steps if step.startswith("make")] == [
        "make node",
        "make check",
        "make test",
        "make evals",
        "make packages",
        "make malformed",
        "make prove-gates",
    ]
    assert re.search(r"^check: \$\(GATES\)", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: f"{damage.gate}: {damage.what}")
def test_a_damage_still_changes_what_it_names(damage: Damage) -> None:
    file = ROOT / damage.file
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    assert damage.damaged(text) != text or not (damage.old or damage.new)
    assert file.exists() or (not damage.old and damage.new)


def test_a_damage_whose_place_is_gone_says_so() -> None:
    damage = Damage("style", "nothing", "README.md", "what nobody wrote", "x", "x")
    with pytest.raises(LookupError, match="0 times"):
        damage.damaged("something else")


SOURCE = '''class Shape:
    """What the body of an exempted function is to say."""

    def area(self) -> int:
        """In words alone."""
        return 1
'''


@pytest.mark.parametrize(
    ("run", "stale"), [((), []), ((4,), []), ((1, 2, 4, 5), []), ((4, 6), [6])]
)
def test_an_exempted_line_is_stale_once_it_has_run(run: tuple[int, ...], stale: list[int]) -> None:
    assert stale_lines(SOURCE, exempt=(4, 5, 6), run=run) == stale


def test_a_line_that_is_not_exempt_is_never_stale() -> None:
    assert stale_lines(SOURCE, exempt=(), run=(1, 4, 6)) == []


def test_a_pattern_that_exempts_nothing_is_named() -> None:
    assert unused_patterns(["class Shape", "^nobody$"], [SOURCE]) == ["^nobody$"]


CHECKS = [
    Check("ping: ping", "SUCCESS", ""),
    Check("tools: image", "FAILURE", "No image."),
    Check("caching: hints", "SKIPPED", ""),
    Check("polling: retry", "WARNING", "No retry."),
]


def test_what_fails_warns_or_is_skipped_has_to_be_expected() -> None:
    assert expectations.unexpected(CHECKS, frozenset({"tools: image"})) == [
        "caching: hints: SKIPPED: ",
        "polling: retry: WARNING: No retry.",
    ]


def test_an_expectation_that_nothing_meets_is_stale() -> None:
    allowed = frozenset({"ping: ping", "tools: image", "pong: pong"})
    assert expectations.stale(CHECKS, allowed) == [
        "ping: ping: holds now",
        "pong: pong: is not checked any more",
    ]


def test_what_fails_in_one_revision_alone_stays_expected() -> None:
    checks = [*CHECKS, Check("tools: image", "SUCCESS", "")]
    assert expectations.stale(checks, frozenset({"tools: image"})) == []


def test_no_check_is_expected_twice() -> None:
    assert expectations.expected()


def test_a_scenario_that_left_nothing_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unpack"):
        list(expectations.checks_in(tmp_path, ["ping"]))
    left = tmp_path / "server-ping-2026"
    left.mkdir()
    (left / "checks.json").write_text("[]")
    with pytest.raises(AssertionError, match="ping checked nothing"):
        list(expectations.checks_in(tmp_path, ["ping"]))
    (left / "checks.json").write_text(json.dumps([{"id": "ping", "status": "INFO"}]))
    assert list(expectations.checks_in(tmp_path, ["ping"])) == [Check("ping: ping", "INFO", "")]
