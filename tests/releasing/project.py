"""What `pyproject.toml` says of the project: the one place that the other files agree with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REPOSITORY: str = PROJECT["urls"]["Repository"]
TOOLS = ROOT / ".venv" / "packages" / "bin"
"""Where `make packages` installs what only it needs."""

_FORGES = {"github.com": "github", "gitlab.com": "gitlab"}


def source(repository: str = REPOSITORY) -> str | None:
    """What the MCP registry calls the host of a repository; None where it knows it not."""
    return _FORGES.get(urlsplit(repository).hostname or "")


def registry_name(repository: str = REPOSITORY) -> str:
    """The server's name in the MCP registry, in the namespace that its repository proves.

    The registry lets whoever owns a forge's account publish under ``io.github.ACCOUNT``, and
    whoever owns a domain under the domain read backwards.
    """
    parts = urlsplit(repository)
    host = (parts.hostname or "").split(".")
    account = re.findall(r"[\w.-]+", parts.path)[:1] if source(repository) else []
    if account:
        host = [host[0], "io"]
    return f"{'.'.join([*reversed(host), *account])}/{PROJECT['name']}"


def to_be_settled(repository: str = REPOSITORY) -> bool:
    """Whether the address is a reserved one, which nobody can own (RFC 2606)."""
    return (urlsplit(repository).hostname or "").rpartition(".")[2] in {"example", "invalid"}
