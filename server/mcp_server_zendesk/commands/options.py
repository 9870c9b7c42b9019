"""The flags that name a workspace and limit it, and the settings that they lead to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mcp_server_zendesk.settings import Settings


def from_here(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """A path as it is typed: a client starts the server in another folder."""
    return os.path.abspath(Path(value).expanduser()) if value else None  # noqa: PTH100 - links stay


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
    (
        "--toolsets",
        {
            "metavar": "NAMES",
            "help": "Toolsets to offer: of tickets, users and routing (the default), "
            "organizations, help_center, attachments, side_conversations, quality, cleanup, admin "
            "and chatgpt, or all, or none.",
        },
    ),
    ("--tools", {"metavar": "NAMES", "help": "Single tools to add."}),
    ("--exclude-tools", {"metavar": "NAMES", "help": "Tools to leave out."}),
    ("--read-only", {"is_flag": True, "default": None, "help": "Only tools that change nothing."}),
    (
        "--confirm",
        {
            "metavar": "WHO",
            "help": "Who asks the human: require (this server; the default) or client.",
        },
    ),
    (
        "--allow-effects",
        {
            "metavar": "NAMES",
            "help": "What calls may do: of read, write, contact and irreversible, or all (the "
            "default).",
        },
    ),
    (
        "--allow-recipients",
        {
            "metavar": "DOMAINS",
            "help": "Whom it may contact: acme.com, *.acme.com for what is below it, or addresses.",
        },
    ),
    (
        "--allow-groups",
        {
            "metavar": "NAMES",
            "help": "Groups whose tickets it may change: ids or names, with commas between names.",
        },
    ),
    ("--allow-brands", {"metavar": "NAMES", "help": "Brands whose tickets it may change, alike."}),
    ("--writes-per-minute", {"metavar": "N", "help": "Records it may change in a minute."}),
    ("--writes-per-session", {"metavar": "N", "help": "Records it may change while it runs."}),
    (
        "--redact",
        {
            "metavar": "KINDS",
            "help": "What to take out of what models read: of cards, bank_accounts, national_ids, "
            "tokens and passwords, or all, or none (the default).",
        },
    ),
    (
        "--audit-log",
        {
            "metavar": "FILE",
            "callback": from_here,
            "help": "Record each call in this file, sealed and for its owner alone: a line for a "
            "read, several for a write, before and after it. Its key is kept beside it, as "
            "FILE.key. The command audit verifies and tells it.",
        },
    ),
    (
        "--analytics",
        {
            "is_flag": True,
            "default": None,
            "help": "Keep tickets on this machine, for questions that span thousands of them.",
        },
    ),
    ("--analytics-keep", {"metavar": "WHAT", "help": "fields (the default), or texts as well."}),
    ("--retention-days", {"metavar": "DAYS", "help": "For how long they are kept (400)."}),
    (
        "--analytics-folder",
        {"metavar": "FOLDER", "callback": from_here, "help": "Where they are kept."},
    ),
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
        "--demo",
        is_flag=True,
        help="Use the embedded workspace: no account, no network. Flags narrow it as any other; "
        "config.toml and the environment do not.",
    )(command)


def settings_from(config: Path | None, flags: dict[str, Any], *, demo: bool = False) -> Settings:
    """The settings that flags, environment and file make together.

    Raises:
        click.ClickException: They cannot be used; one line says why.
    """
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.settings import load  # noqa: PLC0415 - likewise

    try:
        if demo:
            return _demo_settings(config, flags)
        return load(flags, config=config)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


def _demo_settings(config: Path | None, flags: dict[str, Any]) -> Settings:
    """Flags alone: a demonstration shows the same wherever it is started."""
    import os  # noqa: PLC0415 - not for help

    from mcp_server_zendesk.embedded import DECIDED, embedded_settings  # noqa: PLC0415 - seldom
    from mcp_server_zendesk.settings import variables_in  # noqa: PLC0415 - likewise

    idle = [name for name in sorted(DECIDED) if flags.get(name) is not None]
    if config is not None:
        idle = ["config", *idle]
    if idle:
        named = " and ".join(f"--{name}" for name in idle)
        raise click.UsageError(f"{named} has no effect with --demo, which has one workspace")
    if unused := variables_in(os.environ):
        click.echo(f"Note: --demo goes by flags alone, not by {', '.join(unused)}.", err=True)
    return embedded_settings(flags)
