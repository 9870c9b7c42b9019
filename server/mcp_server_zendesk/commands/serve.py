"""`serve`: the workspace over stdio or HTTP."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_server_zendesk.commands.options import demo_option, settings_from, workspace_options

if TYPE_CHECKING:
    import socket

    from mcp_server_zendesk.settings import Settings


@click.command()
@demo_option
@workspace_options
@click.option(
    "--transport",
    type=click.Choice(["stdio", "streamable-http", "sse"]),
    default="stdio",
    show_default=True,
    help="How the client reaches the server.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="HTTP: a loopback address.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def serve(
    *,
    demo: bool,
    config: Path | None,
    transport: str,
    host: str,
    port: int,
    **flags: Any,
) -> None:
    """Serve the workspace to an assistant.

    It goes by flags, then ZENDESK_ variables, then config.toml. Its log goes to stderr, so that
    over stdio nothing but MCP is on stdout.

    \b
    Examples:
      mcp-server-zendesk serve
      mcp-server-zendesk serve --read-only --redact "cards tokens"
      mcp-server-zendesk serve --scopes "read tickets:write" --allow-groups "Tier 2, Returns"
      mcp-server-zendesk serve --transport streamable-http --port 9000 --audit-log audit.jsonl
      mcp-server-zendesk serve --demo

    Exit code 0: the client is gone. 1: it could not start, and says why in a line. 2: wrong
    usage. 130 or 143: it was interrupted, or asked to end by SIGTERM.
    """
    gc.disable()  # starting makes no garbage, and looking for it costs a tenth of the start
    settings = settings_from(config, flags, demo=demo)
    listening = None if transport == "stdio" else _listen(host, port)
    _run(settings, listening, transport, demo=demo)


def _listen(host: str, port: int) -> socket.socket:
    from mcp_server_zendesk.hosting.listening import UnsafeAddress, listen  # noqa: PLC0415 - only HTTP
    from mcp_server_zendesk.server_settings import ServerSettings  # noqa: PLC0415 - likewise

    try:
        return listen(ServerSettings(host=host, port=port))
    except UnsafeAddress as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None


def _run(
    settings: Settings,
    listening: socket.socket | None,
    transport: str,
    *,
    demo: bool,
) -> None:
    from mcp_server_zendesk import logs  # noqa: PLC0415 - the arguments are known to be good
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.embedded import embedded_transport  # noqa: PLC0415 - likewise
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
        if listening is None:
            transports.serve_stdio(server)
        else:
            transports.serve_http(server, listening, sse=transport == "sse")
    except KeyboardInterrupt:
        sys.exit(130)
