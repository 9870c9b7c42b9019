"""Writes a workspace's table into ``config.toml``, and leaves everything else in it alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.settings import SECRETS
from mcp_server_zendesk.signing_in.private_files import write_private


def table_of(file: Path, workspace: str) -> dict[str, Any]:
    """A workspace's table as it stands in the file; empty where there is none.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    tables = _document(file).get("workspaces", {})
    table = tables.get(workspace, {}) if isinstance(tables, dict) else {}
    return dict(table) if isinstance(table, dict) else {}


def set_workspace(file: Path, workspace: str, values: Mapping[str, Any]) -> None:
    """Set keys of a workspace's table, with comments, order and other tables kept.

    Args:
        file: Made, with its folders, when it is not there; readable by its owner alone.
        workspace: The table's name.
        values: Settings by name; None takes a key out.

    Raises:
        ConfigurationError: The file cannot be read or written; it is as it was.
    """
    import tomlkit  # noqa: PLC0415 - only setup writes

    if secrets := set(values).intersection(SECRETS):
        raise ConfigurationError(f"secrets never stand in the file: {', '.join(sorted(secrets))}")
    document = _document(file)
    try:
        tables = document.setdefault("workspaces", tomlkit.table(is_super_table=True))
        table = tables.setdefault(workspace, tomlkit.table())
        for name, value in values.items():
            if value is None:
                table.pop(name, None)
            elif table.get(name) != value:
                table[name] = value
    except (AttributeError, TypeError, ValueError):
        raise ConfigurationError(
            f"{file} is laid out so that {workspace!r} cannot be added; write the table "
            f"[workspaces.{workspace}] by hand"
        ) from None
    try:
        write_private(file.resolve(), tomlkit.dumps(document).lstrip("\n"))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None


def _document(file: Path) -> Any:
    import tomlkit  # noqa: PLC0415 - only setup writes
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - likewise

    try:
        return tomlkit.parse(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return tomlkit.document()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8 text") from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from None
    except TOMLKitError:
        raise ConfigurationError(f"{file} is not valid TOML") from None
