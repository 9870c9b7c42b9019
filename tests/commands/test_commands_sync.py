"""`sync` and `purge`, as a person types them, before an embedded Zendesk."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from analytics.stores import NOW, analytics, filled
from in_process import run_command
from mcp_server_zendesk.analytics.facts import SYNCED_BY
from mcp_server_zendesk.analytics.purging import no_sync
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import TICKETS
from mcp_server_zendesk.commands.sync_progress import Telling, duration
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, Rules
from mcp_server_zendesk.serving.local_store import Analytics
from reach import Reach, reachable

pytestmark = pytest.mark.heavy

_DEMO = ("--demo", "--analytics", "--analytics-folder")
_ENVIRONMENT = {
    "ZENDESK_SUBDOMAIN": DEMO_SUBDOMAIN,
    "ZENDESK_AUTH": "oauth_token",
    "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN,
    "ZENDESK_ANALYTICS": "true",
}
_KEPT = f".local/share/mcp-server-zendesk/analytics/{DEMO_SUBDOMAIN}"


def run(*arguments: object, answer: str | None = None) -> Result:
    return run_command([*map(str, arguments)], os.environ, Path.cwd(), answer)


@pytest.fixture
def reach(tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path) as served:
        yield served


def test_a_sync_reads_all_and_tells_how_far_it_has_come(tmp_path: Path) -> None:
    first = run("sync", *_DEMO, tmp_path)
    assert first.exit_code == 0, first.output
    assert "tickets are kept, complete as of 20" in first.stdout
    assert "rows  tickets: " in first.stderr
    again = json.loads(run("sync", *_DEMO, tmp_path, "--json").stdout)
    assert again["complete"] is True
    assert again["way"] == "incremental"
    assert again["tickets"] > 30
    assert set(again) >= {"until", "stored", "removed", "requests", "stopped", "seconds"}
    local = Analytics(tmp_path / "demo", DEMO_SUBDOMAIN)
    assert Store(local).facts().until is not None


def test_what_is_not_switched_on_is_not_kept(tmp_path: Path) -> None:
    refused = run("sync", "--demo", "--analytics-folder", tmp_path)
    assert refused.exit_code == 1
    assert "analytics = true" in refused.stderr
    assert not [*tmp_path.iterdir()]


def test_of_two_syncs_the_second_is_refused_in_a_line(tmp_path: Path) -> None:
    local = Analytics(tmp_path / "demo", DEMO_SUBDOMAIN)
    local.folder.mkdir()
    with no_sync(local):
        refused = run("sync", *_DEMO, tmp_path)
    assert refused.exit_code == 1
    why = "A sync of this workspace is under way, here or by a server. Wait until it has ended."
    assert refused.stderr.splitlines() == [f"Error: {why}"]


def test_the_store_of_another_user_is_refused_with_the_way_on(tmp_path: Path) -> None:
    with filled(Analytics(tmp_path / "demo", DEMO_SUBDOMAIN), {}).batch() as batch:
        batch.set_fact(SYNCED_BY, "7")
    refused = run("sync", *_DEMO, tmp_path)
    assert refused.exit_code == 1
    assert "another Zendesk user" in refused.stderr
    assert "mcp-server-zendesk purge" in refused.stderr


def test_without_the_scope_read_nothing_is_kept(tmp_path: Path) -> None:
    refused = run("sync", *_DEMO, tmp_path, "--scopes", "tickets:read")
    assert refused.exit_code == 1
    assert "the scope read" in refused.stderr


def test_a_token_that_zendesk_does_not_take_is_explained(reach: Reach) -> None:
    refused = reach.invoke("sync", **{**_ENVIRONMENT, "ZENDESK_OAUTH_TOKEN": "wrong"})
    assert refused.code == 1
    assert refused.err.startswith("Error: Zendesk does not accept the token.")
    assert "wrong" not in refused.err


def test_a_demonstration_keeps_nothing_beyond_its_end(reach: Reach, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    ran = reach.run("sync", "--demo", "--analytics", TMPDIR=str(tmp_path / "tmp"))
    assert ran.code == 0, ran.err
    assert not [*(tmp_path / "tmp").iterdir()]
    assert not (reach.home / ".local/share/mcp-server-zendesk").exists()


def test_ctrl_c_while_it_waits_keeps_what_is_stored_and_says_how_to_go_on(tmp_path: Path) -> None:
    with reachable(tmp_path, rules=Rules(rate_limited=True, exports_per_minute=3)) as reach:
        reach.extra |= _ENVIRONMENT
        terminal = reach.start("sync")
        terminal.expect("Zendesk limits such requests a minute: waiting")
        terminal.interrupt()
        assert terminal.wait() == 130
        assert "What is stored is kept: run it again to go on." in terminal.transcript
        assert "Traceback" not in terminal.transcript
        facts = Store(Analytics(reach.home / _KEPT, DEMO_SUBDOMAIN)).facts()
        assert facts.streams["tickets"].complete
        assert facts.until is None
        purged = reach.invoke("purge", "--yes")
        assert purged.out.startswith(f"Removed the store in {reach.home / _KEPT}")
        assert not (reach.home / _KEPT).exists()


def _purge(folder: Path, *more: object, answer: str | None = None) -> Result:
    flags = ("--subdomain", "acme", "--analytics-folder", folder)
    return run("purge", *flags, *more, answer=answer)


def test_purge_asks_first_and_a_no_changes_nothing(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    for answer in ("n\n", "\n", ""):
        asked = _purge(tmp_path, answer=answer)
        assert asked.exit_code == 1
        assert f"kept in {local.folder}?" in asked.stderr
        assert local.file.exists()
    assert _purge(tmp_path, answer="y\n").exit_code == 0
    assert not local.folder.exists()


def test_purge_needs_no_analytics_to_be_on_and_tells_what_it_removed(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    told = json.loads(_purge(tmp_path, "--yes", "--json").stdout)
    assert told["files"] == 1
    assert told["bytes"] > 1000
    again = _purge(tmp_path, "--yes")
    assert (again.exit_code, again.stdout) == (0, f"Nothing is kept in {local.folder}.\n")


def test_purge_is_refused_while_a_sync_runs(tmp_path: Path) -> None:
    local = analytics(tmp_path)
    filled(local, {})
    with no_sync(local):
        refused = _purge(tmp_path, "--yes")
    assert refused.exit_code == 1
    assert "under way" in refused.stderr
    assert local.file.exists()


def test_purge_of_what_expired_leaves_the_rest(tmp_path: Path) -> None:
    local = analytics(tmp_path, keep="fields")
    old = (NOW - timedelta(days=50)).isoformat()
    rows = [{"id": 1, "updated_at": old}, {"id": 2, "updated_at": NOW.isoformat()}]
    with filled(local, {}).batch() as batch:
        batch.put(TICKETS, rows)
    done = _purge(tmp_path, "--expired", "--retention-days", 30)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Removed 1 tickets whose last change is more than 30 days ago")
    with Store(local).batch() as batch:
        assert batch.execute("SELECT id FROM kept.tickets") == [(2,)]
    assert _purge(tmp_path / "none", "--expired").exit_code == 1


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.anyio
async def test_on_a_terminal_one_line_tells_it_and_is_gone_at_the_end() -> None:
    stream, now = _Terminal(), [0.0]
    telling = Telling(stream, lambda: now[0])
    await telling.progress(0, None, "tickets: 0 read")
    now[0] = 75
    await telling.progress(500, 2_000, "tickets: 500 read")
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith(
        "[######------------------]  25%  tickets: 500 read (1 min 15 s)"
    )
    telling.end()
    telling.end()
    assert stream.getvalue().endswith("(1 min 15 s)\r\x1b[2K")


@pytest.mark.anyio
async def test_in_a_log_now_and_then_a_line_tells_it_and_each_wait() -> None:
    stream, now = io.StringIO(), [0.0]
    telling = Telling(stream, lambda: now[0])
    for second in range(12):
        now[0] = float(second)
        await telling.progress(second, None, f"page {second}")
    await telling.progress(12, None, "Zendesk limits such requests a minute: waiting 41 s")
    telling.end()
    lines = stream.getvalue().splitlines()
    assert [line.split("  ")[-1] for line in lines] == [
        "page 0 (0 s)",
        "page 5 (5 s)",
        "page 10 (10 s)",
        "Zendesk limits such requests a minute: waiting 41 s (11 s)",
    ]


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (7_260, "2 h 1 min")]
)
def test_a_duration_is_told_in_words(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_demonstrates_keeps_nothing_beyond_its_end(
    reach: Reach, tmp_path: Path, ended_by: signal.Signals
) -> None:
    (tmp_path / "tmp").mkdir()
    terminal = reach.start("serve", "--demo", "--analytics", TMPDIR=str(tmp_path / "tmp"))
    end = time.monotonic() + 20
    while not [*(tmp_path / "tmp").iterdir()]:
        assert time.monotonic() < end
        time.sleep(0.02)
    terminal.type(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}))
    terminal.expect('"result"')
    os.kill(terminal.pid, ended_by)
    assert terminal.wait() in {130, 143}
    assert not [*(tmp_path / "tmp").iterdir()]
