"""Faults that come and go by chance: each request may meet one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from mcp_server_zendesk.sandbox import Fault, misfortunes
from mcp_server_zendesk.sandbox.faults import Faults

_STATUSES = (500, 502, 503, 504, 520)
_SECONDS = 0.3

Make = Callable[[random.Random], Fault]

READS: dict[str, Make] = {
    "429": lambda _: misfortunes.rate_limited(retry_after=1),
    "5xx": lambda chance: misfortunes.html_error(chance.choice(_STATUSES)),
    "503 with a wait": lambda _: misfortunes.html_error(503, retry_after=1),
    "HTML with 200": lambda _: misfortunes.html_with_200(),
    "reset": lambda _: misfortunes.reset_before_write(),
    "cut off": lambda _: misfortunes.cut_off(),
    "half of the JSON": lambda _: misfortunes.truncated_json(),
    "other types": lambda _: misfortunes.wrong_types(),
    "nothing": lambda _: misfortunes.empty_answer(),
    "late": lambda _: misfortunes.slow_start(_SECONDS),
    "in pieces": lambda _: misfortunes.slow_body(4, _SECONDS),
    "401": lambda _: misfortunes.invalid_token(),
    "403": lambda _: misfortunes.forbidden(),
}
"""What may happen to a request that reads."""

WRITES: dict[str, Make] = {
    "429": READS["429"],
    "5xx": READS["5xx"],
    "5xx, carried out": lambda chance: misfortunes.html_error(
        chance.choice(_STATUSES), applied=True
    ),
    "503 with a wait": READS["503 with a wait"],
    "HTML with 200": lambda _: misfortunes.html_with_200(),
    "HTML with 200, carried out": lambda _: replace(misfortunes.html_with_200(), applied=True),
    "reset": READS["reset"],
    "reset, carried out": lambda _: misfortunes.reset_after_write(),
    "cut off, carried out": READS["cut off"],
    "half of the JSON, carried out": READS["half of the JSON"],
    "other types, carried out": READS["other types"],
    "nothing": READS["nothing"],
    "nothing, carried out": lambda _: replace(misfortunes.empty_answer(), applied=True),
    "late": READS["late"],
    "401": READS["401"],
    "403": READS["403"],
    "409": lambda _: misfortunes.update_conflict(),
    "another 409": lambda _: misfortunes.database_conflict(),
}
"""What may happen to a request that changes something; not carried out where it does not say so."""

SILENCE: dict[str, Make] = {
    "silence": lambda _: misfortunes.never_answered(),
    "silence, carried out": lambda _: misfortunes.never_answered(applied=True),
}
"""It holds a call up for half a minute, and so comes seldom."""


class Weather(Faults):
    """Faults by chance.

    Args:
        chance: Decides.
        reads: The part of the reading requests that something happens to.
        writes: That of the others.
        silence: The part of those to which something happens that are never answered.
    """

    def __init__(
        self,
        chance: random.Random,
        *,
        reads: float = 0.05,
        writes: float = 0.15,
        silence: float = 0.02,
    ) -> None:
        super().__init__()
        self._chance = chance
        self._reads, self._writes, self._silence = reads, writes, silence
        self.met: Counter[str] = Counter()
        """How often each happened, by method and name."""

    def take(self, method: str, path: str) -> Fault | None:
        """What happens to this request, if anything; what was armed beforehand comes first."""
        armed = super().take(method, path)
        often, kinds = (self._reads, READS) if method == "GET" else (self._writes, WRITES)
        if armed is not None or self._chance.random() >= often:
            return armed
        if self._chance.random() < self._silence:
            kinds = SILENCE
        name = self._chance.choice(sorted(kinds))
        self.met[f"{'read' if method == 'GET' else 'write'}: {name}"] += 1
        return kinds[name](self._chance)
