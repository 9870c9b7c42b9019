"""Fixtures that every room of the tests may use."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
import stamina
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from mcp import Client
from xdist.workermanage import NodeManager

from desk import OpenWorkspace, Workspace
from made_once import (
    answers_known,
    imports_set_aside,
    schemas_checked_once,
    seed_sown_once,
    tools_bound_once,
    trust_read_once,
)
from mcp_server_zendesk.connection.retries import ATTEMPTS
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Rules, Sandbox
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.workspace import build_server

# A busy machine is no failure: what must be fast is measured by ratios.
hypothesis_settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("steady")


PARTS = {
    "listings": "listings",
    "generated": "generated",
    "budgets": "budgets",
    "error-table": "error_table",
    "canaries": "canaries",
    "properties": "hypothesis",
}
_STARTS_PROCESSES = frozenset({"subprocess", "reachable", "browser"})
"""Names in a module of tests that tell it."""


def pytest_configure() -> None:
    """A worker is given time to write down what it measured before it is killed: on a busy machine
    ten seconds are too few, and a third of the coverage would be gone without a word.
    """
    NodeManager.EXIT_TIMEOUT = 120


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several workers share the tests, files that start processes come first.

    They have few tests and take long: at the end, one worker would be left alone with them.
    """
    if hasattr(config, "workerinput"):
        items.sort(key=_comes_later)


def _comes_later(item: pytest.Item) -> bool:
    return not isinstance(item, pytest.Function) or _STARTS_PROCESSES.isdisjoint(vars(item.module))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What became of the gates that are parts of the suite: the Makefile's PARTS, by mark."""
    for name, mark in PARTS.items():
        ended = {
            outcome: sum(mark in report.keywords for report in terminalreporter.getreports(outcome))
            for outcome in ("passed", "failed", "skipped")
        }
        if any(ended.values()):
            told = ", ".join(f"{count} {outcome}" for outcome, count in ended.items() if count)
            terminalreporter.write_line(f"gate {name}: {told}")


def pytest_collection_finish() -> None:
    imports_set_aside()


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    """As many attempts as ever, without the waiting between them."""
    stamina.set_testing(True, attempts=ATTEMPTS, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(autouse=True, scope="session")
def made_once() -> Iterator[None]:
    with (
        trust_read_once(),
        seed_sown_once(),
        schemas_checked_once(),
        tools_bound_once(),
        answers_known(),
    ):
        yield


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def open_workspace() -> OpenWorkspace:
    """Opens a workspace: flags as an admin gives them, and the embedded Zendesk's rules."""

    @asynccontextmanager
    async def opened(
        *,
        sandbox: Sandbox | None = None,
        rules: Rules | None = None,
        token: str | None = None,
        mode: str = "auto",
        audit_log: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        **flags: Any,
    ) -> AsyncIterator[Workspace]:
        desk = sandbox or Sandbox(rules=rules)
        settings = embedded_settings({"scopes": "read tickets:write", **flags})
        if token is not None:
            settings = Settings.model_validate({**settings.model_dump(), "oauth_token": token})
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await anyio.lowlevel.checkpoint()

        def clock() -> float:
            return time.monotonic() + sum(slept)

        server = build_server(
            settings,
            audit_log=audit_log,
            transport=transport or httpx.ASGITransport(app=desk),
            sleep=sleep,
            clock=clock,
        )
        async with server.running(), Client(server, mode=mode) as client:
            yield Workspace(desk, server, client, slept)

    return opened
