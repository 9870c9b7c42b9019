"""How a client starts the server."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "mcp-server-zendesk"
_MODULE = "mcp_server_zendesk"

# The folders of uv's cache that hold environments (uv-cache's `CacheBucket` names them); the
# cache's own place varies with UV_CACHE_DIR.
_UV_CACHE = re.compile(r"(archive|builds|environments)-v\d+")


@dataclass(frozen=True)
class Launch:
    """The command of the server, its arguments, and the environment variables it is given."""

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str]


def installed_command(
    prefix: Path | None = None, executable: Path | None = None
) -> tuple[str, tuple[str, ...]]:
    """The command that starts this installation again, and its arguments.

    An environment that its tool throws away (``uvx``, ``pipx run``) is named by that tool and
    never by its path. A ``uv tool install`` is named by ``uvx`` too, which prefers it.

    Args:
        prefix: The environment; this process's own when None.
        executable: Its interpreter; this process's own when None.
    """
    environment = prefix or Path(sys.prefix)
    interpreter = executable or Path(sys.executable)
    folders = environment.parts
    if any(_UV_CACHE.fullmatch(folder) for folder in folders):
        return "uvx", (PACKAGE,)
    if folders[-2:] == ("tools", PACKAGE) and "uv" in folders[-4:-2]:
        return "uvx", (PACKAGE,)
    if "pipx" in folders and "venvs" not in folders:
        return "pipx", ("run", PACKAGE)
    script = interpreter.parent / (f"{PACKAGE}.exe" if os.name == "nt" else PACKAGE)
    if script.is_file():
        return str(script.absolute()), ()
    return str(interpreter), ("-m", _MODULE)
