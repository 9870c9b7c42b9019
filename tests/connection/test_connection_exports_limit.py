"""All incremental exports share one limit, told by a header or counted here."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import example, given
from hypothesis import strategies as some

from at_once import at_once
from mcp_server_zendesk.connection.limits import EXPORTS_PER_MINUTE, RateGate

TICKETS = "/api/v2/incremental/tickets/cursor"
EVENTS = "/api/v2/incremental/ticket_events"


class Watch:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _sent(gate: RateGate, path: str, headers: Mapping[str, str]) -> None:
    assert at_once(gate.enter("GET", path))
    gate.learn("GET", path, 200, headers)
    at_once(gate.leave("GET", path))


def _told(remaining: int, resets: int) -> dict[str, str]:
    told = f"total=10; remaining={remaining}; resets={resets}"
    return {"zendesk-ratelimit-incremental-exports": told}


def test_one_export_that_uses_up_the_limit_closes_the_others_and_nothing_else() -> None:
    gate = RateGate(watch := Watch())
    _sent(gate, TICKETS, _told(0, 41))
    assert gate.seconds_to_wait("GET", EVENTS) == (41.0, "incremental-exports")
    assert gate.seconds_to_wait("GET", "/api/v2/tickets/1") == (0.0, None)
    watch.now += 41
    assert gate.seconds_to_wait("GET", EVENTS)[0] == 0


def test_where_a_header_tells_of_more_nobody_waits() -> None:
    gate = RateGate(Watch())
    for _ in range(3 * EXPORTS_PER_MINUTE):
        _sent(gate, EVENTS, _told(29, 60))
    assert gate.seconds_to_wait("GET", TICKETS)[0] == 0


def test_where_no_header_tells_ten_go_within_any_minute() -> None:
    gate = RateGate(watch := Watch())
    for _ in range(EXPORTS_PER_MINUTE):
        _sent(gate, EVENTS, {})
        watch.now += 1
    wait, limit = gate.seconds_to_wait("GET", TICKETS)
    assert (wait, limit) == (50.0, "incremental-exports")
    assert not at_once(gate.enter("GET", TICKETS))
    assert gate.seconds_to_wait("GET", "/api/v2/search") == (0.0, None)
    watch.now += wait
    _sent(gate, TICKETS, {})
    assert 0 < gate.seconds_to_wait("GET", TICKETS)[0] <= 1


@given(some.floats(0, 2.0**40))
@example(4_095.0000000000005)
@example(8_191.999999999999)
def test_nobody_is_told_to_wait_longer_than_a_minute(uptime: float) -> None:
    """However long the machine has been up: a sum can be rounded up past it."""
    watch = Watch()
    watch.now = uptime
    gate = RateGate(watch)
    for _ in range(EXPORTS_PER_MINUTE):
        _sent(gate, TICKETS, {})
    assert gate.seconds_to_wait("GET", EVENTS)[0] <= 60
