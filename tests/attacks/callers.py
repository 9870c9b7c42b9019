"""Callers of the HTTP server: forged, stolen, borrowed and widened tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from attacks.attack import Attacks, Ground, all_of, as_it_is, nothing, put_in_place
from hosting.ground import URL, Needs, tell
from hosting.issuer import KEYS, METADATA, Issuer, SigningKey, rsa_key
from hosting.making import made
from mcp_server_zendesk.connection.scopes import KNOWN_SCOPES
from mcp_server_zendesk.hosting import keys, signed_tokens
from mcp_server_zendesk.hosting.authentication import Authentication
from mcp_server_zendesk.hosting.gate import LONGEST_TOKEN, Gate
from mcp_server_zendesk.hosting.static_tokens import StaticTokens
from mcp_server_zendesk.hosting.tokens_file import PREFIX, StaticToken, TokensUnusable, hash_of
from mcp_server_zendesk.hosting.verifying import TokenRefused
from mcp_server_zendesk.server_settings import ServerSettings

ATTACKS = Attacks("callers over HTTP")

_HOSTING = "mcp_server_zendesk.hosting"
_SIGNED = f"{_HOSTING}.signed_tokens"


async def answered(
    issuer: Issuer, token: str, query: str = "", folder: Path | None = None, **settings: Any
) -> httpx.Response:
    """What a token brings at the gate of the workspace `acme`."""
    file = None if folder is None else folder / "tokens.json"
    configured = ServerSettings(
        issuer=issuer.address, tokens_file=file, algorithms=("ES256", "RS256"), **settings
    )
    known = Authentication(configured, transport=httpx.ASGITransport(app=issuer))
    resource = known.resource(URL)
    verifier = known.verifier_of("acme", resource)
    gate = Gate(tell, verifier=verifier, resource=resource, scopes_needed=Needs())
    transport = httpx.ASGITransport(app=gate)
    async with httpx.AsyncClient(transport=transport, base_url="https://mcp.example.com") as http:
        headers = {"Authorization": f"Bearer {token}"}
        return await http.post(f"/mcp{query}", headers=headers)


async def let_in(issuer: Issuer, token: str, **settings: Any) -> bool:
    return (await answered(issuer, token, **settings)).is_success


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _header_believed(_: object, token: str) -> dict[str, Any]:
    return {**jwt.get_unverified_header(token), "alg": "ES256"}


def _claims_believed(_: object, token: str, __: object) -> Any:
    return jwt.decode(token, options={"verify_signature": False})


def without_check(**options: bool) -> Any:
    return put_in_place(f"{_SIGNED}:_OPTIONS", {**signed_tokens._OPTIONS, **options})


@ATTACKS.add(
    "token without a signature",
    who="client",
    tries="a token whose algorithm is `none`, with any claims",
    defence="the algorithm is one of those allowed, and the signature verified",
    without=all_of(
        put_in_place(f"{_SIGNED}:SignedTokens._header", _header_believed),
        put_in_place(f"{_SIGNED}:SignedTokens._claims", _claims_believed),
    ),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    header = {"alg": "none", "typ": "at+jwt", "kid": "first"}
    return await let_in(issuer, f"{part(header)}.{part(issuer.claims(sub='admin'))}.")


def _pem(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _with_the_key_as_a_secret(_: object, token: str, key: jwt.PyJWK) -> Any:
    """As a verifier does that goes by the token's own word."""
    signed, _, signature = token.rpartition(".")
    made_of = hmac.digest(_pem(key.key), signed.encode(), hashlib.sha256)
    if base64.urlsafe_b64encode(made_of).rstrip(b"=").decode() != signature:
        raise TokenRefused("its signature is wrong")
    return _claims_believed(None, token, None)


@ATTACKS.add(
    "public key as a shared secret",
    who="client",
    tries="signs with HS256, and the issuer's published key for a secret",
    defence="only algorithms of key pairs are allowed, and a key has its own",
    without=all_of(
        put_in_place(f"{_SIGNED}:SignedTokens._header", _header_believed),
        put_in_place(f"{_SIGNED}:SignedTokens._claims", _with_the_key_as_a_secret),
    ),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "first"}
    signed = f"{part(header)}.{part(issuer.claims(sub='admin'))}"
    secret = _pem(issuer.keys[0].private.public_key())
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), hashlib.sha256))
    return await let_in(issuer, f"{signed}.{signature.rstrip(b'=').decode()}")


@ATTACKS.add(
    "changed claims",
    who="client",
    tries="puts another user and more scopes into a token of its own",
    defence="the signature is verified",
    without=put_in_place(f"{_SIGNED}:SignedTokens._claims", _claims_believed),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    header, __, signature = issuer.sign().split(".")
    return await let_in(issuer, f"{header}.{part(issuer.claims(scope='write'))}.{signature}")


@ATTACKS.add(
    "token of another tenant",
    who="client",
    tries="a token of another issuer that signs with the same keys, as large providers do",
    defence="the issuer is the configured one, to the letter",
    without=without_check(verify_iss=False),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    return await let_in(issuer, issuer.sign(iss=f"{issuer.address}/other-tenant"))


@ATTACKS.add(
    "token for another service",
    who="network",
    tries="a service that a user signed in to hands the user's token on to this server",
    defence="the audience is this workspace's address",
    without=without_check(verify_aud=False),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    return await let_in(issuer, issuer.sign(aud="https://evil.example/mcp"))


@ATTACKS.add(
    "expired token",
    who="client",
    tries="a token that was found in an old log",
    defence="times are checked",
    without=put_in_place(f"{_SIGNED}:SignedTokens._check_times", nothing),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    now = int(issuer.now())
    return await let_in(issuer, issuer.sign(iat=now - 7_200, exp=now - 3_600))


@ATTACKS.add(
    "token for later",
    who="client",
    tries="a token for an employee who begins next month",
    defence="times are checked",
    without=put_in_place(f"{_SIGNED}:SignedTokens._check_times", nothing),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    now = int(issuer.now())
    return await let_in(issuer, issuer.sign(nbf=now + 3_600, exp=now + 7_200))


@ATTACKS.add(
    "ID token",
    who="client",
    tries="the token that tells a client who signed in, for one that lets it in",
    defence="what is marked as another kind of token is none",
    without=put_in_place(f"{_SIGNED}:_check_kind", nothing),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    return await let_in(issuer, issuer.sign(header={"typ": "JWT"}, at_hash="x"))


PUBLISHED = "https://evil.example/keys"
EVIL = SigningKey("first")


def _with_the_key_it_brings(_: object, token: str, __: object) -> Any:
    header = jwt.get_unverified_header(token)
    brought = header.get("jwk") or {PUBLISHED: EVIL.published()}[header["jku"]]
    return jwt.decode(token, jwt.PyJWK(brought, "ES256"), options={"verify_aud": False})


BROUGHT_KEYS_IGNORED = put_in_place(f"{_SIGNED}:SignedTokens._claims", _with_the_key_it_brings)


@ATTACKS.add(
    "key in the token",
    who="client",
    tries="a token that brings its own key along (`jwk`)",
    defence="keys are the issuer's own, from its own address",
    without=BROUGHT_KEYS_IGNORED,
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    return await let_in(issuer, issuer.sign(EVIL, {"jwk": EVIL.published()}))


@ATTACKS.add(
    "address of keys in the token",
    who="client",
    tries="a token that says where its key is published (`jku`, `x5u`)",
    defence="keys are the issuer's own, from its own address",
    without=BROUGHT_KEYS_IGNORED,
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    return await let_in(issuer, issuer.sign(EVIL, {"jku": PUBLISHED, "x5u": PUBLISHED}))


@ATTACKS.add(
    "key for something else",
    who="client",
    tries="names a published key that is for encryption, and is kept with less care",
    defence="a key is for signatures",
    without=put_in_place(f"{_HOSTING}.keys:_for_signatures", lambda _: True),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    issuer.keys.append(other := SigningKey("for-encryption", extra={"use": "enc"}))
    return await let_in(issuer, issuer.sign(other))


@ATTACKS.add(
    "key that can be broken",
    who="client",
    tries="names an old published key of 1,024 bits, whose other half was computed",
    defence="an RSA key has 2,048 bits or more",
    without=all_of(
        put_in_place(f"{_HOSTING}.keys:_LEAST_RSA_BITS", 0),
        without_check(enforce_minimum_key_length=False),
        put_in_place("jwt.algorithms:RSAAlgorithm.check_key_length", nothing),
    ),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    issuer.keys.append(old := SigningKey("old", "RS256", rsa_key(1_024)))
    signed = f"{part({'alg': 'RS256', 'typ': 'JWT', 'kid': 'old'})}.{part(issuer.claims())}"
    algorithm = jwt.get_algorithm_by_name("RS256")
    signature = base64.urlsafe_b64encode(algorithm.sign(signed.encode(), old.private))
    return await let_in(issuer, f"{signed}.{signature.rstrip(b'=').decode()}")


@ATTACKS.add(
    "flood of made-up keys",
    who="client",
    tries="many tokens, each of a key that does not exist, so that the issuer is asked each time",
    defence="the issuer is asked once in ten seconds, whoever calls",
    without=put_in_place(f"{_HOSTING}.keys:RETRY_SECONDS", -1.0),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    known = keys.IssuerKeys(
        issuer.address,
        algorithms=("ES256",),
        transport=httpx.ASGITransport(app=issuer),
        clock=lambda: 0.0,
    )
    for number in range(20):
        try:
            await known.find(f"made-up-{number}", "ES256")
        except TokenRefused:
            continue
    return issuer.requests.count(KEYS) > 2


@ATTACKS.add(
    "keys over an open line",
    who="network",
    tries="sits between, and answers for an issuer whose keys are fetched over plain http",
    defence="an address of keys begins with https",
    without=put_in_place(f"{_HOSTING}.issuer_documents:_https", as_it_is),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    open_line = issuer.address.replace("https", "http") + KEYS
    issuer.answers[METADATA] = {"issuer": issuer.address, "jwks_uri": open_line}
    return await let_in(issuer, issuer.sign())


def _any_scope(_: object, claims: dict[str, Any]) -> frozenset[str]:
    return KNOWN_SCOPES.intersection(name.removeprefix("zd.") for name in claims["scope"].split())


@ATTACKS.add(
    "scopes of another application",
    who="client",
    tries="asks the issuer for `write` of some other application, which it gives to anybody",
    defence="a scope is ours by its prefix",
    without=put_in_place(f"{_SIGNED}:SignedTokens._scopes", _any_scope),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    token = issuer.sign(scope="zd.read write")
    return "write" in (await answered(issuer, token, scope_prefix="zd.")).json()["scopes"]


@ATTACKS.add(
    "token in the address",
    who="client",
    tries="puts its token into the address, where logs of proxies keep it for others to find",
    defence="a request with a token in its address is refused",
    without=put_in_place(f"{_HOSTING}.gate:_refuse_query_tokens", nothing),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    token = issuer.sign()
    return (await answered(issuer, token, f"?access_token={token}")).is_success


@ATTACKS.add(
    "token handed on",
    who="network",
    tries="reads callers' tokens where something behind the gate logs or forwards headers",
    defence="the gate takes credentials out of a request",
    without=put_in_place(f"{_HOSTING}.gate:_KEPT_OUT", frozenset[bytes]()),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    return "authorization" in (await answered(issuer, issuer.sign())).json()["headers"]


@ATTACKS.add(
    "endless token",
    who="client",
    tries="tokens as long as a header may be, each of which has to be decoded and verified",
    defence="a token has at most 8,192 characters",
    without=put_in_place(f"{_HOSTING}.gate:LONGEST_TOKEN", 1_000_000),
)
async def _(_: Ground) -> bool:
    issuer = Issuer()
    return await let_in(issuer, issuer.sign(groups="x" * LONGEST_TOKEN))


@ATTACKS.add(
    "token written into the file",
    who="local user",
    tries="adds a token of its own to a file that others may write",
    defence="a file that others may write is not read",
    without=put_in_place(f"{_HOSTING}.tokens_file:_refuse_unsafe", nothing),
)
async def _(ground: Ground) -> bool:
    file = ground.folder / "tokens.json"
    token = f"{PREFIX}{'x' * 43}"
    now = datetime.now(UTC).isoformat()
    entry = {"name": "me", "sha256": hash_of(token), "scopes": ["write"], "created": now}
    file.write_text(json.dumps({"version": 1, "tokens": [entry]}))
    file.chmod(0o666)
    try:
        return StaticTokens(file).find(token) is not None
    except TokensUnusable:
        return False


FIND = StaticTokens.find


def _for_all(self: StaticTokens, token: str) -> StaticToken | None:
    found = FIND(self, token)
    return found and found.model_copy(update={"workspaces": None})


@ATTACKS.add(
    "token of another workspace",
    who="client",
    tries="a static token for one workspace at the path of another",
    defence="a token is for its workspaces",
    without=put_in_place(f"{_HOSTING}.static_tokens:StaticTokens.find", _for_all),
)
async def _(ground: Ground) -> bool:
    token = made(ground.folder / "tokens.json", workspaces=frozenset({"support"}))
    return await let_in(Issuer(), token, folder=ground.folder)
