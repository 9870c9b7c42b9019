"""One sign-in for all replicas: renewed once, and kept sealed in the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.errors import NotConfigured
from mcp_server_zendesk.connection.paths import api_path
from mcp_server_zendesk.sandbox.misfortunes import token_revoked
from mcp_server_zendesk.signing_in.shared_vault import SharedVault, turns_of
from mcp_server_zendesk.signing_in.vaults import FileVault, NoKeyring, Vault, VaultUnavailable
from sharing.ground import Ground
from signing_in.ground import Desk, at_once
from stores import RedisServer, needs_redis

pytestmark = [pytest.mark.anyio, pytest.mark.redis, needs_redis]

ME = api_path("users", "me")


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """Someone has signed in, on the machine of one of the replicas."""
    desk = Desk(tmp_path)
    await desk.sign_in()
    return desk


@asynccontextmanager
async def connected(
    desk: Desk, ground: Ground, own: tuple[Vault, ...]
) -> AsyncIterator[list[Connection]]:
    """A connection of each replica, whose own machine keeps what ``own`` holds."""
    async with AsyncExitStack() as stack:
        connections = []
        for vault in own:
            shared = (await stack.enter_async_context(ground.replica())).shared
            assert shared.texts is not None
            assert shared.turn is not None
            kept = SharedVault(shared.texts, lambda vault=vault: vault)  # type: ignore[misc]
            credentials = desk.credentials(
                vault=lambda kept=kept: kept,  # type: ignore[misc]
                turns=turns_of(shared.turn),
            )
            connections.append(await stack.enter_async_context(desk.connected(credentials)))
        yield connections


async def test_a_token_that_ends_is_renewed_once_for_all_replicas(
    desk: Desk, ground: Ground
) -> None:
    ground.passes = 0
    async with connected(desk, ground, (desk.vault,) * 3) as replicas:
        for replica in replicas:
            await replica.send("GET", ME)
        revoke = token_revoked(desk.sandbox.store)
        assert revoke.effect is not None
        revoke.effect()
        places = iter(range(48))
        answers = await at_once(48, lambda: replicas[next(places) % 3].send("GET", ME))
    assert [getattr(answer, "status", answer) for answer in answers] == [200] * 48
    assert desk.refreshes == (1, 0)


async def test_a_replica_on_whose_machine_nobody_signed_in_finds_the_renewed_pair(
    desk: Desk, ground: Ground, tmp_path: Path
) -> None:
    nothing = FileVault(tmp_path / "another machine")
    async with connected(desk, ground, (desk.vault, nothing)) as (signed_in, other):
        with pytest.raises(NotConfigured, match="Nobody has signed in"):
            await other.send("GET", ME)
        desk.clock.forward(1_801)
        await signed_in.send("GET", ME)
        assert (await other.send("GET", ME)).status == 200
    assert desk.refreshes == (1, 0)


async def test_an_older_sign_in_of_a_machine_does_not_come_back_and_a_newer_one_does(
    desk: Desk, ground: Ground
) -> None:
    async with connected(desk, ground, (desk.vault,)) as (first,):
        desk.clock.forward(1_801)
        await first.send("GET", ME)
    async with connected(desk, ground, (desk.vault,)) as (second,):
        await second.send("GET", ME)
        assert desk.refreshes == (1, 0), "its own old pair was not used"
    desk.clock.forward(60)
    await desk.sign_in()
    newest = desk.kept().token
    assert newest is not None
    async with connected(desk, ground, (desk.vault,)) as (third,):
        await third.send("GET", ME)
        assert desk.log[-1] == f"used {newest.get_secret_value()}"


async def test_without_the_store_a_token_goes_on_to_its_end_and_is_not_renewed(
    desk: Desk, ground: Ground, redis: RedisServer
) -> None:
    async with connected(desk, ground, (desk.vault,)) as (replica,):
        await replica.send("GET", ME)
        redis.stop()
        try:
            await replica.send("GET", ME)
            desk.clock.forward(1_780)  # about to end, and good
            await replica.send("GET", ME)
            desk.clock.forward(100)
            with pytest.raises(NotConfigured, match="cannot be renewed"):
                await replica.send("GET", ME)
        finally:
            redis.start()
        ground.now += 10
        assert (await replica.send("GET", ME)).status == 200
    assert desk.refreshes == (1, 0)


async def test_signing_out_forgets_it_everywhere(desk: Desk, ground: Ground) -> None:
    async with ground.replica() as replica:
        texts = replica.shared.texts
        assert texts is not None
        vault = SharedVault(texts, lambda: desk.vault)
        vault.write("main", desk.kept().text())
        assert vault.forget("main")
        assert vault.read("main") is None
        assert desk.vault.read("main") is None
        assert not vault.forget("main")
        assert "share" in vault.describe()


async def test_a_machine_without_a_keyring_needs_none(desk: Desk, ground: Ground) -> None:
    class NoVault(FileVault):
        def read(self, workspace: str) -> str | None:
            raise NoKeyring(workspace)

    class Locked(FileVault):
        def read(self, workspace: str) -> str | None:
            raise VaultUnavailable(f"{workspace}: it is locked")

    async with ground.replica() as replica:
        texts = replica.shared.texts
        assert texts is not None
        vault, locked = SharedVault(texts, NoVault), SharedVault(texts, Locked)
        assert vault.read("main") is None
        with pytest.raises(VaultUnavailable, match="locked"):
            locked.read("main")
        vault.write("main", "text")
        assert vault.read("main") == locked.read("main") == "text"
