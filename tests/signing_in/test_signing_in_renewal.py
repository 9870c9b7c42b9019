"""A sign-in that renews itself: once, in time, and with the new pair stored before it is used."""

from __future__ import annotations

import logging
from pathlib import Path

import anyio
import pytest
from filelock import FileLock

from mcp_server_zendesk.connection.errors import (
    NotConfigured,
    TokenRefused,
    TokenUnavailable,
    Unauthenticated,
)
from mcp_server_zendesk.sandbox.faults import Fault
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, AGENT_ID
from mcp_server_zendesk.sandbox.misfortunes import (
    altered,
    html_error,
    html_with_200,
    never_answered,
    rate_limited,
    reset_after_write,
    reset_before_write,
    token_revoked,
    truncated_json,
)
from mcp_server_zendesk.signing_in.turns import turns_in
from mcp_server_zendesk.signing_in.vaults import VaultUnavailable
from signing_in.ground import TOKENS, Desk, at_once

pytestmark = pytest.mark.anyio

ME = "/api/v2/users/me"
BROKEN = VaultUnavailable("the disk is full")


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    await desk.sign_in()
    return desk


async def test_a_token_is_renewed_before_its_end_and_the_new_pair_stored_before_it_is_used(
    desk: Desk,
) -> None:
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        desk.clock.forward(1_739)
        await connection.send("GET", ME)
        assert desk.refreshes == (0, 0)
        desk.clock.forward(2)
        desk.log.clear()
        await connection.send("GET", ME)
    assert desk.refreshes == (1, 0)
    kept = desk.kept()
    assert kept.token is not None
    token = kept.token.get_secret_value()
    assert desk.log == [f"stored {token}", f"used {token}"]
    assert kept.expires_at == int(desk.now() + 1_800)
    # No call met the end: each request of the API was answered.
    assert {request.status for request in desk.sandbox.requests} == {200, 201}


async def test_64_calls_with_a_rejected_token_cause_one_refresh(desk: Desk) -> None:
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        revoke = token_revoked(desk.sandbox.store)
        assert revoke.effect is not None
        revoke.effect()
        answers = await at_once(64, lambda: connection.send("GET", ME))
    assert [answer.status for answer in answers] == [200] * 64
    assert desk.refreshes == (1, 0)
    assert desk.asked == 1


async def test_64_calls_at_the_end_of_a_token_cause_one_refresh(desk: Desk) -> None:
    async with desk.connected() as connection:
        desk.clock.forward(1_801)
        answers = await at_once(64, lambda: connection.send("GET", ME))
        assert [answer.status for answer in answers] == [200] * 64
    assert desk.refreshes == (1, 0)
    assert [request.status for request in desk.sandbox.requests].count(401) == 0


async def test_who_comes_second_finds_the_new_pair_in_the_vault(desk: Desk) -> None:
    async with desk.connected() as first, desk.connected() as second:
        for connection in (first, second):
            await connection.send("GET", ME)
        desk.clock.forward(1_801)
        for connection in (first, second):
            await connection.send("GET", ME)
    assert desk.refreshes == (1, 0)


async def test_a_race_lost_to_somebody_outside_the_lock_is_no_end(desk: Desk) -> None:
    elsewhere = desk.credentials()
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        kept = desk.kept()

        def faster() -> None:
            """Another machine refreshes, and stores, while our request is on its way."""
            register = desk.sandbox.store.oauth
            (held,) = register.refresh_tokens.values()
            del register.refresh_tokens[held.token]
            desk.sandbox.store.add_access_token("theirs", ADMIN_ID, ["read"])
            theirs = kept.model_copy(update={"token": "theirs", "refresh_token": "theirs-too"})
            fresh = type(kept).model_validate({**theirs.model_dump(), "expires_at": 1e10})
            desk.vault.write("main", fresh.text())

        desk.sandbox.faults.add("POST", TOKENS, 1, Fault(effect=faster))
        desk.clock.forward(1_801)
        assert (await connection.send("GET", ME)).status == 200
    assert desk.log[-1] == "used theirs"
    assert await elsewhere.authorization() == "Bearer theirs"


async def test_a_sign_in_that_has_ended_is_asked_about_once_and_taken_up_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    dead = desk.kept()
    async with desk.connected() as connection:
        desk.clock.forward(31 * 86_400)
        for outcome in await at_once(16, lambda: connection.send("GET", ME)):
            assert isinstance(outcome, TokenRefused)
            assert outcome.refusal.code == "invalid_grant"
            assert outcome.grant == "refresh_token"
        with pytest.raises(TokenRefused):
            await connection.send("GET", ME)
        assert desk.asked == 1
        assert desk.refreshes == (0, 1)
        assert caplog.text.count("has ended; someone has to sign in again") == 1
        # Somebody signs in again; the server was not restarted.
        await desk.sign_in(AGENT_ID)
        answers = await at_once(8, lambda: connection.send("GET", ME))
        assert {answer.body["user"]["id"] for answer in answers} == {AGENT_ID}
        assert desk.asked == 0
    assert dead.token is not None
    assert dead.token.get_secret_value() not in caplog.text


async def test_after_signing_out_there_is_nothing_to_sign_in_with(desk: Desk) -> None:
    async with desk.connected() as connection:
        desk.clock.forward(31 * 86_400)
        with pytest.raises(TokenRefused):
            await connection.send("GET", ME)
        desk.vault.forget("main")
        with pytest.raises(NotConfigured) as raised:
            await connection.send("GET", ME)
        assert raised.value.sign_in
        await desk.sign_in()
        assert (await connection.send("GET", ME)).status == 200


@pytest.mark.parametrize(
    "fault",
    [
        html_error(500),
        html_error(503),
        rate_limited(7),
        never_answered(),
        reset_before_write(),
        html_with_200(),
        truncated_json(),
        altered(lambda told: {**told, "access_token": "two words"}),
        altered(lambda told: {**told, "access_token": 7}),
        Fault(status=401, body={"error": "Couldn't authenticate you"}),
        Fault(status=302, headers={"Location": "https://elsewhere.invalid/oauth/tokens"}),
    ],
)
async def test_a_token_endpoint_in_trouble_ends_nothing(desk: Desk, fault: Fault) -> None:
    before = desk.kept()
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        desk.clock.forward(1_801)
        desk.sandbox.faults.add("POST", TOKENS, 1, fault)
        with pytest.raises(TokenUnavailable):
            await connection.send("GET", ME)
        assert desk.kept() == before
        assert desk.log[1:] == []  # nothing went out with the dead token
        if fault.applied or fault.alter:
            return
        assert (await connection.send("GET", ME)).status == 200
    assert desk.refreshes == (1, 0)


async def test_a_lost_answer_of_the_token_endpoint_ends_the_sign_in_in_the_end(desk: Desk) -> None:
    async with desk.connected() as connection:
        desk.clock.forward(1_801)
        desk.sandbox.faults.add("POST", TOKENS, 1, reset_after_write())
        with pytest.raises(TokenUnavailable):
            await connection.send("GET", ME)
        with pytest.raises(TokenRefused):
            await connection.send("GET", ME)


async def test_while_the_old_token_is_good_a_token_endpoint_in_trouble_disturbs_nobody(
    desk: Desk,
) -> None:
    async with desk.connected() as connection:
        desk.clock.forward(1_750)
        desk.sandbox.faults.add("POST", TOKENS, 1, html_error(503))
        assert (await connection.send("GET", ME)).status == 200
        assert desk.refreshes == (0, 0)
        assert (await connection.send("GET", ME)).status == 200
    assert desk.refreshes == (1, 0)


async def test_a_vault_that_is_out_of_reach_disturbs_nobody_before_the_end(desk: Desk) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await anyio.lowlevel.checkpoint()

    turns = turns_in(desk.folder, sleep=sleep, clock=lambda: sum(waited))
    async with desk.connected(turns=turns) as connection:
        desk.clock.forward(1_750)
        with FileLock(desk.folder / "main.lock"):
            assert (await connection.send("GET", ME)).status == 200
            desk.clock.forward(51)
            with pytest.raises(NotConfigured, match=r"main\.lock") as raised:
                await connection.send("GET", ME)
            assert raised.value.sign_in
        assert desk.asked == 0
        assert (await connection.send("GET", ME)).status == 200
    assert desk.refreshes == (1, 0)


async def test_all_who_wait_for_a_refresh_that_fails_share_its_failure(desk: Desk) -> None:
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        desk.sandbox.requests.clear()
        desk.clock.forward(1_801)
        desk.sandbox.faults.add("POST", TOKENS, None, rate_limited(30))
        outcomes = await at_once(64, lambda: connection.send("GET", ME))
        assert {type(outcome) for outcome in outcomes} == {TokenUnavailable}
        assert desk.asked == 1
        desk.sandbox.faults.clear()
        assert (await connection.send("GET", ME)).status == 200


async def test_a_vault_that_cannot_be_written_costs_nothing_while_the_server_lives(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(desk.vault, object)
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        desk.vault.broken = BROKEN  # type: ignore[attr-defined]  # the desk's vault is a Noted
        for round_ in range(1, 4):
            desk.clock.forward(1_801)
            answers = await at_once(8, lambda: connection.send("GET", ME))
            assert [answer.status for answer in answers] == [200] * 8
            assert desk.refreshes == (round_, 0)
        errors = [one for one in caplog.records if one.levelno == logging.ERROR]
        assert len(errors) == 3
        assert "could not be stored" in errors[0].getMessage()
        assert "the disk is full" in errors[0].getMessage()
        # Once it can be written again, the next pair is stored.
        desk.vault.broken = None  # type: ignore[attr-defined]  # likewise
        desk.clock.forward(1_801)
        await connection.send("GET", ME)
        assert desk.refreshes == (4, 0)
    assert (await desk.credentials().authorization()) == f"Bearer {_token(desk)}"
    assert _token(desk) in desk.sandbox.store.access_tokens


async def test_a_new_sign_in_counts_more_than_a_pair_that_could_not_be_stored(desk: Desk) -> None:
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        desk.vault.broken = BROKEN  # type: ignore[attr-defined]  # the desk's vault is a Noted
        desk.clock.forward(1_801)
        await connection.send("GET", ME)
        desk.vault.broken = None  # type: ignore[attr-defined]  # likewise
        await desk.sign_in(AGENT_ID)
        desk.clock.forward(1_801)
        answer = await connection.send("GET", ME)
        assert answer.body["user"]["id"] == AGENT_ID


def _token(desk: Desk) -> str:
    token = desk.kept().token
    assert token is not None
    return token.get_secret_value()


async def test_a_call_that_is_cancelled_in_the_middle_of_a_refresh_does_not_lose_the_pair(
    desk: Desk,
) -> None:
    arrived = anyio.Event()

    async def slowly(_: float) -> None:
        arrived.set()
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()

    desk.sandbox._sleep = slowly
    # Zendesk carries it out, and its answer is slow: cut off there, the pair would be lost.
    desk.sandbox.faults.add("POST", TOKENS, 1, Fault(pieces=20, pause_seconds=1))
    old = _token(desk)
    async with desk.connected() as connection:
        desk.clock.forward(1_801)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.send, "GET", ME)
            await arrived.wait()
            assert desk.refreshes == (1, 0)
            assert _token(desk) == old
            tasks.cancel_scope.cancel()
        assert _token(desk) != old
        assert (await connection.send("GET", ME)).status == 200
    assert desk.refreshes == (1, 0)


async def test_a_new_token_that_is_rejected_is_not_renewed_again_and_again(desk: Desk) -> None:
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        desk.sandbox.faults.add("GET", ME, None, Fault(status=401, body={"error": "invalid_token"}))
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await connection.send("GET", ME)
            desk.clock.forward(10)
        assert desk.refreshes == (1, 0)
        desk.clock.forward(60)
        with pytest.raises(Unauthenticated):
            await connection.send("GET", ME)
        assert desk.refreshes == (2, 0)


@pytest.mark.parametrize(
    "other",
    [{"subdomain": "acme"}, {"auth": "oauth_token"}, {"client_id": "another"}, {"token": None}],
)
async def test_a_sign_in_for_something_else_is_never_sent(
    desk: Desk, other: dict[str, str | None]
) -> None:
    desk.put(**other)
    async with desk.connected() as connection:
        with pytest.raises(NotConfigured) as raised:
            await connection.send("GET", ME)
    assert raised.value.sign_in
    assert desk.sandbox.requests == []
    assert desk.log == []


async def test_a_sign_in_that_becomes_one_for_something_else_is_not_used_to_renew(
    desk: Desk,
) -> None:
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        desk.put(subdomain="acme")
        desk.clock.forward(1_801)
        with pytest.raises(NotConfigured):
            await connection.send("GET", ME)
    assert desk.asked == 0
    assert desk.log == []  # since the change


@pytest.mark.parametrize("jump", [-86_400 * 365, 86_400 * 7])
async def test_a_clock_that_jumps_costs_one_refresh_at_most(desk: Desk, jump: float) -> None:
    """This machine's clock jumps; Zendesk's own goes on."""
    moved = [0.0]
    ours = desk.now
    desk.now = lambda: ours() + moved[0]  # type: ignore[method-assign]  # the machine's clock
    async with desk.connected() as connection:
        await connection.send("GET", ME)
        moved[0] = jump
        for _ in range(3):
            assert (await connection.send("GET", ME)).status == 200
        assert desk.refreshes[0] <= 1
        desk.clock.forward(1_801)
        for _ in range(3):
            assert (await connection.send("GET", ME)).status == 200
    assert desk.refreshes[0] <= 2
    assert desk.refreshes[1] == 0


async def test_a_confidential_client_renews_with_its_secret_from_the_vault(tmp_path: Path) -> None:
    desk = Desk(tmp_path, client="northwind_robot")
    await desk.sign_in(secret="d3m0robot5ecret0fNorthwindOutdoor")
    async with desk.connected() as connection:
        desk.clock.forward(1_801)
        assert (await connection.send("GET", ME)).status == 200
    assert desk.refreshes == (1, 0)
