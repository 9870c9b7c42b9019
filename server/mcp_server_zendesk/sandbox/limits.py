"""Rate limits and the headers that tell of them (`zendesk-api.md` §4)."""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from mcp_server_zendesk.sandbox.errors import too_many_requests
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.rules import Rules

_MINUTE = timedelta(minutes=1)
_TEN_MINUTES = timedelta(minutes=10)
_KEPT_WINDOWS = 20_000
_EXPORTS = "incremental-exports"
_PER_MINUTE = "Number of allowed API requests per minute exceeded"

Per = Literal["account", "record", "user and record"]


@dataclass(frozen=True)
class Limit:
    """What an endpoint gives, besides the account's limit.

    Of the names in the headers only `per-ticket-updates`, `incremental-exports`, `tags-index`
    and `tickets-index` are attested; the others are made after them.
    """

    name: str
    methods: str
    path: re.Pattern[str]
    total: int
    length: timedelta = _MINUTE
    per: Per = "account"
    text: str = _PER_MINUTE


def _single(thing: str) -> str:
    """The text that was quoted of users (§3); of tickets and the rest by analogy."""
    return (
        f"You have exceeded the rate limit for updating a single unique {thing}. "
        "Please try again later."
    )


def _limit(name: str, methods: str, path: str, total: int, **more: object) -> Limit:
    return Limit(name, methods, re.compile(path), total, **more)  # type: ignore[arg-type]


_TICKET_PUT = r"/tickets/(?P<record>\d+)(/tags|/comments/\d+/make_private)?"

LIMITS = (
    _limit(
        "per-ticket-updates",
        "PUT",
        _TICKET_PUT,
        30,
        length=_TEN_MINUTES,
        per="user and record",
        text=_single("ticket"),
    ),
    _limit("ticket-updates", "PUT", _TICKET_PUT, 100),
    _limit("ticket-deletes", "DELETE", r"/tickets/\d+", 400),
    _limit("deleted-tickets-index", "GET", "/deleted_tickets", 10),
    _limit("ticket-fields-index", "GET", "/ticket_fields", 300),
    _limit("ticket-audits", "GET", r"/tickets/\d+/audits", 500),
    _limit(_EXPORTS, "GET", "/incremental/.+", 10),
    _limit("search-export", "GET", "/search/export", 100),
    _limit("search-index", "GET", "/search", 2_500),
    _limit("tags-index", "GET", "/tags", 2_000),
    _limit("attachment-content", "GET", r"/attachments/token/.+", 2_500),
    _limit(
        "per-user-updates",
        "PUT",
        r"/users/(?P<record>\d+)",
        5,
        per="record",
        text=_single("user"),
    ),
    _limit("user-updates", "PUT", r"/users/\d+", 1, length=timedelta(seconds=1)),
    _limit(
        "per-organization-updates",
        "PUT",
        r"/organizations/(?P<record>\d+)",
        5,
        per="record",
        text=_single("organization"),
    ),
    _limit(
        "view-execute",
        "GET",
        r"/views/(?P<record>\d+)/(execute|tickets)",
        5,
        per="user and record",
    ),
    _limit(
        "side-conversations",
        "POST",
        r"/tickets/\d+/side_conversations(/[^/]+/reply)?",
        300,
        length=_TEN_MINUTES,
    ),
    _limit(
        "side-conversation-events",
        "GET",
        r"/tickets/\d+/side_conversations/([^/]+/)?events",
        600,
        length=_TEN_MINUTES,
    ),
)
"""Left out: List Tickets beyond page 500, which offset paging no longer reaches; and the limits
of single sandbox, trial and High Volume plans."""


@dataclass
class _Window:
    opened: datetime
    length: timedelta
    used: int = 0


@dataclass(frozen=True)
class _Room:
    total: int
    remaining: int
    resets: int


class RateLimits:
    """Counts requests in fixed windows, where the rules say that they count at all."""

    def __init__(self) -> None:
        self._windows: dict[object, _Window] = {}

    def account(self, rules: Rules, now: datetime, path: str) -> dict[str, str]:
        """Counts a request against the account; returns the headers recorded in 2023 and 2024.

        The Help Center has a counter of its own, of the same size.

        Raises:
            ApiError: 429, text/plain.
        """
        counter = "help center" if path.startswith("/help_center") else "account"
        room = self._spend(counter, rules.requests_per_minute, _MINUTE, rules, now)
        headers = {
            "X-Rate-Limit": str(room.total),
            "X-Rate-Limit-Remaining": str(max(0, room.remaining)),
            "ratelimit-limit": str(room.total),
            "ratelimit-remaining": str(max(0, room.remaining)),
            "ratelimit-reset": str(room.resets),
        }
        if room.remaining < 0:
            raise too_many_requests(room.resets, _PER_MINUTE, headers)
        return headers

    def endpoint(
        self,
        rules: Rules,
        now: datetime,
        user: Json,
        method: str,
        path: str,
    ) -> dict[str, str]:
        """Counts a request against every limit of its endpoint.

        Raises:
            ApiError: 429, text/plain.
        """
        headers: dict[str, str] = {}
        for limit in LIMITS:
            found = limit.path.fullmatch(path) if method == limit.methods else None
            if found is None:
                continue
            total = rules.exports_per_minute if limit.name == _EXPORTS else limit.total
            room = self._spend(_key(limit, found, user), total, limit.length, rules, now)
            told = f"total={room.total}; remaining={max(0, room.remaining)}; resets={room.resets}"
            headers[f"zendesk-ratelimit-{limit.name}"] = told
            if room.remaining < 0:
                raise too_many_requests(room.resets, limit.text, headers)
        return headers

    def _spend(
        self,
        key: object,
        total: int,
        length: timedelta,
        rules: Rules,
        now: datetime,
    ) -> _Room:
        if not rules.rate_limited:
            return _Room(total, total - 1, int(length.total_seconds()))
        window = self._windows.get(key)
        if window is None or now >= window.opened + window.length:
            self._forget(now)
            window = self._windows[key] = _Window(now, length)
        window.used += 1
        resets = math.ceil((window.opened + length - now).total_seconds())
        return _Room(total, total - window.used, resets)

    def _forget(self, now: datetime) -> None:
        """Drops the windows that are over, once there are many."""
        if len(self._windows) >= _KEPT_WINDOWS:
            self._windows = {
                key: window
                for key, window in self._windows.items()
                if now < window.opened + window.length
            }


def _key(limit: Limit, found: re.Match[str], user: Json) -> object:
    if limit.per == "account":
        return limit.name
    record = found["record"]
    return (limit.name, record) if limit.per == "record" else (limit.name, record, user["id"])
