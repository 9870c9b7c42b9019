"""The servers that are compared, as values: how each is installed, set up and asked.

A peer is taken as PyPI offers it and configured as its own documentation says.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.ground import TESTS, settings
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN
from mcp_server_zendesk.sandbox.landmarks import ADMIN_EMAIL, DEMO_API_TOKEN, DEMO_CLIENT

Call = tuple[str, dict[str, Any]]
_DAY = 86_400


@dataclass(frozen=True)
class Contestant:
    """One server. ``tag`` adds a tag to a ticket whose tags a model has just read."""

    name: str
    requirement: str
    program: str
    set_up: Callable[[Path], Mapping[str, str]]
    """Writes what it needs below its home, and returns its variables."""
    search: Call
    ticket: Callable[[int], Call]
    conversation: Callable[[int], Call] | None
    """What it takes beside ``ticket`` to read the comments; None where that is all."""
    tag: Callable[[int, list[str], str], Call] | None

    def installed(self, folder: Path) -> str:
        """Its program, in an environment of its own below a folder."""
        home = folder / self.program
        program = home / "bin" / self.program
        if not program.exists():
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, self.requirement], check=True, stderr=subprocess.DEVNULL)
        return str(program)


def _ours(home: Path) -> Mapping[str, str]:
    del home
    return settings()


def _zendesk_mcp(home: Path) -> Mapping[str, str]:
    folder = home / ".config" / "zendesk-mcp"
    folder.mkdir(parents=True)
    kept = {"subdomain": DEMO_SUBDOMAIN, "oauth_token": DEMO_TOKEN}
    (folder / "config.json").write_text(json.dumps(kept), encoding="utf-8")
    return {}


def _csa_zendesk(home: Path) -> Mapping[str, str]:
    folder = home / "tokens"
    folder.mkdir(mode=0o700)
    file = folder / "tokens.json"
    file.touch(mode=0o600)
    kept = {
        "access_token": DEMO_TOKEN,
        "refresh_token": "none",
        "expires_at": time.time() + _DAY,
        "scope": "read write",
    }
    file.write_text(json.dumps(kept), encoding="utf-8")
    return {
        "CSA_ZENDESK_SUBDOMAIN": DEMO_SUBDOMAIN,
        "CSA_ZENDESK_MCP_SERVER_IDENTIFIER": DEMO_CLIENT,
        "CSA_ZENDESK_TOKEN_FILE": str(file),
        "CSA_ZENDESK_SCOPES": "read write",
        "CSA_ZD_ALLOWLIST_READ": "*",
        "CSA_ZD_ALLOWLIST_WRITE": "*",
    }


def _zendesk_mcp_ro(home: Path) -> Mapping[str, str]:
    del home
    return {
        "ZENDESK_SUBDOMAIN": DEMO_SUBDOMAIN,
        "ZENDESK_EMAIL": ADMIN_EMAIL,
        "ZENDESK_TOKEN": DEMO_API_TOKEN,
    }


def _numbered(tool: str) -> Callable[[int], Call]:
    return lambda ticket_id: (tool, {"ticket_id": ticket_id})


_QUERY = "created>2000-01-01"

CONTESTANTS = (
    Contestant(
        name="this server",
        requirement=str(TESTS.parent),
        program="mcp-server-zendesk",
        set_up=_ours,
        search=("search_tickets", {"query": _QUERY, "limit": 10}),
        ticket=_numbered("get_ticket"),
        conversation=None,
        tag=lambda ticket_id, _, tag: (
            "update_ticket_tags",
            {"ticket_id": ticket_id, "add": [tag]},
        ),
    ),
    Contestant(
        name="zendesk-mcp 0.1.6",
        requirement="zendesk-mcp==0.1.6",
        program="zendesk-mcp",
        set_up=_zendesk_mcp,
        search=("zendesk_search_tickets", {"keywords": _QUERY, "limit": 10}),
        ticket=_numbered("zendesk_get_ticket"),
        conversation=_numbered("zendesk_get_comments"),
        tag=lambda ticket_id, _, tag: ("zendesk_add_tag", {"ticket_id": ticket_id, "tag": tag}),
    ),
    Contestant(
        name="csa-zendesk 0.3.0",
        requirement="csa-zendesk[server]==0.3.0",
        program="csa-zendesk-mcp",
        set_up=_csa_zendesk,
        search=("search_tickets", {"query": _QUERY, "per_page": 10}),
        ticket=_numbered("get_ticket"),
        conversation=_numbered("list_comments"),
        tag=lambda ticket_id, tags, tag: (
            "update_ticket",
            {"ticket_id": ticket_id, "fields": {"tags": [*tags, tag]}},
        ),
    ),
    Contestant(
        name="zendesk-mcp-ro 0.1.1",
        requirement="zendesk-mcp-ro==0.1.1",
        program="zendesk-mcp-ro",
        set_up=_zendesk_mcp_ro,
        search=("search_tickets", {"query": _QUERY, "per_page": 10}),
        ticket=_numbered("get_ticket"),
        conversation=lambda ticket_id: (
            "get_ticket_comments",
            {"ticket_id": ticket_id, "include_internal": True},
        ),
        tag=None,
    ),
)
