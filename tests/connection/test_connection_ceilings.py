"""How many records may be changed in a minute and in a session."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from at_once import at_once
from mcp_server_zendesk.connection.errors import CeilingReached, PolicyRefused
from mcp_server_zendesk.connection.guarding.ceilings import Ceilings, Reservation


class Watch:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_after_its_end_a_write_counts_no_longer() -> None:
    watch, ceilings = Watch(), Ceilings(per_minute=2)
    first = at_once(ceilings.reserve(1, watch))
    watch.now += 30
    at_once(ceilings.settle(first, used=True, clock=watch))
    at_once(ceilings.settle(at_once(ceilings.reserve(1, watch)), used=True, clock=watch))
    watch.now += 59
    with pytest.raises(CeilingReached) as caught:
        at_once(ceilings.reserve(1, watch))
    assert caught.value.retry_after == pytest.approx(1)
    watch.now += 1
    at_once(ceilings.reserve(2, watch))


def test_a_call_under_way_holds_its_places_however_long_a_human_thinks() -> None:
    watch, ceilings = Watch(), Ceilings(per_minute=1)
    waiting = at_once(ceilings.reserve(1, watch))
    watch.now += 500
    with pytest.raises(CeilingReached) as caught:
        at_once(ceilings.reserve(1, watch))
    assert 1 <= caught.value.retry_after <= 60
    at_once(ceilings.settle(waiting, used=False, clock=watch))
    at_once(ceilings.reserve(1, watch))


@given(st.floats(1, 2**40), st.floats(0, 59))
@example(4_036.1, 0.0)  # its end is just beyond a power of two, where floats grow coarser
def test_no_wait_is_longer_than_a_minute_however_long_the_machine_has_run(
    start: float, passed: float
) -> None:
    watch, ceilings = Watch(), Ceilings(per_minute=1)
    watch.now = start
    at_once(ceilings.settle(at_once(ceilings.reserve(1, watch)), used=True, clock=watch))
    watch.now += passed
    with pytest.raises(CeilingReached) as caught:
        at_once(ceilings.reserve(1, watch))
    assert 1 <= caught.value.retry_after <= 60


def test_what_was_not_sent_is_given_back_and_what_was_is_not() -> None:
    watch, ceilings = Watch(), Ceilings(per_session=3)
    at_once(ceilings.settle(at_once(ceilings.reserve(3, watch)), used=False, clock=watch))
    at_once(ceilings.settle(at_once(ceilings.reserve(2, watch)), used=True, clock=watch))
    watch.now += 10_000
    with pytest.raises(PolicyRefused, match="writes_per_session") as caught:
        at_once(ceilings.reserve(2, watch))
    assert not isinstance(caught.value, CeilingReached)
    assert "2 of the 3 changes since this server started" in caught.value.problem
    at_once(ceilings.reserve(1, watch))


def test_more_at_once_than_a_minute_ever_holds_is_no_matter_of_waiting() -> None:
    with pytest.raises(PolicyRefused) as caught:
        at_once(Ceilings(per_minute=10).reserve(11, Watch()))
    assert not isinstance(caught.value, CeilingReached)


def test_callers_are_counted_apart() -> None:
    watch, ceilings = Watch(), Ceilings(per_minute=1, per_session=1)
    at_once(ceilings.reserve(1, watch, "ann"))
    at_once(ceilings.reserve(1, watch, "bob"))
    with pytest.raises(PolicyRefused):
        at_once(ceilings.reserve(1, watch, "ann"))


@given(
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(1, 5), st.floats(0, 90), st.booleans()), max_size=30),
)
def test_no_minute_ever_holds_more_than_the_ceiling(
    ceiling: int, calls: list[tuple[int, float, bool]]
) -> None:
    watch, ceilings = Watch(), Ceilings(per_minute=ceiling)
    done: list[tuple[float, int]] = []
    under_way: list[Reservation] = []
    for count, pause, used in calls:
        watch.now += pause
        try:
            under_way.append(at_once(ceilings.reserve(count, watch)))
        except PolicyRefused:
            if under_way:
                one = under_way.pop(0)
                if used:
                    done.append((watch.now, one.count))
                at_once(ceilings.settle(one, used=used, clock=watch))
        for end, _ in done:
            assert sum(n for at, n in done if end - 60 < at <= end) <= ceiling
