"""Where sign-ins are kept: the system's keyring, or, only when asked for, a private file."""

from __future__ import annotations

import hashlib
import os
import queue
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import quote

import platformdirs

from mcp_server_zendesk.signing_in.private_files import leftovers, write_private

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "mcp-server-zendesk"
PATIENCE_SECONDS = 30.0
"""How long a keyring may take: time for a person to unlock it."""
WINDOWS_CHARACTERS = 1_280
"""The Credential Manager takes 2,560 bytes an entry, and keyring writes two for a character."""

_APP = "mcp-server-zendesk"
# These keep secrets in the clear, or nowhere.
_NO_VAULT = ("keyring.backends.fail", "keyring.backends.null")
_PLAIN = "Plaintext"
_LONGEST_NAME = 150


class VaultUnavailable(Exception):
    """The vault cannot be used. The message says why and what mends it, and holds no secret."""


class NoKeyring(VaultUnavailable):
    """This system has none: nothing is kept there, and nothing can be."""


class Vault(Protocol):
    """Keeps one text a workspace. Every method may wait, and raises ``VaultUnavailable``."""

    @property
    def insecure(self) -> bool:
        """Whether secrets lie in a file in the clear."""
        ...

    def describe(self) -> str:
        """Which store it is, for people."""
        ...

    def read(self, workspace: str) -> str | None:
        """What is kept; None where nothing is."""
        ...

    def write(self, workspace: str, text: str) -> None:
        """Keep a text in place of what was kept."""
        ...

    def forget(self, workspace: str) -> bool:
        """Whether there was something to forget."""
        ...


class KeyringVault:
    """The system's keyring: one entry a workspace, of the service ``mcp-server-zendesk``.

    macOS asks again when the interpreter's path changes (as with a new version by ``uvx``).
    A locked keyring asks its owner, whom a server cannot see: hence the time-out, after which
    the question is left standing and no second one is asked.
    """

    insecure = False

    def __init__(
        self, *, patience: float = PATIENCE_SECONDS, backend: KeyringBackend | None = None
    ) -> None:
        self._patience = patience
        self._backend = backend
        self._free = threading.Lock()
        self._unanswered = False

    def describe(self) -> str:
        """The backend's own name."""
        return f"the system keyring ({self._within(lambda: self._found().name)})"

    def read(self, workspace: str) -> str | None:
        """What is kept."""
        return self._within(lambda: self._found().get_password(SERVICE, workspace))

    def write(self, workspace: str, text: str) -> None:
        """Keep a text."""

        def keep() -> None:
            backend = self._found()
            if "Windows" in type(backend).__module__ and len(text) > WINDOWS_CHARACTERS:
                raise VaultUnavailable(
                    f"the sign-in is longer than the {WINDOWS_CHARACTERS} characters that the "
                    "Windows Credential Manager takes: ask for fewer scopes, such as the broad "
                    "read or write"
                )
            before.append(backend.get_password(SERVICE, workspace))
            backend.set_password(SERVICE, workspace, text)

        def put_back() -> None:
            backend = self._found()
            if before[0] is None:
                backend.delete_password(SERVICE, workspace)
            else:
                backend.set_password(SERVICE, workspace, before[0])

        before: list[str | None] = []
        self._within(keep, put_back)

    def forget(self, workspace: str) -> bool:
        """Whether there was an entry."""

        def remove() -> bool:
            backend = self._found()
            if backend.get_password(SERVICE, workspace) is None:
                return False
            backend.delete_password(SERVICE, workspace)
            return True

        return self._within(remove)

    def _found(self) -> KeyringBackend:
        import keyring  # noqa: PLC0415 - finding a backend takes up to 0.3 s

        _find_session_bus()
        backend = self._backend or keyring.get_keyring()
        # Of several that keyring has chained, the first is written to.
        writes = type(next(iter(getattr(backend, "backends", ())), backend))
        if writes.__module__ in _NO_VAULT or _PLAIN in writes.__name__:
            raise NoKeyring(
                "this system has no keyring that keeps secrets; use the environment for them, or "
                "sign in with --insecure-storage to keep them in a file that only you can read"
            )
        return backend

    def _within(self, work: Callable[[], T], undo: Callable[[], None] | None = None) -> T:
        """Do it on a thread that may be left behind: a prompt that nobody sees never ends.

        What is done after all, once the prompt is answered, is undone: it was told as not done.
        """
        given_up = threading.Event()
        if not self._free.acquire(timeout=0 if self._unanswered else self._patience):
            raise VaultUnavailable(_LOCKED)
        done: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                result = work()
                done.put((result, None))
                if given_up.is_set() and undo is not None:
                    undo()
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                done.put((None, error))
            finally:
                self._unanswered = False
                self._free.release()

        threading.Thread(target=run, name="keyring", daemon=True).start()
        try:
            result, error = done.get(timeout=self._patience)
        except queue.Empty:
            given_up.set()
            self._unanswered = True
            raise VaultUnavailable(_LOCKED) from None
        if isinstance(error, VaultUnavailable):
            raise error
        if error is not None:
            # Backends raise what they like; its text may hold anything.
            raise VaultUnavailable(
                f"the system keyring failed ({type(error).__name__}): unlock it and try again, or "
                "sign in with --insecure-storage to keep secrets in a file that only you can read"
            ) from None
        return result  # type: ignore[return-value]  # set where no error is


_LOCKED = (
    "the system keyring does not answer: it is locked and waits for its password. Unlock it, for "
    "example by signing in to the desktop, and try again"
)


def _find_session_bus(runtime: Path = Path("/run/user")) -> None:
    """Name the desktop's message bus where the client kept its name from us.

    Assistants start servers with few variables of the environment, and without this one the
    Secret Service, which sits where systemd always puts the bus, would seem to be missing.
    """
    if sys.platform != "linux" or "DBUS_SESSION_BUS_ADDRESS" in os.environ:
        return
    bus = runtime / str(os.getuid()) / "bus"
    if bus.is_socket():
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"


class FileVault:
    """One file a workspace, readable by its owner alone: only for ``--insecure-storage``."""

    insecure = True

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()

    def path(self, workspace: str) -> Path:
        """The file of a workspace."""
        return self._folder / f"{file_name(workspace)}.json"

    def describe(self) -> str:
        """Says that it is not a keyring."""
        return f"files in {self._folder}, unencrypted (--insecure-storage)"

    def read(self, workspace: str) -> str | None:
        """What is kept, unless others can read it too."""
        file = self.path(workspace)
        try:
            with file.open("rb") as opened:
                status = os.fstat(opened.fileno())
                if os.name == "posix" and (
                    status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid != os.geteuid()
                ):
                    raise VaultUnavailable(
                        f"{file} can be read by others than you; mend it with: chmod 600 '{file}'"
                    )
                return opened.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultUnavailable(f"{file} cannot be read: {error.strerror}") from None

    def write(self, workspace: str, text: str) -> None:
        """Keep a text, all of it or nothing."""
        file = self.path(workspace)
        try:
            write_private(file, text)
        except OSError as error:
            raise VaultUnavailable(f"{file} cannot be written: {error.strerror}") from None

    def forget(self, workspace: str) -> bool:
        """Whether there was a file."""
        file = self.path(workspace)
        try:
            for half_written in leftovers(file):
                half_written.unlink(missing_ok=True)
            file.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise VaultUnavailable(f"{file} cannot be removed: {error.strerror}") from None
        return True


def file_name(workspace: str) -> str:
    """A workspace's name as a part of a file's name that leads nowhere else."""
    name = quote(workspace, safe=" ", errors="surrogatepass")
    return name if len(name) <= _LONGEST_NAME else hashlib.sha256(name.encode()).hexdigest()


def default_folder() -> Path:
    """Where private files of the product lie on this system."""
    return Path(platformdirs.user_data_dir(_APP, appauthor=False)) / "sign-ins"


def vault_of(workspace: str) -> Vault:
    """The vault that a workspace's sign-in is kept in: its file where there is one."""
    files = FileVault()
    return files if files.path(workspace).exists() else _SYSTEM_KEYRING


# One for all, so that a question left standing is known to whoever comes next.
_SYSTEM_KEYRING = KeyringVault()
