"""The way to the store: calls that are cancelled on it, and a store that comes and goes."""

from __future__ import annotations

import logging

import anyio
import anyio.lowlevel
import pytest
from pydantic import SecretStr

from mcp_server_zendesk.connection.errors import StoreUnavailable
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.sharing.store import CONNECTIONS, REST_SECONDS, Script, Store
from mcp_server_zendesk.workspace import team_of
from sharing.ground import Ground
from sharing.servers import STATE_KEY
from stores import RedisServer, needs_redis
from team import until

pytestmark = [pytest.mark.anyio, pytest.mark.redis, needs_redis]

ECHO = Script.of("return ARGV[2]")
CLOCK = Script.of("return moment(now)")


async def test_calls_that_are_cancelled_mix_up_no_answers_and_keep_no_connection(
    ground: Ground,
) -> None:
    async with ground.replica() as replica:

        async def ask(number: int, steps: int) -> None:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_cancel_after, scope, steps)
                    assert await replica.store.run(ECHO, (), number) == str(number)
                    tasks.cancel_scope.cancel()

        for steps in range(12):
            async with anyio.create_task_group() as tasks:
                for number in range(4 * CONNECTIONS):
                    tasks.start_soon(ask, number, steps)
            for number in range(2 * CONNECTIONS):
                assert await replica.store.run(ECHO, (), number) == str(number)


async def _cancel_after(scope: anyio.CancelScope, steps: int) -> None:
    for _ in range(steps):
        await anyio.lowlevel.checkpoint()
    scope.cancel()


async def test_a_store_that_is_gone_is_left_alone_for_a_while(
    ground: Ground, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with ground.replica() as replica:
        assert await replica.store.run(ECHO, (), "a") == "a"
        redis.stop()
        try:
            with pytest.raises(StoreUnavailable):
                await replica.store.run(ECHO, (), "b")
        finally:
            redis.start()
        with pytest.raises(StoreUnavailable):
            await replica.store.run(ECHO, (), "c")
        ground.now += REST_SECONDS
        assert await replica.store.run(ECHO, (), "d") == "d", "it has forgotten all scripts"
    assert redis.password not in caplog.text


async def test_a_connection_that_the_store_closed_is_made_anew(ground: Ground) -> None:
    async with ground.replica() as replica:
        assert await replica.store.run(ECHO, (), "a") == "a"
        client = replica.store.blocking()
        client.client_kill_filter(_type="normal", skipme=True)
        client.close()
        assert await replica.store.run(ECHO, (), "b") == "b"


async def test_one_that_was_made_a_copy_of_another_is_asked_no_more_on_the_same_connections(
    ground: Ground, redis: RedisServer
) -> None:
    """After a failover, the address leads to another one, and an open connection does not."""
    async with ground.replica() as replica:
        texts = replica.shared.texts
        assert texts is not None
        admin = replica.store.blocking()

        def connections() -> set[str]:
            return {one["id"] for one in admin.client_list(_type="normal")}

        others = connections()
        texts.write("main", "x")
        assert await replica.store.answers()
        ours = connections() - others
        assert ours
        admin.replicaof("127.0.0.1", redis.port)
        try:
            assert not await replica.store.answers()
            with pytest.raises(StoreUnavailable):
                texts.write("main", "y")
            await until(lambda: not ours & connections())
        finally:
            admin.replicaof("NO", "ONE")
        ground.now += REST_SECONDS
        assert await replica.store.answers()
        texts.write("main", "z")
        assert texts.read("main") == "z"
        admin.close()


def test_a_team_is_put_together_before_its_loop_runs(redis: RedisServer) -> None:
    given = {"store_url": redis.url, "state_keys": STATE_KEY}
    team = team_of(ServerSettings.model_validate(given))
    shared = team.shared("acme-before")

    async def run() -> bool:
        async with team.running():
            return await shared.spent.spend("digest", 600)

    assert anyio.run(run)


async def test_replicas_go_by_the_stores_own_clock(redis: RedisServer) -> None:
    store = Store(SecretStr(redis.url))
    client = store.blocking()
    seconds, microseconds = client.time()
    said = float(await store.run(CLOCK, ()))
    client.close()
    await store.aclose()
    assert 0 <= said - (seconds + microseconds / 1e6) < 60
    assert redis.password not in repr(store)
