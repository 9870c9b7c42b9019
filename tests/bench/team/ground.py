"""Real processes: Zendesk, the store, two replicas, and a proxy with TLS before them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Any

from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN
from operations.proxy import ROOT, Proxy, free_port

COMMAND = str(Path(sys.executable).with_name("mcp-server-zendesk"))
REPLICAS = (1, 2)
WORKSPACE = "support"

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
class Ground:
    """Everything, running. ``tokens`` are those of the callers, by name."""

    folder: Path
    url: str
    authority: Path
    replicas: list[Replica]
    tokens: dict[str, str]
    scopes: dict[str, str]
    proxy_pid: int
    store_pid: int
    _zendesk: subprocess.Popen[str] = field(repr=False)

    def requests(self) -> list[dict[str, Any]]:
        """End the embedded Zendesk and read its log."""
        self._zendesk.communicate(timeout=_SECONDS)
        lines = (self.folder / "requests.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


@contextmanager
def standing(folder: Path, scopes: dict[str, str]) -> Iterator[Ground]:
    """Start all of it. ``scopes`` are those of each caller, by name."""
    with ExitStack() as opened:
        zendesk = opened.enter_context(_zendesk(folder))
        told = json.loads(zendesk.stdout.readline()) if zendesk.stdout else {}
        store_port, store_pid = opened.enter_context(_store(folder))
        ports = [free_port() for _ in REPLICAS]
        proxy = Proxy(_made(folder / "proxy"), ports)
        tokens_file = folder / "callers" / "tokens.json"
        tokens = {
            name: _token(name, granted, tokens_file, folder) for name, granted in scopes.items()
        }
        variables = {
            "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN,
            "ZENDESK_SERVER_STORE_URL": f"redis://127.0.0.1:{store_port}/0",
            "ZENDESK_SERVER_STATE_KEYS": "k" * 64,
            "SSL_CERT_FILE": told["authority"],
            "REDIRECTED_PORT": str(told["port"]),
            "PYTHONPATH": str(_REDIRECTED),
        }
        replicas = [
            _replica(number, port, folder, variables, proxy.port, tokens_file)
            for number, port in zip(REPLICAS, ports, strict=True)
        ]
        opened.enter_context(_ended_at_last(replicas))
        for replica in replicas:
            replica.start()
        proxy_pid = opened.enter_context(proxy.running())
        authority = proxy.certificate.authority_file
        yield Ground(
            folder,
            f"{proxy.origin}/mcp",
            authority,
            replicas,
            tokens,
            scopes,
            proxy_pid,
            store_pid,
            zendesk,
        )


def _replica(
    number: int, port: int, folder: Path, variables: Mapping[str, str], proxy: int, tokens: Path
) -> Replica:
    home = _made(folder / f"replica-{number}")
    config = home / "config.toml"
    config.write_text(
        f"""
[server]
public_url = "https://localhost:{proxy}"
allowed_hosts = ["localhost:{proxy}"]
tokens_file = "{tokens}"
stateless = true
calls_at_once = 16
log_format = "json"
drain_seconds = 0
finish_seconds = 20

[workspaces.{WORKSPACE}]
subdomain = "{DEMO_SUBDOMAIN}"
auth = "oauth_token"
scopes = "read tickets:write"
audit_log = "{home / "audit.jsonl"}"
log_level = "warning"
""",
        encoding="utf-8",
    )
    return Replica(number, port, home, variables, config)


@contextmanager
def _ended_at_last(replicas: list[Replica]) -> Iterator[None]:
    try:
        yield
    finally:
        for replica in replicas:
            if replica.process is not None:
                replica.end(signal.SIGKILL)


@contextmanager
def _zendesk(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.team.zendesk", str(folder)],
        env=environment(folder, PYTHONPATH=str(ROOT / "tests")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with _killed_at_last(process):
        yield process


@contextmanager
def _store(folder: Path) -> Iterator[tuple[int, int]]:
    port = free_port()
    place = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    command = ["redis-server", *place, "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with _killed_at_last(process):
        wait_for(lambda: _listens(port), "redis-server", process)
        yield port, process.pid


@contextmanager
def _killed_at_last(process: subprocess.Popen[Any]) -> Iterator[None]:
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


def _token(name: str, scopes: str, file: Path, home: Path) -> str:
    made = subprocess.run(
        [COMMAND, "tokens", "add", name, "--scopes", scopes, "--file", str(file)],
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(
    is_true: Any, what: str, process: subprocess.Popen[Any] | None = None, seconds: float = _SECONDS
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


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
