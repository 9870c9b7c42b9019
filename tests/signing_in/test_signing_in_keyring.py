"""Signing in with a real Secret Service, and on machines where there is none that answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reach as ground
from keyrings import SecretService, needs_keyring, secret_service
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    DEMO_CLIENT_SECRET,
    DEMO_CONFIDENTIAL_CLIENT,
    DEMO_TOKEN,
)
from reach import Reach, reachable
from signing_in.ground import ACCOUNT, CLIENT, consent, holding, kept_by

FLAGS = (*ACCOUNT, "--auth", "oauth_token")
LOGIN = ("auth", "login", *FLAGS, "--token-stdin")
STATUS = ("auth", "status", *FLAGS, "--json")
LOGOUT = ("auth", "logout", *FLAGS)
BY_SECRET = (
    *("auth", "login", *ACCOUNT, "--auth", "oauth_client_credentials"),
    *("--client-id", DEMO_CONFIDENTIAL_CLIENT),
)
MENDS = ("use the environment", "--insecure-storage")

READ = """
import sys
from mcp_server_zendesk.signing_in.vaults import KeyringVault, VaultUnavailable
vault = KeyringVault(patience=1)
for _ in range(3):
    try:
        vault.read("northwind-demo")
    except VaultUnavailable as error:
        print(error)
"""


@pytest.fixture
def reach(tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path) as opened:
        opened.extra["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        yield opened


@pytest.fixture
def desktop(reach: Reach, tmp_path: Path) -> Iterator[SecretService]:
    del reach.extra["PYTHON_KEYRING_BACKEND"]
    with secret_service(tmp_path) as service:
        reach.extra.update(service.environment)
        yield service


@needs_keyring
@pytest.mark.usefixtures("desktop")
def test_a_sign_in_lives_in_the_keyring_and_in_no_file(reach: Reach, tmp_path: Path) -> None:
    nobody = reach.invoke(*LOGOUT)
    assert (nobody.code, nobody.out) == (
        0,
        "Nobody is signed in to the workspace 'northwind-demo'.\n",
    )
    ran = reach.run(*LOGIN, stdin=DEMO_TOKEN)
    assert ran.code == 0, ran
    assert "Kept in the system keyring (SecretService Keyring)." in ran.out
    status = reach.run(*STATUS)
    assert status.code == 0, status
    assert json.loads(status.out)["storage"] == "the system keyring (SecretService Keyring)"
    assert json.loads(status.out)["user"].startswith("Ada Okafor")
    assert not holding(tmp_path, DEMO_TOKEN)
    out = reach.run(*LOGOUT)
    assert (out.code, out.out) == (0, "Revoked at Zendesk, and forgotten here.\n")
    assert DEMO_TOKEN not in reach.sandbox.store.access_tokens
    assert reach.invoke(*STATUS).code == 1


@needs_keyring
@pytest.mark.usefixtures("desktop")
def test_a_sign_in_moves_from_a_file_to_the_keyring(reach: Reach, tmp_path: Path) -> None:
    assert reach.invoke(*LOGIN, "--insecure-storage", stdin=DEMO_TOKEN).code == 0
    assert len(holding(tmp_path, DEMO_TOKEN)) == 1
    assert reach.invoke(*LOGIN, stdin=DEMO_TOKEN).code == 0
    assert not holding(tmp_path, DEMO_TOKEN)
    assert kept_by(reach.home) is None
    assert reach.invoke(*STATUS).code == 0


@needs_keyring
@pytest.mark.usefixtures("desktop")
def test_a_sign_in_moves_from_the_keyring_to_a_file(reach: Reach) -> None:
    assert reach.invoke(*LOGIN, stdin=DEMO_TOKEN).code == 0
    reach.sandbox.store.add_access_token("another", ADMIN_ID, ["read"])
    assert reach.invoke(*LOGIN, "--insecure-storage", stdin="another").code == 0
    assert reach.invoke(*LOGOUT).code == 0
    # What was kept first does not come back.
    assert reach.invoke(*STATUS).code == 1


@needs_keyring
@pytest.mark.usefixtures("desktop")
def test_the_sign_in_of_a_browser_fits_into_the_keyring(
    reach: Reach,
) -> None:
    terminal = reach.start("auth", "login", *CLIENT, "--no-browser")
    shown = terminal.expect("Address: ")
    address = next(word for word in shown.split() if word.startswith("https://"))
    terminal.type(consent(reach, address))
    assert terminal.wait() == 0
    assert reach.invoke("auth", "status", *CLIENT).code == 0


@needs_keyring
def test_a_keyring_that_was_locked_without_a_screen_is_told_at_once(
    reach: Reach, tmp_path: Path
) -> None:
    del reach.extra["PYTHON_KEYRING_BACKEND"]
    with secret_service(tmp_path, prompter=False) as service:
        reach.extra.update(service.environment)
        service.lock()
        for arguments in (LOGIN, LOGOUT):
            ran = reach.run(*arguments, stdin=DEMO_TOKEN)
            assert ran.code == 1
            assert "unlock it and try again" in ran.out + ran.err
            assert "Traceback" not in ran.err
    assert not holding(reach.home, DEMO_TOKEN)
    assert reach.sandbox.requests == []


@needs_keyring
def test_a_locked_keyring_that_waits_for_its_owner_is_not_waited_for_long(
    reach: Reach, desktop: SecretService, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.lock()
    monkeypatch.setattr(ground, "COMMAND", sys.executable)
    # The process ends with its answers, although the question still stands.
    ran = reach.run("-c", READ, timeout=10)
    assert ran.code == 0, ran
    told = ran.out.splitlines()
    assert len(told) == 3
    assert all("it is locked and waits for its password" in line for line in told)


@pytest.mark.parametrize(
    ("backend", "login", "secret"),
    [
        ("keyring.backends.fail.Keyring", LOGIN, DEMO_TOKEN),
        ("keyring.backends.null.Keyring", (*BY_SECRET, "--token-stdin"), DEMO_CLIENT_SECRET),
    ],
)
def test_without_a_keyring_nothing_is_written_and_the_mends_are_told(
    reach: Reach, backend: str, login: tuple[str, ...], secret: str
) -> None:
    reach.extra["PYTHON_KEYRING_BACKEND"] = backend
    ran = reach.invoke(*login, stdin=secret)
    assert ran.code == 1
    assert all(mend in ran.err for mend in MENDS)
    assert secret not in ran.out + ran.err
    assert not holding(reach.home, secret)
    # It is told before anything is asked of Zendesk, or of a person.
    assert reach.sandbox.requests == []


def test_status_without_a_keyring_tells_the_mends(reach: Reach) -> None:
    status = reach.invoke(*STATUS)
    assert status.code == 1
    assert all(mend in status.out for mend in MENDS)
