"""Whether HTTP could be served where it was asked for."""

from __future__ import annotations

import errno
import shlex

from mcp_server_zendesk.command_lines import PROGRAM, workspace_flags
from mcp_server_zendesk.doctor.checks import Check
from mcp_server_zendesk.hosting.asked import HEALTHY, ask
from mcp_server_zendesk.hosting.listening import UnsafeAddress, listen
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.settings import Settings

_LAST_PORT = 65_535
_NEIGHBOURS = 20
_SECONDS = 0.5
_LOOPBACK = "127.0.0.1"


def look_at_binding(server: ServerSettings, settings: Settings | None) -> Check:
    """Listen there for a moment. Only ``serve --transport streamable-http`` and ``sse`` need it."""
    where = f"{server.host}:{server.port}"
    try:
        listen(server).close()
    except UnsafeAddress as error:
        why = str(error)
        return Check(
            "http_binding",
            "fail",
            f"HTTP is not served on {where}",
            why=f"{why[0].upper()}{why[1:]}.",
            mend=_serve(settings, _LOOPBACK, server.port),
            cause="address_not_loopback",
        )
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        if taken and _is_ours(server):
            return Check("http_binding", "ok", f"this server is served at {where} already")
        free = _free_beside(server)
        return Check(
            "http_binding",
            "warn",
            f"{where} {'is taken' if taken else 'cannot be listened on'}",
            why="Only serving over HTTP needs it; stdio does not.",
            mend=None if free is None else _serve(settings, server.host, free),
            cause="port_taken" if taken else "address_unusable",
        )
    return Check("http_binding", "ok", f"{where} is free (only serving over HTTP needs it)")


def _is_ours(server: ServerSettings) -> bool:
    told, well = ask(server.host, server.port, "/healthz", _SECONDS)
    return well and told.endswith(HEALTHY)


def _free_beside(server: ServerSettings) -> int | None:
    start = max(server.port + 1, 1024)
    for port in range(start, min(start + _NEIGHBOURS, _LAST_PORT + 1)):
        try:
            listen(server.model_copy(update={"port": port})).close()
        except OSError:
            continue
        return port
    return None


def _serve(settings: Settings | None, host: str, port: int) -> str:
    flags = [] if settings is None else workspace_flags(settings)
    where = ["--host", host, "--port", str(port)]
    return shlex.join([PROGRAM, "serve", *flags, "--transport", "streamable-http", *where])
