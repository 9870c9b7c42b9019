"""A real server for a team: several workspaces, tokens of a file, reload and end by signals."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio.to_thread
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from mcp_server_zendesk.hosting.tokens_file import add_token, remove_token
from team import until_ready

if sys.platform == "win32":
    pytest.skip("there are no such signals", allow_module_level=True)

pytestmark = pytest.mark.anyio

TABLES = """
[server]
finish_seconds = 5

[workspaces.support]
subdomain = "acme"
scopes = "read tickets:write"

[workspaces.returns]
subdomain = "acme-returns"
"""


def started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def said_by(process: subprocess.Popen[str], words: str) -> str:
    """The next line of its log that says so."""
    assert process.stderr
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it never said {words!r}")


async def offered(address: str, token: str) -> set[str]:
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30)
    async with http, Client(streamable_http_client(address, http_client=http)) as client:
        return {tool.name for tool in (await client.list_tools()).tools}


async def test_a_team_is_served_reloaded_and_left_in_good_order(tmp_path: Path) -> None:
    config, tokens = tmp_path / "config.toml", tmp_path / "private" / "tokens.json"
    config.write_text(TABLES)

    def made(name: str, scopes: str, *only: str) -> str:
        workspaces = frozenset(only) or None
        now = datetime.now(UTC)
        return add_token(
            tokens, name=name, scopes=scopes, workspaces=workspaces, created=now, expires=None
        )

    anna = made("anna", "read tickets:write")
    ben = made("ben", "read", "returns")
    command = [sys.executable, "-m", "mcp_server_zendesk", "serve", "--config", str(config)]
    flags = ["--transport", "streamable-http", "--port", "0", "--workspaces", "all"]
    process = started([*command, *flags, "--tokens-file", str(tokens)])
    told = partial(said_by, process)
    try:
        line = await anyio.to_thread.run_sync(told, "/support/mcp")
        (support,) = re.findall(r"http://\S+", line)
        returns = support.replace("support", "returns")
        await until_ready(support.removesuffix("/support/mcp"))
        assert "update_ticket" in await offered(support, anna)
        assert "update_ticket" not in await offered(returns, anna)
        assert "get_ticket" in await offered(returns, ben)
        async with httpx.AsyncClient(timeout=30) as http:
            bearer = {"Authorization": f"Bearer {ben}"}
            assert (await http.post(support, headers=bearer)).status_code == 401
            assert (await http.post(support)).headers["WWW-Authenticate"].startswith("Bearer")

            config.write_text(TABLES.replace('"acme-returns"', '"acme-returns"\nread_only = tru'))
            remove_token(tokens, "ben")
            process.send_signal(signal.SIGHUP)
            await anyio.to_thread.run_sync(told, "is not valid TOML")
            await anyio.to_thread.run_sync(told, "not all of it is in force")
            config.write_text(TABLES.replace("scopes =", "read_only = true\nscopes ="))
            process.send_signal(signal.SIGHUP)
            await anyio.to_thread.run_sync(told, "all of it is in force")
            assert "update_ticket" not in await offered(support, anna)
            assert (await http.post(returns, headers=bearer)).status_code == 401
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in err
