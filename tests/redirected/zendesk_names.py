"""Zendesk's names lead to the embedded Zendesk, in this process only.

Every other name fails as on a machine without a network. Nothing of the product is replaced, and
TLS checks the real name.
"""

from __future__ import annotations

import os
import socket
from typing import Any

PORT = "REDIRECTED_PORT"
"""Where Zendesk is to be found on the loopback; without it, Zendesk's names fail too."""

_ZENDESK = "127.0.44.3"
"""What Zendesk's names resolve to. Some clients keep the address and bring their own port along,
so that the port can be told only when they connect."""
_LOOPBACK = {"", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::", _ZENDESK}  # noqa: S104 - no bind

_resolve = socket.getaddrinfo
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


def redirect() -> None:
    """From now on, until `restore`."""
    socket.getaddrinfo = _redirected
    socket.socket.connect = _connected  # type: ignore[method-assign]
    socket.socket.connect_ex = _connected_ex  # type: ignore[method-assign]


def restore() -> None:
    """Names lead where they led before."""
    socket.getaddrinfo = _resolve
    socket.socket.connect = _connect  # type: ignore[method-assign]
    socket.socket.connect_ex = _connect_ex  # type: ignore[method-assign]


def _redirected(host: str | bytes | None, port: Any, *args: Any, **options: Any) -> Any:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host or ""
    name = name.lower().removesuffix(".")
    if name in _LOOPBACK:
        return _resolve(host, port, *args, **options)
    if name.endswith(".zendesk.com") and os.environ.get(PORT):
        return _resolve(_ZENDESK, port, *args, **options)
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _place(address: Any) -> Any:
    return ("127.0.0.1", int(os.environ[PORT])) if address == (_ZENDESK, 443) else address


def _connected(self: Any, address: Any) -> None:
    _connect(self, _place(address))


def _connected_ex(self: Any, address: Any) -> int:
    return _connect_ex(self, _place(address))
