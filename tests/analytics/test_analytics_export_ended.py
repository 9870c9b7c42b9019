"""Whoever reads an export never sees half of one, wherever the run ended that made it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from analytics.exports import (
    VIEW,
    assert_whole,
    exported,
    files_in,
    manifest_in,
    store_with_everything,
    ticket,
)
from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.parquet.destinations import ExportFailed, Folder
from mcp_server_zendesk.analytics.parquet.snapshots import snapshot
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import TICKETS
from mcp_server_zendesk.analytics.views import View
from mcp_server_zendesk.serving.local_refusals import StoreBusy
from mcp_server_zendesk.serving.local_store import Analytics

pytestmark = [pytest.mark.heavy, pytest.mark.anyio]


class Broken(Exception):
    """The machine is gone."""


@dataclass
class Breaks:
    """A folder before which the machine stops at the nth change, before or after it is made."""

    folder: Folder
    at: int
    after: bool
    changes: int = 0

    @property
    def shown(self) -> str:
        return self.folder.shown

    def names(self) -> AsyncGenerator[tuple[str, int]]:
        return self.folder.names()

    async def read(self, name: str) -> bytes | None:
        return await self.folder.read(name)

    async def put(self, name: str, file: Path) -> None:
        await self._change(self.folder.put, name, file)

    async def move(self, name: str, to: str) -> None:
        await self._change(self.folder.move, name, to)

    async def remove(self, names: Sequence[str]) -> None:
        for name in names:
            await self._change(self.folder.remove, [name])

    async def _change(self, act: Any, *arguments: Any) -> None:
        self.changes += 1
        if self.changes >= self.at and not self.after:
            raise Broken
        await act(*arguments)
        if self.changes >= self.at:
            raise Broken


async def _came_through(local: Analytics, place: Breaks, tables: Sequence[View]) -> bool:
    """Whether an export came to its end."""
    try:
        await exported(local, place, tables=tables)
    except Broken:
        return False
    except ExceptionGroup as group:
        if group.subgroup(Broken) is None:
            raise
        return False
    return True


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_wherever_a_run_ends_the_manifest_names_a_whole_export_and_the_next_mends_all(
    tmp_path: Path, after: bool
) -> None:
    local = analytics(tmp_path)
    filled(local, {"tickets": [ticket(1, 40), ticket(2, 100)]})
    tables = (VIEW["tickets"],)
    await exported(local, tmp_path / "first", tables=tables)
    old = files_in(tmp_path / "first")
    with Store(local).batch() as batch:
        batch.remove_tickets([1], NOW)
        batch.put(TICKETS, [ticket(2, 100, status="solved")])
    await exported(local, tmp_path / "second", tables=tables)
    new = files_in(tmp_path / "second")
    seen: set[str] = set()
    for at in range(1, 100):
        out = tmp_path / f"out-{at}"
        for name, content in old.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(content)
        if await _came_through(local, Breaks(Folder(out), at, after), tables):
            break
        left = files_in(out)
        named = assert_whole(left).tables["tickets"].files
        if named == manifest_in(old).tables["tickets"].files:
            seen.add("old")
        else:
            assert named == manifest_in(new).tables["tickets"].files
            seen.add("new")
        await exported(local, out, tables=tables)
        assert files_in(out) == new
    else:
        pytest.fail("it never came to an end")
    assert seen == {"old", "new"}
    assert at > 5


async def test_what_a_run_that_was_killed_left_on_this_machine_is_removed(tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    left = local.folder / "export-killed"
    left.mkdir()
    (left / "tickets-2024-01.parquet").write_bytes(b"customers")
    await exported(local, tmp_path / "out")
    assert not list(local.folder.glob("export-*"))


async def test_a_second_one_at_the_same_time_is_refused(tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    with (
        FileLock(local.folder / "export.lock"),
        pytest.raises(ExportFailed, match="under way"),
    ):
        await exported(local, tmp_path / "out")
    assert not (tmp_path / "out").exists()


_HOLDS = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_that_writes_is_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(local.file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                assert other.stdin is not None
                other.stdin.close()
                other.wait(30)

        late = iter([0.0, 1.0, 29.0, 31.0])
        with (
            pytest.raises(StoreBusy),
            snapshot(local, tmp_path, NOW, clock=lambda: next(late), sleep=lambda _: None),
        ):
            pytest.fail("it was held")
        with snapshot(local, tmp_path, NOW, clock=lambda: 0.0, sleep=sleep) as held:
            assert held.complete
    assert len(slept) == 3
