"""Which workspaces one HTTP server serves, and at which paths."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp_server_zendesk.configuration_tables import ConfigurationError, workspace_tables
from mcp_server_zendesk.connection.nearest import or_nearest
from mcp_server_zendesk.server_settings import EVERY_WORKSPACE, ServerSettings
from mcp_server_zendesk.settings import SECRETS, Settings, environment_name

_IN_A_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TAKEN = frozenset({"healthz", "readyz", "mcp", "sse", "messages"})
_OF_ONE_ALONE = ("workspace", "subdomain", "auth", "client_id", "email", *SECRETS)
"""Settings that say which account, and as whom: they cannot mean several."""


def names_of(
    server: ServerSettings,
    flags: Mapping[str, Any],
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """The workspaces to serve, each at ``/NAME``; none where one alone is served at the root.

    Raises:
        ConfigurationError: One does not exist or cannot stand in a path, or something given beside
            the file means one account.
    """
    if not server.workspaces:
        return ()
    keys = [key for key in Settings.model_fields if key not in (*SECRETS, "workspace")]
    tables = workspace_tables(config, keys, SECRETS)
    every = EVERY_WORKSPACE in server.workspaces
    names = tuple(tables) if every else tuple(dict.fromkeys(server.workspaces))
    if not names:
        raise ConfigurationError("workspaces: the configuration file has none")
    for name in names:
        if name not in tables:
            raise ConfigurationError(
                f"workspaces: one does not exist{or_nearest(name, tables)}. "
                f"Configured: {', '.join(sorted(tables)) or 'none'}"
            )
        if not _IN_A_PATH.fullmatch(name) or name in _TAKEN:
            raise ConfigurationError(
                f"workspaces: the name {name!r} cannot stand in a path. Take letters, digits, "
                f"'.', '_' and '-', and none of {', '.join(sorted(_TAKEN))}"
            )
    _refuse_what_means_one(flags, os.environ if environ is None else environ)
    return names


def _refuse_what_means_one(flags: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    given = [f"--{name.replace('_', '-')}" for name in _OF_ONE_ALONE if flags.get(name) is not None]
    variables = map(environment_name, _OF_ONE_ALONE)
    given += [variable for variable in variables if environ.get(variable, "").strip()]
    if given:
        raise ConfigurationError(
            f"{given[0]} means one workspace, and several are to be served: each has its account "
            "in its own table of config.toml, and its secrets where 'auth login' keeps them"
        )
