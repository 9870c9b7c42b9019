"""Zendesk's exports as they come, downloaded without any code of the product."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from analytics.independent_exports import Raw
from bench.team.processes import Zendesk
from mcp_server_zendesk.sandbox import DEMO_TOKEN

Json = dict[str, Any]

_SINCE = 1_000_000_000
_KEPT = frozenset({"apply_sla", "breach"})
_UNUSED = ("description", "raw_subject", "url", "fields", "follower_ids", "collaborator_ids")


def download(zendesk: Zendesk, as_of: datetime) -> Raw:
    """All that reports are made of; what none of them reads is dropped on the way."""
    trusted = ssl.create_default_context(cafile=zendesk.authority)
    address = f"https://localhost:{zendesk.port}/api/v2/"
    signed = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    with httpx.Client(base_url=address, headers=signed, verify=trusted, timeout=60) as client:
        return Raw(
            tickets=_tickets(client),
            ticket_events=[*_ticket_events(client)],
            metric_events=[
                one for one in _by_time(client, "ticket_metric_events") if one["type"] in _KEPT
            ],
            ratings=[*_ratings(client)],
            users=[*_by_time(client, "users")],
            organizations=[*_by_time(client, "organizations")],
            groups=_list(client, "groups"),
            brands=_list(client, "brands"),
            forms=_list(client, "ticket_forms"),
            fields=_list(client, "ticket_fields"),
            as_of=as_of,
        )


def _tickets(client: httpx.Client) -> list[Json]:
    latest: dict[int, Json] = {}
    asked: dict[str, Any] = {"start_time": _SINCE}
    while True:
        params = {**asked, "include": "metric_sets", "per_page": 1_000}
        page = _asked(client, "incremental/tickets/cursor", params)
        for ticket in page["tickets"]:
            for name in _UNUSED:
                ticket.pop(name, None)
            latest[ticket["id"]] = ticket
        if page["end_of_stream"]:
            return [one for one in latest.values() if one["status"] != "deleted"]
        asked = {"cursor": page["after_cursor"]}


def _ticket_events(client: httpx.Client) -> Iterator[Json]:
    for event in _by_time(client, "ticket_events"):
        children = [
            {"id": child["id"], **{name: child[name] for name in ("status",) if name in child}}
            for child in event["child_events"]
            if child["event_type"] == "Comment"
            or ("status" in child and child["event_type"] in {"Create", "Change"})
        ]
        if children:
            told = {name: event[name] for name in ("id", "ticket_id", "created_at")}
            yield {**told, "child_events": children}


def _by_time(client: httpx.Client, name: str) -> Iterator[Json]:
    seen: set[int] = set()
    start = _SINCE
    while True:
        page = _asked(client, f"incremental/{name}", {"start_time": start, "per_page": 1_000})
        for one in page[name]:
            if one["id"] not in seen:
                seen.add(one["id"])
                yield one
        if page["end_of_stream"]:
            return
        start = page["end_time"]


def _ratings(client: httpx.Client) -> Iterator[Json]:
    params: dict[str, Any] = {"score": "received", "page[size]": 100}
    while True:
        page = _asked(client, "satisfaction_ratings", params)
        yield from page["satisfaction_ratings"]
        if not page["meta"]["has_more"]:
            return
        params["page[after]"] = page["meta"]["after_cursor"]


def _list(client: httpx.Client, name: str) -> list[Json]:
    found: list[Json] = _asked(client, name, {"page[size]": 100})[name]
    return found


def _asked(client: httpx.Client, path: str, params: dict[str, Any]) -> Json:
    answer = client.get(f"{path}.json", params=params)
    answer.raise_for_status()
    body: Json = answer.json()
    return body
