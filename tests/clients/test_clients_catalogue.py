"""Where each client keeps its file, and what its entry looks like."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcp_server_zendesk.clients.catalogue import CLIENTS, Client
from mcp_server_zendesk.clients.launch import Launch
from mcp_server_zendesk.clients.snippet import snippet

HOME = Path("/home/ada")
UVX = Launch("uvx", ("mcp-server-zendesk",), {"ZENDESK_SUBDOMAIN": "acme"})
WINDOWS = {"APPDATA": "/roaming"}

every_client = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS.keys())


def test_the_clients_are_those_that_were_promised() -> None:
    promised = {"claude-desktop", "claude-code", "vscode", "cursor", "windsurf", "codex"}
    promised |= {"gemini-cli", "zed", "opencode", "goose", "lm-studio"}
    assert CLIENTS.keys() == promised
    assert all(name == client.name for name, client in CLIENTS.items())


@pytest.mark.parametrize(
    ("name", "system", "environ", "expected"),
    [
        ("claude-desktop", "linux", {}, ".config/Claude/claude_desktop_config.json"),
        (
            "claude-desktop",
            "linux",
            {"XDG_CONFIG_HOME": "/x"},
            "/x/Claude/claude_desktop_config.json",
        ),
        (
            "claude-desktop",
            "darwin",
            {"XDG_CONFIG_HOME": "/x"},
            "Library/Application Support/Claude/claude_desktop_config.json",
        ),
        ("claude-desktop", "win32", WINDOWS, "/roaming/Claude/claude_desktop_config.json"),
        ("claude-desktop", "win32", {}, "AppData/Roaming/Claude/claude_desktop_config.json"),
        ("claude-code", "linux", {}, ".claude.json"),
        ("claude-code", "win32", WINDOWS, ".claude.json"),
        ("claude-code", "darwin", {"CLAUDE_CONFIG_DIR": "/c"}, "/c/.claude.json"),
        ("claude-code", "linux", {"CLAUDE_CONFIG_DIR": ""}, ".claude.json"),
        ("vscode", "linux", {}, ".config/Code/User/mcp.json"),
        ("vscode", "darwin", {}, "Library/Application Support/Code/User/mcp.json"),
        ("vscode", "win32", WINDOWS, "/roaming/Code/User/mcp.json"),
        ("vscode", "linux", {"VSCODE_APPDATA": "/v"}, "/v/Code/User/mcp.json"),
        ("vscode", "linux", {"VSCODE_PORTABLE": "/v"}, "/v/user-data/User/mcp.json"),
        ("cursor", "linux", {"XDG_CONFIG_HOME": "/x"}, ".cursor/mcp.json"),
        ("cursor", "win32", WINDOWS, ".cursor/mcp.json"),
        ("windsurf", "darwin", {}, ".codeium/windsurf/mcp_config.json"),
        ("codex", "linux", {}, ".codex/config.toml"),
        ("codex", "win32", {"CODEX_HOME": "/c"}, "/c/config.toml"),
        ("gemini-cli", "darwin", {}, ".gemini/settings.json"),
        ("gemini-cli", "linux", {"GEMINI_CLI_HOME": "/g"}, "/g/.gemini/settings.json"),
        ("zed", "linux", {}, ".config/zed/settings.json"),
        ("zed", "linux", {"XDG_CONFIG_HOME": "/x"}, "/x/zed/settings.json"),
        (
            "zed",
            "linux",
            {"XDG_CONFIG_HOME": "/x", "FLATPAK_XDG_CONFIG_HOME": "/f"},
            "/f/zed/settings.json",
        ),
        ("zed", "darwin", {"XDG_CONFIG_HOME": "/x"}, ".config/zed/settings.json"),
        ("zed", "win32", WINDOWS, "/roaming/Zed/settings.json"),
        ("opencode", "linux", {"XDG_CONFIG_HOME": "/x"}, "/x/opencode/opencode.json"),
        ("opencode", "win32", WINDOWS, ".config/opencode/opencode.json"),
        ("goose", "darwin", {}, ".config/goose/config.yaml"),
        ("goose", "linux", {"XDG_CONFIG_HOME": "/x"}, "/x/goose/config.yaml"),
        ("goose", "win32", WINDOWS, "/roaming/Block/goose/config/config.yaml"),
        ("goose", "linux", {"GOOSE_PATH_ROOT": "/g"}, "/g/config/config.yaml"),
        ("goose", "linux", {"GOOSE_PATH_ROOT": "g"}, ".config/goose/config.yaml"),
        ("lm-studio", "win32", WINDOWS, ".lmstudio/mcp.json"),
    ],
)
def test_a_client_is_looked_for_where_it_looks_itself(
    name: str, system: str, environ: dict[str, str], expected: str
) -> None:
    assert CLIENTS[name].path(system, HOME, environ) == HOME / expected


@every_client
def test_a_snippet_is_the_whole_document(client: Client) -> None:
    document = data_of(client, snippet(client, UVX))
    for key in client.table:
        document = document[key]
    assert document == {"zendesk": client.entry(UVX, "zendesk")}


@every_client
def test_arguments_are_always_written_and_an_environment_only_where_there_is_one(
    client: Client,
) -> None:
    entry = client.entry(Launch("/bin/x", (), {}), "zendesk")
    command = entry.get("cmd") or entry["command"]
    assert command in ("/bin/x", ["/bin/x"])
    assert entry.get("args", []) == []
    assert not {"env", "envs", "environment"} & entry.keys()


@every_client
def test_a_note_is_one_line(client: Client) -> None:
    assert client.note.endswith(".")
    assert "\n" not in client.note


def test_entries_have_the_shape_that_the_vendors_ask_for() -> None:
    standard = {
        "command": "uvx",
        "args": ["mcp-server-zendesk"],
        "env": {"ZENDESK_SUBDOMAIN": "acme"},
    }
    shapes: dict[str, Any] = dict.fromkeys(CLIENTS, standard)
    shapes["claude-code"] = shapes["vscode"] = {"type": "stdio", **standard}
    shapes["codex"] = {**standard, "startup_timeout_sec": 60}
    shapes["opencode"] = {
        "type": "local",
        "command": ["uvx", "mcp-server-zendesk"],
        "enabled": True,
        "environment": {"ZENDESK_SUBDOMAIN": "acme"},
    }
    shapes["goose"] = {
        "enabled": True,
        "type": "stdio",
        "name": "zendesk",
        "description": "Zendesk tickets, users and help center",
        "cmd": "uvx",
        "args": ["mcp-server-zendesk"],
        "timeout": 300,
        "envs": {"ZENDESK_SUBDOMAIN": "acme"},
    }
    assert {name: client.entry(UVX, "zendesk") for name, client in CLIENTS.items()} == shapes


def test_nothing_heavy_is_imported_for_a_snippet_of_json() -> None:
    heavy = ["mcp", "httpx", "pydantic", "click", "tomlkit", "yaml"]
    program = (
        "import sys\n"
        "from mcp_server_zendesk.clients import catalogue, handbook, launch, merge, snippet\n"
        "start = launch.Launch('uvx', (), {})\n"
        "snippet.snippet(catalogue.CLIENTS['cursor'], start)\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def data_of(client: Client, text: str) -> Any:
    if client.format == "toml":
        return tomllib.loads(text)
    return json.loads(text) if client.format == "json" else yaml.safe_load(text)
