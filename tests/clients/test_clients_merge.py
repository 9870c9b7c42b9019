"""Merging into a client's own file: what changes, what stays, and what is refused."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcp_server_zendesk.clients import files, jsonc
from mcp_server_zendesk.clients import merge as merging
from mcp_server_zendesk.clients.catalogue import CLIENTS, Client
from mcp_server_zendesk.clients.formats import Format
from mcp_server_zendesk.clients.launch import Launch
from mcp_server_zendesk.clients.merge import Merged, merge
from mcp_server_zendesk.clients.refusals import EntryRefused
from mcp_server_zendesk.clients.snippet import snippet

UVX = Launch("uvx", ("mcp-server-zendesk",), {"ZENDESK_SUBDOMAIN": "acme"})
SCRIPT = Launch("/opt/bin/mcp-server-zendesk", (), {"ZENDESK_SUBDOMAIN": "beta"})
CURSOR = CLIENTS["cursor"]
BACKUP = "mcp.json.bak-20261122-103000"
NEIGHBOUR = '{\n  // mine\n  "mcpServers": {\n    "other": {"command": "x"}, // kept\n  },\n}\n'
NEIGHBOURS = {"json": NEIGHBOUR, "toml": "# mine\nmodel = 'x'\n", "yaml": "# mine\nmodel: x\n"}
READERS: dict[str, Callable[[str], Any]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}

every_client = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS.keys())


def moment() -> datetime:
    return datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def merged(file: Path, launch: Launch = UVX, client: Client = CURSOR) -> Merged:
    return merge(client, launch, file, now=moment)


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mcp.json"


@every_client
def test_an_absent_file_is_made_with_its_folders(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "file"
    assert merged(file, client=client) == Merged(file, None, changed=True)
    assert file.read_text(encoding="utf-8") == snippet(client, UVX)
    assert mode_of(file) == 0o600
    assert names_in(file.parent) == ["file"]


def written(file: Path) -> tuple[int, int, int]:
    """Which file it is and when it was written; reading it changes another time."""
    seen = file.stat()
    return seen.st_ino, seen.st_mtime_ns, seen.st_mode


@every_client
def test_a_second_run_writes_nothing(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(NEIGHBOURS[client.format], encoding="utf-8")
    assert merged(file, client=client).changed
    before, names = written(file), names_in(tmp_path)
    assert merged(file, client=client) == Merged(file, None, changed=False)
    assert (written(file), names_in(tmp_path)) == (before, names)


@every_client
def test_another_way_to_start_replaces_the_first(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "file"
    merged(file, client=client)
    assert merged(file, SCRIPT, client).changed
    reader = READERS[client.format]
    assert reader(file.read_text(encoding="utf-8")) == reader(snippet(client, SCRIPT))


@every_client
def test_the_file_before_is_kept_as_a_backup(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "file"
    before = NEIGHBOURS[client.format].encode()
    file.write_bytes(before)
    backup = merged(file, client=client).backup
    assert backup == tmp_path / "file.bak-20261122-103000"
    assert backup.read_bytes() == before
    assert mode_of(backup) == 0o600


def test_a_backup_is_named_after_the_local_time(file: Path) -> None:
    file.write_text("{}", encoding="utf-8")
    backup = merge(CURSOR, UVX, file).backup
    assert backup is not None
    assert re.fullmatch(r"mcp\.json\.bak-\d{8}-\d{6}", backup.name)


def test_two_backups_of_one_second_are_both_kept(file: Path) -> None:
    file.write_text(NEIGHBOUR, encoding="utf-8")
    merged(file)
    backup = merged(file, SCRIPT).backup
    assert backup == file.with_name(BACKUP + "-2")
    assert file.with_name(BACKUP).read_text(encoding="utf-8") == NEIGHBOUR


def test_nothing_else_in_the_file_changes(file: Path) -> None:
    file.write_text(NEIGHBOUR, encoding="utf-8")
    merged(file)
    entry = '    "zendesk": {\n      "command": "uvx",\n      "args": ["mcp-server-zendesk"],\n'
    entry += '      "env": {\n        "ZENDESK_SUBDOMAIN": "acme"\n      }\n    },\n'
    assert file.read_text(encoding="utf-8") == NEIGHBOUR.replace("// kept\n", f"// kept\n{entry}")


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o400, 0o664])
def test_the_mode_of_the_file_is_kept_and_the_backup_is_private(file: Path, mode: int) -> None:
    file.write_text("{}", encoding="utf-8")
    file.chmod(mode)
    backup = merged(file).backup
    assert backup is not None
    assert mode_of(file) == mode
    assert mode_of(backup) == mode & 0o600


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed_and_stays_a_link(tmp_path: Path, exists: bool) -> None:
    real = tmp_path / "dotfiles" / "cursor.json"
    link = tmp_path / "home" / "mcp.json"
    link.parent.mkdir()
    link.symlink_to("../dotfiles/cursor.json")
    if exists:
        real.parent.mkdir()
        real.write_text("{}", encoding="utf-8")
    assert merged(link).changed
    assert link.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8"))["mcpServers"]["zendesk"]
    assert names_in(link.parent) == ["mcp.json", *([BACKUP] if exists else [])]
    assert names_in(real.parent) == ["cursor.json"]


def test_what_a_person_tuned_stays(file: Path) -> None:
    file.write_text(
        '{"mcpServers": {"zendesk": {\n'
        '  // mine\n  "disabled": true,\n  "command": "old", "args": ["old"],\n'
        '  "env": {"ZENDESK_SUBDOMAIN": "old", "ZENDESK_SCOPES": "read"},\n'
        '  "autoApprove": ["ticket_get"],\n  "timeout": 1e3\n}}}',
        encoding="utf-8",
    )
    merged(file)
    assert file.read_text(encoding="utf-8") == (
        '{"mcpServers": {"zendesk": {\n'
        '  // mine\n  "disabled": true,\n  "command": "uvx", "args": ["mcp-server-zendesk"],\n'
        '  "env": {"ZENDESK_SUBDOMAIN": "acme", "ZENDESK_SCOPES": "read"},\n'
        '  "autoApprove": ["ticket_get"],\n  "timeout": 1e3\n}}}'
    )


def test_a_server_that_was_switched_off_stays_off(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "extensions:\n  zendesk:\n    enabled: false\n    timeout: 60\n", encoding="utf-8"
    )
    merged(file, client=CLIENTS["goose"])
    entry = yaml.safe_load(file.read_text(encoding="utf-8"))["extensions"]["zendesk"]
    assert (entry["enabled"], entry["timeout"], entry["cmd"]) == (False, 60, "uvx")


@pytest.mark.parametrize("present", ["null", '"text"', "[]", "1", "{}"])
def test_what_is_no_entry_is_replaced(file: Path, present: str) -> None:
    file.write_text(f'{{"mcpServers": {{"zendesk": {present}}}}}', encoding="utf-8")
    merged(file)
    entry = json.loads(file.read_text(encoding="utf-8"))["mcpServers"]["zendesk"]
    assert entry["command"] == "uvx"


def test_an_environment_that_is_null_is_replaced(file: Path) -> None:
    file.write_text('{"mcpServers": {"zendesk": {"env": null}}}', encoding="utf-8")
    merged(file)
    entry = json.loads(file.read_text(encoding="utf-8"))["mcpServers"]["zendesk"]
    assert entry["env"] == {"ZENDESK_SUBDOMAIN": "acme"}


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "\ufeff{}\r\n", "// only a remark"])
def test_a_file_without_any_server_is_filled(file: Path, text: str) -> None:
    file.write_bytes(text.encode())
    assert merged(file).changed
    raw = file.read_bytes()
    assert raw.startswith(text.encode()[:3])
    assert b'"zendesk"' in raw


def test_another_name_stands_beside_the_first(file: Path) -> None:
    merged(file)
    merge(CURSOR, SCRIPT, file, "zendesk-beta", now=moment)
    table = json.loads(file.read_text(encoding="utf-8"))["mcpServers"]
    assert table["zendesk"]["command"] == "uvx"
    assert table["zendesk-beta"]["command"] == SCRIPT.command


@pytest.mark.parametrize("name", ["", "a b", "a.b", 'a"b', "ü", "a\n", "a" * 65])
def test_a_name_that_some_client_refuses_is_refused(file: Path, name: str) -> None:
    with pytest.raises(EntryRefused, match="name"):
        merge(CURSOR, UVX, file, name)
    with pytest.raises(EntryRefused, match="name"):
        snippet(CURSOR, UVX, name)
    assert not file.exists()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"mcpServers": hunter2}', "line 1, column 16"),
        (b'{"mcpServers": {}, "mcpServers": {}}', "twice"),
        (b'{"mcpServers": ["hunter2"]}', "an object is expected"),
        (b"[]", "an object is expected"),
        (b'{"a": "\xff"}', "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'{"mcpServers": {"zendesk": {"url": "https://hunter2"}}}', "remote server"),
    ],
)
def test_what_cannot_be_merged_is_left_alone(file: Path, raw: bytes, reason: str) -> None:
    file.write_bytes(raw)
    assert_refused(file, reason)
    assert file.read_bytes() == raw


def test_flow_style_that_cannot_be_edited_is_left_alone(file: Path) -> None:
    file.write_text("extensions: {zendesk: {cmd, x: 1}}\n", encoding="utf-8")
    with pytest.raises(EntryRefused, match="without changing something else"):
        merged(file, client=CLIENTS["goose"])
    assert names_in(file.parent) == ["mcp.json"]


@pytest.mark.parametrize("client", [CLIENTS["codex"], CLIENTS["goose"]], ids=["codex", "goose"])
def test_a_file_of_another_format_is_left_alone(client: Client, file: Path) -> None:
    file.write_text("a = 1\n: {hunter2", encoding="utf-8")
    with pytest.raises(EntryRefused, match="is not valid"):
        merged(file, client=client)
    assert names_in(file.parent) == ["mcp.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("true", "false"),
        lambda text: text.replace("uvx", "other"),
        lambda text: text + "}",
    ],
)
def test_an_edit_that_would_damage_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[str], str]
) -> None:
    def put(text: str, path: Sequence[str], name: str, entry: Any) -> str:
        edited = jsonc.put(text, path, name, entry)
        return damage(edited) if text else edited

    file.write_text('{"telemetry": true}', encoding="utf-8")
    monkeypatch.setattr(merging, "FORMATS", {"json": Format(jsonc.parse, put)})
    assert_refused(file, "without changing something else")


def test_a_folder_in_the_place_of_the_file_is_refused(file: Path) -> None:
    file.mkdir()
    assert_refused(file, "is not a file")


def test_a_pipe_in_the_place_of_the_file_is_refused(file: Path) -> None:
    os.mkfifo(file)
    assert_refused(file, "is not a file")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("", encoding="utf-8")
    with pytest.raises(EntryRefused, match="Not a directory"):
        merged(tmp_path / "folder" / "mcp.json")


def test_a_link_to_itself_is_refused(file: Path) -> None:
    file.symlink_to(file)
    assert_refused(file, "symbolic links")


@pytest.mark.parametrize("call", ["open", "fsync"])
def test_a_folder_or_disk_that_takes_no_file_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    file.write_text(NEIGHBOUR, encoding="utf-8")

    def denied(*_arguments: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, call, denied)
    assert_refused(file, "Read-only file system")
    assert file.read_text(encoding="utf-8") == NEIGHBOUR


def test_a_disk_that_takes_no_new_file_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert_refused(file, "No space left on device")


def test_a_file_that_may_not_be_read_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(NEIGHBOUR, encoding="utf-8")

    def denied(_self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert_refused(file, "Permission denied")


def test_an_interruption_leaves_the_file_and_no_rubbish(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(NEIGHBOUR, encoding="utf-8")

    def interrupted(_self: Path, _target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        merged(file)
    assert names_in(file.parent) == ["mcp.json"]
    assert file.read_text(encoding="utf-8") == NEIGHBOUR


def test_what_another_program_wrote_meanwhile_is_not_lost(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("{}", encoding="utf-8")
    back_up = files.back_up

    def slow(*arguments: Any) -> Path:
        file.write_text(NEIGHBOUR, encoding="utf-8")
        return back_up(*arguments)

    monkeypatch.setattr(files, "back_up", slow)
    assert_refused(file, "meanwhile")
    assert file.read_text(encoding="utf-8") == NEIGHBOUR


def test_a_command_that_is_no_text_is_refused(file: Path) -> None:
    with pytest.raises(EntryRefused, match="not UTF-8"):
        merged(file, Launch("/opt/\udcff/mcp", (), {}))
    assert not file.exists()


def assert_refused(file: Path, reason: str) -> None:
    """EntryRefused in one line that shows no content, and without a trace in the folder."""
    before = names_in(file.parent)
    with pytest.raises(EntryRefused) as caught:
        merged(file)
    message = str(caught.value)
    assert reason in message
    assert str(file) in message
    assert "\n" not in message
    assert "hunter2" not in message
    assert names_in(file.parent) == before
