"""`serve`: a workspace over stdio, or one or several over HTTP."""

from __future__ import annotations

import gc
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_server_zendesk.commands.options import demo_option, settings_from, workspace_options
from mcp_server_zendesk.commands.server_options import (
    server_options,
    server_settings_from,
    taken_out,
)

if TYPE_CHECKING:
    import socket

    from mcp_server_zendesk.server_settings import ServerSettings


@click.command()
@demo_option
@workspace_options
@click.option(
    "--transport",
    type=click.Choice(["stdio", "streamable-http", "sse"]),
    default="stdio",
    show_default=True,
    help="How clients reach the server; sse serves both, the older HTTP+SSE at /sse beside /mcp.",
)
@server_options
def serve(*, demo: bool, config: Path | None, transport: str, **flags: Any) -> None:
    """Serve the workspace to an assistant, or over HTTP to a whole team.

    It goes by flags, then ZENDESK_ variables, then config.toml. Its log goes to stderr, so that
    over stdio nothing but MCP is on stdout.

    Over HTTP, SIGTERM and SIGINT let calls under way finish and refuse new ones; SIGHUP reads
    policy, scopes and tokens again, and keeps what was in force where there is a mistake.

    \b
    Examples:
      mcp-server-zendesk serve
      mcp-server-zendesk serve --read-only --redact "cards tokens"
      mcp-server-zendesk serve --scopes "read tickets:write" --allow-groups "Tier 2, Returns"
      mcp-server-zendesk serve --transport streamable-http --port 9000 --audit-log audit.jsonl
      mcp-server-zendesk serve --transport streamable-http --tokens-file tokens.toml
      mcp-server-zendesk serve --transport streamable-http --workspaces "support returns"
      mcp-server-zendesk serve --demo

    Exit code 0: the client is gone. 1: it could not start, and says why in a line. 2: wrong
    usage. 130 or 143: it was interrupted, or asked to end by SIGTERM.
    """
    gc.disable()  # starting makes no garbage, and looking for it costs a tenth of the start
    of_server = taken_out(flags)
    if transport == "stdio":
        _serve_stdio(config, flags, of_server, demo=demo)
    else:
        _serve_http(config, flags, of_server, demo=demo, sse=transport == "sse")


def _serve_stdio(
    config: Path | None, flags: dict[str, Any], of_server: dict[str, Any], *, demo: bool
) -> None:
    idle = [name for name, value in of_server.items() if value is not None]
    if idle:
        flag = f"--{idle[0].replace('_', '-')}"
        raise click.UsageError(f"{flag} is for HTTP: add --transport streamable-http")
    settings = settings_from(config, flags, demo=demo)
    from mcp_server_zendesk import logs  # noqa: PLC0415 - the arguments are known to be good
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.embedded import embedded_transport, forget_tickets  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.serving import transports  # noqa: PLC0415 - imports mcp
    from mcp_server_zendesk.workspace import build_server  # noqa: PLC0415 - likewise

    logs.configure(settings.log_level)
    logs.tell_of(settings)
    try:
        inside = embedded_transport() if demo else None
        server = build_server(settings, audit_log=settings.audit_log, transport=inside)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    gc.freeze()
    gc.enable()
    try:
        transports.serve_stdio(server, last=forget_tickets)
    except KeyboardInterrupt:
        sys.exit(130)


def _serve_http(
    config: Path | None, flags: dict[str, Any], of_server: dict[str, Any], *, demo: bool, sse: bool
) -> None:
    from mcp_server_zendesk import logs  # noqa: PLC0415 - stdio needs no HTTP
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.hosting.authentication import Authentication  # noqa: PLC0415 - imports mcp
    from mcp_server_zendesk.hosting.host import most_talkative, prepared, serve_http  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.hosting.observers import watching  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.hosting.sources import Configured, Embedded  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.workspace import load_tools, team_of  # noqa: PLC0415 - likewise

    server = server_settings_from(config, of_server, demo=demo)
    if demo and server.workspaces:
        raise click.UsageError("--workspaces has no effect with --demo, which has one workspace")
    one = None if server.workspaces else settings_from(config, flags, demo=demo)
    logs.configure(one.log_level if one else "info", server.log_format)
    source = Embedded(flags, of_server) if demo else Configured(flags, of_server, config)
    with ExitStack() as opened:
        listening = opened.enter_context(_listen(server))
        try:
            watch = opened.enter_context(watching(server))
            authentication = Authentication(server) if server.authenticates else None
            team = team_of(server)
            workspaces = prepared(server, source, team, watch.observer)
            if one is None:
                logs.configure(most_talkative(workspaces), server.log_format)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from None
        load_tools()
        gc.freeze()
        gc.enable()
        serve_http(
            server,
            workspaces,
            source,
            team,
            listening,
            sse=sse,
            authentication=authentication,
            counting=watch.counting,
        )


def _listen(server: ServerSettings) -> socket.socket:
    from mcp_server_zendesk.hosting.listening import UnsafeAddress, listen  # noqa: PLC0415 - only HTTP

    try:
        return listen(server)
    except UnsafeAddress as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        where = f"{server.host}:{server.port}"
        raise click.ClickException(f"cannot listen on {where}: {error.strerror}") from None
