"""The ground of the tests with secrets: the system's own store, and how it may be missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reach as ground
from keyrings import needs_keyring, secret_service
from reach import Reach, reachable

SECRET_SERVICE = "keyring.backends.SecretService"
PROBE = """
import sys, keyring

backend = keyring.get_keyring()
print(type(backend).__module__)
for what in sys.argv[1:]:
    if what == "set":
        keyring.set_password("mcp-server-zendesk", "acme", "s3same")
    elif what == "delete":
        keyring.delete_password("mcp-server-zendesk", "acme")
    else:
        print(keyring.get_password("mcp-server-zendesk", "acme"))
"""


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reach]:
    """Processes of Python in the environment that the product would have."""
    monkeypatch.setattr(ground, "COMMAND", sys.executable)
    with reachable(tmp_path) as reach:
        yield reach


@needs_keyring
def test_an_entry_is_kept_between_processes_until_it_is_deleted(
    python: Reach, tmp_path: Path
) -> None:
    with secret_service(tmp_path) as desktop:
        python.extra.update(desktop.environment)
        for asked, shown in (
            (["set"], []),
            (["get"], ["s3same"]),
            (["delete", "get"], ["None"]),
        ):
            ran = python.run("-c", PROBE, *asked)
            assert ran.out.split() == [SECRET_SERVICE, *shown], ran.err


@needs_keyring
def test_a_locked_keyring_waits_for_a_prompt_that_nobody_answers(
    python: Reach, tmp_path: Path
) -> None:
    with secret_service(tmp_path) as desktop:
        python.extra.update(desktop.environment)
        assert python.run("-c", PROBE, "set").code == 0
        desktop.lock()
        waiting = python.start("-u", "-c", PROBE, "get")
        waiting.expect(SECRET_SERVICE)
        with pytest.raises(pytest.fail.Exception, match="still runs"):
            waiting.wait(timeout=2)


@needs_keyring
def test_a_locked_keyring_without_a_screen_gives_up_at_once(python: Reach, tmp_path: Path) -> None:
    with secret_service(tmp_path, prompter=False) as desktop:
        python.extra.update(desktop.environment)
        desktop.lock()
        ran = python.run("-c", PROBE, "get")
    assert ran.code == 1
    assert "KeyringLocked" in ran.err


def test_without_a_session_bus_there_is_no_keyring(python: Reach) -> None:
    ran = python.run("-c", PROBE)
    assert ran.out.split() == ["keyring.backends.fail"]


@needs_keyring
def test_a_session_that_has_ended_leaves_no_keyring(python: Reach, tmp_path: Path) -> None:
    with secret_service(tmp_path) as desktop:
        python.extra.update(desktop.environment)
        assert not desktop.locked
    ran = python.run("-c", PROBE)
    assert ran.out.split() == ["keyring.backends.fail"]
