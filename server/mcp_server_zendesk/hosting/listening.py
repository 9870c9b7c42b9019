"""Where HTTP may be served: to whom nobody knows, on loopback alone."""

from __future__ import annotations

import logging
import socket
from urllib.parse import urlsplit

from mcp_server_zendesk.server_settings import ServerSettings, is_loopback

logger = logging.getLogger(__name__)


class UnsafeAddress(Exception):
    """Serving there would let strangers use the workspace. The message says what would mend it."""


def check_address(settings: ServerSettings) -> None:
    """Let a server out of this machine only when it knows its callers and its own name.

    Raises:
        UnsafeAddress: It does not; names all that is missing.
    """
    if is_loopback(settings.host):
        _check_proxy(settings)
        return
    if not settings.host.strip():
        raise UnsafeAddress("the host is empty; name a loopback address, such as 127.0.0.1")
    missing = []
    if not settings.authenticates:
        missing.append("authentication (issuer or tokens_file)")
    if not settings.allowed_hosts:
        missing.append("allowed_hosts")
    if settings.public_url is None:
        missing.append("public_url")
    if missing:
        raise UnsafeAddress(
            "only a loopback address (127.0.0.1, ::1, localhost) can be served without "
            f"{', '.join(missing)}; set {'it' if len(missing) == 1 else 'them'}, or serve there"
        )


def _check_proxy(settings: ServerSettings) -> None:
    """On loopback, a proxy may let in the world."""
    if settings.authenticates:
        return
    host = urlsplit(settings.public_url or "").hostname
    if host is not None and not is_loopback(host):
        raise UnsafeAddress(
            "public_url says that others reach this server, and nobody would have to show a token; "
            "set issuer or tokens_file, or leave public_url out"
        )
    if settings.allowed_hosts:
        logger.warning(
            "allowed_hosts lets a proxy lead to this server, and nobody has to show a token: "
            "whoever gets through the proxy is let in. Set issuer or tokens_file."
        )


def listen(settings: ServerSettings) -> socket.socket:
    """A listening socket at the server's address.

    Raises:
        UnsafeAddress: Strangers could reach it, and would be let in.
        OSError: The address is taken or does not exist.
    """
    check_address(settings)
    host = settings.host.strip("[]")
    address = "127.0.0.1" if host.lower() == "localhost" else host
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.create_server((address, settings.port), family=family)
    # Without its protocol, asyncio takes it for no TCP and leaves Nagle on: 40 ms an answer.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=opened.detach())
