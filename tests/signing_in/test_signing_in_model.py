"""What a model reads of a sign-in that is missing, dead or in trouble, through a real client."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.lowlevel
import pytest
from keyring.backend import KeyringBackend
from mcp import Client

from desk import Workspace
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from mcp_server_zendesk.sandbox.faults import Fault
from mcp_server_zendesk.sandbox.landmarks import AGENT_ID, DEMO_CLIENT, OPEN_TICKET
from mcp_server_zendesk.sandbox.misfortunes import (
    html_error,
    never_answered,
    rate_limited,
    reset_before_write,
)
from mcp_server_zendesk.settings import Settings, load
from mcp_server_zendesk.signing_in import vaults
from mcp_server_zendesk.signing_in.vaults import KeyringVault
from mcp_server_zendesk.workspace import build_server
from signing_in.ground import TOKENS, Desk, at_once

pytestmark = pytest.mark.anyio

LOGIN = (
    f"mcp-server-zendesk auth login --workspace main --subdomain {DEMO_SUBDOMAIN} "
    f"--client-id {DEMO_CLIENT} --scopes 'read tickets:write'"
)
WRITE = {"ticket_id": OPEN_TICKET, "add": ["seen"]}


class Memory(KeyringBackend):
    """A keyring that ends with the test."""

    # Below every other one: keyring itself shall not find it.
    priority = -1

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The workspace of a machine whose keyring and folders are ours."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    keyring = KeyringVault(backend=Memory())
    monkeypatch.setattr(vaults, "_SYSTEM_KEYRING", keyring)
    desk = Desk(tmp_path)
    desk.vault = keyring
    return desk


@asynccontextmanager
async def served(desk: Desk, settings: Settings | None = None) -> AsyncIterator[Workspace]:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await anyio.lowlevel.checkpoint()

    flags = {
        "workspace": "main",
        "subdomain": DEMO_SUBDOMAIN,
        "client_id": DEMO_CLIENT,
        "scopes": "read tickets:write",
    }
    server = build_server(
        settings or load(flags, environ={}),
        transport=desk.transport,
        sleep=sleep,
        clock=lambda: time.monotonic() + sum(slept),
    )
    async with server.running(), Client(server) as client:
        yield Workspace(desk.sandbox, server, client, slept)


def end(desk: Desk, *, dead: bool = False) -> None:
    """The access token ends; the whole sign-in where it is dead."""
    desk.clock.forward(31 * 86_400 if dead else 1_801)
    desk.put(expires_at=time.time() - 1)


async def test_before_the_first_sign_in_the_model_reads_how_to_sign_in_and_then_goes_on(
    desk: Desk,
) -> None:
    async with served(desk) as workspace:
        assert "get_ticket" in await workspace.tools()
        error = await workspace.fail("get_user", user="me")
        assert error["kind"] == "not_configured"
        assert f"`{LOGIN}`" in error["hint"]
        assert "no restart" in error["hint"]
        assert not error["retryable"]
        assert desk.sandbox.requests == []
        await desk.sign_in()
        assert (await workspace.ask("get_user", user="me"))["name"] == "Ada Okafor"


async def test_a_dead_sign_in_names_the_command_and_mends_itself_after_it(desk: Desk) -> None:
    await desk.sign_in()
    async with served(desk) as workspace:
        end(desk, dead=True)
        for _ in range(3):
            error = await workspace.fail("update_ticket_tags", **WRITE)
            assert error["kind"] == "unauthenticated"
            assert f"`{LOGIN}`" in error["hint"]
            assert error["outcome"] == "not_applied"
            assert error["who"] == "admin"
            assert not error["retryable"]
        assert desk.asked == 1
        await desk.sign_in(AGENT_ID)
        assert (await workspace.ask("get_user", user="me"))["id"] == AGENT_ID
        assert (await workspace.ask("update_ticket_tags", **WRITE))["added"] == ["seen"]


@pytest.mark.parametrize(
    "trouble",
    [
        html_error(500),
        html_error(503),
        rate_limited(7),
        never_answered(),
        never_answered(applied=True),
        reset_before_write(),
    ],
)
async def test_a_token_endpoint_in_trouble_is_told_as_passing_and_nothing_was_applied(
    desk: Desk, trouble: Fault
) -> None:
    await desk.sign_in()
    async with served(desk) as workspace:
        end(desk)
        desk.sandbox.faults.add("POST", TOKENS, None, trouble)
        error = await workspace.fail("update_ticket_tags", **WRITE)
        assert error["retryable"], error
        assert error["outcome"] == "not_applied"
        assert "could not be renewed, so nothing was sent" in error["message"]
        assert not any("/tickets" in request.path for request in desk.sandbox.requests)
        if trouble.applied:
            return
        desk.sandbox.faults.clear()
        assert (await workspace.ask("update_ticket_tags", **WRITE))["added"] == ["seen"]
    assert desk.refreshes == (1, 0)


async def test_the_end_of_a_token_in_the_middle_of_many_calls_is_not_noticed(desk: Desk) -> None:
    await desk.sign_in()
    async with served(desk) as workspace:
        await workspace.ask("get_user", user="me")
        desk.clock.forward(1_801)
        calls = await at_once(32, lambda: workspace.ask("get_ticket", ticket_id=OPEN_TICKET))
        assert {call["id"] for call in calls} == {OPEN_TICKET}
    assert desk.refreshes == (1, 0)


async def test_fewer_granted_scopes_hide_the_tools_that_need_them(desk: Desk) -> None:
    desk.sandbox.rules.grants_fewer_scopes = frozenset({"read"})
    await desk.sign_in()
    async with served(desk) as workspace:
        await workspace.ask("get_user", user="me")
        assert "update_ticket_tags" not in await workspace.tools()
        error = await workspace.fail("update_ticket_tags", **WRITE)
        assert error["kind"] == "scope_missing"
        assert LOGIN in error["hint"]


async def test_a_sign_in_for_another_account_is_not_sent_and_told(desk: Desk) -> None:
    await desk.sign_in()
    desk.put(subdomain="acme")
    async with served(desk) as workspace:
        error = await workspace.fail("update_ticket_tags", **WRITE)
        assert error["kind"] == "not_configured"
        assert "another Zendesk account" in error["reason"]
        assert f"`{LOGIN}`" in error["hint"]
    assert desk.sandbox.requests == []


async def test_a_revoked_sign_in_is_told_and_its_secrets_are_not(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for library in ("httpx", "httpcore", "mcp"):  # silenced by logs.configure
        caplog.set_level("WARNING", logger=library)
    kept = (await desk.sign_in()).kept
    said: list[Any] = []
    async with served(desk) as workspace:
        said.append(await workspace.ask("get_user", user="me"))
        assert kept.token is not None
        assert kept.refresh_token is not None
        desk.sandbox.store.revoke_access_token(kept.token.get_secret_value())
        said.append(await workspace.fail("get_user", user="me"))
    assert said[1]["kind"] == "unauthenticated"
    shown = f"{said}{caplog.text}{kept!r}{kept}"
    for secret in (kept.token, kept.refresh_token):
        assert secret.get_secret_value() not in shown
