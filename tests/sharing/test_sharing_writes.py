"""Ceilings of writes over all replicas."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_server_zendesk.connection.errors import CeilingReached, PolicyRefused, StoreUnavailable
from mcp_server_zendesk.connection.guarding.ceilings import Ceilings, Reservation, WriteCeilings
from sharing.ground import Ground
from stores import RedisServer, needs_redis

pytestmark = [pytest.mark.anyio, pytest.mark.redis, needs_redis]


async def test_two_replicas_together_exceed_no_ceiling(ground: Ground) -> None:
    done: list[Reservation] = []
    refused = 0

    async with ground.replica() as one, ground.replica() as other:

        async def write(ceilings: WriteCeilings) -> None:
            nonlocal refused
            try:
                done.append(await ceilings.reserve(1, ground.clock, "ann"))
            except CeilingReached:
                refused += 1

        both = [replica.ceilings("main", Ceilings(per_minute=7)) for replica in (one, other)]
        async with anyio.create_task_group() as tasks:
            for number in range(40):
                tasks.start_soon(write, both[number % 2])
    assert (len(done), refused) == (7, 33)


async def test_a_minute_after_its_end_a_write_counts_no_longer_anywhere(ground: Ground) -> None:
    async with ground.replica() as one, ground.replica() as other:
        here = one.ceilings("main", Ceilings(per_minute=2))
        there = other.ceilings("main", Ceilings(per_minute=2))
        first = await here.reserve(2, ground.clock, "ann")
        ground.now += 20
        await here.settle(first, used=True, clock=ground.clock)
        ground.now += 59
        with pytest.raises(CeilingReached) as caught:
            await there.reserve(1, ground.clock, "ann")
        assert caught.value.retry_after == pytest.approx(1, abs=0.01)
        ground.now += 1.01
        assert (await there.reserve(2, ground.clock, "ann")).count == 2


async def test_callers_and_workspaces_are_counted_apart(ground: Ground) -> None:
    limits = Ceilings(per_minute=1, per_session=1)
    async with ground.replica() as one:
        main, other = (one.ceilings(name, limits) for name in ("main", "other"))
        for ceilings, caller in ((main, "ann"), (main, "bob"), (other, "ann")):
            await ceilings.reserve(1, ground.clock, caller)
        with pytest.raises(PolicyRefused):
            await main.reserve(1, ground.clock, "ann")


async def test_what_was_not_sent_is_given_back_to_all(ground: Ground) -> None:
    limits = Ceilings(per_session=3)
    async with ground.replica() as one, ground.replica() as other:
        here, there = (one.ceilings("w", limits), other.ceilings("w", limits))
        unused = await here.reserve(3, ground.clock, "ann")
        await here.settle(unused, used=False, clock=ground.clock)
        used = await there.reserve(2, ground.clock, "ann")
        await there.settle(used, used=True, clock=ground.clock)
        ground.now += 10_000
        with pytest.raises(PolicyRefused, match="writes_per_session") as caught:
            await here.reserve(2, ground.clock, "ann")
        assert "2 of the 3 changes" in caught.value.problem
        await here.reserve(1, ground.clock, "ann")


async def test_more_than_a_minute_ever_holds_is_told_as_such(ground: Ground) -> None:
    async with ground.replica() as one:
        ceilings = one.ceilings("w", Ceilings(per_minute=2))
        with pytest.raises(PolicyRefused) as caught:
            await ceilings.reserve(3, ground.clock)
        assert not isinstance(caught.value, CeilingReached)


async def test_a_call_under_way_holds_its_places_while_its_replica_lives(ground: Ground) -> None:
    limits = Ceilings(per_minute=1)
    async with ground.replica() as other:
        async with ground.replica() as dying:
            await dying.ceilings("w", limits).reserve(1, ground.clock, "ann")
            for _ in range(60):
                ground.now += 8
                await dying.leases.renew()
            with pytest.raises(CeilingReached):
                await other.ceilings("w", limits).reserve(1, ground.clock, "ann")
        ground.now += 80
        with pytest.raises(CeilingReached):
            await other.ceilings("w", limits).reserve(1, ground.clock, "ann")
        ground.now += 11
        await other.ceilings("w", limits).reserve(1, ground.clock, "ann")


async def test_a_call_that_grows_is_counted_once(ground: Ground) -> None:
    async with ground.replica() as one:
        ceilings = one.ceilings("w", Ceilings(per_minute=5, per_session=6))
        grown = await ceilings.reserve(1, ground.clock)
        await ceilings.widen(grown, 3, ground.clock)
        await ceilings.widen(grown, 2, ground.clock)
        assert grown.count == 3
        with pytest.raises(CeilingReached):
            await ceilings.reserve(3, ground.clock)
        await ceilings.reserve(2, ground.clock)
        ground.now += 1_000
        with pytest.raises(PolicyRefused, match="writes_per_session"):
            await ceilings.reserve(2, ground.clock)


async def test_without_the_store_nothing_is_reserved(ground: Ground, redis: RedisServer) -> None:
    async with ground.replica() as one:
        ceilings = one.ceilings("w", Ceilings(per_minute=5))
        held = await ceilings.reserve(1, ground.clock)
        redis.stop()
        try:
            with pytest.raises(StoreUnavailable, match="cannot be reached") as caught:
                await ceilings.reserve(1, ground.clock)
            assert "could be exceeded" in caught.value.needed
            await ceilings.settle(held, used=True, clock=ground.clock)
        finally:
            redis.start()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 90_000), st.booleans()), max_size=15),
)
def test_shared_ceilings_say_what_those_of_one_process_say(
    redis: RedisServer, ceiling: int, calls: list[tuple[int, int, bool]]
) -> None:
    async def run() -> None:
        ground = Ground(redis)
        alone = Ceilings(per_minute=ceiling, per_session=12)
        async with ground.replica() as one, ground.replica() as other:
            limits = Ceilings(per_minute=ceiling, per_session=12)
            together = [r.ceilings("w", limits) for r in (one, other)]
            for number, (count, pause, used) in enumerate(calls):
                ground.now += pause / 1000
                here = together[number % 2]
                said = [await _said(one_of, count, ground) for one_of in (alone, here)]
                assert said[0][0] is said[1][0]
                for ceilings, (_, reservation) in zip((alone, here), said, strict=True):
                    if reservation is not None:
                        await ceilings.settle(reservation, used=used, clock=ground.clock)

    anyio.run(run)


async def _said(
    ceilings: WriteCeilings, count: int, ground: Ground
) -> tuple[type[Exception] | None, Reservation | None]:
    try:
        return None, await ceilings.reserve(count, ground.clock, "ann")
    except PolicyRefused as error:
        return type(error), None
