"""What the store holds, held against the raw exports: nothing lost, nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from analytics.independent_exports import Raw
from bench.figures import Table


@dataclass(frozen=True)
class Counts:
    """By table."""

    table: Table
    differing: int


def reconciled(file: Path, raw: Raw) -> Counts:
    """Count both; of each table also what stands there twice, and what only one side has."""
    breaches = {one["id"] for one in raw.metric_events if not one.get("deleted")}
    alive = {one["id"] for one in raw.tickets}
    changes = {
        (event["ticket_id"], child["id"])
        for event in raw.ticket_events
        if event["ticket_id"] in alive
        for child in event["child_events"]
        if "status" in child
    }
    said = {
        (child["id"],)
        for event in raw.ticket_events
        if event["ticket_id"] in alive
        for child in event["child_events"]
        if "status" not in child
    }
    expected: dict[str, set[tuple[Any, ...]]] = {
        "tickets": {(one["id"],) for one in raw.tickets},
        "status_changes": changes,
        "comments": said,
        "sla_events": {(one,) for one in breaches},
        "satisfaction": {(one["id"],) for one in raw.ratings},
        "users": {(one["id"],) for one in raw.users},
        "organizations": {(one["id"],) for one in raw.organizations},
    }
    rows, differing = [], 0
    with duckdb.connect(str(file), read_only=True) as store:
        for name, there in expected.items():
            columns = "ticket_id, id" if name == "status_changes" else "id"
            held = store.execute(f"SELECT {columns} FROM kept.{name}").fetchall()  # noqa: S608 - ours
            once = set(held)
            lost, unknown = len(there - once), len(once - there)
            twice = len(held) - len(once)
            differing += lost + unknown + twice
            rows.append((name, f"{len(held):,}", f"{lost:,}", f"{unknown:,}", f"{twice:,}"))
    head = ("table", "rows", "lost", "unknown to Zendesk", "twice")
    return Counts(Table("Reconciled with the raw exports", "", head, rows), differing)
