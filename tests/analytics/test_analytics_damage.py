"""What is no store of ours is refused in words, and left as it was."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from analytics.stores import NOW, analytics, filled
from mcp_server_zendesk.analytics.facts import Facts
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import TICKETS
from mcp_server_zendesk.serving.local_refusals import (
    NeverSynced,
    StoreUnusable,
)
from mcp_server_zendesk.serving.local_store import Analytics

pytestmark = pytest.mark.heavy


def ticket(number: int, **more: object) -> dict[str, object]:
    at = NOW.isoformat()
    return {"id": number, "status": "open", "created_at": at, "updated_at": at, **more}


def _random(file: Path) -> None:
    file.write_bytes(os.urandom(50_000))


def _sqlite(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE t (a)")
    database.close()


def _nothing(file: Path) -> None:
    file.touch()


def _folder(file: Path) -> None:
    file.mkdir()


def _link(file: Path) -> None:
    elsewhere = file.parent / "elsewhere.duckdb"
    duckdb.connect(str(elsewhere)).close()
    file.symlink_to(elsewhere)


def _another_programs(file: Path) -> None:
    with duckdb.connect(str(file)) as database:
        database.execute("CREATE TABLE mine (a BIGINT)")


def _cut_off(file: Path) -> None:
    filled(Analytics(file.parent, "acme"), {"tickets": [ticket(1)]})
    file.write_bytes(file.read_bytes()[:20_000])


def _changed(file: Path) -> None:
    filled(Analytics(file.parent, "acme"), {"tickets": [ticket(1)]})
    data = bytearray(file.read_bytes())
    data[13_000] ^= 0xFF
    file.write_bytes(data)


@pytest.mark.parametrize(
    "put",
    [_random, _sqlite, _nothing, _folder, _link, _another_programs, _cut_off, _changed],
)
def test_what_is_no_whole_store_is_refused_and_stays_as_it_was(
    tmp_path: Path, put: Callable[[Path], None]
) -> None:
    local = Analytics(tmp_path, "acme")
    put(local.file)
    before = local.file.read_bytes() if local.file.is_file() else b""
    store = Store(local)
    with pytest.raises(StoreUnusable) as refused, store.batch():
        pytest.fail("it was opened")
    assert "purge" in refused.value.mend
    assert str(tmp_path) not in f"{refused.value.why} {refused.value.mend}"
    with pytest.raises(StoreUnusable):
        store.facts()
    assert (local.file.read_bytes() if local.file.is_file() else b"") == before


def test_where_there_is_no_store_nothing_is_made_for_reading(tmp_path: Path) -> None:
    with pytest.raises(NeverSynced):
        Store(analytics(tmp_path)).facts()
    assert not [*tmp_path.iterdir()]


def test_a_store_without_leave_to_read_it_says_so(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    local.file.chmod(0)
    told = _as_nobody(local, "Store(local).facts()")
    assert told.startswith("StoreUnusable: "), told
    assert "another user" in told or "may not be read" in told or "cannot be reached" in told


def test_a_folder_that_nobody_may_write_to_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    told = _as_nobody(analytics(tmp_path), "Store(local).batch().__enter__()")
    assert told == f"StoreFull: {os.strerror(13)}"


def _as_nobody(local: Analytics, statement: str) -> str:
    """What a statement raises, done by a user to whom nothing belongs."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from mcp_server_zendesk.analytics.store import Store\n"
        "from mcp_server_zendesk.analytics import opening, migrations, folder\n"
        "from mcp_server_zendesk.serving.local_store import Analytics\n"
        "import duckdb, filelock\n"
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "local = Analytics(Path(sys.argv[1]), 'acme')\n"
        "try:\n"
        f"    {statement}\n"
        "except Exception as error:\n"
        "    print(f'{type(error).__name__}: {error}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(local.folder)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout.strip() or done.stderr


def test_another_accounts_store_is_refused(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {"tickets": [ticket(1)]})
    other = Analytics(local.folder, "umbrella", local.keep)
    with pytest.raises(StoreUnusable, match="another Zendesk account"), Store(other).batch():
        pytest.fail("it was opened")
    with pytest.raises(StoreUnusable, match="another Zendesk account"):
        Store(other).facts()
    assert Store(local).facts().given["subdomain"] == "acme"


@pytest.mark.parametrize("version", ["2", "999999999999999999999", "x", ""])
def test_a_store_of_a_newer_version_is_refused_with_the_way_on(
    tmp_path: Path, version: str
) -> None:
    local = analytics(tmp_path)
    with filled(local, {}).batch() as batch:
        batch.set_fact("version", version)
    with pytest.raises(StoreUnusable) as refused, Store(local).batch():
        pytest.fail("it was opened")
    assert ("newer version" in refused.value.why) == version.isdecimal()


def test_a_log_that_a_killed_writer_left_is_taken_in(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {"tickets": [ticket(1)]})
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from mcp_server_zendesk.analytics.opening import connect\n"
        "from mcp_server_zendesk.serving.local_store import Analytics\n"
        "local = Analytics(Path(sys.argv[1]), 'acme', 'texts')\n"
        "store = connect(local, local.file)\n"
        "store.execute(\"INSERT INTO kept.tickets (id, status) VALUES (2, 'new')\")\n"
        'store.execute("BEGIN")\n'
        "store.execute(\"INSERT INTO kept.tickets (id, status) VALUES (3, 'new')\")\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(local.folder)], timeout=30, check=False
    )
    assert done.returncode == -signal.SIGKILL
    log = local.folder / f"{local.file.name}.wal"
    assert log.exists()
    Store(local).facts()
    with Store(local).batch() as batch:
        assert batch.execute("SELECT id FROM kept.tickets ORDER BY id") == [(1,), (2,)]
    assert not log.exists()


def test_a_log_that_is_damaged_is_refused(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    log = local.folder / f"{local.file.name}.wal"
    with duckdb.connect(str(local.file)) as database:
        database.execute("INSERT INTO kept.tickets (id) VALUES (2)")
        kept = local.file.read_bytes(), log.read_bytes()
    local.file.write_bytes(kept[0])
    log.write_bytes(kept[1][:-8] + bytes([kept[1][-8] ^ 0xFF]) + kept[1][-7:])
    before = log.read_bytes()
    with pytest.raises(StoreUnusable, match="damaged"), Store(local).batch():
        pytest.fail("it was opened")
    assert log.read_bytes() == before


def test_a_store_that_was_half_made_is_made_again(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    local.folder.mkdir()
    (local.folder / "tickets.duckdb.new").write_bytes(b"half of a store")
    filled(local, {"tickets": [ticket(1)]})
    assert [file.name for file in local.folder.iterdir() if "new" in file.name] == []


_MOUNT, _UNMOUNT = (shutil.which(name) or "" for name in ("mount", "umount"))
_FULL = """
import resource, sys
from pathlib import Path
from analytics.stores import NOW
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import COMMENTS
from mcp_server_zendesk.serving.local_refusals import StoreFull
from mcp_server_zendesk.serving.local_store import Analytics
import hashlib

local = Analytics(Path(sys.argv[1]), "acme", "texts")
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
store = Store(local)
stored = 0
try:
    for number in range(100):
        with store.batch() as batch:
            words = [hashlib.sha256(f"{number} {n}".encode()).hexdigest() for n in range(4_000)]
            batch.put(COMMENTS, [{"id": number * 4_000 + n, "body": words[n] * 2}
                                 for n in range(4_000)])
        stored += 4_000
except StoreFull as full:
    print(stored, full.why, sep="|")
"""


def _until_full(local: Analytics, *more: str) -> tuple[int, str]:
    stored, why = _run(_FULL, local, *more).split("|")
    return int(stored), why


def _run(program: str, local: Analytics, *more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, str(local.folder), *more],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    return done.stdout.strip()


def test_a_file_that_may_grow_no_more_keeps_all_earlier_batches_and_goes_on_later(
    tmp_path: Path,
) -> None:
    local = analytics(tmp_path)
    stored, why = _until_full(local, str(3 * 1024 * 1024))
    assert why == "File too large"
    assert stored >= 4_000
    with Store(local).batch() as batch:
        assert batch.execute("SELECT count(*) FROM kept.comments") == [(stored,)]
        batch.put(TICKETS, [ticket(1)])


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not _MOUNT,
    reason="only root may mount a small disk",
)
def test_a_full_disk_keeps_all_earlier_batches_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    made = [_MOUNT, "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(tmp_path)]
    if subprocess.run(made, check=False, capture_output=True).returncode:
        pytest.skip("no disk may be mounted here")
    try:
        local = analytics(tmp_path)
        stored, why = _until_full(local)
        assert why == "No space left on device"
        assert stored >= 4_000
        assert Facts(Store(local).facts().given).version == 1
        subprocess.run([_MOUNT, "-o", "remount,size=9m", str(tmp_path)], check=True)
        with Store(local).batch() as batch:
            assert batch.execute("SELECT count(*) FROM kept.comments") == [(stored,)]
            batch.put(TICKETS, [ticket(1)])
    finally:
        subprocess.run([_UNMOUNT, str(tmp_path)], check=True)


_REWRITES = """
import resource, sys
from pathlib import Path
from analytics.stores import NOW
from mcp_server_zendesk.analytics.rewriting import tidy
from mcp_server_zendesk.serving.local_refusals import StoreFull
from mcp_server_zendesk.serving.local_store import Analytics

resource.setrlimit(resource.RLIMIT_FSIZE, (600_000,) * 2)
try:
    tidy(Analytics(Path(sys.argv[1]), "acme", "texts"), NOW, force=True)
except StoreFull as full:
    print(full.why)
"""


def test_a_store_that_finds_no_room_to_be_written_anew_stays_as_it_is(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    with filled(local, {"tickets": [ticket(1)]}).batch() as batch:
        batch.execute(
            "INSERT INTO kept.comments (id, body) "
            "SELECT range, md5(range::VARCHAR) || md5((range * 3)::VARCHAR) FROM range(50_000)"
        )
    before = local.file.read_bytes()
    assert _run(_REWRITES, local) == "File too large"
    assert local.file.read_bytes() == before
    assert not [file for file in local.folder.iterdir() if "new" in file.name]
    with Store(local).batch() as batch:
        assert batch.execute("SELECT count(*) FROM kept.comments") == [(50_000,)]
