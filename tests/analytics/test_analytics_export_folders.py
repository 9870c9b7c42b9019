"""Into a folder goes what its owner may read, and nothing of somebody else is touched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from analytics.exports import VIEW, exported, files_in, store_with_everything
from analytics.stores import analytics
from mcp_server_zendesk.analytics.parquet.destinations import ExportFailed, folder_of
from mcp_server_zendesk.analytics.parquet.exported import MANIFEST
from mcp_server_zendesk.serving.local_refusals import NeverSynced, StoreUnusable

pytestmark = pytest.mark.anyio


async def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    await exported(store_with_everything(tmp_path), tmp_path / "out")
    for one in [tmp_path / "out", *(tmp_path / "out").rglob("*")]:
        assert one.stat().st_mode & 0o077 == 0, one


async def test_in_a_folder_that_a_group_may_read_it_may_read_the_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o750)
    await exported(store_with_everything(tmp_path), out)
    for one in out.rglob("*"):
        assert one.stat().st_mode & 0o777 == (0o750 if one.is_dir() else 0o640), one


async def test_a_folder_that_holds_something_else_is_refused_and_left_alone(
    tmp_path: Path,
) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(ExportFailed, match="not empty"):
        await exported(local, out)
    assert files_in(out) == {"thesis.txt": b"mine"}


async def test_a_file_of_somebody_else_within_an_export_is_left_alone(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    await exported(local, out)
    for name in ("README.txt", "tickets/month=2026-01/mine.parquet", "tickets/_SUCCESS"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    await exported(local, out, tables=(VIEW["users"],))
    left = files_in(out)
    assert sorted(name for name, content in left.items() if content == b"mine") == [
        "README.txt",
        "tickets/_SUCCESS",
        "tickets/month=2026-01/mine.parquet",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{}", "not of an export"),
        (b"\xff\xfe", "not of an export"),
        (b'{"format": "mcp-server-zendesk export", "version": 2}', "newer version"),
        (b'{"format": "mcp-server-zendesk export", "version": 1}', "damaged"),
    ],
)
async def test_a_manifest_that_is_none_is_refused(
    tmp_path: Path, content: bytes, told: str
) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    out.mkdir()
    (out / MANIFEST).write_bytes(content)
    with pytest.raises(ExportFailed, match=told):
        await exported(local, out)
    assert files_in(out) == {MANIFEST: content}


async def test_the_export_of_another_account_is_refused(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    await exported(local, out)
    other = json.loads((out / MANIFEST).read_bytes()) | {"account": "globex"}
    (out / MANIFEST).write_text(json.dumps(other))
    before = files_in(out)
    with pytest.raises(ExportFailed, match="another account"):
        await exported(local, out)
    assert files_in(out) == before


async def test_a_link_within_an_export_is_refused(tmp_path: Path) -> None:
    local, out = store_with_everything(tmp_path), tmp_path / "out"
    await exported(local, out)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (out / "comments").rename(tmp_path / "comments")
    (out / "comments").symlink_to(elsewhere)
    with pytest.raises(ExportFailed, match="is a link"):
        await exported(local, out)
    assert not list(elsewhere.iterdir())


async def test_root_files_and_the_folder_of_the_store_are_no_destinations(tmp_path: Path) -> None:
    store = tmp_path / "store" / "acme"
    (tmp_path / "file").touch()
    for place, told in (
        (Path("/"), "root"),
        (tmp_path / "file", "no folder"),
        (store, "lie in one another"),
        (store / "inner", "lie in one another"),
        (tmp_path, "lie in one another"),
    ):
        with pytest.raises(ExportFailed, match=told):
            folder_of(place, apart_from=store)
    assert folder_of(tmp_path / "out", apart_from=store).path == tmp_path / "out"


async def test_a_store_that_is_not_this_workspaces_is_refused(tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    for other, told in (
        (replace(local, subdomain="globex"), "another account"),
        (replace(local, keep="fields"), "texts"),
    ):
        with pytest.raises(StoreUnusable) as refused:
            await exported(other, tmp_path / "out")
        assert told in refused.value.why
    with pytest.raises(NeverSynced):
        await exported(analytics(tmp_path / "none"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


async def test_a_damaged_store_is_told_without_what_is_in_it(tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    content = local.file.read_bytes()
    for damaged in (b"", b"customers" * 5000, content[: len(content) // 2]):
        local.file.write_bytes(damaged)
        with pytest.raises((StoreUnusable, NeverSynced)) as refused:
            await exported(local, tmp_path / "out")
        assert "customers" not in str(refused.value)
    assert not (tmp_path / "out").exists()
