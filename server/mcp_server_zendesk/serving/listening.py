"""Where HTTP may be served: on loopback alone, until clients are authenticated."""

from __future__ import annotations

import ipaddress
import socket


class UnsafeAddress(Exception):
    """Serving there would let strangers use the workspace."""


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
