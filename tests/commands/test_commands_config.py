"""`config CLIENT` as a person uses it, and the server as the client then starts it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_server_zendesk.cli import main
from mcp_server_zendesk.clients.catalogue import CLIENTS
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.vaults import FileVault
from reach import Reach, reachable

CANARY = "canary-7d0e5ec7e7"
SECRETS: dict[str, Any] = {
    "ZENDESK_OAUTH_TOKEN": CANARY,
    "ZENDESK_API_TOKEN": CANARY,
    "ZENDESK_OAUTH_CLIENT_SECRET": CANARY,
}


@pytest.fixture(scope="module")
def reach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reach]:
    with reachable(tmp_path_factory.mktemp("reach")) as opened:
        yield opened


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_gets_a_snippet_without_a_secret_and_a_file_that_is_written_once(
    client: str, reach: Reach
) -> None:
    arguments = ["config", client, "--subdomain", "acme", "--scopes", "read", "--uvx"]
    runner = CliRunner(env=reach.environment(**SECRETS))
    printed = runner.invoke(main, arguments)
    assert printed.exit_code == 0, printed.output
    assert "uvx" in printed.stdout
    assert "acme" in printed.stdout
    assert CANARY not in printed.output
    assert "auth login" in printed.stderr, "what is left out is told, and where it belongs"
    written = runner.invoke(main, [*arguments, "--write"])
    assert written.exit_code == 0, written.output
    path = Path(written.stdout.split("Written to ")[1].split("\n")[0].rstrip("."))
    assert path.is_relative_to(reach.home)
    before = path.read_bytes()
    assert CANARY.encode() not in before
    assert "nothing was changed" in runner.invoke(main, [*arguments, "--write"]).stdout
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if ".bak" in file.name] == []


def test_a_workspace_of_the_file_is_named_and_flags_are_carried_over(
    reach: Reach, tmp_path: Path
) -> None:
    file = tmp_path / "other.toml"
    file.write_text('[workspaces.desk]\nsubdomain = "acme"\nscopes = "read tickets:write"\n')
    ran = reach.invoke(
        "config", "codex", "--config", str(file), "--read-only", "--tools", "get_user"
    )
    entry = tomllib.loads(ran.out)["mcp_servers"]["zendesk"]
    assert entry["args"][-2:] == ["--config", str(file)]
    assert entry["env"] == {
        "ZENDESK_WORKSPACE": "desk",
        "ZENDESK_READ_ONLY": "true",
        "ZENDESK_TOOLS": "get_user",
    }


def test_an_unknown_client_is_told_the_known_ones(reach: Reach) -> None:
    ran = reach.invoke("config", "emacs", "--subdomain", "acme")
    assert ran.code == 2
    assert all(name in ran.err for name in CLIENTS)


def test_a_file_that_cannot_be_merged_is_left_as_it_is(reach: Reach, tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text(f'{{"mcpServers": {{"other": "{CANARY}"')
    flags = ("--subdomain", "acme", "--file", str(file), "--write")
    ran = reach.invoke("config", "cursor", *flags)
    assert ran.code == 1
    assert str(file) in ran.err
    assert CANARY not in ran.err
    assert file.read_text() == f'{{"mcpServers": {{"other": "{CANARY}"'


@pytest.mark.anyio
async def test_a_client_that_starts_what_was_written_reaches_zendesk_with_the_kept_sign_in(
    reach: Reach, tmp_path: Path
) -> None:
    kept = SignIn(auth="oauth_token", subdomain=DEMO_SUBDOMAIN, token=DEMO_TOKEN)
    FileVault(reach.home / ".local/share/mcp-server-zendesk/sign-ins").write(
        DEMO_SUBDOMAIN, kept.text()
    )
    file = tmp_path / "mcp.json"
    flags = ("--subdomain", DEMO_SUBDOMAIN, "--auth", "oauth_token", "--file", str(file))
    assert reach.invoke("config", "cursor", *flags, "--write").code == 0
    entry = json.loads(file.read_text())["mcpServers"]["zendesk"]
    parameters = StdioServerParameters(
        command=entry["command"],
        args=entry["args"],
        env={**reach.environment(), **entry["env"]},
    )
    async with Client(stdio_client(parameters)) as client:
        result = await client.call_tool("check_connection", {})
    assert result.structured_content is not None
    assert result.structured_content["user"]["id"] == ADMIN_ID


def test_the_audit_log_goes_with_the_client_wherever_that_starts_the_server(
    reach: Reach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["config", "cursor", "--subdomain", "acme"]
    runner = CliRunner(env=reach.environment())
    for typed, meant in (
        ("audit.jsonl", tmp_path / "audit.jsonl"),
        ("~/audit.jsonl", reach.home / "audit.jsonl"),
        ("/dev/stderr", Path("/dev/stderr")),
    ):
        shown = runner.invoke(main, [*arguments, "--audit-log", typed])
        (entry,) = json.loads(shown.stdout)["mcpServers"].values()
        assert entry["env"]["ZENDESK_AUDIT_LOG"] == str(meant)
