"""How many calls a caller may make to all replicas together."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_server_zendesk.connection.call_limits import Allowance, CallsHere, NotYet
from sharing.ground import Ground
from stores import RedisServer, needs_redis

pytestmark = [pytest.mark.anyio, pytest.mark.redis, needs_redis]


async def test_calls_at_a_time_are_counted_over_all_replicas(ground: Ground) -> None:
    allowance = Allowance(at_once=2)
    async with ground.replica() as one, ground.replica() as other:
        here, there = one.shared.calls, other.shared.calls
        assert await here.enter("ann", "1", allowance) is None
        assert await there.enter("ann", "2", allowance) is None
        not_yet = await here.enter("ann", "3", allowance)
        assert not_yet is not None
        assert not_yet.limit == "calls_at_once"
        assert await there.enter("bob", "4", allowance) is None, "callers are counted apart"
        await there.leave("ann", "2")
        assert await here.enter("ann", "3", allowance) is None


async def test_calls_of_a_dead_replica_hold_up_their_caller_for_half_a_minute(
    ground: Ground,
) -> None:
    allowance = Allowance(at_once=1)
    async with ground.replica() as other:
        async with ground.replica() as dying:
            assert await dying.shared.calls.enter("ann", "1", allowance) is None
            for _ in range(10):
                ground.now += 8
                await dying.leases.renew()
            assert await other.shared.calls.enter("ann", "2", allowance) is not None
        ground.now += 29
        assert await other.shared.calls.enter("ann", "2", allowance) is not None
        ground.now += 1
        assert await other.shared.calls.enter("ann", "2", allowance) is None


async def test_a_minute_holds_no_more_calls_of_a_caller_at_all_replicas_together(
    ground: Ground,
) -> None:
    allowance = Allowance(at_once=8, per_minute=3)
    async with ground.replica() as one, ground.replica() as other:
        for number, replica in enumerate((one, other, one)):
            assert await replica.shared.calls.enter("ann", str(number), allowance) is None
            await replica.shared.calls.leave("ann", str(number))
            ground.now += 5
        not_yet = await other.shared.calls.enter("ann", "4", allowance)
        assert not_yet == NotYet(45, "calls_per_minute")
        ground.now += 45
        assert await other.shared.calls.enter("ann", "4", allowance) is None
        not_yet = await one.shared.calls.enter("ann", "5", allowance)
        assert not_yet == NotYet(5, "calls_per_minute")


async def test_without_the_store_a_replica_counts_by_itself(
    ground: Ground, redis: RedisServer
) -> None:
    allowance = Allowance(at_once=8, per_minute=2)
    async with ground.replica() as one:
        calls = one.shared.calls
        assert await calls.enter("ann", "1", allowance) is None
        redis.stop()
        try:
            assert await calls.enter("ann", "2", allowance) is None
            await calls.leave("ann", "2")
            assert await calls.enter("ann", "3", allowance) is not None
        finally:
            redis.start()
        ground.now += 61
        assert await calls.enter("ann", "4", allowance) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 5), st.lists(st.integers(0, 40_000), max_size=25))
def test_all_replicas_together_say_what_one_process_says(
    redis: RedisServer, per_minute: int, pauses: list[int]
) -> None:
    async def run() -> None:
        ground, allowance = Ground(redis), Allowance(1_000, per_minute)
        alone = CallsHere(ground.clock)
        async with ground.replica() as one, ground.replica() as other:
            for number, pause in enumerate(pauses):
                ground.now += pause / 1000
                here = (one, other)[number % 2].shared.calls
                said = await here.enter("ann", str(number), allowance)
                expected = await alone.enter("ann", str(number), allowance)
                assert (said is None) == (expected is None)
                if said is not None and expected is not None:
                    assert said.seconds == pytest.approx(expected.seconds, abs=0.01)

    anyio.run(run)
