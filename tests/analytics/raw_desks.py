"""A desk's raw exports, made by chance from a seed, and the store that a sync makes of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from analytics.independent_exports import Raw
from analytics.stores import analytics
from mcp_server_zendesk.analytics.store import Store, StreamState
from mcp_server_zendesk.analytics.tables import TABLES
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID
from mcp_server_zendesk.serving.local_store import Analytics, Keep

Json = dict[str, Any]

AS_OF = datetime(2026, 11, 18, 10, 30, tzinfo=UTC)
STREAMS = (
    "tickets",
    "ticket_events",
    "ticket_metric_events",
    "users",
    "organizations",
    "satisfaction_ratings",
)
PRODUCT, COLOURS = 77, 78
_WORDS = ("refund", "late", "parcel", "broken", "zipper", "login", "invoice", "tent", "the", "for")
_STATUSES = ("new", "open", "pending", "hold", "solved", "closed")


def desk(seed: int, tickets: int = 300, days: int = 130) -> Raw:
    """A desk with whatever can be: reopened tickets, some without metrics or histories, NULLs."""
    chance = random.Random(seed)  # noqa: S311 - a test's own chance
    raw = Raw(
        users=[
            {"id": 10 + n, "name": name, "role": "agent"}
            for n, name in enumerate(("Ada", "Ben", "Ben", "Cleo", "Dan"))
        ],
        groups=[{"id": 20 + n, "name": name} for n, name in enumerate(("Support", "Returns"))],
        organizations=[{"id": 100 + n, "name": f"Org {n}"} for n in range(22)],
        brands=[{"id": 30, "name": "Acme"}],
        forms=[{"id": 40, "name": "Default"}, {"id": 41, "name": "Returns"}],
        as_of=AS_OF,
        fields=[{"id": PRODUCT, "title": "Product"}, {"id": COLOURS, "title": "Colours"}],
    )
    ids = iter(range(10_000, 10_000_000))
    for number in range(1, tickets + 1):
        _ticket(raw, number, chance, ids, days)
    return raw


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _created(chance: random.Random, days: int) -> datetime:
    moment = AS_OF - timedelta(seconds=chance.randrange(60, days * 86_400))
    edge = chance.random()
    if edge < 0.1:
        return moment.replace(hour=0, minute=0, second=0)
    if edge < 0.2:
        return moment.replace(hour=chance.choice((22, 23)), minute=0, second=0)
    return moment.replace(hour=23, minute=59, second=59) if edge < 0.25 else moment


def _ticket(raw: Raw, number: int, chance: random.Random, ids: Iterator[int], days: int) -> None:
    created = min(_created(chance, days), AS_OF - timedelta(seconds=1))
    history = _history(chance, created)
    solved = [at for at, status in history if status == "solved"]
    status = history[-1][1]
    replied = created + timedelta(minutes=chance.randrange(1, 9_000))
    words = " ".join(chance.choices(_WORDS, k=chance.randrange(1, 6)))
    tags = {f"t{min(int(chance.expovariate(0.3)), 25)}" for _ in range(chance.randrange(4))}
    if created > AS_OF - timedelta(days=20) and chance.random() < 0.4:
        tags.add("release")
        words += " Zipper broken"
    ticket: Json = {
        "id": number,
        "subject": chance.choice((words, words.title(), "", "Re: 12345 " + words)),
        "status": status,
        "priority": chance.choice((None, "low", "high")),
        "type": chance.choice((None, "question", "incident")),
        "via": {"channel": chance.choice(("email", "web", "chat"))},
        "assignee_id": chance.choice((None, 10, 11, 12, 13, 14, 99)),
        "group_id": chance.choice((None, 20, 21, 29)),
        "organization_id": chance.choice((None, *range(100, 122))),
        "brand_id": 30,
        "ticket_form_id": chance.choice((40, 41, None)),
        "created_at": stamp(created),
        "updated_at": stamp(max(history[-1][0], created)),
        "tags": sorted(tags),
        "custom_fields": [
            {"id": PRODUCT, "value": chance.choice((None, "tent", "stove"))},
            {"id": COLOURS, "value": chance.sample(("red", "blue", "green"), chance.randrange(3))},
        ],
        "satisfaction_rating": {"score": "unoffered"},
    }
    minutes = {"calendar": None, "business": None}
    done = status in {"solved", "closed"}
    metrics = {
        "replies": chance.randrange(5),
        "reopens": _reopened(history),
        "reply_time_in_minutes": _minutes(created, replied, chance) if replied < AS_OF else minutes,
        "first_resolution_time_in_minutes": _minutes(created, solved[0], chance)
        if solved
        else minutes,
        "full_resolution_time_in_minutes": _minutes(created, solved[-1], chance)
        if done
        else minutes,
        "solved_at": stamp(solved[-1]) if done else None,
    }
    if chance.random() < 0.93:
        ticket["metric_set"] = metrics
    raw.tickets.append(ticket)
    if chance.random() < 0.9:
        _tell(raw, number, history, ids)
    _promise(raw, number, created, chance, ids)
    if done and chance.random() < 0.7:
        score = chance.choice(("good", "good", "bad", "offered"))
        ticket["satisfaction_rating"] = {"score": score}
        if score != "offered":
            at = min(solved[-1] + timedelta(hours=chance.randrange(1, 60)), AS_OF)
            raw.ratings.append(
                {
                    "id": next(ids),
                    "ticket_id": number,
                    "score": score,
                    "reason": chance.choice((None, "Too slow", "Not solved"))
                    if score == "bad"
                    else None,
                    "created_at": stamp(at),
                    "updated_at": stamp(at),
                }
            )


def _history(chance: random.Random, created: datetime) -> list[tuple[datetime, str]]:
    history = [(created, chance.choice(("new", "open")))]
    for _ in range(chance.randrange(7)):
        hours = chance.choice((0, 0, 1, 5, 30, 100, 400))
        at = history[-1][0] + timedelta(hours=hours, seconds=chance.randrange(3_600) * (hours > 0))
        status = chance.choice(_STATUSES[1:5])
        if at >= AS_OF:
            break
        if status != history[-1][1]:
            history.append((at, status))
    if history[-1][1] == "solved" and chance.random() < 0.3:
        at = history[-1][0] + timedelta(days=4)
        if at < AS_OF:
            history.append((at, "closed"))
    return history


def _reopened(history: list[tuple[datetime, str]]) -> int:
    pairs = pairwise(history)
    return sum(one == "solved" and two not in {"solved", "closed"} for (_, one), (_, two) in pairs)


def _minutes(created: datetime, at: datetime, chance: random.Random) -> Json:
    calendar = int((at - created).total_seconds() // 60)
    return {"calendar": calendar, "business": chance.choice((calendar // 3, calendar // 4, None))}


def _tell(raw: Raw, number: int, history: list[tuple[datetime, str]], ids: Iterator[int]) -> None:
    before = None
    for at, status in history:
        child: Json = {"id": next(ids), "status": status, "event_type": "Change"}
        if before is None:
            child["event_type"] = "Create"
        else:
            child["previous_value"] = before
        raw.ticket_events.append(
            {
                "id": next(ids),
                "ticket_id": number,
                "created_at": stamp(at),
                "child_events": [child],
            }
        )
        before = status


def _promise(
    raw: Raw, number: int, created: datetime, chance: random.Random, ids: Iterator[int]
) -> None:
    if chance.random() < 0.4:
        return
    policy = chance.choice(("Gold", "Silver"))
    for metric in chance.sample(("reply_time", "requester_wait_time"), chance.randrange(1, 3)):
        event = {"ticket_id": number, "metric": metric, "instance_id": 1}
        sla = {"target": 60, "policy": {"title": policy}}
        raw.metric_events.append(
            {**event, "id": next(ids), "type": "apply_sla", "time": stamp(created), "sla": sla}
        )
        missed = created + timedelta(minutes=60)
        if chance.random() < 0.3 and missed < AS_OF:
            raw.metric_events.append(
                {**event, "id": next(ids), "type": "breach", "time": stamp(missed)}
            )


def store(
    raw: Raw, folder: Path, *, keep: Keep = "texts", retention_days: int | None = None
) -> Analytics:
    """The store that holds this, as a sync leaves it."""
    local = analytics(folder, keep=keep, retention_days=retention_days)
    fill(raw, local)
    return local


def fill(raw: Raw, local: Analytics) -> None:
    tables = {table.name: table for table in TABLES}
    with Store(local).batch() as batch:
        for name, rows in _rows(raw, texts=local.texts).items():
            batch.put(tables[name], rows)
        batch.set_fact("synced_by", str(ADMIN_ID))
        for stream in STREAMS:
            batch.set_state(stream, StreamState("cursor", raw.as_of, complete=True), raw.as_of)


def _rows(raw: Raw, *, texts: bool) -> dict[str, list[Json]]:
    return {
        "tickets": [_ticket_row(one, texts=texts) for one in raw.tickets],
        "status_changes": [
            {
                "id": child["id"],
                "ticket_id": event["ticket_id"],
                "changed_at": event["created_at"],
                "from_status": child.get("previous_value"),
                "to_status": child["status"],
            }
            for event in raw.ticket_events
            for child in event["child_events"]
        ],
        "sla_events": [
            {
                **{key: one[key] for key in ("id", "ticket_id", "metric", "instance_id", "type")},
                "at": one["time"],
                "policy": one.get("sla", {}).get("policy", {}).get("title"),
                "target_minutes": one.get("sla", {}).get("target"),
            }
            for one in raw.metric_events
        ],
        "satisfaction": raw.ratings,
        "users": raw.users,
        "groups": raw.groups,
        "organizations": raw.organizations,
        "brands": raw.brands,
        "forms": raw.forms,
        "fields": [{**one, "type": "tagger", "options": []} for one in raw.fields],
    }


def _ticket_row(ticket: Json, *, texts: bool) -> Json:
    metrics = ticket.get("metric_set", {})
    values = [
        {"id": one["id"], "value": value}
        for one in ticket["custom_fields"]
        for value in (one["value"] if isinstance(one["value"], list) else [one["value"]])
        if value is not None
    ]
    same = ("id", "status", "priority", "type", "assignee_id", "group_id", "organization_id")
    return {
        **{key: ticket[key] for key in (*same, "brand_id", "created_at", "updated_at", "tags")},
        "subject": ticket["subject"] if texts else None,
        "channel": ticket["via"]["channel"],
        "form_id": ticket["ticket_form_id"],
        "custom_fields": values,
        "satisfaction": ticket["satisfaction_rating"]["score"],
        "replies": metrics.get("replies"),
        "reopens": metrics.get("reopens"),
        "first_reply": metrics.get("reply_time_in_minutes"),
        "first_resolution": metrics.get("first_resolution_time_in_minutes"),
        "full_resolution": metrics.get("full_resolution_time_in_minutes"),
        "solved_at": metrics.get("solved_at"),
        "source": "incremental",
    }
