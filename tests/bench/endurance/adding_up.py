"""What clients were told of each call, held against the audit; what Zendesk holds at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.team.reconciled import MARKER, calls_of
from bench.team.settling import Called
from mcp_server_zendesk.serving.auditing import seal
from mcp_server_zendesk.serving.auditing.lines import canonical

_QUESTION = "asked"

Key = tuple[str | None, str]
"""Who called, and the digest of the arguments."""


@dataclass
class CallsHeld:
    """The calls of one server. ``missing`` and ``excess`` have to be empty."""

    recorded: int = 0
    """Outcomes in the audit."""
    zendesk_requests: int = 0
    """As the audit tells."""
    missing: list[str] = field(default_factory=list)
    """Told to a client so, and not in the audit so."""
    excess: list[str] = field(default_factory=list)
    """In the audit, and of no client: more than were cut off."""
    kinds: Counter[str] = field(default_factory=Counter)
    """How calls ended, by the audit."""


def hold_calls(calls: Sequence[Called], audit: Path) -> CallsHeld:
    """Hold the calls of the clients of one server against its audit."""
    held, key = CallsHeld(), seal.kept_key(audit)
    told: dict[Key, Counter[str]] = {}
    cut: Counter[Key] = Counter()
    for call in calls:
        digest = seal.digest(key, "arguments", canonical(call.task.arguments))
        who = (call.task.caller, digest)
        if call.told:
            told.setdefault(who, Counter())[call.kind] += 1
        else:
            cut[who] += 1
    recorded: dict[Key, Counter[str]] = {}
    for found in calls_of(audit)[0]:
        outcome = found.outcome
        if outcome is None:
            continue
        held.recorded += 1
        held.zendesk_requests += int(outcome.get("zendesk_requests", 0))
        kind = str(outcome["kind"])
        held.kinds[kind] += 1
        if kind != _QUESTION:
            who = (outcome.get("caller"), str(outcome.get("arguments")))
            recorded.setdefault(who, Counter())[kind] += 1
    for who in {*told, *recorded}:
        by_clients, by_audit = told.get(who, Counter()), recorded.get(who, Counter())
        held.missing += (by_clients - by_audit).elements()
        more = list((by_audit - by_clients).elements())
        held.excess += more[cut[who] :]
    return held


def held_by(tickets: Iterable[dict[str, Any]]) -> Counter[str]:
    """How often each marker stands in the tickets; what may be set twice counts once."""
    found: Counter[str] = Counter()
    for ticket in tickets:
        for comment in ticket["comments"]:
            found.update(MARKER.findall(comment))
        set_again = {str(subject) for subject in ticket["subjects"]} | set(ticket["tags"])
        marks = {mark for text in set_again for mark in MARKER.findall(text)}
        found.update(mark for mark in marks if not mark.startswith("ticket-"))
    return found
