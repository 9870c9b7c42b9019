"""docs/clients.md, held against the catalogue."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcp_server_zendesk.clients.catalogue import CLIENTS
from mcp_server_zendesk.clients.handbook import page

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
