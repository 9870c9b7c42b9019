"""`tokens`: made once, listed without themselves, removed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import platformdirs
import pytest
from click.testing import CliRunner, Result

from mcp_server_zendesk.cli import main
from mcp_server_zendesk.hosting.tokens_file import hash_of, read_tokens


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with two workspaces that names where the tokens are."""
    monkeypatch.setattr(platformdirs, "user_config_dir", lambda *_, **__: str(tmp_path))
    file = tmp_path / "config.toml"
    file.write_text(
        f"[server]\ntokens_file = '{tmp_path / 'tokens.json'}'\n"
        "[workspaces.acme]\nsubdomain = 'acme'\n[workspaces.'support desk']\nsubdomain = 'desk'\n"
    )
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["tokens", *map(str, arguments)])


def made(*arguments: object) -> str:
    shown = run("add", *arguments)
    assert shown.exit_code == 0, shown.output
    return shown.stdout.strip()


def test_a_token_alone_is_on_stdout_and_kept_as_a_hash(tmp_path: Path) -> None:
    shown = run("add", "alice", "--scopes", "read tickets:write")
    (token,) = shown.stdout.splitlines()
    assert token.startswith("zmcp_")
    assert token not in shown.stderr
    assert "shown this once" in shown.stderr
    (kept,) = read_tokens(tmp_path / "tokens.json")
    assert kept.sha256 == hash_of(token)
    assert (kept.name, sorted(kept.scopes)) == ("alice", ["read", "tickets:write"])
    assert (kept.workspaces, kept.expires) == (None, None)


def test_a_token_may_be_for_some_workspaces_and_some_days(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    workspaces = ("--workspace", "acme", "--workspace", "support desk")
    made("bob", "--scopes", "read", "--days", 90, *workspaces)
    after = datetime.now(UTC)
    (kept,) = read_tokens(tmp_path / "tokens.json")
    assert sorted(kept.workspaces or ()) == ["acme", "support desk"]
    assert kept.expires is not None
    assert before <= kept.expires - timedelta(days=90) <= after


def test_a_list_shows_what_each_is_good_for_and_no_hash() -> None:
    tokens = [made("alice", "--scopes", "read"), made("bob", "--scopes", "read", "--days", 3)]
    shown = run("list")
    assert [line.split("  ")[0] for line in shown.output.splitlines()] == ["alice", "bob"]
    assert "all workspaces" in shown.output
    assert "does not expire" in shown.output
    assert "  expires 20" in shown.output
    told = json.loads(run("list", "--json").output)
    assert {one["name"]: one["scopes"] for one in told} == {"alice": ["read"], "bob": ["read"]}
    for output in (shown.output, json.dumps(told)):
        assert not any(token in output or hash_of(token) in output for token in tokens)


def test_an_expired_token_is_marked(tmp_path: Path) -> None:
    made("alice", "--scopes", "read", "--days", 1)
    file = tmp_path / "tokens.json"
    document = json.loads(file.read_text())
    document["tokens"][0]["expires"] = "2001-01-01T00:00:00Z"
    file.write_text(json.dumps(document))
    assert "EXPIRED 2001-01-01" in run("list").output


def test_a_removed_token_is_gone_and_its_name_free(tmp_path: Path) -> None:
    first = made("alice", "--scopes", "read")
    assert run("remove", "alice").output.startswith("Removed alice. A running server refuses")
    assert "There is no token. Make one" in run("list").output
    assert made("alice", "--scopes", "read") != first
    assert len(read_tokens(tmp_path / "tokens.json")) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "alice", "--scopes", "raed"), "the nearest is 'read'"),
        (("add", "alice", "--scopes", " "), "no scope is given"),
        (("add", "a b", "--scopes", "read"), "name: has to be"),
        (("add", "bob", "--scopes", "read"), "there is a token of that name"),
        (
            ("add", "alice", "--scopes", "read", "--workspace", "acne"),
            "no workspace of that name; the nearest is 'acme'. It has: acme, support desk",
        ),
        (("remove", "alice"), "no token of that name; see: tokens list"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_one_line_that_says_why(
    arguments: tuple[str, ...], words: str
) -> None:
    made("bob", "--scopes", "read")
    shown = run(*arguments)
    assert (shown.exit_code, shown.stdout, shown.stderr.count("\n")) == (1, "", 1)
    assert words in shown.stderr


def test_without_a_file_it_is_said_where_to_name_one(config: Path) -> None:
    config.write_text("")
    shown = run("list")
    assert shown.exit_code == 1
    assert "--file" in shown.output
    assert "ZENDESK_SERVER_TOKENS_FILE" in shown.output


def test_a_file_may_be_named_by_flag_or_variable(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("")
    made("alice", "--scopes", "read", "--file", tmp_path / "by-flag.json")
    monkeypatch.setenv("ZENDESK_SERVER_TOKENS_FILE", str(tmp_path / "by-variable.json"))
    made("bob", "--scopes", "read", "--workspace", "any, as the file has no workspaces")
    assert [one.name for one in read_tokens(tmp_path / "by-flag.json")] == ["alice"]
    assert [one.name for one in read_tokens(tmp_path / "by-variable.json")] == ["bob"]


def test_usage_is_checked_first(tmp_path: Path) -> None:
    for arguments in (("add", "alice"), ("add",), ("remove",), ("add", "a", "--days", "0")):
        assert run(*arguments).exit_code == 2
    assert not (tmp_path / "tokens.json").exists()


def test_a_file_in_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    shown = run("add", "alice", "--scopes", "read", "--file", tmp_path / "taken" / "tokens.json")
    assert shown.exit_code == 1
    assert "cannot be written" in shown.output
