"""Rate limits and the headers that tell of them (`zendesk-api.md` §4)."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from mcp_server_zendesk.sandbox.errors import too_many_requests
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.rules import Rules

_MINUTE = timedelta(minutes=1)
_TICKET_WINDOW = timedelta(minutes=10)
_TICKET_UPDATES = 30


@dataclass
class _Window:
    opened: datetime
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

    def account(self, rules: Rules, now: datetime) -> dict[str, str]:
        """Counts a request against the account; returns the headers recorded in 2023 and 2024.

        Raises:
            ApiError: 429, text/plain.
        """
        room = self._spend("account", rules.requests_per_minute, _MINUTE, rules, now)
        if room.remaining < 0:
            text = "Number of allowed API requests per minute exceeded"
            raise too_many_requests(room.resets, text)
        return {
            "X-Rate-Limit": str(room.total),
            "X-Rate-Limit-Remaining": str(room.remaining),
            "ratelimit-limit": str(room.total),
            "ratelimit-remaining": str(room.remaining),
            "ratelimit-reset": str(room.resets),
        }

    def ticket_update(
        self,
        rules: Rules,
        now: datetime,
        user: Json,
        ticket_id: int,
    ) -> dict[str, str]:
        """Counts an update: 30 in 10 minutes, for each user and ticket.

        Raises:
            ApiError: 429, text/plain.
        """
        room = self._spend((user["id"], ticket_id), _TICKET_UPDATES, _TICKET_WINDOW, rules, now)
        if room.remaining < 0:
            text = (
                "You have exceeded the rate limit for updating a single unique ticket. "
                "Please try again later."
            )
            raise too_many_requests(room.resets, text)
        told = f"total={room.total}; remaining={room.remaining}; resets={room.resets}"
        return {"zendesk-ratelimit-per-ticket-updates": told}

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
        if window is None or now >= window.opened + length:
            window = self._windows[key] = _Window(now)
        window.used += 1
        resets = math.ceil((window.opened + length - now).total_seconds())
        return _Room(total, total - window.used, resets)
