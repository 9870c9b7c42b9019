"""The account's request limit, as the answers to all replicas say."""

from __future__ import annotations

import pytest

from mcp_server_zendesk.connection.limits import Headroom
from mcp_server_zendesk.connection.shared import Gate
from sharing.ground import Ground
from stores import RedisServer, needs_redis

pytestmark = [pytest.mark.anyio, pytest.mark.redis, needs_redis]

TICKET = ("GET", "/api/v2/tickets/1")


def headers(remaining: int, resets: int = 30, limit: int = 700) -> dict[str, str]:
    return {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(remaining),
        "ratelimit-reset": str(resets),
    }


async def answered(gate: Gate, said: dict[str, str], status: int = 200, caller: str = "") -> None:
    """A request that goes, and its answer."""
    assert await gate.enter(*TICKET, caller)
    gate.learn(*TICKET, status, said)
    await gate.leave(*TICKET)


async def test_a_limit_that_one_replica_met_stops_the_other_before_it_sends(
    ground: Ground,
) -> None:
    async with ground.replica() as one, ground.replica() as other:
        await answered(one.shared.gate, headers(0, 30))
        gate = other.shared.gate
        assert gate.seconds_to_wait(*TICKET) == (0, None), "it has had no answer itself"
        assert not await gate.enter(*TICKET)
        wait, limit = gate.seconds_to_wait(*TICKET)
        assert wait == pytest.approx(30, abs=0.01)
        assert limit is None
        ground.now += 30.01
        assert await gate.enter(*TICKET)


async def test_requests_under_way_at_all_replicas_count_as_spent(ground: Ground) -> None:
    async with ground.replica() as one, ground.replica() as other:
        await answered(one.shared.gate, headers(3))
        both = [one.shared.gate, other.shared.gate]
        assert [await both[n % 2].enter(*TICKET) for n in range(3)] == [True, True, True]
        assert not await both[1].enter(*TICKET)
        await both[0].leave(*TICKET)
        ground.now += 30.01
        assert await both[1].enter(*TICKET)


async def test_those_of_a_dead_replica_count_for_a_minute(ground: Ground) -> None:
    async with ground.replica() as other:
        async with ground.replica() as dying:
            await answered(dying.shared.gate, headers(1, 600))
            assert await dying.shared.gate.enter(*TICKET)
        assert not await other.shared.gate.enter(*TICKET)
        ground.now += 601
        await answered(other.shared.gate, headers(1, 600))
        assert await other.shared.gate.enter(*TICKET)


async def test_an_endpoint_that_is_closed_is_closed_for_all_by_its_name(ground: Ground) -> None:
    named = {"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=0; resets=468"}
    async with ground.replica() as one, ground.replica() as other:
        await answered(one.shared.gate, named)
        gate = other.shared.gate
        assert not await gate.enter(*TICKET)
        wait, limit = gate.seconds_to_wait(*TICKET)
        assert wait == pytest.approx(468, abs=0.01)
        assert limit == "per-ticket-updates"
        assert await gate.enter("GET", "/api/v2/tickets/2"), "and nothing else is"


async def test_a_wait_that_zendesk_asks_one_for_all_keep_to(ground: Ground) -> None:
    async with ground.replica() as one, ground.replica() as other:
        await answered(one.shared.gate, {"retry-after": "12"}, 429)
        assert not await other.shared.gate.enter(*TICKET)
        assert other.shared.gate.seconds_to_wait(*TICKET)[0] == pytest.approx(12, abs=0.01)


async def test_within_a_window_an_older_answer_that_comes_late_opens_nothing(
    ground: Ground,
) -> None:
    async with ground.replica() as one, ground.replica() as other:
        late, early = one.shared.gate, other.shared.gate
        assert await late.enter(*TICKET)
        await answered(early, headers(0, 30))
        late.learn(*TICKET, 200, headers(5, 30))
        await late.leave(*TICKET)
        async with ground.replica() as third:
            assert not await third.shared.gate.enter(*TICKET)


async def test_the_last_part_of_a_minute_is_kept_from_who_used_much_at_any_replica(
    ground: Ground,
) -> None:
    async with ground.replica() as one, ground.replica() as other:
        both = [one.shared.gate, other.shared.gate]
        await answered(both[0], headers(100, 30, limit=100), caller="modest")
        for number in range(20):
            left = 99 - number
            await answered(both[number % 2], headers(left, 30, limit=100), caller="greedy")
        await answered(both[1], headers(20, 30, limit=100))
        for gate in both:
            assert not await gate.enter(*TICKET, "greedy")
            wait, limit = gate.seconds_to_wait(*TICKET, "greedy")
            assert wait == pytest.approx(30, abs=0.01)
            assert limit == "caller-share"
            await answered(gate, headers(15, 30, limit=100), caller="modest")
        ground.now += 30.01
        await answered(both[0], headers(99, 60, limit=100), caller="greedy")


async def test_who_is_alone_has_all_of_it(ground: Ground) -> None:
    async with ground.replica() as one:
        for left in range(100, 0, -1):
            said = headers(left - 1, 30, limit=100)
            await answered(one.shared.gate, said, caller="alone")
        assert not await one.shared.gate.enter(*TICKET, "alone")


async def test_without_the_store_a_replica_goes_by_what_it_knows(
    ground: Ground, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with ground.replica() as one:
        gate = one.shared.gate
        await answered(gate, headers(2, 30))
        redis.stop()
        try:
            for _ in range(3):
                assert await gate.enter(*TICKET)
                await gate.leave(*TICKET)
            gate.learn(*TICKET, 200, headers(0, 30))
            assert not await gate.enter(*TICKET)
            assert gate.headroom == Headroom(700, 0, 30)
        finally:
            redis.start()
        ground.now += 31
        await answered(gate, headers(5, 30))
    told = [record.getMessage() for record in caplog.records if "store" in record.name]
    assert len(told) == 2, "once when it is gone, and once when it is back"
    assert redis.password not in caplog.text
