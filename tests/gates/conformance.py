"""The protocol's conformance suite against the real HTTP server: `make conformance`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gates.expectations import Check, checks_in, expected, stale, unexpected
from gates.programs import run, served

pytestmark = pytest.mark.timeout(300)

REVISIONS = ("2025-06-18", "2025-11-25", "2026-07-28")
PROGRAM = "conformance/dist/index.js"
FIXTURE_FREE = {
    "2025-06-18": {"server-initialize", "server-session-lifecycle", "ping"},
    "2025-11-25": {"server-initialize", "server-sse-multiple-streams", "dns-rebinding-protection"},
    "2026-07-28": {
        "server-stateless",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
        "caching",
        "http-header-validation",
        "sep-2164-resource-not-found",
        "input-required-result-unsupported-methods",
        "input-required-result-ignore-extra-params",
    },
}
"""Scenarios that need nothing of the suite's own, and must be among those that were played."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("server") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def found(url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Check]]:
    """What the suite found, by revision."""
    return {revision: _played(url, revision, tmp_path_factory) for revision in REVISIONS}


def _played(url: str, revision: str, folders: pytest.TempPathFactory) -> list[Check]:
    folder = folders.mktemp(revision)
    wanted = ["--suite", "all", "--spec-version", revision]
    ended = run(PROGRAM, "server", "--url", url, *wanted, "--output-dir", str(folder))
    assert "=== SUMMARY ===" in ended.stdout, ended.stdout + ended.stderr
    scenarios = re.findall(r"=== Running scenario: (\S+) ===", ended.stdout)
    assert set(scenarios) >= FIXTURE_FREE[revision] | {"tools-list", "prompts-list"}
    return list(checks_in(folder, scenarios))


@pytest.mark.parametrize("revision", REVISIONS)
def test_nothing_fails_that_is_not_expected_to(
    revision: str, found: dict[str, list[Check]]
) -> None:
    checks = found[revision]
    wrong = unexpected(checks, expected())
    assert not wrong, "\n".join(wrong)
    # A server that refused everything would fail only what needs the suite's own tools.
    assert sum(check.held for check in checks) > sum(not check.held for check in checks)


def test_no_expected_failure_is_stale(found: dict[str, list[Check]]) -> None:
    old = stale([check for checks in found.values() for check in checks], expected())
    assert not old, "take these out of conformance_expected.toml:\n" + "\n".join(old)
