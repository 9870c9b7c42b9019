"""Which signed tokens are good, and what the sender of another one is told."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hosting.issuer import Issuer, SigningKey, rsa_key
from mcp_server_zendesk.hosting.keys import IssuerKeys
from mcp_server_zendesk.hosting.signed_tokens import LEEWAY_SECONDS, SignedTokens
from mcp_server_zendesk.hosting.verifying import TokenRefused, TokenUnknown

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000
ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")


class Verifying:
    """One issuer and the verifier that trusts it, at a time that stands still."""

    def __init__(self, **options: Any) -> None:
        self.issuer = Issuer()
        self.issuer.now = lambda: float(NOW)
        transport = httpx.ASGITransport(app=self.issuer)
        given = {"algorithms": ALGORITHMS, **options}
        self.keys = IssuerKeys(
            self.issuer.address, algorithms=given["algorithms"], transport=transport
        )
        self.tokens = SignedTokens(
            self.keys,
            issuer=self.issuer.address,
            audiences=("https://mcp.example.com/mcp",),
            clock=lambda: float(NOW),
            **given,
        )

    async def refusal(self, token: str) -> str:
        with pytest.raises(TokenRefused) as refused:
            await self.tokens.verify(token)
        assert token not in str(refused.value)
        return str(refused.value)


@pytest.fixture
async def verifying() -> AsyncIterator[Verifying]:
    ground = Verifying()
    yield ground
    await ground.keys.aclose()


async def test_a_good_token_tells_who_calls_and_what_they_may(verifying: Verifying) -> None:
    token = verifying.issuer.sign(scope="read tickets:write openid profile")
    known = await verifying.tokens.verify(token)
    assert known.model_dump() == {
        "token": "",
        "client_id": "assistant",
        "subject": "user-1",
        "scopes": ["read", "tickets:write"],
        "expires_at": NOW + 600,
        "resource": None,
        "claims": {"iss": verifying.issuer.address},
    }


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_each_allowed_algorithm_is_verified(verifying: Verifying, algorithm: str) -> None:
    verifying.issuer.keys = [SigningKey("other"), SigningKey("one", algorithm)]
    assert (await verifying.tokens.verify(verifying.issuer.sign())).subject == "user-1"


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://issuer.example.evil"}, "by another server"),
        ({"iss": "https://issuer.example/"}, "by another server"),
        ({"iss": ["https://issuer.example"]}, "by another server"),
        ({"iss": None}, "lacks one of the claims"),
        ({"aud": "https://mcp.example.com/other/mcp"}, "another audience"),
        ({"aud": "https://mcp.example.com"}, "another audience"),
        ({"aud": []}, "lacks one of the claims"),
        ({"aud": {"https://mcp.example.com/mcp": 1}}, "another audience"),
        ({"aud": None}, "lacks one of the claims"),
        ({"exp": NOW - LEEWAY_SECONDS}, "has expired"),
        ({"exp": None}, "lacks one of the claims"),
        ({"exp": "tomorrow"}, "no number of seconds"),
        ({"exp": True}, "no number of seconds"),
        ({"exp": float("nan")}, "no number of seconds"),
        ({"exp": float("inf")}, "no number of seconds"),
        ({"exp": 10**400}, "no number of seconds"),
        ({"exp": -1}, "no number of seconds"),
        ({"nbf": NOW + LEEWAY_SECONDS + 1}, "not valid yet"),
        ({"iat": NOW + LEEWAY_SECONDS + 1}, "not valid yet"),
        ({"nbf": "now"}, "no number of seconds"),
        ({"sub": None, "client_id": None}, "neither a user"),
        ({"sub": 7}, "no valid JWT"),
        ({"sub": "a\nb"}, "can stand in a log"),
        ({"sub": "x" * 256}, "can stand in a log"),
        ({"client_id": ["a"]}, "can stand in a log"),
        ({"client_id": {}}, "can stand in a log"),
        ({"scope": 7}, "neither one text nor a list"),
        ({"scope": ["read", 7]}, "neither one text nor a list"),
        ({"scope": {"read": True}}, "neither one text nor a list"),
        ({"at_hash": "x"}, "ID token"),
        ({"cnf": {"jkt": "x"}}, "bound to a key"),
        ({"token_use": "id"}, "no access token"),
        ({"typ": "Refresh"}, "no access token"),
    ],
    ids=str,
)
async def test_a_claim_that_is_wrong_is_told(
    verifying: Verifying, claims: dict[str, Any], words: str
) -> None:
    assert words in await verifying.refusal(verifying.issuer.sign(**claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - LEEWAY_SECONDS + 1},
        {"nbf": NOW + LEEWAY_SECONDS},
        {"iat": NOW + LEEWAY_SECONDS},
        {"aud": ["https://other.example", "https://mcp.example.com/mcp"]},
        {"exp": NOW + 0.5},
    ],
    ids=str,
)
async def test_clocks_may_differ_a_little_and_audiences_be_many(
    verifying: Verifying, claims: dict[str, Any]
) -> None:
    assert await verifying.tokens.verify(verifying.issuer.sign(**claims))


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": None, "scp": ["read", "users:read"]}, ["read", "users:read"]),
        ({"scope": None, "scp": "read write"}, ["read", "write"]),
        ({"scope": "read", "scp": "write"}, ["read"]),
        ({"scope": None}, []),
        ({"scope": ""}, []),
        ({"scope": "READ read:x tickets"}, []),
        ({"scope": " read\twrite "}, ["read", "write"]),
    ],
    ids=str,
)
async def test_scopes_are_read_as_issuers_write_them(
    verifying: Verifying, claims: dict[str, Any], scopes: list[str]
) -> None:
    assert (await verifying.tokens.verify(verifying.issuer.sign(**claims))).scopes == scopes


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("zd.read zd.tickets:write", ["read", "tickets:write"]),
        ("read write zd.read", ["read"]),
        ("xzd.write zd.zd.write zd. ZD.write", []),
    ],
)
async def test_only_scopes_with_our_prefix_are_ours(scope: str, scopes: list[str]) -> None:
    ground = Verifying(scope_prefix="zd.")
    assert (await ground.tokens.verify(ground.issuer.sign(scope=scope))).scopes == scopes


@pytest.mark.parametrize("claim", ["client_id", "azp", "cid", "appid"])
async def test_a_client_is_known_by_each_issuers_name_for_it(
    verifying: Verifying, claim: str
) -> None:
    claims: dict[str, Any] = {"client_id": None, "sub": None, claim: "robot"}
    known = await verifying.tokens.verify(verifying.issuer.sign(**claims))
    assert (known.client_id, known.subject) == ("robot", None)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"typ": "logout+jwt"}, "no access token, by its type"),
        ({"typ": "dpop+jwt"}, "no access token, by its type"),
        ({"crit": ["exp"]}, "no valid JWT"),
        ({"crit": ["b64"], "b64": False}, "no valid JWT"),
        ({"kid": "unknown"}, "does not publish"),
        ({"kid": "../../first"}, "does not publish"),
        ({"kid": "first' OR 1=1 --"}, "does not publish"),
    ],
    ids=str,
)
async def test_a_header_that_is_wrong_is_told(
    verifying: Verifying, header: dict[str, Any], words: str
) -> None:
    assert words in await verifying.refusal(verifying.issuer.sign(header=header))


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "JWT", "AT+JWT", None])
async def test_types_that_issuers_give_access_tokens_are_taken(
    verifying: Verifying, kind: str | None
) -> None:
    assert await verifying.tokens.verify(verifying.issuer.sign(header={"typ": kind}))


def _part(value: Any) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "NONE"},
        {"alg": ""},
        {"alg": None},
        {"alg": ["ES256"]},
        {"alg": {"ES256": 1}},
        {"alg": "HS256", "kid": "first"},
        {"alg": "ES384", "kid": "first"},
        {},
        [],
        "ES256",
        {"alg": "ES256", "kid": 7},
        {"alg": "ES256", "kid": ["first"]},
        b"\xff\xfe",
        b"[" * 5_000,
    ],
    ids=str,
)
async def test_a_header_of_another_kind_is_refused(verifying: Verifying, header: Any) -> None:
    forged = f"{_part(header)}.{_part(verifying.issuer.claims())}."
    for token in (forged, f"{forged}AAAA"):
        assert await verifying.refusal(token)


async def test_a_changed_token_is_refused(verifying: Verifying) -> None:
    header, payload, signature = verifying.issuer.sign().split(".")
    more = _part(verifying.issuer.claims(scope="write"))
    for token in (
        f"{header}.{more}.{signature}",
        f"{header}.{payload}.{signature[:-8]}AAAAAAAA",
        f"{header}.{payload}.",
    ):
        assert await verifying.refusal(token)


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c.d.e", "zmcp_x", "."])
async def test_what_is_no_jwt_is_left_to_other_verifiers(verifying: Verifying, token: str) -> None:
    with pytest.raises(TokenUnknown):
        await verifying.tokens.verify(token)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
async def test_no_text_breaks_the_verifier(text: str) -> None:
    ground = Verifying()
    for token in (text, f"{text}.{text}.{text}", f"{_part({'alg': text})}.{text}.{text}"):
        with pytest.raises(TokenRefused):
            await ground.tokens.verify(token)


async def test_a_key_for_one_algorithm_verifies_no_other() -> None:
    ground = Verifying()
    key = SigningKey("one", "RS256", extra={"alg": "RS256"})
    ground.issuer.keys = [key]
    assert await ground.tokens.verify(ground.issuer.sign())
    other = SigningKey("one", "PS256", key.private)
    assert "does not publish" in await ground.refusal(ground.issuer.sign(other))


async def test_an_algorithm_that_is_not_allowed_is_refused_though_its_key_is_published() -> None:
    ground = Verifying(algorithms=("ES256",))
    ground.issuer.keys = [SigningKey("first"), SigningKey("second", "RS256")]
    assert "algorithm that is not allowed" in await ground.refusal(ground.issuer.sign())


async def test_a_short_key_is_not_used() -> None:
    ground = Verifying()
    short = SigningKey("short", "RS256", rsa_key(1_024))
    ground.issuer.keys = [SigningKey("first"), short]
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = ground.issuer.sign()
    assert "does not publish" in await ground.refusal(token)
