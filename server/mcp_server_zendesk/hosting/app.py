"""The HTTP server as one ASGI application: paths, gates, health, and who may ask from where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from mcp_server_zendesk.hosting.bodies import WholeBodies
from mcp_server_zendesk.hosting.crowds import Crowds, Room
from mcp_server_zendesk.hosting.doors import Doors, Hall
from mcp_server_zendesk.hosting.health import health_routes
from mcp_server_zendesk.hosting.hosted import MESSAGES, SSE, STREAMABLE, HostedWorkspace
from mcp_server_zendesk.hosting.own_names import OwnNames
from mcp_server_zendesk.hosting.refusals import refusal
from mcp_server_zendesk.server_settings import ServerSettings, is_loopback
from mcp_server_zendesk.team import Team

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HEADERS_OF_CLIENTS = (
    "Authorization",
    "Content-Type",
    "Last-Event-ID",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Protocol-Version",
    "Mcp-Session-Id",
)
_HEADERS_FOR_CLIENTS = ("Mcp-Session-Id", "Retry-After", "WWW-Authenticate")
_PREFLIGHT_SECONDS = 600

Guarding = Callable[[HostedWorkspace, str, ASGIApp], tuple[ASGIApp, Sequence[BaseRoute]]]
"""Puts the gate before a workspace's transport; also the routes of its metadata."""


def unguarded(
    _workspace: HostedWorkspace, _path: str, app: ASGIApp
) -> tuple[ASGIApp, Sequence[BaseRoute]]:
    """No gate: whoever reaches the port is the one client. For loopback alone."""
    return app, ()


def security_of(settings: ServerSettings) -> TransportSecuritySettings:
    """Which Host and Origin are accepted: those configured, and on loopback its own names."""
    hosts, origins = list(settings.allowed_hosts), list(settings.allowed_origins)
    if is_loopback(settings.host):
        hosts += [f"{name}:*" for name in _LOOPBACK_NAMES]
        origins += [f"http://{name}:*" for name in _LOOPBACK_NAMES]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins
    )


def app_of(
    settings: ServerSettings,
    workspaces: Sequence[HostedWorkspace],
    doors: Doors,
    team: Team | None = None,
    *,
    sse: bool = False,
    guarding: Guarding = unguarded,
) -> Starlette:
    """The application that serves all workspaces.

    Args:
        settings: Of the server.
        workspaces: Each at its own prefix.
        doors: Whether new calls are taken in.
        team: Whose store ``/readyz`` tells of.
        sse: The older HTTP+SSE too, at ``/sse`` beside ``/mcp``.
        guarding: Puts the gate before each transport.
    """
    crowds = Crowds()
    security = security_of(settings)
    routes: list[BaseRoute] = [*health_routes(doors, lambda: workspaces, team)]
    for workspace in workspaces:
        for transport in (STREAMABLE, SSE) if sse else (STREAMABLE,):
            path = f"{workspace.prefix}/{transport}"
            hall = Hall(workspace.at(transport), doors, refuses=transport != SSE)
            keeps = transport == STREAMABLE and not settings.stateless
            inside = Room(WholeBodies(hall), crowds, sessions=keeps)
            guarded, metadata = guarding(workspace, path, inside)
            endpoint = OwnNames(guarded, security)
            routes += [*metadata, Route(path, endpoint)]
            if transport == SSE:
                routes.append(Route(f"{workspace.prefix}/{MESSAGES}/", endpoint))
    middleware = [_for_browsers(settings)] if settings.allowed_origins else []
    app = Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={HTTPStatus.NOT_FOUND: _nothing_here},
    )
    app.router.redirect_slashes = False  # it would lead to whatever Host names
    return app


async def _nothing_here(_: Request, __: Exception) -> Response:
    words = (
        "There is nothing at this path. A workspace is at /mcp, or at /NAME/mcp where the server "
        "has several; SSE, where it is served, at /sse in place of /mcp."
    )
    return refusal(HTTPStatus.NOT_FOUND, words)


def _for_browsers(settings: ServerSettings) -> Middleware:
    """Lets pages of the allowed origins read answers; they send no cookies."""
    return Middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_methods=("DELETE", "GET", "POST"),
        allow_headers=_HEADERS_OF_CLIENTS,
        expose_headers=_HEADERS_FOR_CLIENTS,
        max_age=_PREFLIGHT_SECONDS,
    )
