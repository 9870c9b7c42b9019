"""The command line. Nothing is imported before the command that needs it: help is quick."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, NoReturn

import click

from mcp_server_zendesk import __version__
from mcp_server_zendesk.commands.audit import audit
from mcp_server_zendesk.commands.auth import auth
from mcp_server_zendesk.commands.config import config_client
from mcp_server_zendesk.commands.doctor import doctor
from mcp_server_zendesk.commands.export import export
from mcp_server_zendesk.commands.health import health
from mcp_server_zendesk.commands.purge import purge
from mcp_server_zendesk.commands.serve import serve
from mcp_server_zendesk.commands.setup import setup
from mcp_server_zendesk.commands.show import demo, tools
from mcp_server_zendesk.commands.sync import sync
from mcp_server_zendesk.commands.tokens import tokens

_INTERRUPTED = 130
_NOBODY_READS = 141
"""As a shell tells of what SIGINT or SIGPIPE ended: no verdict of a command looks like it."""


class _ServesByDefault(click.Group):
    """A group that serves when no command is named: clients start the bare command."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. What keeps it from its end is told apart from what it found out."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _interrupted(ctx)
        except click.Abort as abort:
            if not isinstance(abort.__context__, KeyboardInterrupt):
                raise  # the end of the input at a question
            _interrupted(ctx)
        except BrokenPipeError:
            _forget_output()
            ctx.exit(_NOBODY_READS)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {"--help", "-h", "--version"}
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as inherited
        """In the order in which a newcomer needs them."""
        return list(self.commands)


def _interrupted(ctx: click.Context) -> NoReturn:
    click.echo("\nAborted!", err=True)
    ctx.exit(_INTERRUPTED)


def _forget_output() -> None:
    """What was not written yet would be tried again at the end, and complained of."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=_ServesByDefault,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="mcp-server-zendesk")
def main() -> None:
    """Give AI assistants least-privilege, explained access to one Zendesk workspace.

    Without a command it serves MCP over stdio, which is how assistants start it. Sign in once
    with 'auth login'; the sign-in is kept in the system's keyring.

    \b
    Examples:
      mcp-server-zendesk demo
      mcp-server-zendesk setup
      mcp-server-zendesk auth login --subdomain acme --client-id zendesk_assistant
      mcp-server-zendesk doctor
      mcp-server-zendesk config claude-desktop --write
      mcp-server-zendesk tools --scopes "read tickets:write"
      mcp-server-zendesk audit audit.jsonl --ticket 1001
    """


_IN_ORDER = (
    *(setup, auth, doctor, config_client, tools, demo, serve),
    *(sync, export, purge, tokens, health, audit),
)
for command in _IN_ORDER:
    main.add_command(command)
