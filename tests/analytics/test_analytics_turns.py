"""Who reads and who writes come to their turn, in several processes, and wait no longer."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.opening import (
    PATIENCE_SECONDS,
    Waiting,
    exclusively,
    opened,
)
from mcp_server_zendesk.analytics.rewriting import tidy
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.serving.local_refusals import StoreBusy, StoreUnusable
from mcp_server_zendesk.serving.local_store import Analytics

pytestmark = pytest.mark.heavy

SECONDS = 1.0
_AT_ONCE = """
import json, sys, time
from pathlib import Path
from mcp_server_zendesk.analytics.opening import opened
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.serving.local_store import Analytics
import duckdb, filelock
local, reads = Analytics(Path(sys.argv[1]), "acme", "texts"), sys.argv[2] == "read"
print("ready", flush=True)
sys.stdin.readline()
end, turns, longest = time.monotonic() + float(sys.argv[3]), 0, 0.0
while time.monotonic() < end:
    began = time.monotonic()
    if reads:
        with opened(local, read_only=True) as store:
            longest = max(longest, time.monotonic() - began)
            store.execute("SELECT count(*) FROM kept.tickets").fetchall()
            time.sleep(0.05)
    else:
        with Store(local).batch() as batch:
            longest = max(longest, time.monotonic() - began)
            batch.execute("INSERT INTO kept.gone (id) VALUES (?)", [turns])
    turns += 1
print(json.dumps([turns, longest]))
"""


@contextmanager
def _process(folder: Path, kind: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _AT_ONCE, str(folder), kind, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_readers_without_a_pause_and_writers_without_a_pause_all_come_to_their_turn(
    tmp_path: Path,
) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    kinds = ("read", "read", "write", "write")
    processes = [_process(local.folder, kind, SECONDS) for kind in kinds]
    turns: dict[str, int] = {"read": 0, "write": 0}
    with processes[0] as a, processes[1] as b, processes[2] as c, processes[3] as d:
        running = (a, b, c, d)
        for one in running:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in running:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        for kind, one in zip(kinds, running, strict=True):
            assert one.stdout is not None
            had, longest = json.loads(one.stdout.readline())
            assert had >= 1
            assert longest < PATIENCE_SECONDS
            turns[kind] += had
    with Store(local).batch() as batch:
        assert batch.execute("SELECT count(*) FROM kept.gone") == [(turns["write"],)]


_READS_ONCE = """
import sys
from pathlib import Path
from mcp_server_zendesk.analytics.opening import Waiting, opened
from mcp_server_zendesk.serving.local_refusals import StoreBusy
from mcp_server_zendesk.serving.local_store import Analytics

try:
    with opened(Analytics(Path(sys.argv[1]), "acme"), read_only=True,
                waiting=Waiting(patience=0.2)):
        print("open", flush=True)
        sys.stdin.readline()
except StoreBusy:
    print("busy", flush=True)
"""


def _reader(local: Analytics) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _READS_ONCE, str(local.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_who_comes_to_read_while_somebody_waits_to_write_comes_after_them(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    waits, wrote = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        waits.set()
        time.sleep(seconds)

    def write() -> None:
        with Store(local, sleep=sleep).batch():
            wrote.set()

    with _reader(local) as first:
        assert _said(first) == "open"
        writer = threading.Thread(target=write)
        writer.start()
        assert waits.wait(30)
        with _reader(local) as second:
            assert _said(second) == "busy"
        assert not wrote.is_set()
        first.communicate("go\n", timeout=30)
        assert wrote.wait(30)
        writer.join(30)
    with _reader(local) as third:
        assert _said(third) == "open"
        third.communicate("go\n", timeout=30)


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_store_that_another_process_keeps_open_is_waited_for_so_long(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    program = (
        "import sys\n"
        "import duckdb\n"
        "store = duckdb.connect(sys.argv[1])\n"
        "print('open', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(local.file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        now, slept = [0.0], list[float]()

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            now[0] += seconds * 20

        store = Store(local, lambda: now[0], sleep)
        with pytest.raises(StoreBusy), store.batch():
            pytest.fail("two wrote at once")
        assert 30 <= now[0] < 65
        assert slept
        with pytest.raises(StoreBusy):
            store.facts()
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.stdin.flush()
        holder.wait(30)
    with store.batch() as batch:
        assert batch.fact("version") == "1"


def test_a_lock_of_a_process_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from mcp_server_zendesk.analytics.opening import exclusively\n"
        "from mcp_server_zendesk.serving.local_store import Analytics\n"
        "with exclusively(Analytics(Path(sys.argv[1]), 'acme')):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(local.folder)], check=False, timeout=30)
    began = time.monotonic()
    with Store(local).batch():
        pass
    assert time.monotonic() - began < PATIENCE_SECONDS


def test_threads_of_a_process_take_turns_as_well(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    store, failed = Store(local), list[BaseException]()

    def work(number: int) -> None:
        try:
            for _ in range(4):
                with store.batch() as batch:
                    batch.execute("INSERT INTO kept.gone (id) VALUES (?)", [number])
                assert store.facts().version == 1
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failed
    with store.batch() as batch:
        assert batch.execute("SELECT count(*) FROM kept.gone") == [(16,)]


@pytest.mark.anyio
async def test_a_call_that_is_cancelled_waits_no_longer_and_leaves_no_lock(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    began = time.monotonic()
    with exclusively(local), anyio.move_on_after(0.2) as scope:
        await to_thread.run_sync(Store(local).facts)
    assert scope.cancelled_caught
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert Store(local).facts().version == 1


@pytest.mark.anyio
async def test_a_batch_under_way_is_finished_whoever_is_cancelled(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    writes, may_go_on = anyio.Event(), threading.Event()

    def write() -> None:
        with Store(local).batch() as batch:
            batch.execute("INSERT INTO kept.gone (id) VALUES (1)")
            anyio.from_thread.run_sync(writes.set)
            may_go_on.wait(30)

    async def cancel(scope: anyio.CancelScope) -> None:
        await writes.wait()
        scope.cancel()
        may_go_on.set()

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            tasks.start_soon(cancel, scope)
            await to_thread.run_sync(write)
    with Store(local).batch() as batch:
        assert batch.execute("SELECT count(*) FROM kept.gone") == [(1,)]


def test_nothing_is_open_to_others_at_any_time_whatever_the_umask(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    before = os.umask(0)
    try:
        store = filled(local, {})
        with store.batch() as batch:
            batch.execute("INSERT INTO kept.gone (id) VALUES (1)")
            assert _mode(local.folder) == 0o700
        assert _mode(local.file) == 0o600
        wide = local.folder / f"{local.file.name}.new"
        wide.write_bytes(b"")
        local.folder.chmod(0o777)
        with store.batch():
            assert _mode(wide) == 0o600
            assert _mode(local.folder) == 0o700
        assert _mode(local.folder / "opening.lock") == 0o600
    finally:
        os.umask(before)


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(local.folder, 65_534, -1)
    with pytest.raises(StoreUnusable, match="another user"), Store(local).batch():
        pytest.fail("it was opened")


def test_a_store_reaches_no_file_but_its_own_and_loads_nothing(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    with opened(local) as store:
        for statement in (
            f"SELECT * FROM read_csv('{other}')",  # noqa: S608 - it is refused
            f"COPY kept.tickets TO '{other}'",
            f"ATTACH '{tmp_path / 'another.duckdb'}'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET autoload_known_extensions = true",
        ):
            with pytest.raises(Exception, match=r"disabled|locked|Cannot|not found"):
                store.execute(statement)
    assert other.read_text() == "a\n1\n"


def test_a_quote_in_the_name_of_a_folder_does_no_harm(tmp_path: Path) -> None:
    local = Analytics(tmp_path / "o'neil; DROP", "acme")
    filled(local, {})
    assert tidy(local, NOW, force=True)
    assert Store(local).facts().given["subdomain"] == "acme"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_waiting_asks_again_soon_and_ends(tmp_path: Path) -> None:
    del tmp_path
    now, slept = [0.0], list[float]()
    waiting = Waiting(lambda: now[0], slept.append, patience=1)
    waiting.pause(until=1)
    assert slept
    now[0] = 1
    with pytest.raises(StoreBusy):
        waiting.pause(until=1)
