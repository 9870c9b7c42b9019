"""How many calls of one caller a process lets begin within a minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from at_once import at_once
from mcp_server_zendesk.connection.call_limits import MINUTE, Allowance, CallsHere, NotYet


class Watch:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(1, 6), st.lists(st.integers(0, 40_000), max_size=40))
def test_no_minute_ever_holds_more_and_whoever_waits_as_told_may_begin(
    per_minute: int, pauses: list[int]
) -> None:
    watch, begun = Watch(), list[float]()
    calls, allowance = CallsHere(watch), Allowance(8, per_minute)
    for pause in pauses:
        watch.now += pause / 1000
        not_yet = at_once(calls.enter("ann", "call", allowance))
        if isinstance(not_yet, NotYet):
            assert 0 < not_yet.seconds <= MINUTE
            watch.now += not_yet.seconds + 1e-6
            assert at_once(calls.enter("ann", "call", allowance)) is None
        begun.append(watch.now)
        at_once(calls.leave("ann", "call"))
        assert sum(watch.now - at < MINUTE for at in begun) <= per_minute


def test_who_has_been_away_is_forgotten_and_without_a_limit_nobody_is_counted() -> None:
    watch = Watch()
    calls = CallsHere(watch)
    for number in range(50):
        assert at_once(calls.enter(f"caller {number}", "call", Allowance(8, 1))) is None
    watch.now += MINUTE
    assert at_once(calls.enter("another", "call", Allowance(8, 1))) is None
    assert len(calls._lately) == 1
    for _ in range(10):
        assert at_once(calls.enter("another", "call", Allowance(8))) is None


def test_a_limit_that_is_lowered_counts_what_was_begun_before() -> None:
    watch = Watch()
    calls = CallsHere(watch)
    for _ in range(5):
        assert at_once(calls.enter("ann", "call", Allowance(8, 5))) is None
        watch.now += 1
    not_yet = at_once(calls.enter("ann", "call", Allowance(8, 2)))
    assert not_yet == NotYet(MINUTE - 2, "calls_per_minute")
