"""Commands that a person can copy: they name the workspace as this process was told it."""

from __future__ import annotations

import shlex

from mcp_server_zendesk.configuration_tables import default_config_file
from mcp_server_zendesk.settings import Settings

PROGRAM = "mcp-server-zendesk"
# What decides where a sign-in goes and what it asks for.
_NEEDED = (
    "subdomain",
    "auth",
    "client_id",
    "email",
    "scopes",
    "redirect_ports",
    "toolsets",
    "tools",
    "exclude_tools",
    "read_only",
    "allow_effects",
    "allow_recipients",
    "allow_groups",
    "allow_brands",
)
_OF_THE_STORE = ("analytics_keep", "retention_days", "analytics_folder")


def command(name: str, settings: Settings) -> str:
    """``mcp-server-zendesk NAME`` with the flags that mean this workspace. Never a secret."""
    return shlex.join([PROGRAM, *name.split(), *workspace_flags(settings)])


def store_command(name: str, settings: Settings) -> str:
    """Likewise, with the flags that lead to the same store of analytics."""
    given = settings.given
    flags = ["--analytics"] if "analytics" in given and settings.analytics else []
    for setting in _OF_THE_STORE:
        if setting in given:
            flags += [f"--{setting.replace('_', '-')}", given[setting]]
    return shlex.join([PROGRAM, *name.split(), *workspace_flags(settings), *flags])


def workspace_flags(settings: Settings) -> list[str]:
    """The flags that lead to the same settings in another shell."""
    flags: list[str] = []
    if settings.file is not None and settings.file != default_config_file():
        flags += ["--config", str(settings.file)]
    if settings.file is not None or settings.workspace != settings.subdomain:
        flags += ["--workspace", settings.workspace]
    given = settings.given
    for name in _NEEDED:
        if name in given:
            flag = f"--{name.replace('_', '-')}"
            if name != "read_only":
                flags += [flag, given[name]]
            elif settings.read_only:
                flags.append(flag)
    return flags
