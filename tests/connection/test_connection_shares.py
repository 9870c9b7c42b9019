"""The account's minute, when one caller would use all of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from at_once import at_once
from mcp_server_zendesk.connection.limits import RateGate
from mcp_server_zendesk.connection.shares import KEPT, NAME

TICKET = ("GET", "/api/v2/tickets/1")
LIMIT, MINUTE = 50, 60


@dataclass
class Account:
    """A Zendesk that counts by the minute, and a gate before it."""

    now: float = 1_000.0
    used: int = 0
    ends: float = 1_060.0
    served: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate = RateGate(lambda: self.now)

    def ask(self, caller: str) -> bool:
        """Whether a request of a caller went; it never runs into the limit."""
        if not at_once(self.gate.enter(*TICKET, caller)):
            return False
        if self.now >= self.ends:
            self.used, self.ends, self.served = 0, self.now + MINUTE, {}
        self.used += 1
        assert self.used <= LIMIT, "refused by Zendesk"
        self.served[caller] = self.served.get(caller, 0) + 1
        headers = {
            "ratelimit-limit": str(LIMIT),
            "ratelimit-remaining": str(LIMIT - self.used),
            "ratelimit-reset": str(round(self.ends - self.now)),
        }
        self.gate.learn(*TICKET, 200, headers)
        at_once(self.gate.leave(*TICKET))
        return True


def test_who_used_much_leaves_the_last_part_to_others() -> None:
    account = Account()
    assert account.ask("modest")
    greedy = sum(account.ask("greedy") for _ in range(2 * LIMIT))
    assert greedy < LIMIT - LIMIT * KEPT
    assert account.gate.seconds_to_wait(*TICKET, "greedy") == (60, NAME)
    assert sum(account.ask("modest") for _ in range(5)) == 5
    account.now += MINUTE
    assert account.ask("greedy"), "a new minute"


@pytest.mark.parametrize("caller", ["alone", ""])
def test_who_is_alone_has_all_of_it(caller: str) -> None:
    account = Account()
    assert sum(account.ask(caller) for _ in range(2 * LIMIT)) == LIMIT
    assert account.gate.seconds_to_wait(*TICKET, caller) == (60, None)


def test_who_comes_in_the_next_minute_is_kept_its_part_from_its_second_on() -> None:
    account = Account()
    for _ in range(3):
        assert sum(account.ask("greedy") for _ in range(2 * LIMIT)) == LIMIT
        account.now += MINUTE
    assert account.ask("modest")
    sum(account.ask("greedy") for _ in range(2 * LIMIT))
    for _ in range(4):
        assert account.ask("modest")
        account.now += MINUTE
        sum(account.ask("greedy") for _ in range(2 * LIMIT))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40)), max_size=30))
def test_a_caller_who_used_little_is_let_in_while_anything_is_kept(
    asking: list[tuple[str, int]],
) -> None:
    account = Account()
    for caller, times in asking:
        for _ in range(times):
            went = account.ask(caller)
            used = account.served.get(caller, 0)
            assert went or used >= LIMIT * KEPT or account.used == LIMIT
        account.now += 3
