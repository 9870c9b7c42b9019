"""An issuer's keys: found, kept, turned, and gone without for a while."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest

from hosting.issuer import KEYS, METADATA, OPENID, Issuer, SigningKey
from mcp_server_zendesk.hosting import issuer_documents, keys
from mcp_server_zendesk.hosting.keys import (
    FRESH_SECONDS,
    GOOD_SECONDS,
    RETRY_SECONDS,
    IssuerKeys,
)
from mcp_server_zendesk.hosting.verifying import TokenRefused, VerificationUnavailable

pytestmark = pytest.mark.anyio


class Known:
    """One issuer, and its keys as a server knows them, at a time that a test moves."""

    def __init__(self, address: str = "https://issuer.example", **options: Any) -> None:
        self.issuer = Issuer(address)
        self.now = 1_000.0
        self.keys = IssuerKeys(
            address,
            algorithms=("RS256", "ES256"),
            transport=httpx.ASGITransport(app=self.issuer),
            clock=lambda: self.now,
            **options,
        )

    async def finds(self, kid: str | None = "first", algorithm: str = "ES256") -> str:
        try:
            return str((await self.keys.find(kid, algorithm)).key_id)
        except TokenRefused:
            return "refused"
        except VerificationUnavailable as error:
            return "unavailable" if error.retry_after == RETRY_SECONDS else "a wrong wait"

    @property
    def fetched(self) -> int:
        return self.issuer.requests.count(KEYS)


@pytest.fixture
async def known() -> AsyncIterator[Known]:
    ground = Known()
    yield ground
    await ground.keys.aclose()


async def test_keys_are_fetched_once_and_kept(known: Known) -> None:
    for _ in range(5):
        assert await known.finds() == "first"
    assert known.issuer.requests == [METADATA, KEYS]


async def test_a_turned_key_is_found_by_the_first_token_that_names_it(known: Known) -> None:
    assert await known.finds() == "first"
    known.issuer.turn("second")
    known.now += RETRY_SECONDS
    assert await known.finds("second") == "second"
    assert await known.finds("first") == "refused", "the issuer took it back"
    assert known.issuer.requests == [METADATA, KEYS, KEYS]


async def test_a_flood_of_unknown_keys_makes_no_flood_of_requests(known: Known) -> None:
    assert await known.finds() == "first"
    for second in range(60):
        known.now += 1
        for number in range(20):
            assert await known.finds(f"made-up-{second}-{number}") == "refused"
    assert known.fetched == 1 + 60 / RETRY_SECONDS
    assert await known.finds() == "first"


async def test_a_key_that_was_taken_back_is_refused_once_it_is_no_longer_fresh(
    known: Known,
) -> None:
    assert await known.finds() == "first"
    known.issuer.turn("second")
    known.now += FRESH_SECONDS - 1
    assert await known.finds() == "first"
    known.now += 1
    assert await known.finds() == "refused"


async def test_an_endpoint_that_is_down_leaves_known_keys_good_for_a_bounded_time(
    known: Known, caplog: pytest.LogCaptureFixture
) -> None:
    assert await known.finds() == "first"
    known.issuer.status[KEYS] = 503
    started = known.now
    with caplog.at_level(logging.WARNING):
        while known.now < started + GOOD_SECONDS:
            assert await known.finds() == "first"
            known.now += RETRY_SECONDS
        assert await known.finds() == "unavailable"
        assert await known.finds("unknown") == "unavailable", "it cannot be told that it is wrong"
        known.issuer.status.clear()
        known.now += RETRY_SECONDS
        assert await known.finds() == "first"
    assert [record.getMessage() for record in caplog.records] == [
        "The issuer's keys cannot be had: https://issuer.example/keys answered with status 503",
        "The issuer's keys can be had again",
    ]


async def test_an_unknown_key_cannot_be_judged_while_the_endpoint_is_down(known: Known) -> None:
    assert await known.finds() == "first"
    known.issuer.status[KEYS] = 500
    known.now += RETRY_SECONDS
    assert await known.finds("second") == "unavailable"
    assert await known.finds() == "first"


async def test_an_issuer_that_was_never_reached_refuses_nobody(known: Known) -> None:
    known.issuer.status.update({METADATA: 500, OPENID: 500})
    for _ in range(30):
        assert await known.finds() == "unavailable"
    assert len(known.issuer.requests) == 2, "it is not asked for each caller"
    known.issuer.status.clear()
    known.now += RETRY_SECONDS
    assert await known.finds() == "first"


async def test_many_at_once_wait_for_one_fetch(known: Known) -> None:
    found: list[str] = []

    async def find() -> None:
        found.append(await known.finds())

    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(find)
    assert found == ["first"] * 200
    assert known.issuer.requests == [METADATA, KEYS]


async def test_whoever_has_a_good_key_does_not_wait_for_a_slow_endpoint(known: Known) -> None:
    assert await known.finds() == "first"
    known.now += FRESH_SECONDS
    known.issuer.silent = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(known.keys.refresh)
        while known.fetched < 2:
            await anyio.lowlevel.checkpoint()
        with anyio.fail_after(5):
            assert await known.finds() == "first"
        known.issuer.silent = False
        tasks.cancel_scope.cancel()


async def test_an_endpoint_that_never_answers_is_given_up(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "FETCH_SECONDS", 0.05)
    known.issuer.silent = True
    assert await known.finds() == "unavailable"


async def test_a_caller_that_is_gone_does_not_keep_keys_from_the_next(known: Known) -> None:
    known.issuer.silent = True
    with anyio.move_on_after(0.05):
        await known.finds()
    known.issuer.silent = False
    assert await known.finds() == "first"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": [7, None, "x", [], {}]},
        {"keys": [{"kty": "oct", "kid": "first", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "first", "x": "AAAA", "y": "AAAA"}]},
        {"keys": [{"kty": "EC", "crv": ["P-256"], "kid": "first"}]},
        {"keys": [{"kty": ["RSA"], "kid": "first"}]},
        {"keys": [{"kty": "RSA", "kid": "first", "n": 7, "e": "AQAB"}]},
        b'{"keys": [' + b" " * issuer_documents.MOST_BYTES + b"]}",
    ],
    ids=lambda content: str(content)[:60],
)
async def test_a_document_without_usable_keys_changes_nothing(known: Known, content: Any) -> None:
    assert await known.finds() == "first"
    known.issuer.answers[KEYS] = content
    known.now += FRESH_SECONDS
    assert await known.finds() == "first"
    assert await known_with(content).finds() == "unavailable"


def known_with(content: Any) -> Known:
    ground = Known()
    ground.issuer.answers[KEYS] = content
    return ground


@pytest.mark.parametrize(
    "extra",
    [
        {"use": "enc"},
        {"use": ["sig"]},
        {"alg": "ES384"},
        {"alg": ["ES256"]},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"d": "AAAA"},
        {"kid": 7},
    ],
    ids=str,
)
async def test_a_key_for_something_else_is_left_out(known: Known, extra: dict[str, Any]) -> None:
    known.issuer.keys = [SigningKey("first", extra=extra), SigningKey("second")]
    assert await known.finds("second") == "second"
    assert await known.finds("first") == "refused"


async def test_a_token_that_names_no_key_is_taken_where_there_is_one_alone(known: Known) -> None:
    known.issuer.keys = [SigningKey("one", "RS256"), SigningKey("two")]
    assert await known.finds(None) == "two"
    known.issuer.keys.append(SigningKey("three"))
    known.now += FRESH_SECONDS
    assert await known.finds(None) == "refused"


async def test_a_list_of_keys_is_read_as_far_as_anybody_needs(known: Known) -> None:
    known.issuer.keys = [SigningKey(f"key-{number}") for number in range(80)]
    assert await known.finds("key-63") == "key-63"
    assert await known.finds("key-64") == "refused"


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://issuer.example", "/.well-known/openid-configuration"),
        ("https://issuer.example/", "/.well-known/openid-configuration"),
        ("https://issuer.example/a/b", "/.well-known/oauth-authorization-server/a/b"),
        ("https://issuer.example/a/b", "/.well-known/openid-configuration/a/b"),
        ("https://issuer.example/a/b", "/a/b/.well-known/openid-configuration"),
        ("https://issuer.example/a/", "/a/.well-known/openid-configuration"),
    ],
)
async def test_metadata_are_found_where_issuers_put_them(issuer: str, path: str) -> None:
    ground = Known(issuer)
    ground.issuer.status[METADATA] = 404
    ground.issuer.answers = {
        path: {"issuer": issuer, "jwks_uri": "https://issuer.example/elsewhere"},
        "/elsewhere": {"keys": [key.published() for key in ground.issuer.keys]},
    }
    assert await ground.finds() == "first"


async def test_a_configured_address_of_keys_needs_no_metadata() -> None:
    ground = Known(jwks_url=f"https://issuer.example{KEYS}")
    assert await ground.finds() == "first"
    ground.issuer.status[KEYS] = 500
    ground.now += FRESH_SECONDS
    assert await ground.finds() == "first"
    ground.now += RETRY_SECONDS
    ground.issuer.status.clear()
    ground.issuer.turn("second")
    assert await ground.finds("second") == "second"
    assert METADATA not in ground.issuer.requests


async def test_keys_that_moved_are_found_again_by_the_metadata(known: Known) -> None:
    assert await known.finds() == "first"
    known.issuer.status[KEYS] = 404
    known.issuer.answers = {
        METADATA: {"issuer": known.issuer.address, "jwks_uri": "https://issuer.example/moved"},
        "/moved": {"keys": [key.published() for key in known.issuer.keys]},
    }
    known.now += FRESH_SECONDS
    assert await known.finds() == "first"
    known.now += RETRY_SECONDS
    assert await known.finds() == "first"
    assert known.issuer.requests[-1] == "/moved"


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"issuer": "https://issuer.example/", "jwks_uri": "https://a.example/k"}, "a slash"),
        ({"jwks_uri": "https://a.example/k"}, "another issuer"),
        ({"issuer": "https://issuer.example"}, "names no https address"),
        ({"issuer": "https://issuer.example", "jwks_uri": 7}, "names no https address"),
        (
            {"issuer": "https://issuer.example", "jwks_uri": "http://a.example/k"},
            "names no https address",
        ),
        (
            {"issuer": "https://issuer.example", "jwks_uri": "file:///etc/passwd"},
            "names no https address",
        ),
        ({"issuer": "https://issuer.example", "jwks_uri": "https://["}, "names no https address"),
    ],
    ids=str,
)
async def test_metadata_that_cannot_be_used_are_told_to_the_admin(
    known: Known, caplog: pytest.LogCaptureFixture, metadata: dict[str, Any], words: str
) -> None:
    known.issuer.answers[METADATA] = metadata
    with caplog.at_level(logging.WARNING):
        assert await known.finds() == "unavailable"
    assert words in caplog.text
    assert known.issuer.requests == [METADATA]


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_redirect_is_not_followed(known: Known, status: int) -> None:
    known.issuer.status["/old"] = status
    known.issuer.answers[METADATA] = {
        "issuer": known.issuer.address,
        "jwks_uri": "https://issuer.example/old",
    }
    assert await known.finds() == "unavailable"
    assert KEYS not in known.issuer.requests


async def test_an_issuer_that_cannot_be_connected_to_is_unavailable() -> None:
    ground = IssuerKeys("http://127.0.0.1:9", algorithms=("ES256",))
    with pytest.raises(VerificationUnavailable):
        await ground.find("first", "ES256")
    await ground.aclose()
