"""How a connection breaks: as an exception in process, as a real TCP reset on a port."""

import asyncio
import struct
import sys
from collections.abc import Mapping
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Literal

from starlette.types import Receive, Scope

Breakage = Literal["refused", "reset", "silence", "cut"]
"""`refused`: nobody listens. `reset`: the connection is torn down without an answer. `silence`: no
answer ever comes. `cut`: an answer begins and breaks off in the middle of its body."""

TRANSPORT = "sandbox_transport"
"""Where a served request carries its socket, in `scope["state"]` (`port.py`)."""

_CLIENT_LIBRARIES = ("httpx", "httpx2")
_IN_CLIENT_WORDS: Mapping[Breakage, str] = {
    "refused": "ConnectError",
    "reset": "ReadError",
    "silence": "ReadTimeout",
    "cut": "RemoteProtocolError",
}
_IN_PLAIN_WORDS: Mapping[Breakage, type[Exception]] = {
    "refused": ConnectionRefusedError,
    "reset": ConnectionResetError,
    "silence": TimeoutError,
    "cut": EOFError,
}


async def break_connection(
    kind: Breakage,
    scope: Scope,
    receive: Receive,
    exception: Exception | None = None,
) -> None:
    """Breaks the connection of one request.

    In process this raises: `exception`, or what the HTTP client that is in use would raise. On a
    port the socket is reset, or kept silent until the client goes away. A server that has taken a
    request can no longer refuse its connection: there, `refused` is a reset too.

    Raises:
        Exception: In process.
    """
    transport = transport_of(scope)
    if transport is None:
        raise exception or in_client_words(kind)
    if kind == "cut":
        transport.close()
    elif kind != "silence":
        _reset(transport)
    # The server takes a return for a forgotten answer unless it knows that nobody is there.
    while (await receive())["type"] != "http.disconnect":
        pass


def kind_of(exception: Exception) -> Breakage:
    """What an exception stands for on a port: its name tells a timeout from a reset."""
    return "silence" if "Timeout" in type(exception).__name__ else "reset"


def transport_of(scope: Scope) -> asyncio.Transport | None:
    """The socket of a request, where it came through one."""
    found: asyncio.Transport | None = scope.get("state", {}).get(TRANSPORT)
    return found


def in_client_words(kind: Breakage) -> Exception:
    """The exception that the caller's HTTP client would raise over a real network.

    The client is found among the modules that are loaded: the sandbox itself needs none.
    """
    for library in _CLIENT_LIBRARIES:
        loaded: Any = sys.modules.get(library)
        if loaded is not None:
            made: Exception = getattr(loaded, _IN_CLIENT_WORDS[kind])(_told(kind))
            return made
    return _IN_PLAIN_WORDS[kind](_told(kind))


def _told(kind: Breakage) -> str:
    return f"sandbox: the connection breaks ({kind})"


def _reset(transport: asyncio.Transport) -> None:
    # Without lingering, closing sends RST instead of FIN.
    transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
