"""Commands and instructions that several checks end with."""

from __future__ import annotations

import shlex

from mcp_server_zendesk.command_lines import PROGRAM, command, workspace_flags
from mcp_server_zendesk.settings import AuthType, Settings, environment_name

OAUTH_CLIENTS = "Admin Center (Apps and integrations > APIs > OAuth clients)"


def sign_in(settings: Settings, auth: AuthType | None = None) -> str:
    """``auth login`` for this workspace, by another auth type where one is named."""
    if auth is None:
        return command("auth login", settings)
    flags = workspace_flags(settings.model_copy(update={"auth": auth}))
    named = [] if "--auth" in flags else ["--auth", auth]
    return shlex.join([PROGRAM, "auth", "login", *flags, *named])


def doctor(settings: Settings) -> str:
    """This examination once more."""
    return command("doctor", settings)


def secret_variable(settings: Settings) -> str | None:
    """The environment variable of the secret that the auth type in force needs, where it is set.

    A sign-in by browser needs none: its tokens are in the vault.
    """
    name = {
        "oauth_token": "oauth_token",
        "api_token": "api_token",
        "oauth_client_credentials": "client_secret",
    }.get(settings.auth)
    return environment_name(name) if name and getattr(settings, name) is not None else None


def another_token(settings: Settings) -> str:
    """How to give the server another token of the same kind."""
    variable = secret_variable(settings)
    return f"set {variable} to another token" if variable else sign_in(settings)


def tools(settings: Settings) -> str:
    """What is offered, and what is hidden and why."""
    return command("tools", settings)
