"""Makes static tokens at a time that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcp_server_zendesk.hosting.tokens_file import add_token

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def made(file: Path, name: str = "alice", scopes: str = "read", **changed: Any) -> str:
    """A new token of a file."""
    given = {"workspaces": None, "created": NOW, "expires": None, **changed}
    return add_token(file, name=name, scopes=scopes, **given)


def changed(file: Path, old: str, new: str) -> None:
    """As a careless admin edits it."""
    file.write_text(file.read_text().replace(old, new))
