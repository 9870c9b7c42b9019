"""`config CLIENT`: how an assistant's own configuration starts this server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_server_zendesk.clients.catalogue import CLIENTS, SERVER_NAME
from mcp_server_zendesk.commands.options import settings_from, workspace_options

if TYPE_CHECKING:
    from mcp_server_zendesk.clients.launch import Launch
    from mcp_server_zendesk.settings import Settings


@click.command("config")
@click.argument("client", type=click.Choice(list(CLIENTS)), metavar="CLIENT")
@workspace_options
@click.option("--write", is_flag=True, help="Merge it into the client's own file; keeps a backup.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Another file of the client, such as a project's.",
)
@click.option(
    "--name", default=SERVER_NAME, show_default=True, help="What the client calls the server."
)
@click.option("--uvx", is_flag=True, help="Start it through uvx, wherever it runs from now.")
def config_client(
    *,
    client: str,
    config: Path | None,
    write: bool,
    file: Path | None,
    name: str,
    uvx: bool,
    **flags: Any,
) -> None:
    """Print the configuration that makes CLIENT start this server, or write it.

    No secret is in it: the sign-in stays in the system's keyring ('auth login'). With --write
    nothing else in the client's file is changed, and doing it twice changes nothing.

    \b
    CLIENT is one of claude-desktop, claude-code, vscode, cursor, windsurf, codex, gemini-cli,
    zed, opencode, goose, lm-studio.

    \b
    Examples:
      mcp-server-zendesk config claude-desktop
      mcp-server-zendesk config cursor --write
      mcp-server-zendesk config vscode --file .vscode/mcp.json --write
      mcp-server-zendesk config codex --read-only --toolsets tickets

    Exit code 0: printed, or written. 1: the configuration, or the client's file, cannot be used.
    2: wrong usage.
    """
    settings = settings_from(config, flags)
    from mcp_server_zendesk.clients.merge import merge  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.clients.refusals import EntryRefused  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.clients.snippet import snippet  # noqa: PLC0415 - likewise

    chosen = CLIENTS[client]
    launch = _launch(settings, uvx=uvx)
    try:
        target = file or chosen.path(sys.platform, Path.home(), os.environ)
        if not write:
            click.echo(snippet(chosen, launch, name), nl=False)
            click.echo(f"Goes into {target}, or add --write. {chosen.note}", err=True)
        else:
            merged = merge(chosen, launch, target, name)
            click.echo(_told(merged.changed, target, merged.backup))
            click.echo(chosen.note)
    except EntryRefused as error:
        raise click.ClickException(str(error)) from None
    _warn_of_secrets(settings)


def _launch(settings: Settings, *, uvx: bool) -> Launch:
    """How the client starts the server for this very workspace. Without any secret."""
    from mcp_server_zendesk.clients.launch import (  # noqa: PLC0415 - not for help
        PACKAGE,
        Launch,
        installed_command,
    )
    from mcp_server_zendesk.configuration_tables import (  # noqa: PLC0415 - likewise
        default_config_file,
    )
    from mcp_server_zendesk.settings import environment_name  # noqa: PLC0415 - likewise

    command, args = ("uvx", (PACKAGE,)) if uvx else installed_command()
    if settings.file is not None and settings.file != default_config_file():
        args = (*args, "--config", str(settings.file.absolute()))
    named = settings.file is not None or settings.workspace != settings.subdomain
    given = {**({"workspace": settings.workspace} if named else {}), **settings.given}
    return Launch(command, args, {environment_name(key): text for key, text in given.items()})


def _told(changed: bool, target: Path, backup: Path | None) -> str:
    if not changed:
        return f"{target} has it already; nothing was changed."
    return f"Written to {target}." + (f" What was there before: {backup}" if backup else "")


def _warn_of_secrets(settings: Settings) -> None:
    from mcp_server_zendesk.command_lines import command  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.settings import SECRETS, environment_name  # noqa: PLC0415 - likewise

    held = [environment_name(name) for name in SECRETS if getattr(settings, name) is not None]
    if held:
        click.echo(
            f"Secrets are never part of it: {' and '.join(held)} of this environment will be "
            f"missing where the client starts the server. Keep it with: "
            f"{command('auth login', settings)}",
            err=True,
        )
