"""`tools` and `demo`: what there is, without an account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mcp_server_zendesk.commands.options import demo_option, settings_from, workspace_options


@click.command()
@demo_option
@workspace_options
@click.option("--json", "form", flag_value="json", help="For machines.")
@click.option("--markdown", "form", flag_value="markdown", help="A table for documentation.")
@click.option(
    "--caller-scopes",
    metavar="SCOPES",
    help="As a caller of the HTTP server sees it whose token has these scopes.",
)
def tools(
    *, demo: bool, config: Path | None, form: str | None, caller_scopes: str | None, **flags: Any
) -> None:
    """Show the policy in force, which tools it offers, and which are hidden and why.

    Nothing is asked of Zendesk, so that it tells what the configuration allows and not what a
    sign-in was granted; 'doctor' tells that too.

    \b
    Examples:
      mcp-server-zendesk tools
      mcp-server-zendesk tools --workspace acme --json
      mcp-server-zendesk tools --scopes "read tickets:write" --allow-effects "read write"
      mcp-server-zendesk tools --demo --toolsets all --scopes "read write"
      mcp-server-zendesk tools --workspace acme --caller-scopes "tickets:read users:read"

    Exit code 0: shown. 1: the configuration cannot be used. 2: wrong usage.
    """
    settings = settings_from(config, flags, demo=demo)
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.connection.scopes import parse_scopes  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.tool_report import report  # noqa: PLC0415 - loads the catalogue
    from mcp_server_zendesk.workspace import inventory_of  # noqa: PLC0415 - likewise

    try:
        inventory = inventory_of(settings)
        caller = None if caller_scopes is None else parse_scopes(caller_scopes)
    except (ConfigurationError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(report(inventory, settings.scopes, form or "text", caller=caller))


@click.command()
def demo() -> None:
    """Play a short real session against the embedded workspace, and print it.

    It needs no account, sends nothing over a network and goes by no settings of yours. To let an
    assistant of your own play with the same workspace, start 'serve --demo' from it.

    \b
    Examples:
      mcp-server-zendesk demo
      mcp-server-zendesk demo | less -R

    Exit code 0: played to its end. 1: something broke on the way. 130: interrupted.
    """
    from mcp_server_zendesk.demo import play  # noqa: PLC0415 - imports mcp

    play()
