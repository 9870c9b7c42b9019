"""The clients: a client is a value. Each cites the vendor's page that it was written from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from mcp_server_zendesk.clients import links, locations
from mcp_server_zendesk.clients.launch import Launch
from mcp_server_zendesk.clients.refusals import EntryRefused

Entry = dict[str, Any]

SERVER_NAME = "zendesk"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GOOSE_TIMEOUT_SECONDS = 300
# Codex waits 10 seconds of its own, and a first start through uvx downloads the package.
_CODEX_START_SECONDS = 60


@dataclass(frozen=True)
class Client:
    """One client.

    Attributes:
        name: What the person types, e.g. "claude-desktop".
        title: What the vendor calls it.
        path: Where its file lies, from system, home folder and environment.
        format: What the file is written in; json tolerates comments and trailing commas.
        table: The keys that lead to the table of servers.
        entry: The entry of a server, from how it is started and its name.
        note: What to do afterwards, in one line.
        defaults: Keys of the entry that are set when absent and never changed afterwards.
        link: A link that makes it offer to install the server, where it knows such links.
    """

    name: str
    title: str
    path: locations.Location
    format: Literal["json", "toml", "yaml"]
    table: tuple[str, ...]
    entry: Callable[[Launch, str], Entry]
    note: str
    defaults: frozenset[str] = frozenset()
    link: links.Link | None = None


def check_server_name(name: str) -> None:
    """Let a name pass that every client takes (Codex and Claude Code are the strictest).

    Raises:
        EntryRefused: It is another.
    """
    if not _NAME.fullmatch(name):
        raise EntryRefused(
            "the server's name may hold letters, digits, '-' and '_' only, 64 at most"
        )


def _standard(launch: Launch, _name: str) -> Entry:
    """``command``, ``args`` and ``env``: what most clients took over from Claude Desktop."""
    entry: Entry = {"command": launch.command, "args": list(launch.args)}
    if launch.env:
        entry["env"] = dict(launch.env)
    return entry


def _typed(launch: Launch, name: str) -> Entry:
    return {"type": "stdio", **_standard(launch, name)}


def _codex(launch: Launch, name: str) -> Entry:
    return {**_standard(launch, name), "startup_timeout_sec": _CODEX_START_SECONDS}


def _opencode(launch: Launch, _name: str) -> Entry:
    entry: Entry = {"type": "local", "command": [launch.command, *launch.args], "enabled": True}
    if launch.env:
        entry["environment"] = dict(launch.env)
    return entry


def _goose(launch: Launch, name: str) -> Entry:
    entry: Entry = {
        "enabled": True,
        "type": "stdio",
        "name": name,
        "description": "Zendesk tickets, users and help center",
        "cmd": launch.command,
        "args": list(launch.args),
        "timeout": _GOOSE_TIMEOUT_SECONDS,
    }
    if launch.env:
        entry["envs"] = dict(launch.env)
    return entry


_ALL = (
    # https://modelcontextprotocol.io/docs/develop/connect-local-servers
    Client(
        name="claude-desktop",
        title="Claude Desktop",
        path=locations.claude_desktop,
        format="json",
        table=("mcpServers",),
        entry=_standard,
        note="Quit Claude Desktop entirely and start it again.",
    ),
    # https://code.claude.com/docs/en/mcp (scopes); the file is that of `--scope user`.
    Client(
        name="claude-code",
        title="Claude Code",
        path=locations.claude_code,
        format="json",
        table=("mcpServers",),
        entry=_typed,
        note="Start a new Claude Code session; `/mcp` shows the server.",
    ),
    # https://code.visualstudio.com/docs/copilot/reference/mcp-configuration; links:
    # https://code.visualstudio.com/api/extension-guides/ai/mcp#mcp-url-handler
    Client(
        name="vscode",
        title="VS Code",
        path=locations.vscode,
        format="json",
        table=("servers",),
        entry=_typed,
        note="Run `MCP: List Servers` from the command palette, start the server and trust it.",
        link=links.vscode,
    ),
    # https://cursor.com/docs/context/mcp; links: https://cursor.com/docs/mcp/install-links
    Client(
        name="cursor",
        title="Cursor",
        path=locations.below_home(".cursor", "mcp.json"),
        format="json",
        table=("mcpServers",),
        entry=_standard,
        note="Enable the server in Cursor's settings, under MCP.",
        link=links.cursor,
    ),
    # https://docs.windsurf.com/windsurf/cascade/mcp
    Client(
        name="windsurf",
        title="Windsurf",
        path=locations.below_home(".codeium", "windsurf", "mcp_config.json"),
        format="json",
        table=("mcpServers",),
        entry=_standard,
        note="Refresh the MCP servers in the Cascade panel.",
    ),
    # https://developers.openai.com/codex/mcp
    Client(
        name="codex",
        title="Codex",
        path=locations.codex,
        format="toml",
        table=("mcp_servers",),
        entry=_codex,
        note="Start a new Codex session; `/mcp` shows the server.",
        defaults=frozenset({"startup_timeout_sec"}),
    ),
    # https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md
    Client(
        name="gemini-cli",
        title="Gemini CLI",
        path=locations.gemini_cli,
        format="json",
        table=("mcpServers",),
        entry=_standard,
        note="Start Gemini CLI again; `/mcp` shows the server.",
    ),
    # https://zed.dev/docs/ai/mcp; `source` was dropped by Zed's migration of 2025-11-25.
    Client(
        name="zed",
        title="Zed",
        path=locations.zed,
        format="json",
        table=("context_servers",),
        entry=_standard,
        note="The dot beside the server in the Agent Panel's settings turns green.",
    ),
    # https://opencode.ai/docs/mcp-servers
    Client(
        name="opencode",
        title="OpenCode",
        path=locations.opencode,
        format="json",
        table=("mcp",),
        entry=_opencode,
        note="Start OpenCode again; `opencode mcp list` shows the server.",
        defaults=frozenset({"enabled"}),
    ),
    # https://block.github.io/goose/docs/guides/config-files
    Client(
        name="goose",
        title="Goose",
        path=locations.goose,
        format="yaml",
        table=("extensions",),
        entry=_goose,
        note="Start a new Goose session.",
        defaults=frozenset({"enabled", "name", "description", "timeout"}),
    ),
    # https://lmstudio.ai/docs/app/mcp
    Client(
        name="lm-studio",
        title="LM Studio",
        path=locations.below_home(".lmstudio", "mcp.json"),
        format="json",
        table=("mcpServers",),
        entry=_standard,
        note="Switch the server on in the Program tab of LM Studio.",
    ),
)

CLIENTS: Mapping[str, Client] = MappingProxyType({client.name: client for client in _ALL})
