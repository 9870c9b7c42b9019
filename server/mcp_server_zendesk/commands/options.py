"""The flags that name a workspace and limit it, and the settings that they lead to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mcp_server_zendesk.settings import Settings

_FLAGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--workspace", {"metavar": "NAME", "help": "Which table of config.toml."}),
    ("--subdomain", {"metavar": "NAME", "help": "acme for acme.zendesk.com."}),
    (
        "--auth",
        {
            "metavar": "TYPE",
            "help": "oauth (the default), oauth_client_credentials, oauth_token or api_token.",
        },
    ),
    ("--client-id", {"metavar": "ID", "help": "The identifier of the OAuth client."}),
    ("--email", {"metavar": "ADDRESS", "help": "The user of an API token."}),
    ("--scopes", {"metavar": "SCOPES", "help": 'At most these scopes, e.g. "read tickets:write".'}),
    ("--toolsets", {"metavar": "NAMES", "help": "Toolsets to offer, or all, or none."}),
    ("--tools", {"metavar": "NAMES", "help": "Single tools to add."}),
    ("--exclude-tools", {"metavar": "NAMES", "help": "Tools to leave out."}),
    ("--read-only", {"is_flag": True, "default": None, "help": "Only tools that change nothing."}),
    ("--confirm", {"metavar": "WHO", "help": "Who asks the human: require or client."}),
    ("--allow-effects", {"metavar": "NAMES", "help": 'What calls may do, e.g. "read write".'}),
    ("--allow-recipients", {"metavar": "DOMAINS", "help": "Whom it may contact, e.g. acme.com."}),
    ("--allow-groups", {"metavar": "NAMES", "help": "Groups whose tickets it may change."}),
    ("--allow-brands", {"metavar": "NAMES", "help": "Brands whose tickets it may change."}),
    ("--writes-per-minute", {"metavar": "N", "help": "Records it may change in a minute."}),
    ("--writes-per-session", {"metavar": "N", "help": "Records it may change while it runs."}),
    ("--redact", {"metavar": "KINDS", "help": "Take cards, tokens, ... out of what models read."}),
    ("--redirect-ports", {"metavar": "PORTS", "help": "Where the browser's answer may arrive."}),
    ("--log-level", {"metavar": "LEVEL", "help": "debug, info, warning or error; to stderr."}),
)


def workspace_options(command: Callable[..., None]) -> Callable[..., None]:
    """The flags that say which workspace, and how far it goes."""
    for flag, options in reversed(_FLAGS):
        command = click.option(flag, **options)(command)
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Another config.toml than the default one.",
    )(command)


def demo_option(command: Callable[..., None]) -> Callable[..., None]:
    """The flag of the commands that can do without a Zendesk account."""
    return click.option(
        "--demo", is_flag=True, help="Use the embedded workspace: no account, no network."
    )(command)


def settings_from(config: Path | None, flags: dict[str, Any], *, demo: bool = False) -> Settings:
    """The settings that flags, environment and file make together.

    Raises:
        click.ClickException: They cannot be used; one line says why.
    """
    from mcp_server_zendesk.settings import ConfigurationError, load  # noqa: PLC0415 - not for help

    try:
        if demo:
            from mcp_server_zendesk.embedded import embedded_settings  # noqa: PLC0415 - seldom

            return embedded_settings(flags)
        return load(flags, config=config)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
