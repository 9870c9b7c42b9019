"""How clients reach the server: stdio, streamable HTTP, and the older HTTP+SSE."""

from __future__ import annotations

import ipaddress
import logging
import socket
from typing import Literal

import anyio
from mcp.server.transport_security import TransportSecuritySettings

from mcp_server_zendesk.serving.server import ZendeskServer

logger = logging.getLogger(__name__)

HttpTransport = Literal["streamable-http", "sse"]

PATHS: dict[HttpTransport, str] = {"streamable-http": "/mcp", "sse": "/sse"}
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_SECONDS_TO_FINISH = 10


class UnsafeAddress(Exception):
    """Serving there would let strangers use the workspace."""


def serve_stdio(server: ZendeskServer) -> None:
    """Serve one client over standard input and output until it hangs up."""

    async def run() -> None:
        async with server.running():
            await server.run_stdio_async()

    anyio.run(run)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback address.

    Raises:
        UnsafeAddress: The address is reachable from outside; there is no authentication yet.
        OSError: The address is taken or does not exist.
    """
    address = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise UnsafeAddress(
            "only a loopback address (127.0.0.1, ::1, localhost) can be served: over HTTP there "
            "is no authentication of clients yet"
        )
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


def serve_http(server: ZendeskServer, kind: HttpTransport, listening: socket.socket) -> None:
    """Serve clients over HTTP until interrupted. Host and Origin are always checked."""
    import uvicorn  # noqa: PLC0415 - stdio does not need it

    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[f"{name}:*" for name in _LOOPBACK_NAMES],
        allowed_origins=[f"http://{name}:*" for name in _LOOPBACK_NAMES],
    )
    if kind == "sse":
        app = server.sse_app(transport_security=security)
    else:
        app = server.streamable_http_app(transport_security=security)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=_SECONDS_TO_FINISH
    )

    async def run() -> None:
        async with server.running():
            await uvicorn.Server(config).serve(sockets=[listening])

    host, port, *_ = listening.getsockname()
    shown = f"[{host}]" if ":" in host else host
    logger.info("Serving %s at http://%s:%d%s", kind, shown, port, PATHS[kind])
    anyio.run(run)
