"""How much of the account's request limit is left, as Zendesk's own headers say (§4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Headroom:
    """Requests a minute that the account has, and how many of them are left."""

    limit: int
    remaining: int
    resets_in_seconds: int | None = None


def read_headroom(headers: Mapping[str, str]) -> Headroom | None:
    """The account-wide limit; None where an answer does not carry it."""
    limit = _number(headers.get("ratelimit-limit") or headers.get("x-rate-limit"))
    remaining = _number(headers.get("ratelimit-remaining") or headers.get("x-rate-limit-remaining"))
    if limit is None or remaining is None:
        return None
    return Headroom(limit, remaining, _number(headers.get("ratelimit-reset")))


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdecimal() else None
