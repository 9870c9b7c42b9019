"""`setup`: from nothing to a workspace that `doctor` finds well."""

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
@click.option("--workspace", metavar="NAME", help="The workspace to set up or to change.")
@click.option("--no-browser", is_flag=True, help="Sign in by a browser on another machine.")
@click.option(
    "--insecure-storage",
    is_flag=True,
    help="Keep the sign-in in an unencrypted file that only you can read.",
)
def setup(
    *, config: Path | None, workspace: str | None, no_browser: bool, insecure_storage: bool
) -> None:
    """Set up one workspace, step by step: the OAuth client, the configuration, the sign-in.

    It says which page of Zendesk's Admin Center to open and what to type there, writes the
    workspace's table of config.toml after asking, signs in, and runs 'doctor'. What is there
    already is offered as the answer, so that it can be run again. Ctrl-C ends it at any point.

    \b
    Examples:
      mcp-server-zendesk setup
      mcp-server-zendesk setup --workspace acme-sandbox --no-browser

    Exit code: doctor's, 1 when it was not finished, or 130 after Ctrl-C.
    """
    if not sys.stdin.isatty():
        raise click.ClickException(
            "setup asks questions and needs a terminal; without one, write config.toml and use "
            "'auth login' (both are described in the README)"
        )
    from mcp_server_zendesk.commands.setup_steps import run_setup  # noqa: PLC0415 - not for help

    sys.exit(run_setup(config, workspace, browser=not no_browser, insecure=insecure_storage))
