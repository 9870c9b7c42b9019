"""How much of the account's request limit is left, as Zendesk's own headers say (§4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# The header of the limit and what its fellows begin with; Zendesk's spelling varies by year.
_FAMILIES = (
    ("ratelimit-limit", "ratelimit"),
    ("rate-limit", "rate-limit"),
    ("x-rate-limit", "x-rate-limit"),
)
_NUMBER = re.compile(r"[0-9]{1,9}")


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
