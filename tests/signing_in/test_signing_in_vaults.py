"""Where sign-ins are kept, without any real keyring: files, and backends that are odd."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import anyio
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from mcp_server_zendesk.signing_in import vaults
from mcp_server_zendesk.signing_in.private_files import write_private
from mcp_server_zendesk.signing_in.turns import PATIENCE_SECONDS, turns_in
from mcp_server_zendesk.signing_in.vaults import (
    WINDOWS_CHARACTERS,
    FileVault,
    KeyringVault,
    VaultUnavailable,
    file_name,
    vault_of,
)

CANARY = "canary-5ecret"
NAMES = st.one_of(
    st.text(min_size=1),
    st.text(st.characters(codec=None), min_size=1),
    st.sampled_from(
        (
            *("../x", "a/b", "..", ".", "/etc/passwd", "a\\b", "C:\\x", "x" * 5_000, "🎫" * 40),
            *("\x00", "\udc80", "~", "$HOME", "%2e%2e", "a\nb", "main.json", ".lock"),
        )
    ),
)


class Memory(KeyringBackend):
    """A keyring in memory, slow where it is told to be."""

    # Below every other one: keyring itself shall not find it.
    priority = -1
    busy: ClassVar[int] = 0
    most: ClassVar[int] = 0

    def __init__(self, answers: threading.Event | None = None, seconds: float = 0) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.asked = 0
        self._answers = answers
        self._seconds = seconds

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        type(self).busy += 1
        type(self).most = max(self.busy, self.most)
        if self._answers is not None:
            self._answers.wait()
        time.sleep(self._seconds)
        type(self).busy -= 1
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


class PlaintextKeyring(Memory):
    """As `keyrings.alt` has one."""


class WindowsKeyring(Memory):
    """As `keyring` has one for the Credential Manager."""


WindowsKeyring.__module__ = "keyring.backends.Windows"


class Broken(Memory):
    """Fails with the secret in its words, as a backend may."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"{service}: cannot store {password} for {username}")


class Chain(Memory):
    """As `keyring` chains what it finds; the first one is written to."""

    backends: ClassVar[list[KeyringBackend]] = [PlaintextKeyring(), Memory()]


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "sign-ins")


def test_a_file_is_its_owners_alone_from_the_first_byte_on(vault: FileVault) -> None:
    old = os.umask(0)
    try:
        vault.write("acme", CANARY)
    finally:
        os.umask(old)
    file = vault.path("acme")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert vault.read("acme") == CANARY
    assert vault.insecure
    assert vault.forget("acme")
    assert not vault.forget("acme")
    assert vault.read("acme") is None
    assert list(file.parent.iterdir()) == []


def test_a_write_that_fails_leaves_what_was_kept_and_nothing_beside_it(
    vault: FileVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.write("acme", "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for where, name in ((os, "fsync"), (Path, "replace")):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, full)
            with pytest.raises(VaultUnavailable, match="No space left on device") as raised:
                vault.write("acme", CANARY)
        assert CANARY not in str(raised.value)
        assert vault.read("acme") == "old"
        assert [file.name for file in vault.path("acme").parent.iterdir()] == ["acme.json"]


def test_a_crash_between_writing_and_renaming_leaves_the_old(vault: FileVault) -> None:
    vault.write("acme", "old")
    crash = (
        "import os, pathlib, sys\n"
        "from mcp_server_zendesk.signing_in.private_files import write_private\n"
        "pathlib.Path.replace = lambda *_: os.kill(os.getpid(), 9)\n"
        "write_private(pathlib.Path(sys.argv[1]), 'new')\n"
    )
    ran = subprocess.run([sys.executable, "-c", crash, vault.path("acme")], check=False)
    assert ran.returncode == -9
    assert vault.read("acme") == "old"
    vault.write("acme", "newer")
    assert vault.read("acme") == "newer"


def test_a_symbolic_link_in_the_way_is_replaced_and_not_followed(
    vault: FileVault, tmp_path: Path
) -> None:
    target = tmp_path / "somebody-elses"
    target.write_text("theirs")
    target.chmod(0o644)
    vault.path("acme").parent.mkdir()
    vault.path("acme").symlink_to(target)
    vault.write("acme", CANARY)
    assert target.read_text() == "theirs"
    assert not vault.path("acme").is_symlink()
    assert vault.read("acme") == CANARY


def test_what_is_in_the_way_is_told(vault: FileVault, tmp_path: Path) -> None:
    vault.path("acme").mkdir(parents=True)
    for work in (
        lambda: vault.read("acme"),
        lambda: vault.write("acme", CANARY),
        lambda: vault.forget("acme"),
    ):
        with pytest.raises(VaultUnavailable, match=r"acme\.json cannot be"):
            work()
    assert [file.name for file in vault.path("acme").parent.iterdir()] == ["acme.json"]
    below_a_file = tmp_path / "file"
    below_a_file.write_text("")
    with pytest.raises(VaultUnavailable, match="cannot be written"):
        FileVault(below_a_file / "folder").write("acme", CANARY)
    with pytest.raises(VaultUnavailable, match="cannot be read"):
        FileVault(below_a_file / "folder").read("acme")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o610])
def test_a_file_that_others_can_open_is_refused_with_what_mends_it(
    vault: FileVault, mode: int
) -> None:
    vault.write("acme", CANARY)
    vault.path("acme").chmod(mode)
    with pytest.raises(VaultUnavailable) as raised:
        vault.read("acme")
    assert str(raised.value).endswith(f"chmod 600 '{vault.path('acme')}'")


def test_a_file_of_somebody_else_is_refused(
    vault: FileVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.write("acme", CANARY)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(VaultUnavailable, match="can be read by others"):
        vault.read("acme")


@given(NAMES)
def test_no_name_of_a_workspace_leads_out_of_the_folder(name: str) -> None:
    for suffix in (".json", ".lock"):
        made = f"{file_name(name)}{suffix}"
        assert "/" not in made
        assert "\\" not in made
        assert "\x00" not in made
        assert made not in {".", ".."}
        assert len(made.encode()) < 200
        assert made.isascii()


@given(NAMES, NAMES)
def test_two_workspaces_never_share_a_file(one: str, other: str) -> None:
    assert (file_name(one) == file_name(other)) == (one == other)


@pytest.mark.parametrize("name", ["../x", "a/b", "x" * 5_000, "🎫", "\udc80", "..", "a b"])
def test_odd_names_are_kept_and_found(vault: FileVault, name: str) -> None:
    vault.write(name, CANARY)
    assert vault.read(name) == CANARY
    (file,) = vault.path("x").parent.parent.rglob("*.json")
    assert file.parent == vault.path("x").parent
    assert vault.forget(name)


def test_folders_that_are_missing_are_made_private(tmp_path: Path) -> None:
    write_private(tmp_path / "a" / "b" / "file", "text")
    assert [(tmp_path / part).stat().st_mode & 0o777 for part in ("a", "a/b", "a/b/file")] == [
        0o700,
        0o700,
        0o600,
    ]


@pytest.mark.parametrize("kind", [FailKeyring, NullKeyring, PlaintextKeyring, Chain])
def test_a_backend_that_keeps_no_secrets_is_refused_with_what_mends_it(
    kind: type[KeyringBackend],
) -> None:
    vault = KeyringVault(backend=kind())
    for work in (
        vault.describe,
        lambda: vault.read("acme"),
        lambda: vault.write("acme", CANARY),
        lambda: vault.forget("acme"),
    ):
        with pytest.raises(VaultUnavailable, match="--insecure-storage") as raised:
            work()
        assert "use the environment" in str(raised.value)


def test_a_sign_in_that_windows_cannot_hold_is_told_before_it_is_given() -> None:
    backend = WindowsKeyring()
    vault = KeyringVault(backend=backend)
    vault.write("acme", "x" * WINDOWS_CHARACTERS)
    with pytest.raises(VaultUnavailable, match="ask for fewer scopes"):
        vault.write("acme", "y" * (WINDOWS_CHARACTERS + 1))
    assert vault.read("acme") == "x" * WINDOWS_CHARACTERS
    KeyringVault(backend=Memory()).write("acme", "y" * 100_000)


def test_what_a_backend_says_is_not_repeated() -> None:
    vault = KeyringVault(backend=Broken())
    with pytest.raises(VaultUnavailable, match=r"failed \(RuntimeError\)") as raised:
        vault.write("acme", CANARY)
    assert CANARY not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.fixture
def answers() -> Iterator[threading.Event]:
    """When it is set, a keyring that is locked is unlocked; it is at the end."""
    event = threading.Event()
    yield event
    event.set()


def test_a_locked_keyring_is_asked_once_until_it_answers(
    answers: threading.Event, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    backend = Memory(answers)
    monkeypatch.setattr(vaults, "_SYSTEM_KEYRING", KeyringVault(patience=0.1, backend=backend))
    for _ in range(20):
        # Found anew by each call, as a server does.
        with pytest.raises(VaultUnavailable, match="locked and waits for its password"):
            vault_of("acme").read("acme")
    assert backend.asked == 1
    answers.set()
    deadline = time.monotonic() + 10
    while True:
        try:
            assert vault_of("acme").read("acme") is None
            break
        except VaultUnavailable:
            assert time.monotonic() < deadline


def test_a_slow_keyring_serves_everybody_in_turn() -> None:
    backend = Memory(seconds=0.02)
    vault = KeyringVault(patience=10, backend=backend)
    vault.write("acme", CANARY)
    Memory.most = 0
    found: list[str | None] = []
    threads = [threading.Thread(target=lambda: found.append(vault.read("acme"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [CANARY] * 8
    assert Memory.most == 1


def test_a_keyring_keeps_reads_and_forgets() -> None:
    vault = KeyringVault(backend=Memory())
    assert vault.read("acme") is None
    assert not vault.forget("acme")
    vault.write("acme", CANARY)
    assert vault.read("acme") == CANARY
    assert vault.forget("acme")
    assert vault.read("acme") is None
    assert "Memory" in vault.describe()


@pytest.mark.anyio
async def test_a_turn_that_never_comes_is_told_with_the_file_that_is_held(tmp_path: Path) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await anyio.lowlevel.checkpoint()

    turns = turns_in(tmp_path, sleep=sleep, clock=lambda: sum(waited))
    with FileLock(tmp_path / "acme.lock"), pytest.raises(VaultUnavailable) as raised:
        async with turns("acme"):
            pytest.fail("it is held")
    assert str(tmp_path / "acme.lock") in str(raised.value)
    assert PATIENCE_SECONDS <= sum(waited) < PATIENCE_SECONDS + 1
    async with turns("acme"):
        pass


@pytest.mark.anyio
async def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "acme.lock").mkdir()
    (tmp_path / "file").write_text("")
    for folder in (tmp_path, tmp_path / "file" / "folder"):
        with pytest.raises(VaultUnavailable, match="cannot be locked"):
            async with turns_in(folder)("acme"):
                pytest.fail("it cannot be locked")


def test_a_write_that_comes_through_after_it_was_given_up_is_undone() -> None:
    """What was told as not done must not replace a good sign-in later."""
    backend = Slow({"main": "good"})
    vault = KeyringVault(patience=0.05, backend=backend)
    with pytest.raises(VaultUnavailable, match="locked"):
        vault.write("main", "revoked")
    backend.unlocked.set()
    assert backend.put_back.wait(5)
    assert backend.history == ["revoked", "good"]


class Slow(KeyringBackend):
    """A keyring that waits for its owner before it writes."""

    def __init__(self, kept: dict[str, str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of keyring
        self.kept = kept
        self.history: list[str] = []
        self.unlocked = threading.Event()
        self.put_back = threading.Event()

    def get_password(self, _service: str, username: str) -> str | None:
        return self.kept.get(username)

    def set_password(self, _service: str, username: str, password: str) -> None:
        assert self.unlocked.wait(10)
        self.kept[username] = password
        self.history.append(password)
        if password == "good":
            self.put_back.set()
