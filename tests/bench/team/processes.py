"""Real processes: the embedded Zendesk, and servers before it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Any

from bench.team.zendesk import HELD, REQUESTS
from mcp_server_zendesk.sandbox import DEMO_TOKEN
from operations.proxy import ROOT

COMMAND = str(Path(sys.executable).with_name("mcp-server-zendesk"))

_REDIRECTED = ROOT / "tests" / "redirected"
_SECONDS = 60
_KIBIBYTES = 1024


def environment(home: Path, **more: str) -> dict[str, str]:
    """That of a process which has a little machine of its own."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), **more}


@dataclass
class Replica:
    """One process of the server."""

    number: int
    port: int
    home: Path
    variables: Mapping[str, str]
    config: Path
    process: subprocess.Popen[Any] | None = None
    peak: int = 0
    """Bytes, of the process that used most."""

    @property
    def audit(self) -> Path:
        return self.home / "audit.jsonl"

    def start(self) -> None:
        """Start it, and wait until it takes calls."""
        flags = ["--transport", "streamable-http", "--host", "127.0.0.1", "--port", str(self.port)]
        with (self.home / "log.jsonl").open("a") as log:
            self.process = subprocess.Popen(
                [COMMAND, "serve", *flags, "--config", str(self.config)],
                env=environment(self.home, **self.variables),
                cwd=self.home,
                stdout=log,
                stderr=log,
            )
        wait_for(self.is_ready, f"replica {self.number}", self.process)

    def is_ready(self) -> bool:
        """What ``/readyz`` says."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def end(self, number: signal.Signals) -> int:
        """Send it a signal and wait for its end."""
        if self.process is None:
            raise RuntimeError("it does not run")
        self.note_memory()
        self.process.send_signal(number)
        code = self.process.wait(_SECONDS)
        self.process = None
        return code

    def note_memory(self) -> None:
        """Remember the most that it has used."""
        if self.process is not None:
            self.peak = max(self.peak, memory_of(self.process.pid))


@dataclass
class Zendesk:
    """The embedded one, with its log."""

    folder: Path
    port: int
    authority: str
    process: subprocess.Popen[str] = field(repr=False)

    def variables(self) -> dict[str, str]:
        """What a server's environment needs to reach it."""
        return {
            "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN,
            "SSL_CERT_FILE": self.authority,
            "REDIRECTED_PORT": str(self.port),
            "PYTHONPATH": str(_REDIRECTED),
        }

    def requests(self) -> list[dict[str, Any]]:
        """End it, and read its log."""
        return self._written(REQUESTS)

    def held(self) -> list[dict[str, Any]]:
        """End it, and read what each of its tickets holds."""
        return self._written(HELD)

    def _written(self, name: str) -> list[dict[str, Any]]:
        if self.process.poll() is None:
            self.process.communicate(timeout=_SECONDS)
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


@contextmanager
def zendesk_running(
    folder: Path, module: str = "bench.team.zendesk", *more: str
) -> Iterator[Zendesk]:
    """Until the end of the context, where nobody has read its log before."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(folder), *more],
        env=environment(folder, PYTHONPATH=str(ROOT / "tests")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with killed_at_last(process):
        told = json.loads(process.stdout.readline()) if process.stdout else {}
        yield Zendesk(folder, told["port"], told["authority"], process)


@contextmanager
def ended_at_last(replicas: list[Replica]) -> Iterator[None]:
    try:
        yield
    finally:
        for replica in replicas:
            if replica.process is not None:
                replica.end(signal.SIGKILL)


@contextmanager
def killed_at_last(process: subprocess.Popen[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait(_SECONDS)
        for stream in (process.stdin, process.stdout):
            _close(stream)


def _close(stream: IO[Any] | None) -> None:
    if stream is not None and not stream.closed:
        with suppress(BrokenPipeError):
            stream.close()


def token_for(name: str, scopes: str, file: Path, home: Path) -> str:
    made = subprocess.run(
        [COMMAND, "tokens", "add", name, "--scopes", scopes, "--file", str(file)],
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(
    is_true: Callable[[], bool],
    what: str,
    process: subprocess.Popen[Any] | None = None,
    seconds: float = _SECONDS,
) -> None:
    """Until something is so.

    Raises:
        RuntimeError: The process has ended, or it takes too long.
    """
    deadline = time.monotonic() + seconds
    while not is_true():
        if (process is not None and process.poll() is not None) or time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not start")
        time.sleep(0.05)


def memory_of(pid: int) -> int:
    """The most that a process and those below it have used, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (peak,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return int(peak) * _KIBIBYTES + sum(memory_of(int(child)) for child in below)
