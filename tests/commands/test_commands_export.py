"""The command `export`: what it says, where, and with which exit code."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.exports import files_in, store_with_everything
from mcp_server_zendesk.cli import main
from mcp_server_zendesk.serving.local_store import Analytics

pytestmark = pytest.mark.heavy

COMMAND = Path(sys.executable).with_name("mcp-server-zendesk")


def flags(local: Analytics, keep: str = "texts") -> list[str]:
    return [
        "--subdomain", "acme", "--analytics", "--analytics-keep", keep,
        "--analytics-folder", str(local.folder.parent),
    ]  # fmt: skip


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["export", *arguments])


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def test_it_says_what_it_sent_and_what_is_there(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), str(tmp_path / "out")
    first = typed(out, *flags(local))
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith(f"{out}: acme, as of ")
    assert "tickets                   5 rows" in first.stdout
    assert "Sent: " in first.stderr
    second = typed(out, *flags(local))
    assert "Sent 0 files (0 B) and removed 0" in second.stdout


def test_its_report_for_machines_is_all_that_is_on_stdout(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    dry = json.loads(typed(str(out), *flags(local), "--json", "--dry-run").stdout)
    assert not out.exists()
    report = json.loads(typed(str(out), *flags(local), "--json", "--tables", "users").stdout)
    assert dry["dry_run"]
    assert dry["files"] > report["files"] == 1
    assert report["rows"] == {"users": 1}
    assert report["complete"]
    assert report["account"] == "acme"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["OUT", "--tables", "tikets"], 2, "the nearest is 'tickets'"),
        (["OUT", "--tables", ","], 2, "name a table"),
        (["OUT", "--since", "november"], 2, "write a month as 2026-11"),
        (["OUT", "--endpoint", "https://minio.acme.com"], 2, "belong to a destination s3://"),
        ([""], 2, "name a folder"),
        ([], 2, "Missing argument"),
        (["/"], 1, "is the root of the disk"),
        (["ftp://acme/x"], 1, "begins with one of s3://, gs://, az://"),
        (["s3://acme/x", "--endpoint", "http://minio.acme.com"], 1, "is not encrypted"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    out = tmp_path / "out"
    given = [str(out) if one == "OUT" else one for one in arguments]
    refused = typed(*given, *flags(store_with_everything(tmp_path)))
    assert refused.exit_code == code
    assert told in refused.stderr
    assert refused.stdout == ""
    assert not out.exists()


def test_what_is_in_the_way_is_said_with_the_way_on(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), str(tmp_path / "out")
    switched_off = typed(out, "--subdomain", "acme")
    never_synced = typed(out, *flags(local)[:-1], str(tmp_path / "empty"))
    less_kept = typed(out, *flags(local, keep="fields"))
    for refused, told in (
        (switched_off, "set analytics = true"),
        (never_synced, "run the command sync first"),
        (less_kept, "Run the command purge, then sync again. Nothing was written there."),
    ):
        assert refused.exit_code == 1
        assert told in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_folder_of_somebody_else_is_refused_and_said_so(tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    refused = typed(str(tmp_path / "mine"), *flags(local))
    assert refused.exit_code == 1
    assert "holds no export" in refused.stderr
    assert "Nothing was written there." in refused.stderr


def _unmeasured() -> dict[str, str]:
    """What a process would compile, or measure of its coverage, would be cut off as well."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@pytest.mark.parametrize("largest", [1_000, 6_000], ids=["beside the store", "at the destination"])
def test_where_there_is_no_room_the_former_export_is_as_it_was(
    tmp_path: Path, largest: int
) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    assert typed(str(out), *flags(local), "--tables", "users,tickets").exit_code == 0
    former = files_in(out)

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    ran = subprocess.run(
        [COMMAND, "export", str(out), *flags(local)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=little_room,
        env={**_unmeasured(), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert "no room" in ran.stderr or "File too large" in ran.stderr
    left = files_in(out)
    assert {name: left[name] for name in left if not name.startswith("_staging/")} == former
    assert not list(local.folder.glob("export-*"))
    assert typed(str(out), *flags(local)).exit_code == 0
