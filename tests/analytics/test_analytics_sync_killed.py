"""A sync that is killed at any point has lost nothing and doubled nothing when it goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analytics.killed_sync import PAGE
from analytics.syncs import pickled_account, synced
from desk import OpenWorkspace

pytestmark = [pytest.mark.heavy, pytest.mark.anyio]

SCRIPT = Path(__file__).with_name("killed_sync.py")
TABLES = ("tickets", "users", "comments", "status_changes", "sla_events", "satisfaction")


def _kill_at(point: str, folder: Path, account: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(folder), str(account), point]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "here\n", point
        finally:
            process.kill()
    assert process.returncode == -9


async def test_three_kills_and_resumes_reconcile(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    account, folder = tmp_path / "account", tmp_path / "kept"
    account.write_bytes(pickled_account())
    async with synced(open_workspace, folder) as one:
        tickets = sorted(one.sandbox.store.tickets)
        assert len(tickets) > PAGE
        _kill_at("batch:2", folder, account)
        assert len(one.numbers("tickets")) == PAGE
        _kill_at("page:1", folder, account)
        assert one.numbers("tickets") == tickets
        assert one.rows("SELECT count(*) FROM kept.comments") == [(0,)]
        _kill_at("batch:6", folder, account)
        found = one.numbers("comments")
        report = await one.sync()
        assert report.complete
        assert one.numbers("tickets") == tickets
        comments = [one["id"] for of in one.sandbox.store.comments.values() for one in of]
        assert 0 < len(found) < len(comments)
        assert one.numbers("comments") == sorted(comments)
        for table in TABLES:
            numbers = one.numbers(table)
            assert len(numbers) == len(set(numbers)), table
