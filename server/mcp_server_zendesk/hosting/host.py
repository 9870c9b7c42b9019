"""Puts the HTTP server together and runs it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import get_args

import anyio
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from mcp_server_zendesk import logs
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.observing import NOBODY, Observer
from mcp_server_zendesk.hosting.app import Guarding, app_of, security_of, unguarded
from mcp_server_zendesk.hosting.authentication import Authentication
from mcp_server_zendesk.hosting.doors import Doors
from mcp_server_zendesk.hosting.gate import Gate
from mcp_server_zendesk.hosting.hosted import SSE, STREAMABLE, HostedWorkspace
from mcp_server_zendesk.hosting.lifetime import Lifetime, Signals, exit_by
from mcp_server_zendesk.hosting.reloading import Reloader
from mcp_server_zendesk.hosting.sources import Source
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving.server import ZendeskServer
from mcp_server_zendesk.settings import LogLevel, Settings
from mcp_server_zendesk.team import Team
from mcp_server_zendesk.workspace import build_server

logger = logging.getLogger(__name__)


def prepared(
    settings: ServerSettings, source: Source, team: Team, observer: Observer = NOBODY
) -> list[HostedWorkspace]:
    """The workspaces of a server, ready to run.

    Args:
        settings: Of the server.
        source: Where the workspaces' settings come from.
        team: What they share, with each other and with other replicas.
        observer: Hears of each call, and of each request to Zendesk.

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
            team=team,
            reloads=True,
            observer=observer,
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


def most_talkative(workspaces: Sequence[HostedWorkspace]) -> LogLevel:
    """The log level at which no workspace's log misses what its settings ask for."""
    wanted = {one.settings.log_level for one in workspaces if one.settings is not None}
    levels: tuple[LogLevel, ...] = get_args(LogLevel)
    return next(level for level in levels if level in wanted)


def serve_http(
    settings: ServerSettings,
    workspaces: Sequence[HostedWorkspace],
    source: Source,
    team: Team,
    listening: socket.socket,
    *,
    sse: bool = False,
    authentication: Authentication | None = None,
    counting: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> None:
    """Serve until a signal asks for the end.

    Args:
        settings: Of the server.
        workspaces: From ``prepared``.
        source: Where settings are read from again.
        team: What the workspaces were prepared with.
        listening: A socket from ``listen``.
        sse: The older HTTP+SSE at ``/sse`` too.
        authentication: Of callers; without it whoever reaches the address is one.
        counting: Goes around the application, and counts its answers.

    Raises:
        SystemExit: With 128 and the signal's number.
    """
    doors = Doors()
    lifetime = Lifetime(settings, workspaces, doors, Signals())
    host, port, *_ = listening.getsockname()
    here = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    app = app_of(
        settings,
        workspaces,
        doors,
        team,
        sse=sse,
        guarding=unguarded
        if authentication is None
        else gated(authentication, settings.public_url or here),
    )
    reloader = Reloader(
        workspaces,
        settings,
        source.server,
        parts=[("callers' limits", team.limit)],
        tokens=(lambda: None) if authentication is None else authentication.reload,
        start=lifetime.start,
    )
    for workspace in workspaces:
        for transport in (SSE, STREAMABLE) if sse else (STREAMABLE,):
            logger.info("Serving at %s%s/%s", here, workspace.prefix, transport)

    async def run() -> None:
        async with team.running(), anyio.create_task_group() as beside:
            if authentication is not None:
                beside.start_soon(authentication.prepare)
            await lifetime.serve(counting(app), listening, reloader)
            beside.cancel_scope.cancel()
        if authentication is not None:
            await authentication.aclose()

    anyio.run(run)
    exit_by(lifetime.ended_by)


def gated(authentication: Authentication, address: str) -> Guarding:
    """Puts a gate before each transport.

    Args:
        authentication: Of the server.
        address: By which clients reach the server, before any path.
    """

    def guard(
        workspace: HostedWorkspace, path: str, app: ASGIApp
    ) -> tuple[ASGIApp, Sequence[BaseRoute]]:
        resource = authentication.resource(f"{address}{path}")
        verifier = authentication.verifier_of(workspace.name, resource)
        gate = Gate(app, verifier=verifier, resource=resource, scopes_needed=workspace)
        scopes = workspace.at_first(steps_up=False)
        return gate, resource.metadata_routes(scopes, workspace.name)

    return guard
