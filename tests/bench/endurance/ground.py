"""The servers of the endurance run, and who works with each."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.endurance.workers import HttpWorker, StdioWorker, Worker
from bench.team.processes import (
    Replica,
    Zendesk,
    ended_at_last,
    environment,
    token_for,
    zendesk_running,
)
from bench.team.settling import Ledger
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from operations.proxy import free_port

_SCOPES = {"agent": "read write", "reader": "read"}


@dataclass
class Server:
    """One of them, with its clients and its audit. ``steady``: it is never killed."""

    name: str
    steady: bool
    audit: Path
    config: Path
    ledger: Ledger = field(default_factory=Ledger)
    workers: list[Worker] = field(default_factory=list)
    replica: Replica | None = None
    """Where it serves HTTP; over stdio its client starts it."""
    killed: int = 0

    def pid(self) -> int | None:
        """Of its process, if it runs just now."""
        if self.replica is not None:
            return self.replica.process.pid if self.replica.process else None
        wanted = str(self.config).encode()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if wanted in (process / "cmdline").read_bytes().split(b"\0"):
                    return int(process.name)
        return None

    def kill(self) -> None:
        """SIGKILL; what serves HTTP is started again."""
        self.killed += 1
        if self.replica is not None:
            self.replica.end(signal.SIGKILL)
            self.replica.start()
        elif (pid := self.pid()) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass
class Ground:
    """Everything, running."""

    zendesk: Zendesk
    servers: list[Server]


@contextmanager
def standing(folder: Path, *, seed: int, pause: float) -> Iterator[Ground]:
    """Start all of it: two servers over HTTP and two over stdio, one of each to be killed."""
    with ExitStack() as opened:
        module = "bench.endurance.zendesk"
        zendesk = opened.enter_context(zendesk_running(folder, module, str(seed)))
        tokens_file = folder / "callers" / "tokens.json"
        tokens = {
            name: token_for(name, scopes, tokens_file, folder) for name, scopes in _SCOPES.items()
        }
        servers = [
            _over_http(name, folder, zendesk, tokens_file, steady=steady)
            for name, steady in (("http-steady", True), ("http-killed", False))
        ]
        replicas = [server.replica for server in servers if server.replica]
        opened.enter_context(ended_at_last(replicas))
        for server in servers:
            for number, caller in enumerate(("agent", "agent", "agent", "reader")):
                server.workers.append(_http_worker(server, number, caller, tokens[caller]))
        for name, steady, legacy in (("stdio-steady", True, False), ("stdio-killed", False, True)):
            server = _over_stdio(name, folder, steady=steady)
            alone = StdioWorker(None, server.ledger, config=server.config, legacy=legacy)
            alone.variables = environment(server.config.parent, **zendesk.variables())
            server.workers.append(alone)
            servers.append(server)
        for number, worker in enumerate(one for server in servers for one in server.workers):
            worker.chance, worker.pause = random.Random(seed + number), pause  # noqa: S311 - a mix
        for replica in replicas:
            replica.start()
        yield Ground(zendesk, servers)


def _over_http(name: str, folder: Path, zendesk: Zendesk, tokens: Path, *, steady: bool) -> Server:
    home = folder / name
    server = f'[server]\ntokens_file = "{tokens}"\ndrain_seconds = 0\nfinish_seconds = 20\n'
    config = _config(home, server)
    replica = Replica(1, free_port(), home, zendesk.variables(), config)
    return Server(name, steady, replica.audit, config, replica=replica)


def _over_stdio(name: str, folder: Path, *, steady: bool) -> Server:
    home = folder / name
    config = _config(home, "")
    return Server(name, steady, home / "audit.jsonl", config)


def _config(home: Path, more: str) -> Path:
    home.mkdir()
    config = home / "config.toml"
    config.write_text(
        f"""
{more}
[workspaces.support]
subdomain = "{DEMO_SUBDOMAIN}"
auth = "oauth_token"
scopes = "read write"
toolsets = "all"
audit_log = "{home / "audit.jsonl"}"
log_level = "warning"
""",
        encoding="utf-8",
    )
    return config


def _http_worker(server: Server, number: int, caller: str, token: str) -> HttpWorker:
    if server.replica is None:
        raise RuntimeError("it serves no HTTP")
    worker = HttpWorker(caller, server.ledger, url=f"http://127.0.0.1:{server.replica.port}/mcp")
    worker.token, worker.legacy = token, number % 2 == 0
    worker.writes = caller != "reader"
    return worker
