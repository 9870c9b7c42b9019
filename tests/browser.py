"""A real browser before the embedded Zendesk, and the command that the product opens one with.

with reachable(tmp_path) as reach, BrowserCommand(tmp_path) as command:
    terminal = reach.start("auth", "login", BROWSER=command.setting)
    with browser(reach.port, tmp_path) as chromium:
        chromium.get(command.wait_for_address())
        chromium.find_element(By.ID, "allow").click()
"""

from __future__ import annotations

import base64
import hashlib
import os
import select
import shlex
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

Test = TypeVar("Test", bound=Callable[..., object])

_CHROMIUM = Path("/usr/bin/chromium")
_DRIVER = Path("/usr/bin/chromedriver")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,700",
)
_MISSING = pytest.mark.skipif(
    not (_CHROMIUM.exists() and _DRIVER.exists()),
    reason="needs Debian's packages chromium and chromium-driver",
)


def needs_browser(test: Test) -> Test:
    """Marks a test that drives chromium, and skips it where there is none."""
    marked: Test = pytest.mark.browser(_MISSING(test))
    return marked


@contextmanager
def browser(reach_port: int, folder: Path) -> Iterator[webdriver.Chrome]:
    """Chromium without a window: it finds Zendesk on a port of the loopback, and nothing else.

    Its profile is a new one below the folder. Of certificates that nobody vouches for, it takes
    the one that is served on that port.
    """
    profile = folder / "chromium"
    profile.mkdir()
    options = webdriver.ChromeOptions()
    options.binary_location = str(_CHROMIUM)
    names = f"MAP *.zendesk.com 127.0.0.1:{reach_port}, MAP * ~NOTFOUND"
    for flag in (
        *_FLAGS,
        f"--user-data-dir={profile / 'profile'}",
        f"--host-resolver-rules={names}, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        f"--ignore-certificate-errors-spki-list={_fingerprint(reach_port)}",
    ):
        options.add_argument(flag)
    # Chromium binds a socket below TMPDIR: the path of a test's own folder would be too long.
    with tempfile.TemporaryDirectory(prefix="chromium-") as short:
        home = {"PATH": os.environ["PATH"], "HOME": str(profile), "TMPDIR": short}
        driver = webdriver.Chrome(options, Service(str(_DRIVER), env=home))
        try:
            driver.set_page_load_timeout(20)
            yield driver
        finally:
            driver.quit()


class BrowserCommand:
    """A command for the environment variable BROWSER that opens nothing and tells the address.

    Args:
        folder: Where it is put.
        code: What it exits with: other than 0, no browser could be opened.
    """

    def __init__(self, folder: Path, code: int = 0) -> None:
        pipe, script = folder / "addresses", folder / "open-browser"
        os.mkfifo(pipe, 0o600)
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$1" >{shlex.quote(str(pipe))}\nexit {code}\n'
        )
        script.chmod(0o700)
        # Opened for both, the pipe keeps neither the command waiting nor the reader at its end.
        self._pipe = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        self._told = b""
        self.setting = f"{shlex.quote(str(script))} %s"
        """The value of BROWSER: with `%s`, Python's `webbrowser` splits it as a shell does."""

    def wait_for_address(self, timeout: float = 20) -> str:
        """The next address that was to be opened."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._told:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._pipe], [], [], left)[0]:
                pytest.fail("no address was opened in a browser")
            self._told += os.read(self._pipe, 65_536)
        address, _, self._told = self._told.partition(b"\n")
        return address.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)


def _fingerprint(port: int) -> str:
    """The SHA-256 of the public key that is served on a port, in base64."""
    served = ssl.get_server_certificate(("127.0.0.1", port))
    key = x509.load_pem_x509_certificate(served.encode()).public_key()
    told = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(told).digest()).decode()
