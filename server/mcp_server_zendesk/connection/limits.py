"""How much of the account's request limit is left, as Zendesk's own headers say (§4)."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mcp_server_zendesk.connection.shares import NAME, Shares

# The header of the limit and what its fellows begin with; Zendesk's spelling varies by year.
_FAMILIES = (
    ("ratelimit-limit", "ratelimit"),
    ("rate-limit", "rate-limit"),
    ("x-rate-limit", "x-rate-limit"),
)
_NUMBER = re.compile(r"[0-9]{1,9}")
_NAMED = "zendesk-ratelimit-"
_EXHAUSTED = re.compile(r"remaining=0\b.*?resets=(?P<resets>[0-9]{1,9})")
_ASKING_TO_WAIT = frozenset({429, 503})
SHORTEST_WAIT = 0.5
_MOST_REMEMBERED = 1_000

EXPORTS = "/api/v2/incremental/"
EXPORTS_PER_MINUTE = 10
EXPORTS_LIMIT = "incremental-exports"
_MINUTE = 60.0


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


def read_closures(status: int, headers: Mapping[str, str]) -> list[tuple[float, str | None]]:
    """For how many seconds such a request is not to be repeated, and by which named limit."""
    found = [
        (float(_number(used_up["resets"]) or 0), name.removeprefix(_NAMED))
        for name, value in headers.items()
        if name.startswith(_NAMED) and (used_up := _EXHAUSTED.search(value))
    ]
    closures: list[tuple[float, str | None]] = [one for one in found if one[0]]
    asked = _number(headers.get("retry-after"))
    if status in _ASKING_TO_WAIT and asked is not None:
        closures.append((max(asked, SHORTEST_WAIT), None))
    return closures


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None


@dataclass(slots=True)
class _Closed:
    until: float
    limit: str | None = None


class RateGate:
    """Says how long to wait so as not to run into a limit.

    Fed by the headers of every answer: the account's own counter, the limits that Zendesk names
    for an endpoint or a ticket (``zendesk-ratelimit-NAME: total=…; remaining=…; resets=…``), and
    ``Retry-After``. Requests under way count as spent. Which requests a named limit covers is not
    documented, so it closes the very request whose answer carried it, and nothing else; but all
    incremental exports share one, and close together (``endpoint_of``). Where no header tells of
    that one, ten a minute are counted here. The last part of the account's minute is kept for
    callers who have used little of it (``shares``).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._closed: dict[str, _Closed] = {}
        self._window_ends = 0.0
        self._under_way = 0
        self._shares = Shares()
        self._held: dict[str, float] = {}
        self._exported: deque[float] = deque(maxlen=EXPORTS_PER_MINUTE)
        self._exports_told = False
        self.headroom: Headroom | None = None

    async def enter(self, method: str, path: str, caller: str = "") -> bool:
        """Whether a request may go now: then it counts as under way until ``leave``."""
        if self.seconds_to_wait(method, path, caller)[0]:
            return False
        self._under_way += 1
        self._shares.count(caller)
        if path.startswith(EXPORTS):
            self._exported.append(self._clock())
        return True

    async def leave(self, method: str, path: str) -> None:
        """A request that was let in has ended."""
        del method, path
        self._under_way -= 1

    def learn(self, method: str, path: str, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers."""
        if account := read_headroom(headers):
            now = self._clock()
            if now >= self._window_ends:
                self._shares.roll()
            self.headroom = account
            self._window_ends = now + (account.resets_in_seconds or 0)
        if path.startswith(EXPORTS):
            self._exports_told = any(name.startswith(_NAMED) for name in headers)
        for seconds, limit in read_closures(status, headers):
            self.close(method, path, seconds, limit)

    def seconds_to_wait(self, method: str, path: str, caller: str = "") -> tuple[float, str | None]:
        """How long this request should wait, 0 when it may go, and for which named limit."""
        now = self._clock()
        closed = self._closed.get(endpoint_of(method, path))
        if closed and closed.until > now:
            return closed.until - now, closed.limit
        if path.startswith(EXPORTS) and (wait := self._wait_for_exports(now)) > 0:
            return wait, EXPORTS_LIMIT
        if self._held and (held := self._held.get(caller, now)) > now:
            return held - now, NAME
        return self._wait_for_account(now, caller)

    def _wait_for_exports(self, now: float) -> float:
        if self._exports_told or len(self._exported) < EXPORTS_PER_MINUTE:
            return 0.0
        return _MINUTE - (now - self._exported[0])  # a sum could be rounded up past the minute

    def _wait_for_account(self, now: float, caller: str) -> tuple[float, str | None]:
        if self.headroom is None:
            return 0.0, None
        new_window = now >= self._window_ends
        left = (self.headroom.limit if new_window else self.headroom.remaining) - self._under_way
        wait = max(self._window_ends - now, SHORTEST_WAIT)
        if left <= 0:
            return wait, None
        if not new_window and left <= self._shares.kept_from(caller, self.headroom.limit):
            return wait, NAME
        return 0.0, None

    def hold(self, caller: str, seconds: float) -> None:
        """Let no request of a caller go for so many seconds, which others need."""
        now = self._clock()
        self._held = {name: until for name, until in self._held.items() if until > now}
        self._held[caller] = now + seconds

    def close(self, method: str, path: str, seconds: float, limit: str | None) -> None:
        """Let no such request go for so many seconds, by a named limit where it has a name."""
        key = endpoint_of(method, path)
        now = self._clock()
        if len(self._closed) >= _MOST_REMEMBERED:
            self._closed = {k: closed for k, closed in self._closed.items() if closed.until > now}
        before = self._closed.get(key)
        if before is None or before.until < now + seconds:
            self._closed[key] = _Closed(now + seconds, limit or (before.limit if before else None))


def endpoint_of(method: str, path: str) -> str:
    """What closes together: one path, or all incremental exports (``zendesk-api.md`` §4)."""
    if path.startswith(EXPORTS):
        return f"{method} {EXPORTS}"
    return f"{method} {path.partition('?')[0]}"
