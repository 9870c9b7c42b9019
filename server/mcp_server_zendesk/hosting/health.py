"""What load balancers and supervisors ask. It tells numbers alone: anybody may ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mcp_server_zendesk.hosting.doors import Doors
from mcp_server_zendesk.hosting.hosted import HostedWorkspace

NO_STORE = {"Cache-Control": "no-store"}


def health_routes(doors: Doors, workspaces: Callable[[], Sequence[HostedWorkspace]]) -> list[Route]:
    """``/healthz``: it runs. ``/readyz``: it takes calls; 503 while it drains, or serves nothing.

    Zendesk's own state is no part of it: a replica that is taken out because Zendesk is down could
    explain nothing any more.
    """

    async def healthy(_: Request) -> JSONResponse:
        return JSONResponse({"healthy": True}, headers=NO_STORE)

    async def ready(_: Request) -> JSONResponse:
        serving = [workspace.server is not None for workspace in workspaces()]
        is_ready = any(serving) and not doors.draining
        told = {
            "ready": is_ready,
            "draining": doors.draining,
            "workspaces": sum(serving),
            "failed_workspaces": len(serving) - sum(serving),
        }
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(told, status, NO_STORE)

    return [Route("/healthz", healthy), Route("/readyz", ready)]
