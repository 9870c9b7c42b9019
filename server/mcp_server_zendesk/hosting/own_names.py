"""Takes in only what is sent to the server by one of its names, and from pages that may use it.

The SDK's transports look again; here it is explained, and before anybody shows a token.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from http import HTTPStatus

from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_server_zendesk.hosting.refusals import refusal

logger = logging.getLogger(__name__)

_ANY_PORT = ":*"
_LONGEST_SHOWN = 100
_ANOTHER_NAME = (
    "The request is addressed to a name that is none of this server's. Nothing was done. Tell the "
    "user that an admin compares the address that clients use with allowed_hosts; a port in it "
    "counts."
)
_ANOTHER_PAGE = (
    "Pages of this origin may not use this server. Nothing was done. Where the page is the "
    "team's own, an admin adds its origin to allowed_origins."
)


class OwnNames:
    """ASGI middleware before all else of a workspace.

    Args:
        app: What the requests go to.
        security: Which Host and Origin are accepted.
    """

    def __init__(self, app: ASGIApp, security: TransportSecuritySettings) -> None:
        self._app = app
        self._security = security

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or say why it cannot be taken."""
        if scope["type"] == "http" and self._security.enable_dns_rebinding_protection:
            headers = Headers(scope=scope)
            host, origin = headers.get("host", ""), headers.get("origin")
            if not _among(host, self._security.allowed_hosts):
                _tell(HTTPStatus.MISDIRECTED_REQUEST, "Host", host, "allowed_hosts")
                answer = refusal(HTTPStatus.MISDIRECTED_REQUEST, _ANOTHER_NAME)
                await answer(scope, receive, send)
                return
            if origin and not _among(origin, self._security.allowed_origins):
                _tell(HTTPStatus.FORBIDDEN, "Origin", origin, "allowed_origins")
                await refusal(HTTPStatus.FORBIDDEN, _ANOTHER_PAGE)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _among(value: str, allowed: Collection[str]) -> bool:
    name, _, port = value.rpartition(":")
    return value in allowed or (port.isdecimal() and f"{name}{_ANY_PORT}" in allowed)


def _tell(status: HTTPStatus, header: str, value: str, setting: str) -> None:
    shown = ascii(value[:_LONGEST_SHOWN])
    words = "A request was refused (%d): its %s %s is not among %s"
    logger.info(words, status, header, shown, setting)
