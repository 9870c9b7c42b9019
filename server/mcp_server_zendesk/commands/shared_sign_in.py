"""The sign-in that the replicas of a server share, for the commands that make or end one."""

from __future__ import annotations

from pathlib import Path

import click

from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.server_settings import load_server
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.turns import Turns
from mcp_server_zendesk.signing_in.vaults import Vault
from mcp_server_zendesk.workspace import kept_by_replicas


def shared_sign_in(settings: Settings, config: Path | None) -> tuple[Vault, Turns] | None:
    """Its vault and its turns, where ``store_url`` is configured.

    Raises:
        click.ClickException: The settings of the HTTP server cannot be used.
    """
    try:
        return kept_by_replicas(settings, load_server({}, config=config))
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
