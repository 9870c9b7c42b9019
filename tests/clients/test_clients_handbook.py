"""docs/clients.md, held against the catalogue."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from mcp_server_zendesk.clients.catalogue import CLIENTS, SERVER_NAME
from mcp_server_zendesk.clients.handbook import buttons, install_link, page
from mcp_server_zendesk.clients.launch import PACKAGE, Launch

pytestmark = pytest.mark.generated

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"


def test_the_page_is_what_the_code_says() -> None:
    current = page()
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(current, encoding="utf-8")
    assert PAGE.is_file(), "run `make snapshots` and review the new file"
    assert PAGE.read_text(encoding="utf-8") == current, "run `make snapshots`, review the change"


def test_every_client_has_its_section() -> None:
    headings = [line for line in page().splitlines() if line.startswith("## ")]
    assert headings == [f"## {client.title}" for client in CLIENTS.values()]


def opened(address: str) -> tuple[str, str, str]:
    """What a browser and a client make of a link: its page, the server's name, its entry."""
    parts = urlsplit(address)
    ((name, shown), (config, entry)) = parse_qsl(parts.query, strict_parsing=True)
    assert (parts.scheme, name, config) == ("https", "name", "config")
    return f"{parts.netloc}{parts.path}", shown, entry


def test_a_button_installs_what_the_snippet_says_and_needs_no_setting() -> None:
    pages = {}
    for client in CLIENTS.values():
        if (address := install_link(client)) is None:
            continue
        assert address in buttons()
        assert address in page()
        place, name, entry = opened(address)
        pages[client.name] = place
        text = base64.b64decode(entry, validate=True) if client.name == "cursor" else entry
        assert name == SERVER_NAME
        assert json.loads(text) == client.entry(Launch("uvx", (PACKAGE,), {}), SERVER_NAME)
        assert "env" not in json.loads(text)
    assert pages == {
        "vscode": "insiders.vscode.dev/redirect/mcp/install",
        "cursor": "cursor.com/en/install-mcp",
    }
