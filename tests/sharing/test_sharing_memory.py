"""Yeses, files, secret texts and turns that replicas share."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
from anyio import to_thread
from pydantic import SecretStr

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.sharing.sealed import Seal
from sharing.ground import KEYS, Ground
from stores import RedisServer, needs_redis

pytestmark = [pytest.mark.anyio, pytest.mark.redis, needs_redis]

OTHER_KEY = SecretStr("canary-other-key-" + "1" * 32)


async def test_a_yes_counts_once_however_many_replicas_are_told_at_once(ground: Ground) -> None:
    counted: list[bool] = []
    async with ground.replica() as one, ground.replica() as other:

        async def spend(number: int) -> None:
            spent = (one, other)[number % 2].shared.spent
            counted.append(await spent.spend("digest", 600))

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(spend, number)
        assert counted.count(True) == 1
        await other.shared.spent.take_back("digest")
        assert await one.shared.spent.spend("digest", 600)


async def test_without_the_store_no_yes_counts(ground: Ground, redis: RedisServer) -> None:
    async with ground.replica() as one:
        redis.stop()
        try:
            with pytest.raises(StoreUnavailable) as caught:
                await one.shared.spent.spend("digest", 600)
            assert "another replica" in caught.value.needed
            await one.shared.spent.take_back("digest")
        finally:
            redis.start()


async def test_a_file_uploaded_at_one_replica_is_named_at_another(
    ground: Ground, redis: RedisServer
) -> None:
    async with ground.replica() as one, ground.replica() as other:
        await one.shared.uploads.note("token", "canary-name.txt (3 bytes)")
        named = await other.shared.uploads.named(["unknown", "token"])
        assert named == [None, "canary-name.txt (3 bytes)"]
        redis.stop()
        try:
            assert await one.shared.uploads.named(["token"]) == ["canary-name.txt (3 bytes)"]
            assert await other.shared.uploads.named(["token"]) == [None]
            await other.shared.uploads.note("later", "b.txt (1 bytes)")
            assert await other.shared.uploads.named(["later"]) == ["b.txt (1 bytes)"]
        finally:
            redis.start()


async def test_nothing_secret_lies_in_the_store_in_the_clear(ground: Ground) -> None:
    async with ground.replica() as one:
        texts = one.shared.texts
        assert texts is not None
        await to_thread.run_sync(texts.write, "main", "canary-refresh-token")
        await one.shared.uploads.note("canary-upload-token", "canary-name.txt")
        everything = one.store.blocking()
        found = []
        for key in everything.keys(f"*{ground.account}*"):
            found += [key, everything.get(key) if everything.type(key) == "string" else ""]
        everything.close()
        assert len(found) == 4
        assert "canary" not in str(found)
        assert await to_thread.run_sync(texts.read, "main") == "canary-refresh-token"
        assert await to_thread.run_sync(texts.forget, "main")
        assert await to_thread.run_sync(texts.read, "main") is None
        assert not await to_thread.run_sync(texts.forget, "main")


async def test_keys_can_be_changed_without_losing_what_is_kept(ground: Ground) -> None:
    async with ground.replica() as before, ground.replica((OTHER_KEY, *KEYS)) as after:
        old, new = before.shared.texts, after.shared.texts
        assert old is not None
        assert new is not None
        await to_thread.run_sync(old.write, "main", "text")
        assert await to_thread.run_sync(new.read, "main") == "text"
        await to_thread.run_sync(new.write, "main", "renewed")
        with pytest.raises(StoreUnavailable) as caught:
            await to_thread.run_sync(old.read, "main")
        assert "state_keys" in caught.value.needed


def test_what_is_sealed_opens_under_its_name_and_purpose_alone() -> None:
    seal = Seal(KEYS, "sign-in")
    sealed = seal.sealed("text", "one")
    assert seal.opened(sealed, "one") == "text"
    assert seal.opened(sealed, "another") is None
    assert Seal(KEYS, "uploads").opened(sealed, "one") is None
    assert Seal([OTHER_KEY], "sign-in").opened(sealed, "one") is None
    for damaged in ("", "1.", "2." + sealed[2:], sealed[:-8], sealed + "é", sealed[:20]):
        assert seal.opened(damaged, "one") is None


async def test_turns_are_taken_one_at_a_time_across_replicas(ground: Ground) -> None:
    inside = most = 0
    async with ground.replica() as one, ground.replica() as other:

        async def holds(number: int) -> None:
            nonlocal inside, most
            turn = (one, other)[number % 2].shared.turn
            assert turn is not None
            async with turn("main"):
                inside += 1
                most = max(most, inside)
                await anyio.lowlevel.checkpoint()
                inside -= 1

        ground.passes = 0  # however long they wait, patience does not end
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(holds, number)
    assert most == 1


async def test_nobody_waits_for_the_dead_or_for_ever(ground: Ground) -> None:
    async with ground.replica() as one:
        turn = one.shared.turn
        assert turn is not None
        taken = anyio.Event()

        async def holds() -> None:
            async with turn("main"):
                taken.set()
                await anyio.sleep_forever()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(holds)
            await taken.wait()
            client = one.store.blocking()
            (lock,) = client.keys(f"*{ground.account}*turn*")
            assert 0 < client.pttl(lock) <= 30_000, "it ends by itself"
            client.close()
            with pytest.raises(StoreUnavailable):
                async with turn("main"):
                    raise AssertionError
            tasks.cancel_scope.cancel()
        async with turn("main"):
            pass


async def test_without_the_store_there_is_no_turn(ground: Ground, redis: RedisServer) -> None:
    async with ground.replica() as one:
        turn, texts = one.shared.turn, one.shared.texts
        assert turn is not None
        assert texts is not None
        redis.stop()
        try:
            with pytest.raises(StoreUnavailable):
                async with turn("main"):
                    raise AssertionError
            with pytest.raises(StoreUnavailable):
                await to_thread.run_sync(texts.read, "main")
        finally:
            redis.start()
