"""Canaries in real processes: their streams, files, arguments and commands."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.sandbox import DEMO_API_TOKEN, DEMO_SUBDOMAIN, DEMO_TOKEN, Fault
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_EMAIL,
    DEMO_CLIENT,
    DEMO_CLIENT_SECRET,
    DEMO_CONFIDENTIAL_CLIENT,
    OPEN_TICKET,
)
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.vaults import FileVault
from reach import COMMAND, Reach, reachable

pytestmark = pytest.mark.canaries

PAIR = base64.b64encode(f"{ADMIN_EMAIL}/token:{DEMO_API_TOKEN}".encode()).decode()
KEPT = "cnryaccess" + "771e"
REFRESH = "cnryrefresh" + "771e"
SECRETS = (DEMO_TOKEN, DEMO_API_TOKEN, DEMO_CLIENT_SECRET, PAIR, KEPT, REFRESH)
SEARCH = "cnry-search" + "-91b0"
ARGUMENT = "cnry-argument" + "-22d4"
PERSONAL = (SEARCH, ARGUMENT)
AUTHS = {
    "oauth": {"ZENDESK_OAUTH_CLIENT_ID": DEMO_CLIENT},
    "oauth_token": {"ZENDESK_OAUTH_TOKEN": DEMO_TOKEN},
    "api_token": {"ZENDESK_EMAIL": ADMIN_EMAIL, "ZENDESK_API_TOKEN": DEMO_API_TOKEN},
    "oauth_client_credentials": {
        "ZENDESK_OAUTH_CLIENT_ID": DEMO_CONFIDENTIAL_CLIENT,
        "ZENDESK_OAUTH_CLIENT_SECRET": DEMO_CLIENT_SECRET,
    },
}


def settings(auth: str) -> dict[str, str]:
    return {
        "ZENDESK_SUBDOMAIN": DEMO_SUBDOMAIN,
        "ZENDESK_AUTH": auth,
        "ZENDESK_SCOPES": "read tickets:write",
        "ZENDESK_LOG_LEVEL": "debug",
        **AUTHS[auth],
    }


@pytest.fixture
def reach(tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path) as reached:
        yield reached


def keep_a_sign_in(reach: Reach) -> Path:
    """What `auth login --insecure-storage` would leave; the file that may hold its secrets."""
    folder = reach.home / ".local" / "share" / "mcp-server-zendesk" / "sign-ins"
    kept = SignIn.model_validate(
        {
            "auth": "oauth",
            "subdomain": DEMO_SUBDOMAIN,
            "client_id": DEMO_CLIENT,
            "token": KEPT,
            "refresh_token": REFRESH,
            "expires_at": 4_000_000_000.0,
        }
    )
    vault = FileVault(folder)
    vault.write(DEMO_SUBDOMAIN, kept.text())
    return vault.path(DEMO_SUBDOMAIN)


@contextmanager
def serving(reach: Reach, auth: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [COMMAND, "serve", *arguments],
        env=reach.environment(**settings(auth)),
        cwd=reach.home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def say(process: subprocess.Popen[str], line: str | dict[str, Any]) -> None:
    assert process.stdin
    process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    process.stdin.flush()


def ask(process: subprocess.Popen[str], number: int, method: str, **params: Any) -> dict[str, Any]:
    say(process, {"jsonrpc": "2.0", "id": number, "method": method, "params": params})
    assert process.stdout
    for line in process.stdout:
        answer: dict[str, Any] = json.loads(line)
        if answer.get("id") == number:
            return answer
    raise AssertionError("no answer")


def greet(process: subprocess.Popen[str]) -> None:
    client = {"name": "canary", "version": "1"}
    ask(
        process, 1, "initialize",
        protocolVersion="2025-06-18", capabilities={}, clientInfo=client,
    )  # fmt: skip
    say(process, {"jsonrpc": "2.0", "method": "notifications/initialized"})


def command_lines(process: subprocess.Popen[str]) -> str:
    """The argument vector of a process and of those that it started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    pids = [str(process.pid), *children.split()]
    return "\n".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in pids)


def found(canaries: tuple[str, ...], said: dict[str, str]) -> list[str]:
    return [f"{one} in {where}" for where, what in said.items() for one in canaries if one in what]


@pytest.mark.parametrize("auth", AUTHS)
def test_a_session_leaves_no_canary_in_streams_files_or_arguments(reach: Reach, auth: str) -> None:
    vault = keep_a_sign_in(reach)
    broken = r"^/api/v2/tickets/1002"
    echoed = {"error": "RecordInvalid", "description": f"{SECRETS} is no token"}
    reach.sandbox.faults.add("GET", r"^/api/v2/tickets/1003", 1, Fault(status=401, body=echoed))
    reach.sandbox.faults.add("GET", broken, 9, Fault(status=200, body=f"{{'{ARGUMENT}'"))
    audit = reach.home / "audit.jsonl"
    with serving(reach, auth, "--audit-log", str(audit)) as process:
        greet(process)
        answers = [
            ask(process, number, "tools/call", name=tool, arguments=arguments)
            for number, (tool, arguments) in enumerate(
                [
                    ("get_ticket", {"ticket_id": OPEN_TICKET}),
                    ("search_tickets", {"query": f'"{SEARCH}"'}),
                    ("add_internal_note", {"ticket_id": OPEN_TICKET, "body": ARGUMENT}),
                    ("get_ticket", {"ticket_id": 1002}),
                    ("get_ticket", {"ticket_id": ARGUMENT}),
                    (ARGUMENT, {}),
                ],
                start=10,
            )
        ]
        # What is no protocol, or half of it.
        say(process, f'{{"jsonrpc": "2.0", "id": 50, "method": "tools/call", "{SEARCH}')
        say(process, {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": ARGUMENT})
        say(process, {"jsonrpc": "2.0", "method": f"notifications/{SEARCH}", "params": {}})
        say(process, {"jsonrpc": "2.0", "method": "notifications/progress",
                      "params": {"progressToken": [ARGUMENT], "progress": SEARCH}})  # fmt: skip
        ask(process, 51, "tools/call", name="get_ticket", arguments=ARGUMENT)
        ask(process, 52, "resources/read", uri=f"zendesk://users/{SEARCH}")
        ask(process, 53, "prompts/get", name="draft_reply", arguments={"ticket_id": [ARGUMENT]})
        arguments_seen = command_lines(process)
        assert process.stdin
        process.stdin.close()
        process.stdin = None
        out, err = process.communicate(timeout=20)
    errors = [answer for answer in answers if answer.get("result", {}).get("isError")]
    secrets_in = {
        "answers": json.dumps(answers),
        "stdout": out,
        "stderr": err,
        "audit": audit.read_text(),
        "arguments": arguments_seen,
        **{
            str(file): file.read_bytes().decode(errors="replace")
            for file in reach.home.rglob("*")
            if file.is_file() and file != vault
        },
    }
    assert not found(SECRETS, secrets_in)
    lines = {"stderr": err, "audit": audit.read_text(), "errors": json.dumps(errors)}
    assert not found((*PERSONAL, "Bergström"), lines)
    assert "mcp_server_zendesk" in err
    assert len(audit.read_text().splitlines()) >= 6
    assert len(errors) >= 3


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize(
    "arguments",
    [
        ("auth", "status"),
        ("doctor",),
        ("doctor", "--json"),
        ("tools", "--json"),
        ("tools",),
        ("config", "claude-desktop"),
        ("config", "codex", "--write"),
    ],
    ids=" ".join,
)
def test_a_command_shows_and_writes_no_secret(
    reach: Reach, auth: str, arguments: tuple[str, ...]
) -> None:
    vault = keep_a_sign_in(reach)
    ran = reach.invoke(*arguments, **settings(auth))
    written = {
        str(file): file.read_bytes().decode(errors="replace")
        for file in reach.home.rglob("*")
        if file.is_file() and file != vault
    }
    assert not found(SECRETS, {"stdout": ran.out, "stderr": ran.err, **written})
    assert ran.out
