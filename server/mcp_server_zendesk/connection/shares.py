"""Who used how much of the account's minute: its last part is kept for those who used little."""

from __future__ import annotations

KEPT = 0.2
"""The part that is kept; whoever has used as much of the minute waits for the next one."""
NAME = "caller-share"
"""What the limit is called that such a caller meets."""


class Shares:
    """Counts requests by caller, for the account's window and the one before it.

    Where a caller is alone in both, nothing is kept from it. The empty name is that of a local
    process, which shares with nobody.
    """

    def __init__(self) -> None:
        self._used: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def roll(self) -> None:
        """A new window has begun."""
        self._before, self._used = self._used, {}

    def count(self, caller: str) -> None:
        """A request of a caller goes."""
        if caller:
            self._used[caller] = self._used.get(caller, 0) + 1

    def kept_from(self, caller: str, limit: int) -> float:
        """How much of what is left a caller has to leave to others."""
        if not caller or self._used.get(caller, 0) < limit * KEPT:
            return 0.0
        others = (self._used.keys() | self._before.keys()) - {caller}
        return limit * KEPT if others else 0.0
