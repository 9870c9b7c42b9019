"""A real Redis on a port of its own, which keeps nothing, can be ended and started again."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PROGRAM = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(PROGRAM is None, reason="needs Debian's package redis-server")
_PATIENCE_SECONDS = 20.0


class RedisServer:
    """One process, before which ``url`` leads."""

    def __init__(self, folder: Path, password: str) -> None:
        self.password = password
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        assert PROGRAM is not None
        secret = self._folder / "redis.conf"  # no argument vector holds a password
        secret.write_text(f"requirepass {self.password}\n", encoding="utf-8")
        self._process = subprocess.Popen(
            [PROGRAM, secret, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", self._folder],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + _PATIENCE_SECONDS
        while not self._listens():
            assert self._process.poll() is None, "another took the port meanwhile"
            assert time.monotonic() < until, "redis-server does not listen"
            time.sleep(0.01)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE_SECONDS)
            self._process = None

    def empty(self) -> None:
        """Forget everything."""
        import redis  # noqa: PLC0415 - an extra

        client = redis.Redis.from_url(self.url)
        client.flushall()
        client.close()

    def everything(self) -> str:
        """All texts that it keeps, as whoever has the machine can read them."""
        import redis  # noqa: PLC0415 - an extra

        client = redis.Redis.from_url(self.url, decode_responses=True)
        keys = client.keys()
        assert isinstance(keys, list)
        found = [str(client.get(key)) for key in keys if client.type(key) == "string"]
        client.close()
        return "\n".join(found)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _free_port() -> int:
    """Below those that a system gives out by itself: it is free again after a restart."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A Redis while the block runs."""
    server = RedisServer(folder, "canary-store-8d1e")
    server.start()
    try:
        yield server
    finally:
        server.stop()
