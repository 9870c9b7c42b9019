"""A confidential client's own token, and tokens that someone stored: what renews them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from mcp_server_zendesk.connection.errors import (
    Forbidden,
    NotConfigured,
    TokenRefused,
    TokenUnavailable,
    Unauthenticated,
    ZendeskError,
)
from mcp_server_zendesk.sandbox.faults import Fault
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_EMAIL,
    AGENT_ID,
    DEMO_API_TOKEN,
    DEMO_CLIENT_SECRET,
    DEMO_CONFIDENTIAL_CLIENT,
    DEMO_TOKEN,
)
from mcp_server_zendesk.sandbox.misfortunes import (
    altered,
    html_error,
    never_answered,
    rate_limited,
)
from mcp_server_zendesk.signing_in.login import Login
from mcp_server_zendesk.signing_in.turns import turns_in
from mcp_server_zendesk.signing_in.vaults import VaultUnavailable
from signing_in.ground import SCOPES, TOKENS, Desk, at_once

pytestmark = pytest.mark.anyio

ME = "/api/v2/users/me"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path, auth="oauth_client_credentials", client=DEMO_CONFIDENTIAL_CLIENT)
    desk.settings = desk.with_settings(client_secret=DEMO_CLIENT_SECRET)
    return desk


def login(desk: Desk) -> Login:
    return Login(desk.settings, desk.vault, turns_in(desk.folder), desk.now, desk.transport)


async def test_one_request_serves_64_calls_and_the_next_comes_before_the_end(desk: Desk) -> None:
    async with desk.connected() as connection:
        for token_requests in (1, 2):
            answers = await at_once(64, lambda: connection.send("GET", ME))
            assert [answer.status for answer in answers] == [200] * 64
            assert desk.asked == token_requests
            desk.clock.forward(1_741)
    assert 401 not in {request.status for request in desk.sandbox.requests}


async def test_it_acts_as_the_user_who_created_the_client(desk: Desk) -> None:
    desk.sandbox.store.add_oauth_client(
        DEMO_CONFIDENTIAL_CLIENT, secret=DEMO_CLIENT_SECRET, user_id=AGENT_ID
    )
    async with desk.connected() as connection:
        answer = await connection.send("GET", ME)
        assert answer.body["user"]["id"] == AGENT_ID
        assert connection.credentials.granted == SCOPES


async def test_a_rejected_token_is_replaced_once_for_all(desk: Desk) -> None:
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        desk.clock.forward(61)
        desk.sandbox.store.access_tokens.clear()
        answers = await at_once(64, lambda: connection.send("GET", ME))
        assert [answer.status for answer in answers] == [200] * 64
    assert desk.asked == 2


async def test_a_new_token_that_is_rejected_is_not_replaced_again_and_again(desk: Desk) -> None:
    async with desk.connected() as connection:
        desk.sandbox.faults.add("GET", ME, None, Fault(status=401, body={"error": "invalid_token"}))
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await connection.send("GET", ME)
            desk.clock.forward(10)
        assert desk.asked == 1
        desk.clock.forward(60)
        with pytest.raises(Unauthenticated):
            await connection.send("GET", ME)
    assert desk.asked == 2


async def test_a_refused_secret_is_not_tried_again_for_a_minute(desk: Desk) -> None:
    settings = desk.with_settings(client_secret="rotated")
    async with desk.connected(settings=settings) as connection:
        for outcome in await at_once(64, lambda: connection.send("GET", ME)):
            assert isinstance(outcome, TokenRefused)
            assert (outcome.refusal.code, outcome.grant) == ("invalid_client", "client_credentials")
        assert desk.asked == 1
        desk.clock.forward(59)
        with pytest.raises(TokenRefused):
            await connection.send("GET", ME)
        assert desk.asked == 1
        desk.clock.forward(2)
        with pytest.raises(TokenRefused):
            await connection.send("GET", ME)
    assert desk.asked == 2


async def test_trouble_is_shared_by_all_who_wait_and_passes(desk: Desk) -> None:
    async with desk.connected() as connection:
        desk.sandbox.faults.add("POST", TOKENS, None, rate_limited(3))
        outcomes = await at_once(64, lambda: connection.send("GET", ME))
        assert {type(outcome) for outcome in outcomes} == {TokenUnavailable}
        assert desk.asked == 1
        desk.sandbox.faults.clear()
        assert (await connection.send("GET", ME)).status == 200
        desk.clock.forward(1_750)
        for fault in (html_error(503), never_answered()):
            desk.sandbox.faults.add("POST", TOKENS, 1, fault)
            assert (await connection.send("GET", ME)).status == 200
        desk.clock.forward(51)
        desk.sandbox.faults.add("POST", TOKENS, 1, html_error(503))
        with pytest.raises(TokenUnavailable):
            await connection.send("GET", ME)


async def test_the_secret_comes_from_the_vault_where_it_is_not_given(desk: Desk) -> None:
    await login(desk).by_client_secret(SecretStr(DEMO_CLIENT_SECRET), SCOPES)
    async with desk.connected(settings=desk.with_settings()) as connection:
        assert (await connection.send("GET", ME)).status == 200
        desk.vault.forget("main")
    async with desk.connected(settings=desk.with_settings()) as connection:
        with pytest.raises(NotConfigured) as raised:
            await connection.send("GET", ME)
    assert raised.value.sign_in
    async with desk.connected(settings=desk.with_settings(client_id=None)) as connection:
        with pytest.raises(NotConfigured) as raised:
            await connection.send("GET", ME)
    assert raised.value.missing == ("ZENDESK_OAUTH_CLIENT_ID",)


async def test_a_stored_token_is_read_again_once_it_is_rejected(tmp_path: Path) -> None:
    desk = Desk(tmp_path, auth="oauth_token")
    store = desk.sandbox.store
    await login(desk).by_token(SecretStr(DEMO_TOKEN))
    async with desk.connected() as connection:
        assert (await connection.send("GET", ME)).status == 200
        store.access_tokens.clear()
        with pytest.raises(Unauthenticated):
            await connection.send("GET", ME)
        store.add_access_token("another", AGENT_ID, ["read"])
        await login(desk).by_token(SecretStr("another"))
        answers = await at_once(16, lambda: connection.send("GET", ME))
        assert {answer.body["user"]["id"] for answer in answers} == {AGENT_ID}


async def test_a_stored_api_token_brings_its_user_along(tmp_path: Path) -> None:
    desk = Desk(tmp_path, auth="api_token")
    await login(desk).by_token(SecretStr(DEMO_API_TOKEN), ADMIN_EMAIL)
    async with desk.connected() as connection:
        assert (await connection.send("GET", ME)).status == 200
        assert not connection.credentials.tells_scopes
    other = desk.with_settings(email="someone.else@example.com")
    async with desk.connected(settings=other) as connection:
        desk.log.clear()
        with pytest.raises(NotConfigured):
            await connection.send("GET", ME)
    assert desk.log == []


async def test_who_may_not_see_himself_can_sign_in_but_who_may_do_nothing_cannot(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, auth="oauth_token")
    text = "You are missing the following required scopes: users:read, read"
    narrow = Fault(status=403, body={"error": "Forbidden", "description": text})
    desk.sandbox.faults.add("GET", "/users/me", 1, narrow)
    signed_in = await login(desk).by_token(SecretStr(DEMO_TOKEN))
    assert signed_in.kept.person is None
    desk.vault.forget("main")
    desk.sandbox.rules.ip_refused = True
    with pytest.raises(Forbidden):
        await login(desk).by_token(SecretStr(DEMO_TOKEN))
    assert desk.vault.read("main") is None


@pytest.mark.parametrize("failing", ["/users/me", "store"])
async def test_a_login_that_fails_half_way_leaves_no_living_token(
    tmp_path: Path, failing: str
) -> None:
    desk = Desk(tmp_path)
    if failing == "store":
        tmp_path.joinpath("main.json").mkdir()
    else:
        desk.sandbox.faults.add("GET", failing, 1, html_error(500))
    before = set(desk.sandbox.store.access_tokens)
    with pytest.raises((ZendeskError, VaultUnavailable)):
        await desk.sign_in()
    assert set(desk.sandbox.store.access_tokens) == before
    assert desk.sandbox.store.oauth.refresh_tokens == {}


async def test_scopes_of_the_answer_that_are_no_scopes_are_dropped(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sandbox.faults.add(
        "POST", TOKENS, 1, altered(lambda told: {**told, "scope": "read \x1b[31mwrite \u202e"})
    )
    signed_in = await desk.sign_in()
    assert signed_in.kept.granted == frozenset({"read"})
