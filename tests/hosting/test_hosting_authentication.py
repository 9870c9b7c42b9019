"""A server's settings, and how it knows its callers by them."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hosting.ground import URL
from hosting.issuer import KEYS, METADATA, Issuer
from hosting.making import NOW, changed, made
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.hosting.authentication import Authentication
from mcp_server_zendesk.hosting.verifying import TokenRefused
from mcp_server_zendesk.server_settings import ServerSettings

pytestmark = pytest.mark.anyio


def authentication(trusted: Issuer | None = None, /, **settings: Any) -> Authentication:
    asked = trusted or Issuer()
    return Authentication(
        ServerSettings(**settings),
        transport=httpx.ASGITransport(app=asked),
        clock=lambda: NOW.timestamp() if "tokens_file" in settings else asked.now(),
    )


async def opens(known: Authentication, token: str, workspace: str = "acme", url: str = URL) -> bool:
    try:
        await known.verifier_of(workspace, known.resource(url)).verify(token)
    except TokenRefused:
        return False
    return True


def test_a_server_that_could_know_nobody_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="neither issuer nor tokens_file"):
        authentication()


def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    with pytest.raises(ConfigurationError, match=r"tokens_file: .*tokens add"):
        authentication(tokens_file=file)
    made(file)
    file.chmod(0o666)
    with pytest.raises(ConfigurationError, match=r"tokens_file: .*chmod 600"):
        authentication(tokens_file=file)


async def test_both_kinds_of_tokens_may_be_used_together(tmp_path: Path) -> None:
    issuer = Issuer()
    issuer.now = NOW.timestamp
    static = made(tmp_path / "tokens.json")
    known = authentication(issuer, tokens_file=tmp_path / "tokens.json", issuer=issuer.address)
    assert await opens(known, static)
    assert await opens(known, issuer.sign())
    for wrong in ("", "x", "zmcp_x", "a.b.c", "a.b.c.d.e"):
        assert not await opens(known, wrong)


async def test_a_signed_token_is_for_one_workspace_by_its_address() -> None:
    issuer = Issuer()
    known = authentication(issuer, issuer=issuer.address)
    one, other = (f"https://mcp.example.com/{name}/mcp" for name in ("one", "other"))
    token = issuer.sign(aud=one)
    assert await opens(known, token, "one", one)
    assert await opens(known, issuer.sign(aud=f"{one}/"), "one", one)
    assert not await opens(known, token, "other", other)
    assert issuer.requests == [METADATA, KEYS], "they share the issuer's keys"


async def test_a_configured_audience_takes_the_place_of_addresses() -> None:
    issuer = Issuer()
    known = authentication(issuer, issuer=issuer.address, audience="api://zendesk")
    assert await opens(known, issuer.sign(aud="api://zendesk"))
    assert not await opens(known, issuer.sign(aud=URL))


async def test_an_issuer_is_compared_with_its_slash() -> None:
    issuer = Issuer("https://issuer.example/")
    issuer.answers = {
        METADATA: {"issuer": issuer.address, "jwks_uri": "https://issuer.example/keys"}
    }
    known = authentication(issuer, issuer="https://issuer.example/")
    assert await opens(known, issuer.sign())
    assert not await opens(known, issuer.sign(iss="https://issuer.example"))
    assert known.resource(URL).issuer == "https://issuer.example/"


async def test_keys_are_fetched_before_anyone_calls(caplog: pytest.LogCaptureFixture) -> None:
    issuer = Issuer()
    known = authentication(issuer, issuer=issuer.address)
    await known.prepare()
    assert issuer.requests == [METADATA, KEYS]
    assert await opens(known, issuer.sign())
    assert issuer.requests == [METADATA, KEYS]
    await known.aclose()
    issuer.status[METADATA] = 500
    with caplog.at_level(logging.WARNING):
        await authentication(issuer, issuer=issuer.address).prepare()
    assert "keys cannot be had" in caplog.text


async def test_a_file_with_a_mistake_changes_nothing_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    alice = made(file)
    known = authentication(tokens_file=file)
    await known.prepare()
    bob = made(file, "bob", expires=NOW + timedelta(days=1))
    known.reload()
    assert await opens(known, bob)
    changed(file, '"alice"', '"alice and friends"')
    with pytest.raises(ConfigurationError, match=r"tokens_file: .*token 1: name"):
        known.reload()
    assert await opens(known, alice)
    await known.aclose()


def test_without_a_file_there_is_nothing_to_read_again() -> None:
    authentication(issuer="https://issuer.example").reload()
