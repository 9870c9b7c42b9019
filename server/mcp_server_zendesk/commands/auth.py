"""`auth login`, `auth status`, `auth logout`: the sign-in of a workspace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mcp_server_zendesk.commands.options import settings_from, workspace_options


@click.group()
def auth() -> None:
    """Sign in to Zendesk, see how you are signed in, or sign out.

    The sign-in is kept in the system's keyring, one entry a workspace, and never printed. Where
    replicas of an HTTP server share a store (ZENDESK_SERVER_STORE_URL), it is kept there, sealed.

    \b
    Examples:
      mcp-server-zendesk auth login --subdomain acme --client-id zendesk_assistant
      mcp-server-zendesk auth login --no-browser          # over SSH, or in a container
      mcp-server-zendesk auth login --auth oauth_token --token-stdin < token.txt
      mcp-server-zendesk auth status
      mcp-server-zendesk auth logout
    """


@auth.command()
@workspace_options
@click.option("--no-browser", is_flag=True, help="Print the address, and take the pasted answer.")
@click.option(
    "--token-stdin",
    is_flag=True,
    help="Read the token, or the OAuth client's secret, from standard input.",
)
@click.option(
    "--confidential", is_flag=True, help="The OAuth client has a secret: ask for it and keep it."
)
@click.option(
    "--insecure-storage",
    is_flag=True,
    help="Keep the sign-in in an unencrypted file that only you can read.",
)
@click.option(
    "--timeout",
    type=click.IntRange(5, 3600),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the browser.",
)
def login(
    *,
    config: Path | None,
    no_browser: bool,
    token_stdin: bool,
    confidential: bool,
    insecure_storage: bool,
    timeout: int,
    **flags: Any,
) -> None:
    """Sign in, and keep the sign-in for servers of this workspace.

    It asks Zendesk for the least scopes that the workspace's tools need, and never for more than
    its configured scopes. A server that is running goes on with the new sign-in by itself.

    Exit code 0: signed in. 1: not signed in, and nothing was changed.
    """
    settings = settings_from(config, flags)
    from mcp_server_zendesk.commands.shared_sign_in import shared_sign_in  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.commands.signing_in import Wishes, sign_in  # noqa: PLC0415 - likewise

    sign_in(
        settings,
        Wishes(
            browser=not no_browser,
            token_stdin=token_stdin,
            confidential=confidential,
            insecure_storage=insecure_storage,
            seconds=timeout,
        ),
        shared_sign_in(settings, config),
    )


@auth.command()
@workspace_options
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status(*, config: Path | None, as_json: bool, **flags: Any) -> None:
    """Show who is signed in where, with which scopes, until when, and where that is kept.

    Nothing is sent to Zendesk ('doctor' does that), and no secret is shown.

    Exit code 0: signed in. 1: not, or it has ended.
    """
    settings = settings_from(config, flags)
    from mcp_server_zendesk.commands.shared_sign_in import shared_sign_in  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.commands.sign_in_status import report  # noqa: PLC0415 - likewise

    shared = shared_sign_in(settings, config)
    text, good = report(settings, as_json=as_json, vault=shared[0] if shared else None)
    click.echo(text)
    sys.exit(0 if good else 1)


@auth.command()
@workspace_options
def logout(*, config: Path | None, **flags: Any) -> None:
    """Have Zendesk revoke the sign-in, and forget it here.

    Exit code 0: both, or there was nothing. 1: forgotten here, but Zendesk did not confirm.
    """
    settings = settings_from(config, flags)
    from mcp_server_zendesk.commands.shared_sign_in import shared_sign_in  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.commands.signing_out import sign_out  # noqa: PLC0415 - likewise

    sys.exit(0 if sign_out(settings, shared_sign_in(settings, config)) else 1)
