"""The sandbox on a port, for browsers and other programs, and for faults of real sockets.

with Served(Sandbox()) as served:
    httpx.get(f"{served.origin}/api/v2/users/me.json")
"""

import socket
import threading
from asyncio import BaseTransport
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from mcp_server_zendesk.sandbox.breakage import TRANSPORT
from mcp_server_zendesk.sandbox.certificate import Certificate

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SocketProtocol(H11Protocol):
    """HTTP that hands its socket on to the app, so that a fault can reset it."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Takes a connection."""
        super().connection_made(cast("Any", transport))
        self.app_state = {**self.app_state, TRANSPORT: transport}


class Server(uvicorn.Server):
    """A server that tells when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then tells."""
        await super().startup(sockets)
        self.ready.set()


def server_for(
    app: ASGIApp,
    certificate: Certificate | None = None,
    *,
    log_level: str = "warning",
) -> Server:
    """A server of an app, over TLS where there is a certificate."""
    config = uvicorn.Config(
        app,
        http=SocketProtocol,
        ws="none",
        loop="asyncio",
        log_level=log_level,
        server_header=False,
        date_header=False,  # the sandbox's own clock tells it
        timeout_graceful_shutdown=1,
        ssl_certfile=None if certificate is None else certificate.chain_file,
        ssl_keyfile=None if certificate is None else certificate.key_file,
    )
    return Server(config)


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; port 0 takes any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without its protocol, asyncio takes it for no TCP and leaves Nagle on: 40 ms an answer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


class Served:
    """A sandbox that is served by a thread for as long as the context is open.

    Args:
        app: What is served.
        certificate: Serve over TLS with it (`make_certificate`).
        port: 0 takes any that is free.
    """

    def __init__(self, app: ASGIApp, certificate: Certificate | None = None, port: int = 0) -> None:
        self._server = server_for(app, certificate, log_level="critical")
        self._certificate = certificate
        self._socket = listening(LOOPBACK[0], port)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="sandbox", daemon=True
        )
        self.port: int = self._socket.getsockname()[1]

    @property
    def origin(self) -> str:
        """Where it answers, without a path."""
        return f"{'https' if self._certificate else 'http'}://{LOOPBACK[0]}:{self.port}"

    @property
    def authority_file(self) -> Path | None:
        """The CA to trust, where it is served over TLS."""
        return self._certificate.authority_file if self._certificate else None

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._server.ready.wait(timeout=10):
            raise TimeoutError("the sandbox did not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=10)
        self._socket.close()
