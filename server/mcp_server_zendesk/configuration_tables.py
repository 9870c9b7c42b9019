"""Reads ``config.toml``: a table for each workspace, and one for the HTTP server."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import platformdirs

from mcp_server_zendesk.connection.nearest import or_nearest

CONFIG_FILE = "config.toml"
WORKSPACES, SERVER = "workspaces", "server"
_APP = "mcp-server-zendesk"


class ConfigurationError(Exception):
    """The configuration cannot be used; the message says how to mend it, in one line."""


def default_config_file() -> Path:
    """Where ``config.toml`` lives on this system."""
    return Path(platformdirs.user_config_dir(_APP, appauthor=False)) / CONFIG_FILE


def workspace_tables(
    config: Path | None, keys: Collection[str], secrets: Collection[str]
) -> dict[str, dict[str, Any]]:
    """The ``[workspaces.NAME]`` tables.

    Args:
        config: A file that must exist; the default one may be absent.
        keys: What may stand in a table.
        secrets: What never may, told apart from what is unknown.

    Raises:
        ConfigurationError: The file or a table cannot be used.
    """
    file, document = _document(config)
    tables = document.get(WORKSPACES, {})
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise ConfigurationError(f"{file}: each workspace is a table, [{WORKSPACES}.NAME]")
    for name, table in tables.items():
        if not name.isprintable():
            raise ConfigurationError(f"{file}: the name of a workspace holds a control character")
        _check_table(f"{file}: [{WORKSPACES}.{name}]", table, keys, secrets)
    return tables


def server_table(
    config: Path | None, keys: Collection[str], secrets: Collection[str]
) -> dict[str, Any]:
    """The ``[server]`` table. See ``workspace_tables``."""
    file, document = _document(config)
    table = document.get(SERVER, {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{file}: the HTTP server's settings are a table, [{SERVER}]")
    _check_table(f"{file}: [{SERVER}]", table, keys, secrets)
    return table


def _document(config: Path | None) -> tuple[Path, dict[str, Any]]:
    file = config or default_config_file()
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        if config is None:
            return file, {}
        raise ConfigurationError(f"the configuration file {file} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"{file} cannot be read: {reason}") from None
    import tomllib  # noqa: PLC0415 - many have no file

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at [^)]*\)", str(error))
        raise ConfigurationError(f"{file} is not valid TOML {where[0] if where else ''}") from None
    for key in document:
        if key not in (WORKSPACES, SERVER):
            raise ConfigurationError(
                f"{file}: {key!r} is not known at the top; settings stand below "
                f"[{WORKSPACES}.NAME], and those of the HTTP server below [{SERVER}]"
            )
    return file, document


def _check_table(
    where: str, table: Mapping[str, Any], keys: Collection[str], secrets: Collection[str]
) -> None:
    for key in table:
        if key in secrets:
            raise ConfigurationError(
                f"{where} holds {key!r}; secrets never stand in the file, use 'auth login' or the "
                "environment"
            )
        if key not in keys:
            raise ConfigurationError(f"{where} has an unknown key {key!r}{or_nearest(key, keys)}")
