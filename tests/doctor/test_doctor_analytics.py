"""What doctor says of the tickets that are kept on this machine, and what mends it."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.stores import NOW, filled
from doctor.conftest import Examined
from mcp_server_zendesk.analytics.facts import SYNCED_BY
from mcp_server_zendesk.analytics.store import Store, StreamState
from mcp_server_zendesk.analytics.syncing.streams import STREAMS
from mcp_server_zendesk.doctor.analytics import STALE_DAYS, look_at_analytics
from mcp_server_zendesk.doctor.authentication import Me
from mcp_server_zendesk.doctor.checks import Check
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, Sandbox
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, AGENT_ID
from mcp_server_zendesk.serving.local_store import Analytics
from mcp_server_zendesk.settings import Settings

pytestmark = pytest.mark.anyio


def _settings(folder: Path, **more: Any) -> Settings:
    given = {"workspace": "acme", "subdomain": "acme", "analytics": True}
    return Settings.model_validate({**given, "analytics_folder": folder, **more})


def _synced(folder: Path, by: int = 7) -> Store:
    store = filled(Analytics(folder / "acme", "acme"), {})
    with store.batch() as batch:
        batch.set_fact(SYNCED_BY, str(by))
    return store


async def _look(settings: Settings, user_id: int | None = 7) -> Check:
    user = None if user_id is None else Me(id=user_id, role="admin")
    return await look_at_analytics(settings, user, NOW)


async def test_what_is_off_is_not_looked_at(tmp_path: Path) -> None:
    check = await _look(_settings(tmp_path, analytics=False))
    assert (check.state, check.found) == ("ok", "off: no tickets are kept on this machine")


async def test_tickets_that_are_kept_though_it_is_off_are_told_with_the_way_to_be_rid_of_them(
    tmp_path: Path,
) -> None:
    _synced(tmp_path)
    check = await _look(_settings(tmp_path, analytics=False))
    assert (check.state, check.cause) == ("warn", "left_behind")
    assert "purge" in (check.mend or "")


async def test_a_fresh_store_is_fine_and_told_with_what_is_kept_and_since_when(
    tmp_path: Path,
) -> None:
    _synced(tmp_path)
    check = await _look(_settings(tmp_path))
    assert check.state == "ok", check
    assert f"synced as of {NOW:%Y-%m-%d %H:%M} UTC (fields only, for 400 days" in check.found


async def test_a_store_of_days_ago_is_stale(tmp_path: Path) -> None:
    store = _synced(tmp_path)
    old = NOW - timedelta(days=STALE_DAYS + 3)
    with store.batch() as batch:
        batch.set_state("tickets", StreamState("c", old, complete=True), old)
    check = await _look(_settings(tmp_path))
    assert (check.state, check.cause) == ("warn", "stale")
    assert "5 days ago" in check.found
    assert "mcp-server-zendesk sync" in (check.mend or "")


async def test_a_store_that_was_not_read_to_its_end_says_so(tmp_path: Path) -> None:
    with _synced(tmp_path).batch() as batch:
        batch.set_state("users", StreamState("c", NOW), NOW)
    check = await _look(_settings(tmp_path))
    assert (check.state, check.cause) == ("warn", "sync_unfinished")


async def test_without_a_store_a_sync_is_recommended_and_none_is_made(tmp_path: Path) -> None:
    check = await _look(_settings(tmp_path / "new"))
    assert (check.state, check.cause) == ("warn", "never_synced")
    assert not (tmp_path / "new").exists()


async def test_a_store_of_another_user_fails(tmp_path: Path) -> None:
    _synced(tmp_path, by=8)
    check = await _look(_settings(tmp_path))
    assert (check.state, check.cause) == ("fail", "other_user")
    assert (await _look(_settings(tmp_path), user_id=None)).state == "ok", "it is not known who"


async def test_a_store_of_another_account_or_a_damaged_one_fails_with_the_way_on(
    tmp_path: Path,
) -> None:
    store = _synced(tmp_path)
    check = await _look(_settings(tmp_path, subdomain="umbrella"))
    assert (check.state, check.cause) == ("fail", "store_unusable")
    assert "another Zendesk account" in (check.why or "")
    store.analytics.file.write_bytes(b"nothing of DuckDB's")
    check = await _look(_settings(tmp_path))
    assert (check.state, check.cause) == ("fail", "store_unusable")
    assert "purge" in (check.mend or "")


async def test_texts_that_are_to_be_kept_no_longer_are_told(tmp_path: Path) -> None:
    with _synced(tmp_path).batch() as batch:
        batch.set_fact("keep", "texts")
    check = await _look(_settings(tmp_path))
    assert (check.state, check.cause) == ("fail", "store_unusable")
    assert "texts" in (check.why or "")


async def test_without_the_extra_it_fails_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.setattr("mcp_server_zendesk.doctor.analytics.find_spec", lambda _: None)
    check = await _look(_settings(tmp_path))
    assert (check.state, check.cause) == ("fail", "extra_missing")
    assert "mcp-server-zendesk[analytics]" in (check.mend or "")


async def test_a_folder_in_whose_place_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = await _look(_settings(tmp_path / "file"))
    assert (check.state, check.cause) == ("fail", "folder_closed")


async def test_a_folder_that_may_not_be_written_to_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    check = await _look(_settings(tmp_path))
    assert (check.state, check.cause) == ("fail", "folder_closed")


async def test_the_whole_examination_knows_who_signs_in(tmp_path: Path, examined: Examined) -> None:
    environ = {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN}
    flags = {"analytics": True, "analytics_folder": str(tmp_path / "kept")}
    for user, state in ((ADMIN_ID, "ok"), (AGENT_ID, "fail")):
        local = Analytics(tmp_path / "kept" / DEMO_SUBDOMAIN, DEMO_SUBDOMAIN)
        sandbox = Sandbox()
        with filled(local, {}).batch() as batch:
            batch.set_fact(SYNCED_BY, str(user))
            at = sandbox.clock()
            for stream in STREAMS:
                batch.set_state(stream.name, StreamState("c", at, complete=True), at)
        checks = await examined(sandbox, environ, **flags)
        assert checks["analytics"].state == state, checks["analytics"]


async def test_where_zendesk_cannot_be_asked_the_store_is_looked_at_all_the_same(
    tmp_path: Path, examined: Examined
) -> None:
    flags = {"analytics": True, "analytics_folder": str(tmp_path / "kept")}
    checks = await examined(Sandbox(), {}, **flags)
    assert checks["storage"].state == "fail"
    assert checks["analytics"].cause == "never_synced"
