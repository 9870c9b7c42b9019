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
def tools(*, demo: bool, config: Path | None, form: str | None, **flags: Any) -> None:
    """Show the policy in force, which tools it offers, and which are hidden and why."""
    settings = settings_from(config, flags, demo=demo)
    from mcp_server_zendesk.settings import ConfigurationError  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.tool_report import report  # noqa: PLC0415 - loads the catalogue
    from mcp_server_zendesk.workspace import inventory_of  # noqa: PLC0415 - likewise

    try:
        inventory = inventory_of(settings)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    click.echo(report(inventory, settings.scopes, form or "text"))


@click.command()
def demo() -> None:
    """Play a short real session against the embedded workspace, and print it."""
    from mcp_server_zendesk.demo import play  # noqa: PLC0415 - imports mcp

    play()
