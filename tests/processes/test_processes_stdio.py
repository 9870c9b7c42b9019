"""The command as an assistant starts it: a process, and its standard streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from desk import text_of
from in_process import run_command
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.workspace import build_server
from zendesk_tools import CATALOGUE

MODULE = [sys.executable, "-m", "mcp_server_zendesk"]
DEMO = [*MODULE, "serve", "--demo", "--scopes", "read tickets:write"]
_WITHOUT_WAITING = """
import stamina
from mcp_server_zendesk.cli import main
from mcp_server_zendesk.connection.retries import ATTEMPTS
stamina.set_testing(True, attempts=ATTEMPTS, cap=True)
main()
"""
WITHOUT_WAITING = [sys.executable, "-c", _WITHOUT_WAITING]
"""As many attempts as ever, without the waiting between them."""
CANARY = "c4n4rytoken8d1f"


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without any Zendesk setting but the given ones."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ZENDESK_")}
    return {**kept, **settings}


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MODULE, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_a_client_of_every_era_is_served(mode: str) -> None:
    server = StdioServerParameters(command=DEMO[0], args=DEMO[1:], env=environment())
    async with Client(server, mode=mode) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        assert {"check_connection", "search_tickets", "update_ticket", "list_views"} <= listed
        result = await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        assert json.loads(text_of(result)) == result.structured_content


class Raw:
    """A client that writes and reads lines itself, to see all of standard output."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdout
        self.say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def greet(self, version: str = "2025-06-18") -> dict[str, Any]:
        client = {"name": "raw", "version": "1"}
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
        answer = self.ask(1, "initialize", params)
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer


@pytest.fixture
def raw() -> Iterator[Raw]:
    client = Raw(DEMO, environment())
    yield client
    client.process.kill()
    client.process.communicate()


def test_the_oldest_supported_client_is_answered_until_it_hangs_up(raw: Raw) -> None:
    """Whatever garbage it writes; stdout holds the protocol alone."""
    answer = raw.greet("2025-06-18")["result"]
    assert answer["protocolVersion"] == "2025-06-18"
    assert answer["capabilities"]["tools"]["listChanged"] is True
    assert answer["serverInfo"]["name"] == "mcp-server-zendesk"
    assert raw.process.stdin
    assert raw.process.stdout
    raw.process.stdin.write("this is no JSON\n{}\n[]\n")
    raw.process.stdin.flush()
    while True:
        raw.say({"jsonrpc": "2.0", "id": 9, "method": "ping"})
        if json.loads(raw.process.stdout.readline()).get("id") == 9:
            break
    raw.ask(2, "tools/call", {"name": "get_ticket", "arguments": {"ticket_id": OPEN_TICKET}})
    out, err = raw.process.communicate(timeout=10)
    assert raw.process.returncode == 0
    assert "Traceback" not in err
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in out.splitlines())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_while_its_input_stays_open(
    raw: Raw, number: signal.Signals
) -> None:
    raw.greet()
    raw.process.send_signal(number)
    assert raw.process.wait(timeout=10) == 128 + number
    out, err = raw.process.communicate(timeout=10)
    assert "Traceback" not in err
    assert out == ""


def test_the_log_never_holds_content_or_a_secret(tmp_path: Path) -> None:
    client = Raw([*DEMO, "--log-level", "debug"], environment())
    client.greet()
    call = {"name": "search_tickets", "arguments": {"query": CANARY}}
    client.ask(2, "tools/call", call)
    _, err = client.process.communicate(timeout=10)
    assert "GET /api/v2/search answered 200" in err
    assert CANARY not in err
    assert "Bearer" not in err


def test_without_credentials_tools_are_listed_and_the_first_call_explains() -> None:
    client = Raw(MODULE, environment(ZENDESK_SUBDOMAIN="acme", ZENDESK_AUTH="oauth_token"))
    client.greet()
    listed = client.ask(2, "tools/list", {})["result"]["tools"]
    assert "get_ticket" in [tool["name"] for tool in listed]
    called = client.ask(3, "tools/call", {"name": "get_user", "arguments": {"user": "me"}})
    error = json.loads(called["result"]["content"][0]["text"])["error"]
    assert error["kind"] == "not_configured"
    assert "ZENDESK_OAUTH_TOKEN" in error["hint"]
    client.process.communicate(timeout=10)


def test_a_connection_that_cannot_even_be_prepared_does_not_end_the_server() -> None:
    """A certificate file that is not there fails outside of any request."""
    settings = {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": CANARY}
    broken = {"ZENDESK_SUBDOMAIN": "acme", "SSL_CERT_FILE": "/nonexistent"}
    client = Raw(WITHOUT_WAITING, environment(**settings, **broken))
    client.greet()
    for number in (2, 3):
        call = {"name": "get_user", "arguments": {"user": "me"}}
        assert client.ask(number, "tools/call", call)["result"]["isError"]
    _, err = client.process.communicate(timeout=10)
    assert client.process.returncode == 0
    assert CANARY not in err


@pytest.mark.anyio
@pytest.mark.parametrize("auth", ["oauth", "oauth_client_credentials"])
async def test_where_nobody_has_signed_in_yet_the_first_call_explains(
    auth: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    server = build_server(Settings.model_validate({"subdomain": "acme", "auth": auth}))
    async with server.running(), Client(server) as client:
        called = await client.call_tool("get_user", {"user": "me"})
    assert json.loads(text_of(called))["error"]["kind"] == "not_configured"


@pytest.mark.parametrize(
    ("arguments", "settings", "told"),
    [
        ([], {}, "ZENDESK_SUBDOMAIN"),
        ([], {"ZENDESK_SUBDOMAIN": f"{CANARY}.evil.com"}, "subdomain"),
        ([], {"ZENDESK_SUBDOMAIN": "acme", "ZENDESK_SCOPES": "raed"}, "the nearest is 'read'"),
        (["--toolsets", "tickts"], {"ZENDESK_SUBDOMAIN": "acme"}, "the nearest is 'tickets'"),
        (["--exclude-tools", "x"], {"ZENDESK_SUBDOMAIN": "acme"}, "exclude_tools"),
        (["--config", "absent.toml"], {}, "does not exist"),
        (["--audit-log", "/nonexistent/x"], {"ZENDESK_SUBDOMAIN": "acme"}, "cannot be written"),
    ],
)
def test_a_mistake_in_the_configuration_is_one_clear_line(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], told: str
) -> None:
    ended = run_command(["serve", *arguments], environment(**settings), tmp_path)
    assert ended.exit_code == 1
    assert ended.stdout == ""
    assert told in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert CANARY not in ended.stderr


def test_a_mistake_ends_the_process_with_that_line_alone() -> None:
    ended = run("serve", ZENDESK_SUBDOMAIN="acme", ZENDESK_SCOPES="raed")
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert "the nearest is 'read'" in line


def test_help_is_quick_because_it_imports_neither_mcp_nor_httpx() -> None:
    probe = (
        "import sys, runpy\n"
        "sys.argv = ['x', '--help']\n"
        "try: runpy.run_module('mcp_server_zendesk', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([m for m in ('mcp', 'httpx', 'pydantic', 'starlette') if m in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout.strip().endswith("[]")
    assert "demo" in ended.stdout


def test_what_is_offered_can_be_read_without_starting_a_server(tmp_path: Path) -> None:
    shown = run_command(["tools", "--demo", "--scopes", "read"], environment(), tmp_path)
    assert "Hidden (" in shown.stdout
    assert "needs the scope tickets:write" in shown.stdout
    told = run_command(["tools", "--demo", "--json"], environment(), tmp_path)
    machine = json.loads(told.stdout)
    assert {tool["name"] for tool in machine["tools"]} == {spec.name for spec in CATALOGUE}
