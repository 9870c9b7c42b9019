"""A check is a value: what was looked at, what was found, why it matters, what mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail", "skipped"]
Name = Literal[
    "configuration",
    "storage",
    "network",
    "account",
    "clock",
    "authentication",
    "role",
    "scopes",
    "permissions",
    "policy",
    "account_facts",
    "rate_limit",
    "analytics",
    "http_binding",
    "http_callers",
]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cause that may be the one, where nothing seen decides between several."""

    cause: str
    why: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check. Its texts are ours: no secret, and nothing of Zendesk's own wording.

    ``cause`` is named only where something that was seen decides for it; else ``candidates`` has
    the likeliest first. ``mend`` is a command, or the shortest instruction where there is none.
    """

    name: Name
    state: State
    found: str
    why: str | None = None
    mend: str | None = None
    cause: str | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to look at in what otherwise works."""

    cause: str
    why: str
    mend: str


def doubtful(name: Name, found: str, doubts: Iterable[Doubt]) -> Check:
    """Ok, or a warning of all that is doubtful; the first doubt names the cause."""
    all_of_them = tuple(doubts)
    if not all_of_them:
        return Check(name, "ok", found)
    return Check(
        name,
        "warn",
        found,
        why=" ".join(doubt.why for doubt in all_of_them),
        mend="; ".join(doubt.mend for doubt in all_of_them),
        cause=all_of_them[0].cause,
    )


def skipped(name: Name, because: str) -> Check:
    """A check that cannot tell anything, or has nothing to look at."""
    return Check(name, "skipped", "not looked at", because)
