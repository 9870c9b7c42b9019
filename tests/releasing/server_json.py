"""`server.json`: what the MCP registry is told (schema of 2025-12-11)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mcp_server_zendesk import __version__
from releasing.offered import Offered, offered
from releasing.project import PROJECT, REPOSITORY, ROOT, registry_name, source

FILE = ROOT / "server.json"
SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
TITLE = "Zendesk"
_FORMATS = {bool: "boolean", int: "number", Path: "filepath"}

Json = dict[str, Any]


def document(repository: str = REPOSITORY) -> Json:
    """The whole of it."""
    forge = source(repository)
    return {
        "$schema": SCHEMA,
        "name": registry_name(repository),
        "title": TITLE,
        "description": PROJECT["description"],
        "version": __version__,
        "websiteUrl": PROJECT["urls"]["Homepage"],
        **({"repository": {"url": repository, "source": forge}} if forge else {}),
        "packages": [
            {
                "registryType": "pypi",
                "registryBaseUrl": "https://pypi.org",
                "identifier": PROJECT["name"],
                "version": __version__,
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                "environmentVariables": [_variable(setting) for setting in offered()],
            }
        ],
    }


def text(made: Json) -> str:
    """As it stands in a file."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _variable(setting: Offered) -> Json:
    return {
        "name": setting.variable,
        "description": setting.meaning,
        **({"isRequired": True} if setting.required else {}),
        **({"isSecret": True} if setting.secret else {}),
        **({"format": _FORMATS[setting.type]} if setting.type in _FORMATS else {}),
        **({"choices": list(setting.choices)} if setting.choices else {}),
    }
