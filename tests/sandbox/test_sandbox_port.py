"""`python -m mcp_server_zendesk.sandbox`, as a process."""

import json
import re
import signal
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "mcp_server_zendesk.sandbox"]


def test_it_serves_over_tls_until_it_is_interrupted(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    arguments = ["--port", "0", "--tls", "--ca-dir", str(tmp_path), "--tickets", "500"]
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process, process.stdout as output:
        try:
            lines = [output.readline() for _ in range(4)]
            address = re.search(r"https://127\.0\.0\.1:\d+/api/v2/", lines[0])
            token = re.search(r"[0-9a-z]{60,}", lines[1])
            authority = re.search(r"/\S+\.pem", lines[2])
            assert address
            assert token
            assert authority
            trusted = ssl.create_default_context(cafile=authority[0])
            request = urllib.request.Request(  # noqa: S310 - an address of our own
                f"{address[0]}tickets/count.json", headers={"Authorization": f"Bearer {token[0]}"}
            )
            with urllib.request.urlopen(request, context=trusted, timeout=10) as answer:  # noqa: S310
                assert json.load(answer)["count"]["value"] > 500
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()


def test_its_help_has_examples_and_only_loopback_is_served() -> None:
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    for text in (
        "--port 8443 --tls",
        "--tickets",
        "--rate-limited",
        "--exports-per-minute",
        "Ctrl-C",
    ):
        assert text in shown
    elsewhere = [*COMMAND, "--host", "192.0.2.1"]
    refused = subprocess.run(elsewhere, capture_output=True, check=False)
    assert refused.returncode == 2
