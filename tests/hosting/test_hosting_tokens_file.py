"""The file of static tokens: hashes alone, nobody else's to write, mistakes told by their place."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from hosting.making import made
from mcp_server_zendesk.hosting import tokens_file
from mcp_server_zendesk.hosting.tokens_file import (
    TokensUnusable,
    hash_of,
    read_tokens,
    remove_token,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "tokens.json"


def test_a_file_keeps_no_token_and_is_its_owners_alone(file: Path) -> None:
    tokens = [made(file, name) for name in ("alice", "bob")]
    content = file.read_text()
    assert not any(token in content or token[5:] in content for token in tokens)
    assert all(hash_of(token) in content for token in tokens)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(token in repr(read_tokens(file)) for token in tokens)
    assert hash_of(tokens[0]) not in repr(read_tokens(file))


def test_tokens_are_long_random_and_told_from_zendesks_by_their_beginning(
    file: Path,
) -> None:
    tokens = {made(file, f"caller-{number}") for number in range(20)}
    assert len(tokens) == 20
    assert all(token.startswith("zmcp_") and len(token) == 5 + 43 for token in tokens)


def test_tokens_that_are_made_at_once_are_all_kept(file: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        tokens = list(threads.map(lambda number: made(file, f"caller-{number}"), range(24)))
    assert {one.sha256 for one in read_tokens(file)} == {hash_of(token) for token in tokens}


def test_a_file_that_another_process_holds_is_waited_for_a_while(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(file)
    monkeypatch.setattr(tokens_file, "_SECONDS_TO_WAIT", 0)
    with FileLock(f"{file}.lock"), pytest.raises(TokensUnusable, match="held by another process"):
        made(file, "bob")


def test_a_name_stands_for_one_token(file: Path) -> None:
    made(file)
    before = file.read_bytes()
    with pytest.raises(TokensUnusable, match="there is a token of that name"):
        made(file)
    with pytest.raises(TokensUnusable, match="no token of that name"):
        remove_token(file, "bob")
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "-a", "é", "x" * 65, "a/b", "a\x1b[2J"])
def test_a_name_fits_into_a_log(file: Path, name: str) -> None:
    with pytest.raises(TokensUnusable, match="name: has to be"):
        made(file, name)
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o606, 0o777, 0o620, 0o601])
@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_others_could_read_or_write_is_refused(file: Path, mode: int) -> None:
    made(file)
    file.chmod(mode)
    with pytest.raises(TokensUnusable, match="chmod 600"):
        read_tokens(file)
    with pytest.raises(TokensUnusable):
        made(file, "bob")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640])
def test_a_file_that_its_group_may_only_read_is_taken(file: Path, mode: int) -> None:
    made(file)
    file.chmod(mode)
    assert read_tokens(file)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_who_may_read_a_file_may_read_what_takes_its_place(file: Path) -> None:
    """A server with a user of its own reads what root changes."""
    made(file, "alice")
    group = 12_345 if os.geteuid() == 0 else os.getgroups()[-1]
    os.chown(file, -1, group)
    file.chmod(0o640)
    made(file, "bob")
    remove_token(file, "alice")
    left = file.stat()
    assert (left.st_gid, stat.S_IMODE(left.st_mode)) == (group, 0o640)
    assert [one.name for one in read_tokens(file)] == ["bob"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_others_could_replace_is_refused(file: Path) -> None:
    made(file)
    file.parent.chmod(0o777)
    with pytest.raises(TokensUnusable, match=r"can be replaced by others.*chmod go-w"):
        read_tokens(file)
    file.parent.chmod(0o1777)
    assert read_tokens(file)


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX's")
def test_a_file_of_another_user_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(file)
    owner = file.stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)
    if owner == 0:  # root's are anybody's
        os.chown(file, 12_345, -1)
    with pytest.raises(TokensUnusable, match="belongs to another user"):
        read_tokens(file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none", "tokens add"), (tmp_path, "cannot be read")):
        with pytest.raises(TokensUnusable, match=words):
            read_tokens(path)
    (tmp_path / "device").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    for name in ("device", "pipe"):
        with pytest.raises(TokensUnusable, match="no regular file"):
            read_tokens(tmp_path / name)


def entry(**changed: Any) -> dict[str, Any]:
    good = {
        "name": "alice",
        "sha256": "0" * 64,
        "scopes": ["read"],
        "created": "2027-03-01T12:00:00Z",
    }
    return {**good, **changed}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "holds no tokens"),
        ({"tokens": []}, "holds no tokens"),
        ({"version": 1, "tokens": [], "more": 1}, "holds no tokens"),
        ({"version": 2, "tokens": []}, "another version"),
        ({"version": 1, "tokens": {}}, "another version"),
        ([entry(), 7], "token 2"),
        ([entry(token="zmcp_x")], "token 1: token"),
        ([entry(sha256="plain")], "token 1: sha256"),
        ([entry(scopes=[])], "token 1: scopes: no scope is given"),
        ([entry(scopes="all")], "token 1: scopes"),
        ([entry(scopes=None)], "token 1: scopes"),
        ([entry(workspaces=[])], "token 1: workspaces"),
        ([entry(expires="soon")], "token 1: expires"),
        ([entry(expires="2027-03-01T12:00:00")], "token 1: expires"),
        ([entry(), entry(sha256="1" * 64)], "two tokens have one name"),
        ([entry(), entry(name="bob")], "two tokens have one sha256"),
    ],
    ids=str,
)
def test_a_mistake_in_the_file_is_told_by_its_place(
    tmp_path: Path, content: Any, words: str
) -> None:
    file = tmp_path / "tokens.json"
    document = {"version": 1, "tokens": content} if isinstance(content, list) else content
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    file.chmod(0o600)
    with pytest.raises(TokensUnusable) as refused:
        read_tokens(file)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "zmcp_x" not in str(refused.value)


def test_a_file_without_an_end_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(file)
    monkeypatch.setattr(tokens_file, "_MOST_BYTES", 100)
    with pytest.raises(TokensUnusable, match="larger than 100 bytes"):
        read_tokens(file)
