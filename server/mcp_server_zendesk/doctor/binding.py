"""Whether HTTP could be served where it was asked for."""

from __future__ import annotations

import errno
import shlex
from dataclasses import dataclass

from mcp_server_zendesk.command_lines import PROGRAM, workspace_flags
from mcp_server_zendesk.doctor.checks import Check
from mcp_server_zendesk.hosting.listening import UnsafeAddress, listen
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.settings import Settings

_LAST_PORT = 65_535
_NEIGHBOURS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where HTTP is to be served."""

    host: str = "127.0.0.1"
    port: int = 8000


def look_at_binding(place: Place, settings: Settings | None) -> Check:
    """Listen there for a moment. Only ``serve --transport streamable-http`` and ``sse`` need it."""
    where = f"{place.host}:{place.port}"
    try:
        listen(ServerSettings(host=place.host, port=place.port)).close()
    except UnsafeAddress:
        return Check(
            "http_binding",
            "fail",
            f"HTTP is not served on {where}",
            why="It is not a loopback address: not served without authentication yet.",
            mend=_serve(settings, Place(port=place.port)),
            cause="address_not_loopback",
        )
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        free = _free_beside(place)
        return Check(
            "http_binding",
            "warn",
            f"{where} {'is taken' if taken else 'cannot be listened on'}",
            why="Only serving over HTTP needs it; stdio does not.",
            mend=None if free is None else _serve(settings, free),
            cause="port_taken" if taken else "address_unusable",
        )
    return Check("http_binding", "ok", f"{where} is free (only serving over HTTP needs it)")


def _free_beside(place: Place) -> Place | None:
    start = max(place.port + 1, 1024)
    for port in range(start, min(start + _NEIGHBOURS, _LAST_PORT + 1)):
        try:
            listen(ServerSettings(host=place.host, port=port)).close()
        except OSError:
            continue
        return Place(place.host, port)
    return None


def _serve(settings: Settings | None, place: Place) -> str:
    flags = [] if settings is None else workspace_flags(settings)
    where = ["--host", place.host, "--port", str(place.port)]
    return shlex.join([PROGRAM, "serve", *flags, "--transport", "streamable-http", *where])
