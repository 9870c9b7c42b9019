"""The command line. Nothing is imported before the command that needs it: help is quick."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_server_zendesk import __version__

if TYPE_CHECKING:
    import socket

    from mcp_server_zendesk.settings import Settings

_FLAGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--workspace", {"metavar": "NAME", "help": "Which table of config.toml."}),
    ("--subdomain", {"metavar": "NAME", "help": "acme for acme.zendesk.com."}),
    ("--auth", {"metavar": "TYPE", "help": "oauth_token or api_token."}),
    ("--scopes", {"metavar": "SCOPES", "help": 'At most these scopes, e.g. "read tickets:write".'}),
    ("--toolsets", {"metavar": "NAMES", "help": "Toolsets to offer, or all, or none."}),
    ("--tools", {"metavar": "NAMES", "help": "Single tools to add."}),
    ("--exclude-tools", {"metavar": "NAMES", "help": "Tools to leave out."}),
    ("--read-only", {"is_flag": True, "default": None, "help": "Only tools that change nothing."}),
    ("--confirm", {"metavar": "WHO", "help": "Who asks the human: require or client."}),
    ("--log-level", {"metavar": "LEVEL", "help": "debug, info, warning or error; to stderr."}),
)


class _ServesByDefault(click.Group):
    """A group that serves when no command is named: clients start the bare command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {"--help", "-h", "--version"}
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


def _workspace_options(command: Callable[..., None]) -> Callable[..., None]:
    """The flags that say which workspace, and how far it goes."""
    for flag, options in reversed(_FLAGS):
        command = click.option(flag, **options)(command)
    command = click.option(
        "--demo", is_flag=True, help="Use the embedded workspace: no account, no network."
    )(command)
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Another config.toml than the default one.",
    )(command)


def _settings(demo: bool, config: Path | None, flags: dict[str, Any]) -> Settings:
    from mcp_server_zendesk.settings import ConfigurationError, load  # noqa: PLC0415 - not for help

    try:
        if demo:
            from mcp_server_zendesk.embedded import embedded_settings  # noqa: PLC0415 - seldom

            return embedded_settings(flags)
        return load(flags, config=config)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


@click.group(
    cls=_ServesByDefault,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="mcp-server-zendesk")
def main() -> None:
    r"""Give AI assistants least-privilege, explained access to one Zendesk workspace.

    Without a command it serves MCP over stdio, which is how assistants start it. Secrets come
    from the environment: ZENDESK_OAUTH_TOKEN, or ZENDESK_EMAIL and ZENDESK_API_TOKEN.

    \b
    Examples:
      mcp-server-zendesk demo
      mcp-server-zendesk serve --demo --scopes "read tickets:write"
      mcp-server-zendesk tools --subdomain acme --scopes read
    """


@main.command()
@_workspace_options
@click.option(
    "--transport",
    type=click.Choice(["stdio", "streamable-http", "sse"]),
    default="stdio",
    show_default=True,
    help="How the client reaches the server.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="HTTP: a loopback address.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--audit-log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append a JSON line for each call to this file, readable by its owner alone.",
)
def serve(
    *,
    demo: bool,
    config: Path | None,
    transport: str,
    host: str,
    port: int,
    audit_log: Path | None,
    **flags: Any,
) -> None:
    """Serve the workspace to an assistant."""
    gc.disable()  # starting makes no garbage, and looking for it costs a tenth of the start
    settings = _settings(demo, config, flags)
    from mcp_server_zendesk.serving.listening import UnsafeAddress, listen  # noqa: PLC0415 - HTTP

    try:
        listening = None if transport == "stdio" else listen(host, port)
    except UnsafeAddress as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None
    _run(settings, listening, transport, audit_log, demo=demo)


def _run(
    settings: Settings,
    listening: socket.socket | None,
    transport: str,
    audit_log: Path | None,
    *,
    demo: bool,
) -> None:
    from mcp_server_zendesk import logs  # noqa: PLC0415 - the arguments are known to be good
    from mcp_server_zendesk.embedded import embedded_transport  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.serving import transports  # noqa: PLC0415 - imports mcp
    from mcp_server_zendesk.settings import ConfigurationError  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.workspace import build_server  # noqa: PLC0415 - likewise

    logs.configure(settings.log_level)
    try:
        inside = embedded_transport() if demo else None
        server = build_server(settings, audit_log=audit_log, transport=inside)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    gc.freeze()
    gc.enable()
    try:
        if listening is None:
            transports.serve_stdio(server)
        else:
            transports.serve_http(server, listening, sse=transport == "sse")
    except KeyboardInterrupt:
        sys.exit(130)


@main.command()
@_workspace_options
@click.option("--json", "form", flag_value="json", help="For machines.")
@click.option("--markdown", "form", flag_value="markdown", help="A table for documentation.")
def tools(*, demo: bool, config: Path | None, form: str | None, **flags: Any) -> None:
    """Show what this configuration offers, with effect and scopes, and what is hidden and why."""
    settings = _settings(demo, config, flags)
    from mcp_server_zendesk.settings import ConfigurationError  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.tool_report import report  # noqa: PLC0415 - loads the catalogue
    from mcp_server_zendesk.workspace import inventory_of  # noqa: PLC0415 - likewise

    try:
        inventory = inventory_of(settings)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    click.echo(report(inventory, settings.scopes, form or "text"))


@main.command()
def demo() -> None:
    """Play a short real session against the embedded workspace, and print it."""
    from mcp_server_zendesk.demo import play  # noqa: PLC0415 - imports mcp

    play()
