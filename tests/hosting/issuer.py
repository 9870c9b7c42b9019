"""An authorization server: it publishes its keys, turns them, and signs what a test wants signed.

with Served(issuer := Issuer()) as served:
    issuer.address = served.origin
    token = issuer.sign(aud="https://mcp.example.com/mcp")
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import anyio
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

METADATA = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
KEYS = "/keys"


@cache
def rsa_key(bits: int = 2_048, number: int = 0) -> rsa.RSAPrivateKey:
    """Made once: it takes its time."""
    del number
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


@dataclass
class SigningKey:
    kid: str | None
    algorithm: str = "ES256"
    private: Any = None
    extra: dict[str, Any] = field(default_factory=dict)
    """What stands in the published key beside what makes it."""

    def __post_init__(self) -> None:
        if self.private is None:
            self.private = {
                "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
                "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
                "EdDSA": ed25519.Ed25519PrivateKey.generate,
            }.get(self.algorithm, rsa_key)()

    def published(self) -> dict[str, Any]:
        kind: Any = {"E": ECAlgorithm, "R": RSAAlgorithm, "P": RSAAlgorithm}[self.algorithm[0]]
        if self.algorithm == "EdDSA":
            kind = OKPAlgorithm
        named = {} if self.kid is None else {"kid": self.kid}
        return {**kind.to_jwk(self.private.public_key(), as_dict=True), **named, **self.extra}


class Issuer:
    """An ASGI application."""

    def __init__(self, address: str = "https://issuer.example") -> None:
        self.address = address
        self.keys = [SigningKey("first")]
        self.requests: list[str] = []
        self.status: dict[str, int] = {}
        """By path, instead of the answer."""
        self.answers: dict[str, Any] = {}
        """By path, instead of the documents: bytes as they are, anything else as JSON."""
        self.silent = False
        self.now = time.time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        self.requests.append(path)
        if self.silent:
            await anyio.sleep_forever()
        await self._answer(path)(scope, receive, send)

    def _answer(self, path: str) -> Response:
        if path in self.status:
            headers = {"Location": f"{self.address}{KEYS}"}
            return Response(status_code=self.status[path], headers=headers)
        found = self.answers.get(path, self._documents().get(path))
        if isinstance(found, bytes):
            return Response(found, media_type="application/json")
        return Response(status_code=404) if found is None else JSONResponse(found)

    def _documents(self) -> dict[str, Any]:
        return {
            METADATA: {"issuer": self.address, "jwks_uri": self.address + KEYS},
            KEYS: {"keys": [key.published() for key in self.keys]},
        }

    def turn(self, kid: str) -> None:
        """A new key in the place of all others."""
        self.keys = [SigningKey(kid)]

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Those of a good token; None takes one out."""
        now = int(self.now())
        claims = {
            "iss": self.address,
            "aud": "https://mcp.example.com/mcp",
            "sub": "user-1",
            "client_id": "assistant",
            "scope": "read",
            "iat": now,
            "exp": now + 600,
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(
        self,
        key: SigningKey | None = None,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A token with these claims changed; by default signed with the newest key."""
        by = key or self.keys[-1]
        named = {"kid": by.kid} if by.kid is not None else {}
        headers = {"typ": "at+jwt", **named, **(header or {})}
        content = json.dumps(self.claims(**claims)).encode()  # as it is, unlike jwt.encode
        return jwt.PyJWS().encode(content, by.private, by.algorithm, headers)
