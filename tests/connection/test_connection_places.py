"""Requests under way at a time, and whose turn it is."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.connection.places import RequestPlaces

pytestmark = pytest.mark.anyio


class Crowd:
    """Requests of callers that take places, and note in which order they got them."""

    def __init__(self, count: int) -> None:
        self.places = RequestPlaces(count)
        self.served: list[str] = []
        self.under_way = self.most = 0

    async def request(self, caller: str) -> None:
        await self.places.wait(caller)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.served.append(caller)
        try:
            await anyio.lowlevel.checkpoint()
        finally:
            self.under_way -= 1
            self.places.release()

    async def all(self, callers: list[str]) -> list[str]:
        async with anyio.create_task_group() as tasks:
            for caller in callers:
                tasks.start_soon(self.request, caller)
        return self.served


async def test_a_thousand_queued_requests_of_one_caller_delay_anothers_by_one_turn() -> None:
    served = await Crowd(1).all([*["greedy"] * 1_000, "modest"])
    assert served.index("modest") <= 2
    assert len(served) == 1_001


async def test_those_of_one_caller_go_in_the_order_in_which_they_came() -> None:
    places, order = RequestPlaces(1), []
    assert places.taken()

    async def request(number: int) -> None:
        await places.wait("one")
        order.append(number)
        places.release()

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(request, number)
        await anyio.wait_all_tasks_blocked()
        places.release()
    assert order == list(range(20))


@given(
    st.integers(1, 5),
    st.lists(st.sampled_from("abcdef"), max_size=60),
)
def test_nobody_is_passed_over_twice_by_another_and_no_place_is_lost(
    count: int, callers: list[str]
) -> None:
    crowd = Crowd(count)
    served = anyio.run(crowd.all, callers)
    assert sorted(served) == sorted(callers)
    assert crowd.most <= count
    queued = served[count:]
    for place, caller in enumerate(queued):
        earlier = queued[:place]
        since = earlier[len(earlier) - earlier[::-1].index(caller) :] if caller in earlier else []
        assert len(since) == len(set(since)), "each other caller had one turn in between at most"
    assert all(crowd.places.taken() for _ in range(count))
    assert not crowd.places.taken()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=30))
def test_those_who_give_up_take_nobodys_turn(waiting: list[tuple[str, bool]]) -> None:
    served: list[int] = []

    async def run() -> None:
        places = RequestPlaces(1)
        assert places.taken()
        scopes = [anyio.CancelScope() for _ in waiting]

        async def request(number: int, caller: str) -> None:
            with scopes[number]:
                await places.wait(caller)
                served.append(number)
                places.release()

        async with anyio.create_task_group() as tasks:
            for number, (caller, _) in enumerate(waiting):
                tasks.start_soon(request, number, caller)
            await anyio.wait_all_tasks_blocked()
            places.release()  # whose turn it is may be among those who give up now
            for scope, (_, gives_up) in zip(scopes, waiting, strict=True):
                if gives_up:
                    scope.cancel()
        assert places.taken(), "the place is free again"

    anyio.run(run)
    stayed = {number for number, (_, gives_up) in enumerate(waiting) if not gives_up}
    assert stayed <= set(served)
