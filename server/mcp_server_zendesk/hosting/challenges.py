"""What a client is told that may not in: by ``WWW-Authenticate`` (RFC 6750, 9728), and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from mcp.server.auth.routes import create_protected_resource_routes
from pydantic import AnyHttpUrl, ConfigDict, TypeAdapter
from starlette.responses import JSONResponse
from starlette.routing import Route

from mcp_server_zendesk.hosting.refusals import refusal

_WELL_KNOWN = "/.well-known/oauth-protected-resource"
# A root address stays as it was written: clients compare an issuer letter by letter.
_AS_WRITTEN = TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True))


@dataclass(frozen=True, slots=True)
class Resource:
    """One workspace at its address, as OAuth knows it: a protected resource (RFC 9728).

    ``url`` is the whole address that clients are given. Without an ``issuer`` there is nothing
    that a client could discover. ``scope_prefix`` stands before each scope in a token.
    """

    url: str
    issuer: str | None = None
    scope_prefix: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not stand in a header."""
        for text in (self.url, self.issuer or "", self.scope_prefix):
            if not (text.isascii() and text.isprintable()) or set(text) & set('"\\ '):
                raise ValueError("an address or a prefix of scopes holds what no header takes")

    @property
    def metadata_url(self) -> str | None:
        """Where a client learns who issues tokens; None where nobody does."""
        if self.issuer is None:
            return None
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{_WELL_KNOWN}{parts.path.rstrip('/')}"

    def prefixed(self, scopes: Iterable[str]) -> str:
        """Scopes as the issuer names them, in one text."""
        return " ".join(self.scope_prefix + scope for scope in scopes)

    def metadata_routes(self, scopes: Iterable[str], name: str) -> list[Route]:
        """The routes of the metadata, at the root of the host; none without an issuer.

        Args:
            scopes: All that may be of use here.
            name: The workspace's, for people.
        """
        if self.issuer is None:
            return []
        return create_protected_resource_routes(
            _AS_WRITTEN.validate_python(self.url),
            [_AS_WRITTEN.validate_python(self.issuer)],
            scopes_supported=self.prefixed(scopes).split(),
            resource_name=name,
        )


@dataclass(eq=False)
class Challenge(Exception):
    """A request that may not in, and what its client is told. ``words`` hold nothing of its own.

    Without an ``error`` the client showed no token, which is no mistake (RFC 6750 §3.1).
    """

    status: HTTPStatus
    error: str | None
    words: str
    scope: str = ""
    retry_after: int | None = None

    def response(self, resource: Resource) -> JSONResponse:
        """The answer: the challenge for clients that know it, and the words for all others.

        They show their users a JSON-RPC error, and no other body.
        """
        asked = f": {self.scope}" if self.status == HTTPStatus.FORBIDDEN else ""
        told = {"error": self.error or "unauthorized"}
        if self.scope:
            told["scope"] = self.scope
        answer = refusal(
            self.status,
            f"{self.words[0].upper()}{self.words[1:]}{asked}. Nothing was done.",
            retry_after=self.retry_after,
            details=told,
        )
        if self.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            answer.headers["WWW-Authenticate"] = self._www_authenticate(resource)
        return answer

    def _www_authenticate(self, resource: Resource) -> str:
        told = {
            "error": self.error,
            "error_description": self.error and self.words,
            "scope": self.scope,
            "resource_metadata": resource.metadata_url,
        }
        parts = [f'{name}="{value}"' for name, value in told.items() if value]
        return f"Bearer {', '.join(parts)}" if parts else "Bearer"
