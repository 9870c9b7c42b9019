"""`health`: whether the HTTP server of this machine runs, for whoever supervises it."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Another config.toml than the default one.",
)
@click.option("--host", help="Where it listens, if not where the settings say.")
@click.option("--port", type=click.IntRange(1, 65535), help="Likewise.")
@click.option("--ready", is_flag=True, help="Ask whether it takes calls, not only whether it runs.")
def health(*, config: Path | None, host: str | None, port: int | None, ready: bool) -> None:
    """Ask the HTTP server that runs on this machine how it is.

    It goes by flags, then ZENDESK_SERVER_ variables, then the [server] table of config.toml.

    \b
    Examples:
      mcp-server-zendesk health
      mcp-server-zendesk health --ready --port 9000

    Exit code 0: it runs (--ready: it takes calls). 1: it does not, or nothing answers. 2: wrong
    usage.
    """
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.hosting.asked import ask  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.server_settings import load_server  # noqa: PLC0415 - likewise

    try:
        settings = load_server({"host": host, "port": port}, config=config)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    path = "/readyz" if ready else "/healthz"
    told, passed = ask(settings.host, settings.port, path)
    click.echo(told, err=not passed)
    sys.exit(0 if passed else 1)
