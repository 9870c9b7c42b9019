"""A real nginx with the example's configuration, before servers of a test."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mcp_server_zendesk.sandbox.certificate import make_certificate

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "deploy" / "nginx.conf"
_SECONDS = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


class Proxy:
    """The example, with ports, paths and names of its own.

    Args:
        folder: An empty one.
        replicas: Ports of 127.0.0.1, in the place of the replicas.
    """

    def __init__(self, folder: Path, replicas: Sequence[int]) -> None:
        self.port = free_port()
        self.certificate = make_certificate(folder / "tls")
        self._log = folder / "access.log"
        self._file = folder / "nginx.conf"
        text = EXAMPLE.read_text(encoding="utf-8")
        for number, port in enumerate(replicas, 1):
            text = text.replace(f"zendesk-{number}:8000", f"127.0.0.1:{port}")
        for old, new in (
            ("/tmp/", f"{folder}/"),  # noqa: S108 - of the example
            ("listen 8443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("/etc/nginx/tls/chain.pem", str(self.certificate.chain_file)),
            ("/etc/nginx/tls/key.pem", str(self.certificate.key_file)),
            ("/dev/stdout", str(self._log)),
        ):
            assert old in text
            text = text.replace(old, new)
        text = text.replace("worker_processes auto", "worker_processes 1")
        self._file.write_text(text, encoding="utf-8")
        user = "user root; " if os.geteuid() == 0 else ""
        self.command = ["nginx", "-c", str(self._file), "-g", f"{user}daemon off;"]

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def check(self) -> str:
        """What nginx says of the configuration."""
        ended = subprocess.run(
            [*self.command, "-t"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stderr

    @contextmanager
    def running(self) -> Iterator[int]:
        """Until the end of the context; gives the number of its process."""
        process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + _SECONDS
            while not _answers(self.port):
                assert process.poll() is None, process.communicate()[1]
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield process.pid
        finally:
            process.terminate()
            process.communicate(timeout=_SECONDS)


def upstreams() -> list[str]:
    """The servers that the example names."""
    return re.findall(r"^\s*server (\S+) max_fails", EXAMPLE.read_text("utf-8"), re.MULTILINE)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
