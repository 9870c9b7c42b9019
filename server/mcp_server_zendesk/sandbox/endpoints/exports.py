"""Incremental exports of tickets, users and organizations (`zendesk-api.md` §9)."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import urlencode

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.endpoints.export_pages import (
    Place,
    Placed,
    by_time,
    page_size,
    place_of,
    start_of,
    until_of,
)
from mcp_server_zendesk.sandbox.errors import invalid_attribute
from mcp_server_zendesk.sandbox.paging import decode_cursor, encode_cursor
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.scale.collections import LazyTickets
from mcp_server_zendesk.sandbox.tickets.course import seconds
from mcp_server_zendesk.sandbox.tickets.removal import scrubbed_as
from mcp_server_zendesk.sandbox.tickets.sideloads import beside_tickets, shown_tickets

_KEPT_QUERY = ("include", "per_page", "exclude_deleted")


def export_tickets(call: Call) -> Answer:
    """GET /incremental/tickets/cursor: deleted tickets too, their status `deleted`.

    `exclude_deleted=true` leaves them out, and the scrubbed ones with them.
    """
    after = _after(call)
    found = _tickets_after(call, after, until_of(call))
    page, frame = _by_cursor(call, found, after)
    included = call.included()
    return Answer(
        {
            "tickets": shown_tickets(call, page, included),
            **beside_tickets(call, page, included),
            **frame,
        }
    )


def export_users(call: Call) -> Answer:
    """GET /incremental/users/cursor; deleted ones are inactive."""
    after = _after(call)
    found = _records_after(call.store.users.values(), after[0], until_of(call))
    page, frame = _by_cursor(call, (one for one in found if one[0] > after), after)
    return Answer({"users": [call.wire.user(one) for one in page], **frame})


def export_tickets_by_time(call: Call) -> Answer:
    """GET /incremental/tickets, the older form, whose pages may overlap."""
    found = _tickets_after(call, (start_of(call), -1), until_of(call))
    included = call.included()
    pages: list[Json] = []

    def show(tickets: list[Json]) -> list[Json]:
        pages.extend(tickets)
        return shown_tickets(call, tickets, included)

    body = by_time(call, "tickets", found, show)
    return Answer({**body, **beside_tickets(call, pages, included)})


def export_users_by_time(call: Call) -> Answer:
    """GET /incremental/users."""
    found = _records_after(call.store.users.values(), start_of(call), until_of(call))
    return Answer(by_time(call, "users", found, lambda page: [call.wire.user(one) for one in page]))


def export_organizations(call: Call) -> Answer:
    """GET /incremental/organizations, which has no form with a cursor."""
    found = _records_after(call.store.organizations.values(), start_of(call), until_of(call))
    show = call.wire.organization
    return Answer(by_time(call, "organizations", found, lambda page: [show(one) for one in page]))


def _by_cursor(call: Call, found: Iterator[Placed], after: Place) -> tuple[list[Json], Json]:
    """A page of the cursor form. Its cursor stays where it is where nothing comes after it."""
    size = page_size(call)
    pairs = list(islice(found, size + 1))
    page = pairs[:size]
    cursor = encode_cursor({"v": list(page[-1][0] if page else after)})
    query = {key: call.query[key] for key in _KEPT_QUERY if key in call.query}
    address = f"{call.path}.json?{urlencode({**query, 'cursor': cursor})}"
    return [record for _, record in page], {
        "after_url": call.wire.address(address),
        "after_cursor": cursor,
        "before_url": None,
        "before_cursor": None,
        "end_of_stream": len(pairs) <= size,
    }


def _after(call: Call) -> Place:
    """Where the cursor stands, or `start_time`; the first request must have one of them."""
    start = start_of(call, required="cursor" not in call.query)
    if "cursor" not in call.query:
        return (start, -1)
    mark = decode_cursor(call.query["cursor"])["v"]
    if not (
        isinstance(mark, list) and len(mark) == 2 and all(isinstance(one, int) for one in mark)
    ):
        raise invalid_attribute("cursor", "is not valid")
    return (mark[0], mark[1])


def _tickets_after(call: Call, after: Place, until: int) -> Iterator[Placed]:
    """Tickets that changed after a place, deleted ones among them, in order."""
    store = call.store
    written = [*store.written_tickets()]
    if call.query.get("exclude_deleted") != "true":
        written += [{**one.ticket, "status": "deleted"} for one in store.deleted_tickets.values()]
        shown = (scrubbed_as(one, call.rules) for one in store.scrubbed_tickets.values())
        written += [one for one in shown if one is not None]
    every: Iterable[Placed] = _records_after(written, after[0], until)
    if isinstance(store.tickets, LazyTickets):
        generated = _generated_after(store.tickets, after[0], until)
        every = heapq.merge(every, generated, key=place_of)
    return (pair for pair in every if pair[0] > after)


def _generated_after(tickets: LazyTickets, start: int, until: int) -> Iterator[Placed]:
    for at, number, _ in tickets.updates.since(start):
        if at > until:
            return
        if tickets.is_generated(number):
            yield (at, number), tickets.record(number)


def _records_after(records: Iterable[Json], start: int, until: int) -> Iterator[Placed]:
    placed = [((seconds(one["updated_at"]), int(one["id"])), one) for one in records]
    return iter(sorted((one for one in placed if start <= one[0][0] <= until), key=place_of))


ROUTES = (
    route("GET", "/incremental/tickets/cursor", export_tickets, "tickets"),
    route("GET", "/incremental/tickets", export_tickets_by_time, "tickets"),
    route("GET", "/incremental/users/cursor", export_users, "users"),
    route("GET", "/incremental/users", export_users_by_time, "users"),
    route("GET", "/incremental/organizations", export_organizations, "organizations"),
)
