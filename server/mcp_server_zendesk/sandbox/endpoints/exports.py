"""Incremental exports (`zendesk-api.md` §9): for admins, without the latest minute."""

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import islice
from urllib.parse import urlencode

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.errors import ApiError, forbidden, invalid_attribute
from mcp_server_zendesk.sandbox.paging import decode_cursor, encode_cursor
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import BROAD, route
from mcp_server_zendesk.sandbox.scale.collections import LazyTickets
from mcp_server_zendesk.sandbox.scale.generated import LONGEST
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.tickets.metrics import metric_events_of
from mcp_server_zendesk.sandbox.tickets.sideloads import beside_tickets, shown_tickets

_LARGEST = 1_000
_MINUTE = timedelta(minutes=1)

Place = tuple[int, int]
"""When a record changed, in seconds, and its id: the order of every export."""


def export_tickets(call: Call) -> Answer:
    """GET /incremental/tickets/cursor: deleted tickets too, their status `deleted`."""
    start = _start(call, required="cursor" not in call.query)
    after: Place = (start, -1)
    if "cursor" in call.query:
        at, number = decode_cursor(call.query["cursor"])["v"]
        after = (int(at), int(number))
    size = _size(call)
    found = list(islice(_tickets_after(call.store, after, _until(call)), size + 1))
    page = found[:size]
    last = page[-1][0] if page else after
    cursor = encode_cursor({"v": list(last)})
    included = call.included()
    tickets = [ticket for _, ticket in page]
    query = {**{key: call.query[key] for key in ("include", "per_page") if key in call.query}}
    return Answer(
        {
            "tickets": shown_tickets(call, tickets, included),
            **beside_tickets(call, tickets, included),
            "after_url": call.wire.address(
                f"{call.path}.json?{urlencode({**query, 'cursor': cursor})}"
            ),
            "after_cursor": cursor,
            "before_url": None,
            "before_cursor": None,
            "end_of_stream": len(found) <= size,
        }
    )


def export_tickets_by_time(call: Call) -> Answer:
    """GET /incremental/tickets, the older form, whose pages may overlap."""
    found = _tickets_after(call.store, (_start(call), -1), _until(call))
    return _by_time(call, "tickets", found, call.wire.ticket)


def export_users(call: Call) -> Answer:
    """GET /incremental/users; deleted ones are inactive."""
    found = _records_after(call.store.users.values(), _start(call), _until(call))
    return _by_time(call, "users", found, call.wire.user)


def export_organizations(call: Call) -> Answer:
    """GET /incremental/organizations."""
    found = _records_after(call.store.organizations.values(), _start(call), _until(call))
    return _by_time(call, "organizations", found, call.wire.organization)


def export_ticket_events(call: Call) -> Answer:
    """GET /incremental/ticket_events: the audits of every ticket, in order."""
    found = _events_after(call, lambda ticket: call.store.audits[ticket["id"]], "created_at")
    return _by_time(call, "ticket_events", found, _ticket_event)


def export_metric_events(call: Call) -> Answer:
    """GET /incremental/ticket_metric_events."""
    found = _events_after(call, lambda ticket: metric_events_of(call.store, ticket), "time")
    return _by_time(call, "ticket_metric_events", found, dict)


def _by_time(
    call: Call,
    key: str,
    found: Iterator[tuple[Place, Json]],
    show: Callable[[Json], Json],
) -> Answer:
    """A page of the time form. It ends where a second ends, so that the next one misses nothing."""
    size = _size(call)
    page: list[tuple[Place, Json]] = []
    more = False
    for place, record in found:
        if len(page) >= size and place[0] != page[-1][0][0]:
            more = True
            break
        page.append((place, record))
    end = page[-1][0][0] + (1 if more else 0) if page else _start(call)
    query = {"start_time": str(end)}
    query |= {name: call.query[name] for name in ("per_page",) if name in call.query}
    return Answer(
        {
            key: [show(record) for _, record in page],
            "count": len(page),
            "end_of_stream": not more,
            "end_time": end if page else None,
            "next_page": call.wire.address(f"{call.path}.json?{urlencode(query)}"),
        }
    )


def _tickets_after(store: Store, after: Place, until: int) -> Iterator[tuple[Place, Json]]:
    """Tickets that changed after a place, deleted ones among them, in order."""
    deleted = [{**one.ticket, "status": "deleted"} for one in store.deleted_tickets.values()]
    tickets = store.tickets
    kept = tickets.kept.values() if isinstance(tickets, LazyTickets) else tickets.values()
    every: Iterable[tuple[Place, Json]] = _records_after([*kept, *deleted], after[0], until)
    if isinstance(tickets, LazyTickets):
        every = heapq.merge(every, _generated_after(tickets, after[0], until), key=_place_of)
    return (pair for pair in every if pair[0] > after)


def _events_after(
    call: Call, events_of: Callable[[Json], list[Json]], time: str
) -> Iterator[tuple[Place, Json]]:
    """What happened in tickets, in order.

    A generated ticket is over within `LONGEST` of its creation. So its events are sorted while
    its contemporaries come in, and nobody waits for two hundred thousand tickets.
    """
    start, until, tickets = _start(call), _until(call), call.store.tickets

    def placed(ticket: Json) -> list[tuple[Place, Json]]:
        pairs = [((_seconds(one[time]), int(one["id"])), one) for one in events_of(ticket)]
        return [pair for pair in pairs if start <= pair[0][0] <= until]

    written = [*call.store.written_tickets()]
    written += [one.ticket for one in call.store.deleted_tickets.values()]
    every: Iterable[tuple[Place, Json]] = sorted(
        (pair for ticket in written for pair in placed(ticket)), key=_place_of
    )
    if not isinstance(tickets, LazyTickets):
        return iter(every)

    def generated() -> Iterator[tuple[Place, Json]]:
        waiting: list[tuple[Place, Json]] = []
        for number in tickets.created_since(start - LONGEST):
            ticket = tickets[number]
            created = _seconds(ticket["created_at"])
            while waiting and waiting[0][0][0] < created:
                yield heapq.heappop(waiting)
            for pair in placed(ticket):
                heapq.heappush(waiting, pair)
        yield from sorted(waiting, key=_place_of)

    return heapq.merge(every, generated(), key=_place_of)


def _generated_after(tickets: LazyTickets, start: int, until: int) -> Iterator[tuple[Place, Json]]:
    times, numbers = tickets.updates()
    for index in range(bisect_left(times, start), len(times)):
        if times[index] > until:
            return
        if tickets.is_generated(numbers[index]):
            yield (times[index], numbers[index]), tickets[numbers[index]]


def _records_after(records: Iterable[Json], start: int, until: int) -> Iterator[tuple[Place, Json]]:
    placed = [((_seconds(one["updated_at"]), int(one["id"])), one) for one in records]
    return iter(sorted((one for one in placed if start <= one[0][0] <= until), key=_place_of))


def _place_of(pair: tuple[Place, Json]) -> Place:
    return pair[0]


def _ticket_event(audit: Json) -> Json:
    return {
        "id": audit["id"],
        "ticket_id": audit["ticket_id"],
        "timestamp": _seconds(audit["created_at"]),
        "created_at": audit["created_at"],
        "updater_id": audit["author_id"],
        "via": audit["via"]["channel"],
        "system": {},
        "metadata": audit["metadata"],
        "event_type": "Audit",
        "child_events": [
            {"id": event["id"], "via": audit["via"]["channel"], "event_type": event["type"]}
            | ({event["field_name"]: event["value"]} if "field_name" in event else {})
            for event in audit["events"]
        ],
    }


def _start(call: Call, *, required: bool = True) -> int:
    if call.user["role"] != "admin":
        raise forbidden()
    given = call.query.get("start_time")
    if given is None and not required:
        return 0
    if given is None or not given.isdigit():
        raise invalid_attribute("start_time", "must be a Unix epoch time")
    if int(given) > _until(call):
        # The rule is documented, the wording is quoted by integrators.
        text = "Too recent start_time. Use a start_time older than 60 seconds"
        raise ApiError(422, {"error": "InvalidValue", "description": text})
    return int(given)


def _until(call: Call) -> int:
    return int((call.store.now() - _MINUTE).timestamp())


def _size(call: Call) -> int:
    given = call.query.get("per_page", "")
    return min(_LARGEST, max(1, int(given))) if given.isdigit() else _LARGEST


def _seconds(at: str) -> int:
    return int(moment(at).timestamp())


ROUTES = (
    route("GET", "/incremental/tickets/cursor", export_tickets, "tickets"),
    route("GET", "/incremental/tickets", export_tickets_by_time, "tickets"),
    route("GET", "/incremental/users", export_users, "users"),
    route("GET", "/incremental/organizations", export_organizations, "organizations"),
    route("GET", "/incremental/ticket_events", export_ticket_events, BROAD),
    route("GET", "/incremental/ticket_metric_events", export_metric_events, BROAD),
)
