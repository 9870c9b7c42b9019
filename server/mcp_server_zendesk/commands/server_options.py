"""The flags of the HTTP server, and the settings that they lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_server_zendesk.commands.options import from_here

if TYPE_CHECKING:
    from mcp_server_zendesk.server_settings import ServerSettings

_FLAGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--host", {"metavar": "HOST", "help": "The address to listen on (127.0.0.1)."}),
    ("--port", {"type": click.IntRange(0, 65535), "help": "The port to listen on (8000)."}),
    ("--public-url", {"metavar": "URL", "help": "How clients reach it, before any path."}),
    ("--allowed-hosts", {"metavar": "NAMES", "help": "Host headers to accept: name or name:port."}),
    ("--allowed-origins", {"metavar": "URLS", "help": "Origin headers to accept, for browsers."}),
    (
        "--workspaces",
        {
            "metavar": "NAMES",
            "help": "Workspaces to serve, each at /NAME, or all; without it one, at the root.",
        },
    ),
    ("--issuer", {"metavar": "URL", "help": "The OAuth server whose tokens callers have."}),
    ("--jwks-url", {"metavar": "URL", "help": "Its keys, where its metadata do not tell."}),
    ("--audience", {"metavar": "TEXT", "help": "Of those tokens (the workspace's address)."}),
    ("--algorithms", {"metavar": "NAMES", "help": "Of their signatures (RS256 ES256)."}),
    ("--scope-prefix", {"metavar": "TEXT", "help": "Before each scope in those tokens."}),
    (
        "--tokens-file",
        {
            "metavar": "FILE",
            "callback": from_here,
            "help": "Static bearer tokens, as the command tokens writes them.",
        },
    ),
    ("--calls-per-minute", {"metavar": "N", "help": "Tool calls of one caller in a minute."}),
    ("--calls-at-once", {"metavar": "N", "help": "Tool calls of one caller at a time (8)."}),
    (
        "--stateless",
        {
            "is_flag": True,
            "default": None,
            "help": "Keep no session for older clients: any replica can answer them, and nobody "
            "can be asked through them.",
        },
    ),
    ("--log-format", {"metavar": "FORM", "help": "Of the log: text (the default) or json."}),
    ("--metrics-host", {"metavar": "HOST", "help": "Where metrics are served (127.0.0.1)."}),
    ("--metrics-port", {"metavar": "PORT", "help": "Serve Prometheus metrics on this port."}),
    (
        "--tracing",
        {"is_flag": True, "default": None, "help": "Send OpenTelemetry traces (OTEL_… variables)."},
    ),
    (
        "--drain-seconds",
        {"metavar": "S", "help": "Serve on after SIGTERM, not ready any more (0)."},
    ),
    ("--finish-seconds", {"metavar": "S", "help": "For calls under way to finish then (25)."}),
)
NAMES = tuple(flag.removeprefix("--").replace("-", "_") for flag, _ in _FLAGS)
"""The settings that have a flag. A secret has none: who lists processes would see it."""


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """The flags that say where HTTP is served, and to whom."""
    for flag, options in reversed(_FLAGS):
        command = click.option(flag, **options)(command)
    return command


def taken_out(flags: dict[str, Any]) -> dict[str, Any]:
    """The HTTP server's own among all flags; what is left is the workspace's."""
    return {name: flags.pop(name) for name in NAMES}


def server_settings_from(
    config: Path | None, flags: Mapping[str, Any], *, demo: bool = False
) -> ServerSettings:
    """The settings that flags, environment and file make together; for the demo, flags alone.

    Raises:
        click.ClickException: They cannot be used; one line says why.
    """
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.server_settings import flags_alone, load_server  # noqa: PLC0415 - likewise

    try:
        return flags_alone(flags) if demo else load_server(flags, config=config)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
