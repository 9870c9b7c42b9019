"""How much of the account's request limit is left, as Zendesk's own headers say (§4)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# The header of the limit and what its fellows begin with; Zendesk's spelling varies by year.
_FAMILIES = (
    ("ratelimit-limit", "ratelimit"),
    ("rate-limit", "rate-limit"),
    ("x-rate-limit", "x-rate-limit"),
)
_NUMBER = re.compile(r"[0-9]{1,9}")
_NAMED = "zendesk-ratelimit-"
_EXHAUSTED = re.compile(r"remaining=0\b.*?resets=(?P<resets>[0-9]{1,9})")
_ACCOUNT = "account"
_TOO_MANY = 429
_MOST_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Headroom:
    """Requests a minute that the account has, and how many of them are left."""

    limit: int
    remaining: int
    resets_in_seconds: int | None = None


def read_headroom(headers: Mapping[str, str]) -> Headroom | None:
    """The account-wide limit; None where an answer does not carry it."""
    for limit_name, family in _FAMILIES:
        limit = _number(headers.get(limit_name))
        remaining = _number(headers.get(f"{family}-remaining"))
        if limit is not None and remaining is not None:
            return Headroom(limit, remaining, _number(headers.get(f"{family}-reset")))
    return None


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None


class RateGate:
    """Says how long to wait so as not to run into a limit.

    Fed by the headers of every answer: the account's own counter, the limits that Zendesk names
    for an endpoint or a ticket (``zendesk-ratelimit-NAME: total=…; remaining=…; resets=…``), and
    ``Retry-After``. Which requests a named limit covers is not documented, so it closes the very
    request whose answer carried it, and nothing else.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._closed_until: dict[str, float] = {}
        self.headroom: Headroom | None = None

    def learn(self, method: str, path: str, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers."""
        self.headroom = read_headroom(headers) or self.headroom
        account = read_headroom(headers)
        if account and account.remaining == 0:
            self._close(_ACCOUNT, account.resets_in_seconds)
        for name, value in headers.items():
            if name.startswith(_NAMED) and (found := _EXHAUSTED.search(value)):
                self._close(_endpoint(method, path), _number(found["resets"]))
        if status == _TOO_MANY:
            self._close(_endpoint(method, path), _number(headers.get("retry-after")))

    def seconds_to_wait(self, method: str, path: str) -> float:
        """How long this request should wait; 0 when it may go."""
        now = self._clock()
        closed = (self._closed_until.get(key, now) for key in (_ACCOUNT, _endpoint(method, path)))
        return max(0.0, max(closed) - now)

    def _close(self, key: str, seconds: int | None) -> None:
        if not seconds:
            return
        now = self._clock()
        if len(self._closed_until) >= _MOST_REMEMBERED:
            self._closed_until = {k: t for k, t in self._closed_until.items() if t > now}
        self._closed_until[key] = max(now + seconds, self._closed_until.get(key, now))


def _endpoint(method: str, path: str) -> str:
    return f"{method} {path.partition('?')[0]}"
