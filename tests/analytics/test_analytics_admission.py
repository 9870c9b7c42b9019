"""Who may ask the store: this account's server, as the user that filled it, once it is filled."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from analytics.stores import filled
from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.analytics import opening
from mcp_server_zendesk.analytics.admission import readable
from mcp_server_zendesk.analytics.facts import SYNCED_BY
from mcp_server_zendesk.connection.handle import Reach, Zendesk
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, AGENT_ID
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.local_refusals import (
    ExtraNeeded,
    LocalRefusal,
    NeverSynced,
    OtherUser,
    StoreUnusable,
    SwitchedOff,
)
from mcp_server_zendesk.serving.local_store import Analytics

pytestmark = pytest.mark.anyio

_READS = Reach(writes=False, scopes=frozenset({"read"}))


def _handle(workspace: Workspace) -> tuple[Zendesk, Inventory]:
    access = workspace.server.offers.access
    return Zendesk(access, _READS, access.held()), workspace.server.offers.inventory


def _synced(folder: Path, by: int | None = ADMIN_ID, **facts: str) -> Analytics:
    local = Analytics(folder / "demo", DEMO_SUBDOMAIN)
    with filled(local, {}).batch() as batch:
        if by is not None:
            batch.set_fact(SYNCED_BY, str(by))
        for name, value in facts.items():
            batch.set_fact(name, value)
    return local


async def test_the_user_who_filled_it_may_ask_it_and_is_asked_for_once(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    _synced(tmp_path)
    async with open_workspace(analytics=True, analytics_folder=tmp_path) as workspace:
        for _ in range(3):
            reader = await readable(*_handle(workspace))
        assert (await reader.ask("SELECT count(*) FROM tickets")).rows == ((0,),)
        assert workspace.sent("GET") == ["GET users/me"]


@pytest.mark.parametrize(
    ("by", "facts", "refused"),
    [
        (AGENT_ID, {}, OtherUser),
        (None, {}, OtherUser),
        (ADMIN_ID, {"subdomain": "umbrella"}, StoreUnusable),
        (ADMIN_ID, {"version": "99"}, StoreUnusable),
        (ADMIN_ID, {"version": "0"}, StoreUnusable),
        (ADMIN_ID, {"keep": "texts"}, StoreUnusable),
    ],
)
async def test_a_store_that_is_not_this_users_or_not_as_decided_is_not_read(
    tmp_path: Path,
    open_workspace: OpenWorkspace,
    by: int | None,
    facts: dict[str, str],
    refused: type[LocalRefusal],
) -> None:
    _synced(tmp_path, by, **facts)
    async with open_workspace(analytics=True, analytics_folder=tmp_path) as workspace:
        with pytest.raises(refused):
            await readable(*_handle(workspace))


async def test_another_user_from_now_on_is_refused_though_the_first_may_still_ask(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    local = _synced(tmp_path)
    async with open_workspace(analytics=True, analytics_folder=tmp_path) as workspace:
        await readable(*_handle(workspace))
        with filled(local, {}).batch() as batch:
            batch.set_fact(SYNCED_BY, str(AGENT_ID))
        with pytest.raises(OtherUser):
            await readable(*_handle(workspace))


async def test_who_has_become_less_than_who_filled_it_is_refused(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    """A user whose role was taken back still has the id by which the store was filled."""
    async with open_workspace(analytics=True, analytics_folder=tmp_path) as workspace:
        role = workspace.sandbox.store.users[ADMIN_ID]["role"]
        _synced(tmp_path, synced_as=role)
        await readable(*_handle(workspace))
    async with open_workspace(analytics=True, analytics_folder=tmp_path) as workspace:
        workspace.sandbox.store.users[ADMIN_ID]["role"] = "agent"
        with pytest.raises(OtherUser):
            await readable(*_handle(workspace))


async def test_without_a_store_or_with_an_empty_one_nothing_was_synced(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    async with open_workspace(analytics=True, analytics_folder=tmp_path) as workspace:
        with pytest.raises(NeverSynced):
            await readable(*_handle(workspace))
        local = _synced(tmp_path)
        with filled(local, {}).batch() as batch:
            batch.execute("DELETE FROM kept.streams")
        with pytest.raises(NeverSynced):
            await readable(*_handle(workspace))


async def test_after_a_reload_that_switched_it_off_nothing_is_read(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as workspace:
        with pytest.raises(SwitchedOff):
            await readable(*_handle(workspace))


@contextmanager
def _without_duckdb(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    imported = builtins.__import__

    def lacking(name: str, *more: Any, **others: Any) -> Any:
        if name == "duckdb":
            raise ImportError(name)
        return imported(name, *more, **others)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", lacking)
        yield


async def test_without_the_extra_it_is_said_what_is_needed(
    tmp_path: Path, open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _synced(tmp_path)
    async with open_workspace(analytics=True, analytics_folder=tmp_path) as workspace:
        zendesk, inventory = _handle(workspace)
        with _without_duckdb(monkeypatch), pytest.raises(ExtraNeeded):
            await readable(zendesk, inventory)
    with _without_duckdb(monkeypatch), pytest.raises(ExtraNeeded):
        opening.duckdb_of()
