"""A gate at a real address, with an issuer at another, for callers with both kinds of tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from hosting.ground import URL, Needs, served, tell
from hosting.issuer import Issuer
from hosting.making import made
from mcp_server_zendesk.hosting.authentication import Authentication
from mcp_server_zendesk.hosting.gate import Gate
from mcp_server_zendesk.server_settings import ServerSettings


@dataclass
class Door:
    """A workspace behind a gate, the issuer it trusts, and a token of its own."""

    url: str
    issuer: Issuer
    static: str
    http: httpx.AsyncClient

    async def ask(self, token: str | None = None, **headers: str) -> httpx.Response:
        shown = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self.http.post("/mcp", json={}, headers={**shown, **headers})


@asynccontextmanager
async def door(folder: Path, *, issued: bool = True) -> AsyncIterator[Door]:
    issuer = Issuer()
    static = made(folder / "tokens.json", "alice", "read")
    async with served(issuer) as address:
        issuer.address = address
        settings = ServerSettings(
            issuer=address if issued else None,
            tokens_file=folder / "tokens.json",
            scope_prefix="zd.",
        )
        authentication = Authentication(settings)
        resource = authentication.resource(URL)
        verifier = authentication.verifier_of("acme", resource)
        gate = Gate(tell, verifier=verifier, resource=resource, scopes_needed=Needs())
        async with served(gate) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Door(url, issuer, static, http)
        await authentication.aclose()
