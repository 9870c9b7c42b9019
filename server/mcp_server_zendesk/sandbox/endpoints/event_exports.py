"""Incremental exports of what happened in tickets: their audits, and their metric events (§9).

The keys of child events are those that were recorded by others, and those of the reference: the
changed field by its own name, custom fields under `custom_ticket_fields`, a comment as two flags
or, with `include=comment_events`, whole. Of the names in `via` only `Web form` is recorded.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.endpoints.export_pages import (
    Placed,
    by_time,
    place_of,
    start_of,
    until_of,
)
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import BROAD, route
from mcp_server_zendesk.sandbox.scale.collections import LazyTickets
from mcp_server_zendesk.sandbox.scale.timeline import Timeline
from mcp_server_zendesk.sandbox.tickets.course import seconds
from mcp_server_zendesk.sandbox.tickets.metric_events import metric_events_of

_VIA = {"web": "Web form", "email": "Mail", "api": "Web service", "rule": "Rule"}
_UNTOLD = frozenset({"id", "type", "field_name", "value", "previous_value"})


def export_ticket_events(call: Call) -> Answer:
    """GET /incremental/ticket_events: the audits of every ticket, in order."""
    store, tickets = call.store, call.store.tickets
    found: Iterator[Placed] = _written(call, lambda ticket: store.audits[ticket["id"]])
    if isinstance(tickets, LazyTickets):
        generated = _generated(call, tickets, tickets.changes, tickets.audit)
        found = heapq.merge(found, generated, key=place_of)
    comments = "comment_events" in call.included()
    return Answer(
        by_time(
            call,
            "ticket_events",
            found,
            lambda page: [_ticket_event(call, one, comments=comments) for one in page],
        )
    )


def export_metric_events(call: Call) -> Answer:
    """GET /incremental/ticket_metric_events."""
    store, tickets = call.store, call.store.tickets
    found: Iterator[Placed] = _written(call, lambda ticket: metric_events_of(store, ticket), "time")
    if isinstance(tickets, LazyTickets):
        generated = _generated(call, tickets, tickets.ticks, tickets.metric_event)
        found = heapq.merge(found, generated, key=place_of)
    return Answer(by_time(call, "ticket_metric_events", found, list))


def _written(
    call: Call, events_of: Callable[[Json], Iterable[Json]], time: str = "created_at"
) -> Iterator[Placed]:
    """What happened in tickets that are records of their own, deleted ones too."""
    start, until = start_of(call), until_of(call)
    tickets = [*call.store.written_tickets()]
    tickets += [one.ticket for one in call.store.deleted_tickets.values()]
    placed = [
        ((seconds(one[time]), int(one["id"])), one)
        for ticket in tickets
        for one in events_of(ticket)
    ]
    return iter(sorted((one for one in placed if start <= one[0][0] <= until), key=place_of))


def _generated(
    call: Call,
    tickets: LazyTickets,
    timeline: Timeline,
    event: Callable[[int, int], Json],
) -> Iterator[Placed]:
    until = until_of(call)
    for at, number, place in timeline.since(start_of(call)):
        if at > until:
            return
        if tickets.is_generated(number):
            found = event(number, place)
            yield (at, found["id"]), found


def _ticket_event(call: Call, audit: Json, *, comments: bool) -> Json:
    channel = audit["via"]["channel"]
    via = _VIA.get(channel, channel)
    return {
        "id": audit["id"],
        "ticket_id": audit["ticket_id"],
        "timestamp": seconds(audit["created_at"]),
        "created_at": audit["created_at"],
        "updater_id": audit["author_id"],
        "via": via,
        "system": {},
        "metadata": audit["metadata"],
        "event_type": "Audit",
        "child_events": [
            _comment(call, audit, event, via, whole=comments)
            if event["type"] == "Comment"
            else _change(event, via)
            for event in audit["events"]
        ],
    }


def _comment(call: Call, audit: Json, event: Json, via: str, *, whole: bool) -> Json:
    if not whole:
        return {
            "id": event["id"],
            "via": via,
            "via_reference_id": None,
            "comment_present": True,
            "comment_public": event["public"],
            "event_type": "Comment",
        }
    return {
        **call.wire.comment(event),
        "via": audit["via"],
        "via_reference_id": None,
        "created_at": audit["created_at"],
        "event_type": "Comment",
    }


def _change(event: Json, via: str) -> Json:
    told: Json = {"id": event["id"], "via": via, "via_reference_id": None}
    name = event.get("field_name")
    if name is None:
        told |= {key: value for key, value in event.items() if key not in _UNTOLD}
    elif name.isdigit():
        told["custom_ticket_fields"] = {name: event["value"]}
    else:
        told[name] = event["value"]
    told["event_type"] = event["type"]
    if "previous_value" in event:
        told["previous_value"] = event["previous_value"]
    return told


ROUTES = (
    route("GET", "/incremental/ticket_events", export_ticket_events, BROAD),
    route("GET", "/incremental/ticket_metric_events", export_metric_events, BROAD),
)
