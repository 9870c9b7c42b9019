"""Real processes: Zendesk, the store, two replicas, and a proxy with TLS before them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.team.processes import (
    Replica,
    Zendesk,
    ended_at_last,
    killed_at_last,
    listens,
    token_for,
    wait_for,
    zendesk_running,
)
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from operations.proxy import Proxy, free_port

REPLICAS = (1, 2)
WORKSPACE = "support"


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
    zendesk: Zendesk


@contextmanager
def standing(folder: Path, scopes: dict[str, str]) -> Iterator[Ground]:
    """Start all of it. ``scopes`` are those of each caller, by name."""
    with ExitStack() as opened:
        zendesk = opened.enter_context(zendesk_running(folder))
        store_port, store_pid = opened.enter_context(_store(folder))
        ports = [free_port() for _ in REPLICAS]
        proxy = Proxy(_made(folder / "proxy"), ports)
        tokens_file = folder / "callers" / "tokens.json"
        tokens = {
            name: token_for(name, granted, tokens_file, folder) for name, granted in scopes.items()
        }
        variables = {
            **zendesk.variables(),
            "ZENDESK_SERVER_STORE_URL": f"redis://127.0.0.1:{store_port}/0",
            "ZENDESK_SERVER_STATE_KEYS": "k" * 64,
        }
        replicas = [
            _replica(number, port, folder, variables, proxy.port, tokens_file)
            for number, port in zip(REPLICAS, ports, strict=True)
        ]
        opened.enter_context(ended_at_last(replicas))
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
def _store(folder: Path) -> Iterator[tuple[int, int]]:
    port = free_port()
    place = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    command = ["redis-server", *place, "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with killed_at_last(process):
        wait_for(lambda: listens(port), "redis-server", process)
        yield port, process.pid


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
