"""Links that make a client offer to install the server, for web pages and READMEs.

A link holds no setting and so no secret: the server it installs reads ``config.toml`` and the
keyring, as ``setup`` left them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

Link = Callable[[dict[str, Any], str], str]
"""The address, from the server's entry in the client's own file and its name."""


def vscode(entry: dict[str, Any], name: str) -> str:
    """VS Code's, through its redirect: web pages may not link to ``vscode:`` themselves."""
    parameters = {"name": name, "config": _compact(entry)}
    address = "https://insiders.vscode.dev/redirect/mcp/install"
    return f"{address}?{urlencode(parameters, quote_via=quote)}"


def cursor(entry: dict[str, Any], name: str) -> str:
    """Cursor's, through its page, for the same reason."""
    encoded = base64.b64encode(_compact(entry).encode()).decode()
    parameters = {"name": name, "config": encoded}
    return f"https://cursor.com/en/install-mcp?{urlencode(parameters, quote_via=quote)}"


def _compact(entry: dict[str, Any]) -> str:
    return json.dumps(entry, separators=(",", ":"))
