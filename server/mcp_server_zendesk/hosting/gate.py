"""The gate before a workspace: no request goes on to it without a caller who is known."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qsl

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.shared.inbound import MCP_METHOD_HEADER, MCP_NAME_HEADER, decode_header_value
from starlette.authentication import AuthCredentials
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_server_zendesk.hosting.challenges import Challenge, Resource
from mcp_server_zendesk.hosting.foreign_tokens import looks_like_zendesks
from mcp_server_zendesk.hosting.verifying import (
    TokenRefused,
    VerificationUnavailable,
    Verifier,
)

logger = logging.getLogger(__name__)

LONGEST_TOKEN = 8_192
"""In characters. Issuers that put groups into tokens come near it; nobody needs more."""

_POLICY_VIOLATION = 1008
_IN_THE_QUERY = frozenset(
    {"access_token", "token", "bearer", "authorization", "id_token", "api_token", "api_key"}
)
# What a client proves itself with is nobody's business behind the gate.
_KEPT_OUT = frozenset({b"authorization", b"proxy-authorization", b"cookie"})


class ScopesNeeded(Protocol):
    """Which scopes callers need, by a workspace's policy, in Zendesk's names."""

    def at_first(self, *, steps_up: bool) -> tuple[str, ...]:
        """What a client that has no token yet should ask for.

        Args:
            steps_up: It can ask for more later, so that it need not ask for all at once.
        """
        ...

    def for_tool(self, tool: str, held: frozenset[str]) -> tuple[str, ...]:
        """All that a caller has to hold to call a tool, what it holds already included.

        Empty where its own scopes are not what keeps it from the tool.
        """
        ...


class Gate:
    """ASGI middleware that lets authenticated requests through, each by its own token.

    Behind it ``scope["user"]`` is the SDK's ``AuthenticatedUser``, and its auth context is set; the
    token itself, and every other header with credentials, has been taken out.

    Args:
        app: The workspace's transport.
        verifier: Tells whom a token stands for.
        resource: The workspace at its public address.
        scopes_needed: Which scopes callers need.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        verifier: Verifier,
        resource: Resource,
        scopes_needed: ScopesNeeded,
    ) -> None:
        self._inside = AuthContextMiddleware(app)
        self._verifier = verifier
        self._resource = resource
        self._scopes_needed = scopes_needed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate a request and hand it on, or answer it with a challenge."""
        if scope["type"] == "lifespan":
            await self._inside(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        try:
            caller = await self._caller(scope)
            self._check_scopes(scope, caller)
        except Challenge as challenge:
            # Each client's first request comes without a token, to be told where to get one.
            level = logging.DEBUG if challenge.error is None else logging.INFO
            logger.log(level, "A request was refused (%d): %s", challenge.status, challenge.words)
            await challenge.response(self._resource)(scope, receive, send)
            return
        headers = [
            (name, value) for name, value in scope["headers"] if name.lower() not in _KEPT_OUT
        ]
        user = AuthenticatedUser(caller)
        authenticated = {"user": user, "auth": AuthCredentials(caller.scopes), "headers": headers}
        await self._inside({**scope, **authenticated}, receive, send)

    async def _caller(self, scope: Scope) -> AccessToken:
        """Raises ``Challenge`` where the caller is not known."""
        _refuse_query_tokens(scope)
        token = self._bearer(scope)
        try:
            caller = await self._verifier.verify(token)
        except TokenRefused as error:
            raise self._unauthorized(scope, str(error)) from None
        except VerificationUnavailable as error:
            raise Challenge(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                str(error),
                retry_after=error.retry_after,
            ) from None
        return caller.model_copy(update={"token": ""})

    def _bearer(self, scope: Scope) -> str:
        """The one bearer token of a request."""
        given = _headers(scope, b"authorization")
        if len(given) > 1:
            raise _malformed("send one Authorization header, not several")
        scheme, _, token = (given or [""])[0].strip().partition(" ")
        token = token.strip()
        if not given:
            raise self._unauthorized(scope)
        if scheme.lower() != "bearer":
            raise self._unauthorized(
                scope,
                "send 'Authorization: Bearer TOKEN' with a token for this server; it takes no "
                "user names, passwords or Zendesk credentials",
            )
        if len(token) > LONGEST_TOKEN:
            raise _malformed(f"the token is longer than {LONGEST_TOKEN} characters")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise _malformed("after 'Bearer' a single token has to stand")
        if looks_like_zendesks(token):
            raise self._unauthorized(
                scope,
                "this looks like a token of Zendesk's, which this server never takes or passes "
                "on: it has its own connection. Send a token for this server; and as that one "
                "has left your hands, revoke it in Zendesk's Admin Center",
            )
        return token

    def _unauthorized(self, scope: Scope, words: str | None = None) -> Challenge:
        """Without words: nothing was shown that could be wrong."""
        first = self._scopes_needed.at_first(steps_up=_steps_up(scope))
        return Challenge(
            HTTPStatus.UNAUTHORIZED,
            words and "invalid_token",
            words or "this server has to know who calls: send 'Authorization: Bearer TOKEN'",
            self._resource.prefixed(first),
        )

    def _check_scopes(self, scope: Scope, caller: AccessToken) -> None:
        """Raises ``Challenge`` where the issuer could give the caller what it lacks.

        A tool that is not named in a header, or whose token nobody can widen, is left to the
        boundary, which explains.
        """
        issuer = (caller.claims or {}).get("iss")
        if issuer is None or issuer != self._resource.issuer:
            return
        held = frozenset(caller.scopes)
        tool = _tool(scope)
        needed = self._scopes_needed.for_tool(tool, held) if tool else ()
        if not needed and not held:
            needed = self._scopes_needed.at_first(steps_up=_steps_up(scope))
        if needed:
            raise Challenge(
                HTTPStatus.FORBIDDEN,
                "insufficient_scope",
                "the token lacks scopes; ask for one with all that are named here",
                self._resource.prefixed(needed),
            )


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _steps_up(scope: Scope) -> bool:
    """Whether a client is of 2026-07-28, and so asks for more scopes when it is told to."""
    return bool(_headers(scope, MCP_METHOD_HEADER.encode()))


def _tool(scope: Scope) -> str | None:
    """The tool that the headers of 2026-07-28 say is called; the SDK holds them to the body."""
    methods = _headers(scope, MCP_METHOD_HEADER.encode())
    names = _headers(scope, MCP_NAME_HEADER.encode())
    if methods != ["tools/call"] or len(names) != 1:
        return None
    return decode_header_value(names[0])


def _refuse_query_tokens(scope: Scope) -> None:
    query = scope["query_string"].decode("latin-1")
    if any(name.lower() in _IN_THE_QUERY for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise _malformed(
            "a token never stands in an address, where logs and histories keep it: revoke that "
            "one, and send another in the Authorization header"
        )


def _malformed(words: str) -> Challenge:
    return Challenge(HTTPStatus.BAD_REQUEST, "invalid_request", words)
