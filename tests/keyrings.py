"""A real Secret Service on a private D-Bus session, as on a Linux desktop.

with secret_service(tmp_path) as desktop:
    reach.extra.update(desktop.environment)
    reach.run("auth", "status")
    desktop.lock()
    reach.run("auth", "status")  # asks for a password that nobody gives
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

if sys.platform != "linux":
    pytest.skip("the Secret Service is Linux's", allow_module_level=True)

# jeepney comes with keyring; it has no types.
from jeepney import (  # type: ignore[import-untyped]
    DBusAddress,
    MatchRule,
    Message,
    Properties,
    new_method_call,
)
from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
from jeepney.io.blocking import (  # type: ignore[import-untyped]
    DBusConnection,
    open_dbus_connection,
)
from jeepney.wrappers import unwrap_msg  # type: ignore[import-untyped]

Test = TypeVar("Test", bound=Callable[..., object])

_MISSING = pytest.mark.skipif(
    not (shutil.which("dbus-daemon") and shutil.which("gnome-keyring-daemon")),
    reason="needs Debian's packages dbus and gnome-keyring",
)
_SECRETS = "org.freedesktop.secrets"
_PROMPTER = "org.gnome.keyring.SystemPrompter"
_BUS_PATH = "/org/freedesktop/DBus"
_SERVICE = DBusAddress(
    "/org/freedesktop/secrets", _SECRETS, interface="org.freedesktop.Secret.Service"
)
_COLLECTION = DBusAddress(
    "/org/freedesktop/secrets/collection/login",
    _SECRETS,
    interface="org.freedesktop.Secret.Collection",
)
_PASSWORD = b"correct horse"
_PATIENCE = 20.0
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
"""Without service folders nothing is started on demand, neither a keyring nor a prompter."""


def needs_keyring(test: Test) -> Test:
    """Marks a test that uses a real Secret Service, and skips it where there is none."""
    marked: Test = pytest.mark.keyring(_MISSING(test))
    return marked


class SecretService:
    """A keyring that is open until it is locked."""

    def __init__(self, address: str, bus: DBusConnection) -> None:
        self.environment: Mapping[str, str] = {"DBUS_SESSION_BUS_ADDRESS": address}
        """What a process needs in order to reach it."""
        self._bus = bus

    @property
    def locked(self) -> bool:
        """Whether its collection is locked."""
        asked = Properties(_COLLECTION).get("Locked")
        return bool(self._answer(asked)[0][1])

    def lock(self) -> None:
        """Locks it: who reads or writes from now on waits for a prompt that nobody answers."""
        self._answer(new_method_call(_SERVICE, "Lock", "ao", ([_COLLECTION.object_path],)))
        assert self.locked

    def _answer(self, message: Message) -> tuple[Any, ...]:
        return _answer(self._bus, message)


@contextmanager
def secret_service(folder: Path, *, prompter: bool = True) -> Iterator[SecretService]:
    """Runs a session bus with an unlocked keyring below a folder, and ends both.

    Args:
        folder: Where the keyring's files lie.
        prompter: Whether there is somebody to ask for a password once it is locked. The keyring
            waits 25 seconds for an answer that never comes. Without a prompter it gives up at
            once, as on a machine without a screen.
    """
    data = folder / "keyring"
    data.mkdir(mode=0o700)
    with ExitStack() as stack:
        # Sockets are bound here: the path of a test's own folder would be too long.
        short = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keyring-")))
        address = stack.enter_context(_session_bus(short))
        bus = stack.enter_context(closing(open_dbus_connection(address)))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(data),
            "XDG_DATA_HOME": str(data),
            "XDG_RUNTIME_DIR": str(short),
            "DBUS_SESSION_BUS_ADDRESS": address,
        }
        stack.enter_context(_daemon(bus, environment))
        if prompter:
            # A name that is owned by who never reads what arrives.
            mute = stack.enter_context(closing(open_dbus_connection(address)))
            _answer(mute, message_bus.RequestName(_PROMPTER))
        service = SecretService(address, bus)
        assert not service.locked
        yield service


@contextmanager
def _session_bus(folder: Path) -> Iterator[str]:
    """A bus whose sockets lie in a folder; its address."""
    configuration = folder / "bus.conf"
    configuration.write_text(_BUS.format(folder=folder))
    command = ["dbus-daemon", "--nofork", f"--config-file={configuration}", "--print-address=1"]
    with _process(command) as process:
        assert process.stdout
        ready, _, _ = select.select([process.stdout], [], [], _PATIENCE)
        address = process.stdout.readline().decode().strip() if ready else ""
        assert address, "the session bus did not start"
        yield address


@contextmanager
def _daemon(bus: DBusConnection, environment: Mapping[str, str]) -> Iterator[None]:
    """A keyring of the bus, unlocked from the start."""
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    owned = message_bus.NameHasOwner(_SECRETS)
    arrival = MatchRule(
        type="signal", sender=message_bus.bus_name, member="NameOwnerChanged", path=_BUS_PATH
    )
    arrival.add_arg_condition(0, _SECRETS)
    _answer(bus, message_bus.AddMatch(arrival))
    with bus.filter(arrival) as signals, _process(command, environment) as process:
        assert process.stdin
        process.stdin.write(_PASSWORD)
        process.stdin.close()
        bus.recv_until_filtered(signals, timeout=_PATIENCE)
        assert _answer(bus, owned)[0]
        yield


@contextmanager
def _process(
    command: list[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended with the context."""
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _answer(bus: DBusConnection, message: Message) -> tuple[Any, ...]:
    answer = bus.send_and_get_reply(message, timeout=_PATIENCE)
    body: tuple[Any, ...] = unwrap_msg(answer)
    return body
