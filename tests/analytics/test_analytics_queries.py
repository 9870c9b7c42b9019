"""A query runs in a process of its own, in time and within bounds, and the next one is answered."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from unittest import mock

import anyio
import duckdb
import pytest

from analytics.engines import OLD, ground, ticket
from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.querying import child, reading
from mcp_server_zendesk.analytics.querying.reading import Reader
from mcp_server_zendesk.analytics.store import Store, StreamState
from mcp_server_zendesk.serving.local_refusals import (
    ExtraNeeded,
    NeverSynced,
    QueryRefused,
    QueryStopped,
    StoreBusy,
    StoreUnusable,
)

pytestmark = [pytest.mark.heavy, pytest.mark.anyio]

ENDLESS = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT max(n) FROM a"


def _running() -> list[int]:
    """Processes that run a query of this one, on Linux."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            if b"querying.worker" in (one / "cmdline").read_bytes():
                told = (one / "stat").read_text().rpartition(")")[2].split()
                if told[0] != "Z" and int(told[1]) == os.getpid():
                    found.append(int(one.name))
        except OSError:
            continue
    return found


def _sealed(process: int) -> bool:
    """Whether it has given everything up, and runs the statement."""
    limits = Path(f"/proc/{process}/limits").read_text(encoding="utf-8")
    return re.search(r"Max open files +0 +0 ", limits) is not None


async def _started(count: int = 1) -> list[int]:
    for _ in range(2_000):
        if len(found := _running()) >= count:
            return found
        await anyio.sleep(0.01)
    raise TimeoutError


@asynccontextmanager
async def _endless(seconds: float = 30) -> AsyncIterator[int]:
    """A query that has begun and does not end by itself; its process."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Reader(ground(), seconds=seconds).query, ENDLESS)
        (process,) = await _started()
        yield process
        tasks.cancel_scope.cancel()


async def test_an_answer_has_its_rows_in_order_and_tells_how_many_there_are() -> None:
    answer = await Reader(ground()).query(
        "SELECT r FROM range(3000) x(r) ORDER BY r % 7, r DESC", limit=100
    )
    assert [r for (r,) in answer.rows] == sorted(range(3000), key=lambda r: (r % 7, -r))[:100]
    assert answer.truncated
    assert answer.total == 3000
    assert [name for name, _ in answer.columns] == ["r"]
    assert answer.freshness.until == NOW


async def test_tickets_that_are_kept_no_longer_are_not_seen() -> None:
    answer = await Reader(ground()).query("SELECT id, subject FROM tickets")
    assert answer.rows == ((1, "first"),)
    assert OLD not in str(answer)


async def test_a_query_that_takes_too_long_is_ended_with_its_process() -> None:
    with pytest.raises(QueryStopped, match="time"):
        await Reader(ground(), seconds=0.4).query(ENDLESS)
    assert not _running()


async def test_a_query_whose_caller_has_gone_is_ended() -> None:
    async with _endless() as process:
        pass
    assert not _running()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_a_process_that_is_killed_is_told_and_the_next_query_is_answered() -> None:
    async def killed() -> None:
        (process,) = await _started()
        for _ in range(2_000):
            if _sealed(process):
                break
            await anyio.sleep(0.01)
        os.kill(process, signal.SIGKILL)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(killed)
        with pytest.raises(QueryStopped, match="memory"):
            await Reader(ground(), seconds=30).query(ENDLESS)
    assert (await Reader(ground()).query("SELECT 1 AS n")).rows == ((1,),)


async def test_memory_that_the_engine_counts_and_memory_that_it_does_not_are_bounded() -> None:
    with pytest.raises(QueryStopped, match="memory"):
        await Reader(ground()).query("SELECT list(range) FROM range(200_000_000)")
    with pytest.raises(QueryStopped, match="memory"):
        await Reader(ground()).query("SELECT unnest(range(100_000_000)) x ORDER BY 1 DESC")


async def test_more_than_may_run_at_once_wait_for_their_turn_within_their_time() -> None:
    with mock.patch.object(child, "AT_ONCE", 1):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Reader(ground(), seconds=30).query, ENDLESS)
            await _started()
            with pytest.raises(QueryStopped, match="time"):
                await Reader(ground(), seconds=0.2).query("SELECT 1")
            assert len(_running()) == 1
            tasks.cancel_scope.cancel()
        assert (await Reader(ground()).query("SELECT 1 AS n")).rows == ((1,),)


async def test_the_event_loop_goes_on_while_a_query_runs() -> None:
    ticks = 0

    async def ticking() -> None:
        nonlocal ticks
        while True:
            await anyio.sleep(0.005)
            ticks += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ticking)
        with pytest.raises(QueryStopped):
            await Reader(ground(), seconds=0.4).query(ENDLESS)
        tasks.cancel_scope.cancel()
    assert ticks >= 10


async def test_an_answer_beyond_its_bytes_is_not_read_to_its_end() -> None:
    with mock.patch.object(reading, "_OUR_BYTES", 20_000), pytest.raises(QueryStopped):
        await Reader(ground()).ask("SELECT repeat('x', 100) AS x FROM range(1000)")


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_the_process_does_not_outlive_who_asked(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    code = (
        "import anyio\nfrom pathlib import Path\n"
        "from mcp_server_zendesk.analytics.querying.reading import Reader\n"
        "from mcp_server_zendesk.serving.local_store import Analytics\n"
        f"reader = Reader(Analytics(Path({str(local.folder)!r}), 'acme'), seconds=60)\n"
        f"anyio.run(reader.query, {ENDLESS!r})\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        found: list[str] = []
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        for _ in range(1_500):
            found = children.read_text().split()
            if found and b"querying.worker" in Path(f"/proc/{found[0]}/cmdline").read_bytes():
                break
            time.sleep(0.01)
        assert found
    finally:
        parent.kill()
        parent.wait()
    for _ in range(500):
        if not Path(f"/proc/{found[0]}").exists():
            return
        time.sleep(0.01)
    pytest.fail("it runs on")


async def test_a_store_that_is_written_to_is_waited_for_and_then_told(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    store = filled(local, {"tickets": [ticket(1)]})
    with store.batch(), pytest.raises(StoreBusy):
        await Reader(local, patience=0.1).query("SELECT 1")
    with store.batch():
        async with anyio.create_task_group() as tasks:
            answers: list[int] = []

            async def asked() -> None:
                answers.append(len((await Reader(local).query("FROM tickets")).rows))

            tasks.start_soon(asked)
            await _started()
            await anyio.sleep(0.1)
            assert not answers
            tasks.cancel_scope.cancel()
    assert len((await Reader(local).query("FROM tickets")).rows) == 1


async def test_a_store_that_is_not_there_or_no_file_of_its_own_is_not_opened(
    tmp_path: Path,
) -> None:
    local = analytics(tmp_path)
    with pytest.raises(NeverSynced):
        await Reader(local).query("SELECT 1")
    local.folder.mkdir()
    local.file.symlink_to(ground().file)
    with pytest.raises(StoreUnusable):
        await Reader(local).query("FROM tickets")
    local.file.unlink()
    local.file.write_bytes(b"no store at all" * 1_000)
    with pytest.raises(StoreUnusable):
        await Reader(local).query("FROM tickets")


async def test_a_store_in_a_folder_with_a_quote_in_its_name_is_read(tmp_path: Path) -> None:
    local = analytics(tmp_path / "it's; here")
    filled(local, {"tickets": [ticket(1)]})
    assert (await Reader(local).query("SELECT id FROM tickets")).rows == ((1,),)


async def test_a_first_sync_that_has_not_ended_is_told(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    with Store(local).batch() as batch:
        batch.set_state("search_tickets", StreamState("x", NOW - timedelta(days=9)), NOW)
        batch.set_fact("way", "search")
        batch.set_fact("lacks", '["comments"]')
    fresh = (await Reader(local).query("SELECT 1")).freshness
    assert fresh.until is None
    assert fresh.way == "search"
    assert fresh.lacks == ("comments",)


async def test_without_the_extra_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_PACKAGES", ("mcp_server_zendesk", "no_such_engine"))
    with pytest.raises(ExtraNeeded):
        await Reader(ground()).query("SELECT 1")


async def test_a_process_that_does_not_start_is_told_as_such() -> None:
    failing = ("-I", "-S", "-c", "raise SystemExit(3)")
    with mock.patch.object(child, "_COMMAND", failing), pytest.raises(StoreUnusable) as found:
        await Reader(ground()).query("SELECT 1")
    assert "does not start" in found.value.why


async def test_our_own_statements_take_values_and_give_them_as_python_has_them() -> None:
    answer = await Reader(ground()).ask(
        "SELECT id, created_at, tags FROM tickets WHERE created_at >= ? AND id IN "
        "(SELECT unnest(?)) AND status = ?",
        [NOW - timedelta(days=1), (1, 2), "open"],
    )
    assert answer.records() == [{"id": 1, "created_at": NOW, "tags": ["vip"]}]


async def test_a_statement_of_ours_that_is_wrong_is_a_fault_and_tells_no_value() -> None:
    with pytest.raises(RuntimeError, match=r"is wrong: ConversionException$"):
        await Reader(ground()).ask("SELECT CAST(subject AS INT) FROM tickets")


async def test_what_there_is_can_be_asked_without_knowing_anything() -> None:
    reader = Reader(ground())
    views = await reader.query("SHOW TABLES")
    assert {"tickets", "tags", "sla_breaches"} <= {row[0] for row in views.rows}
    columns = await reader.query("DESCRIBE tickets")
    assert ("status", "VARCHAR", "new, open, pending, hold, solved or closed") in columns.rows


async def test_a_refusal_reaches_who_asked() -> None:
    with pytest.raises(QueryRefused) as found:
        await Reader(ground()).query("SELECT id FROM tikets")
    assert found.value.nearest == ("tickets",)


def test_the_environment_is_empty_but_for_what_windows_needs() -> None:
    own = {"ZENDESK_API_TOKEN": "secret", "SystemRoot": r"C:\Windows", "PATH": "/bin"}
    assert child._environment(own) == {}
    with mock.patch.object(os, "name", "nt"):
        assert child._environment(own) == {"SystemRoot": r"C:\Windows"}


@pytest.mark.parametrize("exit_code", [0, 1])
async def test_a_store_is_left_as_it_was(tmp_path: Path, exit_code: int) -> None:
    local = analytics(tmp_path)
    filled(local, {"tickets": [ticket(1)]})
    before, names = local.file.read_bytes(), {*local.folder.iterdir()}
    reader = Reader(local)
    if exit_code:
        with pytest.raises(QueryRefused):
            await reader.query("DROP VIEW tickets")
    else:
        await reader.query("FROM tickets")
    assert local.file.read_bytes() == before
    assert {*local.folder.iterdir()} == names
    duckdb.connect(str(local.file), read_only=True).close()
