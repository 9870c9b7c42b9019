"""Which static tokens open what, and until when."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hosting.making import NOW, changed, made
from mcp_server_zendesk.hosting.static_tokens import StaticTokens
from mcp_server_zendesk.hosting.tokens_file import TokensUnusable, hash_of, remove_token
from mcp_server_zendesk.hosting.verifying import TokenRefused, TokenUnknown

pytestmark = pytest.mark.anyio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def known(file: Path, now: datetime = NOW) -> StaticTokens:
    return StaticTokens(file, clock=now.timestamp)


async def test_a_token_stands_for_its_name_with_its_scopes(file: Path) -> None:
    token = made(file, scopes="read tickets:write", expires=NOW + timedelta(days=1))
    made(file, "bob")
    caller = await known(file).of_workspace("acme").verify(token)
    assert caller.model_dump() == {
        "token": "",
        "client_id": "alice",
        "subject": None,
        "scopes": ["read", "tickets:write"],
        "expires_at": int((NOW + timedelta(days=1)).timestamp()),
        "resource": None,
        "claims": {"iss": "tokens_file"},
    }


@pytest.mark.parametrize("wrong", ["zmcp_", "zmcp_x", "zmcp_" + "A" * 43, "zmcp_é"])
async def test_a_token_that_is_none_of_the_file_is_refused(file: Path, wrong: str) -> None:
    token = made(file)
    verifier = known(file).of_workspace("acme")
    for tried in (wrong, token[:-1], token + "A", token.upper(), hash_of(token)):
        with pytest.raises(TokenRefused) as refused:
            await verifier.verify(tried)
        assert tried not in str(refused.value)


async def test_what_has_another_beginning_is_left_to_other_verifiers(file: Path) -> None:
    made(file)
    with pytest.raises(TokenUnknown):
        await known(file).of_workspace("acme").verify("eyJ.eyJ.x")


async def test_a_token_ends_at_its_time_and_not_a_second_later(file: Path) -> None:
    token = made(file, expires=NOW + timedelta(days=1))
    until = NOW + timedelta(days=1)
    assert await known(file, until - timedelta(seconds=1)).of_workspace("acme").verify(token)
    with pytest.raises(TokenRefused, match="has expired"):
        await known(file, until).of_workspace("acme").verify(token)


async def test_a_token_for_one_workspace_opens_no_other(file: Path) -> None:
    token = made(file, workspaces=frozenset({"acme", "support desk"}))
    tokens = known(file)
    assert await tokens.of_workspace("acme").verify(token)
    assert await tokens.of_workspace("support desk").verify(token)
    for other in ("acm", "ACME", "", "support"):
        with pytest.raises(TokenRefused, match="other workspaces"):
            await tokens.of_workspace(other).verify(token)


async def test_looking_for_a_token_compares_all_in_constant_time(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = [made(file, f"caller-{number}") for number in range(3)]
    compared: list[tuple[str, str]] = []
    compare = hmac.compare_digest

    def watched(kept: str, wanted: str) -> bool:
        compared.append((kept, wanted))
        return compare(kept, wanted)

    monkeypatch.setattr("hmac.compare_digest", watched)
    verifier = known(file).of_workspace("acme")
    for token in tokens:
        assert await verifier.verify(token)
    assert compared == [(hash_of(kept), hash_of(tried)) for tried in tokens for kept in tokens]


async def test_a_reload_takes_what_changed_and_keeps_the_old_where_it_is_wrong(
    file: Path,
) -> None:
    alice = made(file)
    tokens = known(file)
    verifier = tokens.of_workspace("acme")
    bob = made(file, "bob")
    with pytest.raises(TokenRefused):
        await verifier.verify(bob)
    tokens.reload()
    assert await verifier.verify(bob)
    changed(file, '"read"', '"raed"')
    with pytest.raises(TokensUnusable, match=r"token 1: scopes: .* nearest is 'read'"):
        tokens.reload()
    assert await verifier.verify(alice)
    changed(file, '"raed"', '"read"')
    remove_token(file, "alice")
    tokens.reload()
    with pytest.raises(TokenRefused, match="no longer"):
        await verifier.verify(alice)
