"""What load balancers and supervisors ask. It tells numbers alone: anybody may ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mcp_server_zendesk.hosting.doors import Doors
from mcp_server_zendesk.hosting.hosted import HostedWorkspace
from mcp_server_zendesk.team import Team

NO_STORE = {"Cache-Control": "no-store"}


def health_routes(
    doors: Doors,
    workspaces: Callable[[], Sequence[HostedWorkspace]],
    team: Team | None = None,
) -> list[Route]:
    """``/healthz``: it runs. ``/readyz``: it takes calls; 503 while it drains, or serves nothing.

    Zendesk's own state is no part of it: a replica that is taken out because Zendesk is down could
    explain nothing any more. Nor is that of the store, without which reading goes on; it is told.
    """

    async def healthy(_: Request) -> JSONResponse:
        return JSONResponse({"healthy": True}, headers=NO_STORE)

    async def ready(_: Request) -> JSONResponse:
        serving = [workspace.server is not None for workspace in workspaces()]
        is_ready = any(serving) and not doors.draining
        told: dict[str, bool | int] = {
            "ready": is_ready,
            "draining": doors.draining,
            "workspaces": sum(serving),
            "failed_workspaces": len(serving) - sum(serving),
        }
        if team is not None and team.store is not None:
            told["store"] = await team.ready()
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(told, status, NO_STORE)

    return [Route("/healthz", healthy), Route("/readyz", ready)]
