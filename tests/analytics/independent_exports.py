"""Zendesk's exports as they come, and what is asked of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
DONE = {"solved", "closed"}
NONE = "(none)"
TIMES = ("day", "week", "month", "quarter", "year")


@dataclass
class Raw:
    """What Zendesk exports: ``tickets`` with their ``metric_set``, ``ticket_events`` and so on."""

    tickets: list[Json] = field(default_factory=list)
    ticket_events: list[Json] = field(default_factory=list)
    metric_events: list[Json] = field(default_factory=list)
    ratings: list[Json] = field(default_factory=list)
    users: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    organizations: list[Json] = field(default_factory=list)
    brands: list[Json] = field(default_factory=list)
    forms: list[Json] = field(default_factory=list)
    fields: list[Json] = field(default_factory=list)
    as_of: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def names(self) -> dict[str, dict[int, str]]:
        kinds = {
            "assignee": self.users,
            "group": self.groups,
            "organization": self.organizations,
            "brand": self.brands,
            "form": self.forms,
        }
        return {kind: {one["id"]: one["name"] for one in found} for kind, found in kinds.items()}

    @cached_property
    def histories(self) -> dict[int, list[tuple[datetime, str]]]:
        found = defaultdict(list)
        for event in self.ticket_events:
            for child in event["child_events"]:
                if "status" in child:
                    at = moment(event["created_at"])
                    found[event["ticket_id"]].append((at, child["id"], child["status"]))
        return {key: [(at, to) for at, _, to in sorted(steps)] for key, steps in found.items()}

    @cached_property
    def targets(self) -> dict[int, dict[tuple[str, int], list[Json]]]:
        found: dict[int, Any] = defaultdict(lambda: defaultdict(list))
        for one in self.metric_events:
            if one["type"] in {"apply_sla", "breach"} and not one.get("deleted"):
                found[one["ticket_id"]][one["metric"], one["instance_id"]].append(one)
        return found

    @cached_property
    def rated(self) -> dict[int, list[Json]]:
        found = defaultdict(list)
        for one in self.ratings:
            found[one["ticket_id"]].append(one)
        return found


def alive(tickets: Iterable[Json], metric_sets: Iterable[Json]) -> list[Json]:
    """The latest of each ticket of an export, deleted ones left out, with its metric set."""
    metrics = {one["ticket_id"]: one for one in metric_sets}
    latest = {one["id"]: one for one in tickets}
    return [
        {**one, **({"metric_set": metrics[number]} if number in metrics else {})}
        for number, one in latest.items()
        if one["status"] != "deleted"
    ]


@dataclass(frozen=True)
class Case:
    """What was asked: half-open spans in UTC, the days that they were cut from, and by what."""

    report: str
    now: tuple[datetime, datetime]
    before: tuple[datetime, datetime] | None
    days: tuple[tuple[date, date], ...]
    group_by: str | None
    zone: ZoneInfo
    as_of: datetime


@dataclass(frozen=True)
class Record:
    """One thing that is counted, with its ticket."""

    ticket: Json
    at: datetime | None
    data: Json


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def within(at: str | None, span: tuple[datetime, datetime]) -> bool:
    return at is not None and span[0] <= moment(at) < span[1]


def solved_at(ticket: Json) -> str | None:
    found = ticket.get("metric_set", {}).get("solved_at")
    return found if ticket["status"] in DONE else None


def minutes_of(ticket: Json, name: str, clock: str) -> int | None:
    found: int | None = (ticket.get("metric_set", {}).get(name) or {}).get(clock)
    return found


def share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
