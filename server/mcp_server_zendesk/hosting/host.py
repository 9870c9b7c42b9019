"""Puts the HTTP server together and runs it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from functools import partial

import anyio

from mcp_server_zendesk import logs
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.hosting.app import app_of, security_of
from mcp_server_zendesk.hosting.doors import Doors
from mcp_server_zendesk.hosting.hosted import SSE, STREAMABLE, HostedWorkspace
from mcp_server_zendesk.hosting.lifetime import Lifetime, Signals, exit_by
from mcp_server_zendesk.hosting.reloading import Reloader
from mcp_server_zendesk.hosting.sources import Source
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving.server import ZendeskServer
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.workspace import build_server

logger = logging.getLogger(__name__)


def prepared(settings: ServerSettings, source: Source) -> list[HostedWorkspace]:
    """The workspaces of a server, ready to run.

    Args:
        settings: Of the server.
        source: Where the workspaces' settings come from.

    Raises:
        ConfigurationError: None of them can be served. As long as one can, the others' faults are
            logged, and told to who calls them.
    """

    def build(workspace: Settings) -> ZendeskServer:
        logs.tell_of(workspace)
        return build_server(
            workspace,
            audit_log=workspace.audit_log,
            transport=source.transport,
            state_keys=[key.get_secret_value() for key in settings.state_keys],
            reloads=True,
        )

    workspaces = [
        HostedWorkspace(
            name,
            f"/{name}" if name else "",
            partial(source.workspace, name),
            build,
            security=security_of(settings),
            stateless=settings.stateless,
        )
        for name in source.names() or ("",)
    ]
    faults: dict[HostedWorkspace, ConfigurationError] = {}
    for workspace in workspaces:
        try:
            workspace.prepare()
        except ConfigurationError as error:
            faults[workspace] = error
    if len(faults) == len(workspaces):
        raise next(iter(faults.values()))
    for workspace, fault in faults.items():
        logger.error("The workspace %s is not served: %s", workspace.name, fault)
    return workspaces


def serve_http(
    settings: ServerSettings,
    workspaces: Sequence[HostedWorkspace],
    source: Source,
    listening: socket.socket,
    *,
    sse: bool = False,
) -> None:
    """Serve until a signal asks for the end.

    Args:
        settings: Of the server.
        workspaces: From ``prepared``.
        source: Where settings are read from again.
        listening: A socket from ``listen``.
        sse: The older HTTP+SSE at ``/sse`` too.

    Raises:
        SystemExit: With 128 and the signal's number.
    """
    doors, signals = Doors(), Signals()
    lifetime = Lifetime(settings, workspaces, doors, signals)
    reloader = Reloader(workspaces, settings, source.server, start=lifetime.start)
    app = app_of(settings, workspaces, doors, sse=sse)
    host, port, *_ = listening.getsockname()
    shown = f"[{host}]" if ":" in host else host
    for workspace in workspaces:
        for transport in (SSE, STREAMABLE) if sse else (STREAMABLE,):
            logger.info("Serving at http://%s:%d%s/%s", shown, port, workspace.prefix, transport)
    anyio.run(lifetime.serve, app, listening, reloader)
    exit_by(lifetime.ended_by)
