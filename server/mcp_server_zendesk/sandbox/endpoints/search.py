"""Search, its count and its export (`zendesk-api.md` §7)."""

import re
from datetime import timedelta
from itertools import islice

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.errors import ApiError, invalid_attribute, search_invalid
from mcp_server_zendesk.sandbox.paging import (
    cursor_frame,
    decode_cursor,
    encode_cursor,
    offset_frame,
    offset_numbers,
    page_size,
)
from mcp_server_zendesk.sandbox.routing import BROAD, route
from mcp_server_zendesk.sandbox.search.everything import (
    Place,
    created_after,
    find,
    ordered,
    place_of,
    shown,
)
from mcp_server_zendesk.sandbox.search.query import RECORD_TYPES, Query, parse
from mcp_server_zendesk.sandbox.tickets.sideloads import beside_tickets

_EXPORT_SIZE = 1_000
_EXPORT_LIFE = timedelta(hours=1)
_SIDE_LOADS = re.compile(r"tickets\(([^)]*)\)")


def search(call: Call) -> Answer:
    """GET /search: offset pages, 1,000 results within reach, `count` the true total."""
    page_given = call.query.get("page", "1")
    if not page_given.isdigit() or any(name.startswith("page[") for name in call.query):
        raise invalid_attribute("page", "page must be an integer")
    query = _query(call)
    hits = ordered(
        find(call, query), query, call.query.get("sort_by"), call.query.get("sort_order")
    )
    page, per_page = offset_numbers(call)
    if page * per_page > call.rules.search_result_limit:
        text = "Requested response size was greater than Search Response Limits"
        raise search_invalid(text)
    found = hits[(page - 1) * per_page : page * per_page]
    included = _included(call)
    tickets = [hit.record for hit in found if hit.kind == "ticket"]
    return Answer(
        {
            "results": shown(call, found, included),
            "facets": None,
            **offset_frame(call, page, per_page, len(hits)),
            **beside_tickets(call, tickets, included),
        },
    )


def count(call: Call) -> Answer:
    """GET /search/count."""
    return Answer({"count": len(find(call, _query(call)))})


def export(call: Call) -> Answer:
    """GET /search/export: one type, by creation, with a cursor that lives for an hour."""
    kind = call.query.get("filter[type]")
    if kind not in RECORD_TYPES:
        raise invalid_attribute("filter[type]", f"must be one of {', '.join(RECORD_TYPES)}")
    query = _query(call)
    if query.types and kind not in query.types:
        raise search_invalid("type is not allowed in the query")
    after = call.query.get("page[after]")
    mark = None if after is None else _mark(call, after)
    size = page_size(call, _EXPORT_SIZE)
    hits = list(islice(created_after(call, query, kind, mark), size + 1))
    found = hits[:size]
    cursor = None
    if found:
        issued = call.store.now().isoformat()
        cursor = encode_cursor({"t": issued, "v": place_of(found[-1])})
    frame = cursor_frame(call, cursor, None, has_more=len(hits) > size)
    return Answer({"results": shown(call, found, set()), "facets": None, **frame})


def _query(call: Call) -> Query:
    text = call.query.get("query", "").strip()
    if not text and "filter[type]" not in call.query:
        # That it is refused is known, in what words is not.
        raise search_invalid("query must be supplied")
    return parse(text)


def _included(call: Call) -> set[str]:
    """The side-loads of `include=tickets(users,organizations)`."""
    asked = _SIDE_LOADS.search(call.query.get("include", ""))
    return {name.strip() for name in asked[1].split(",")} if asked else set()


def _mark(call: Call, cursor: str) -> Place:
    content = decode_cursor(cursor)
    issued = content.get("t")
    if not isinstance(issued, str) or call.store.now() > moment(issued) + _EXPORT_LIFE:
        # 400 is documented for a cursor that has expired, its body is not.
        raise ApiError(400, {"error": "InvalidCursor", "description": "The cursor has expired"})
    created_at, number = content["v"]
    return str(created_at), int(number)


ROUTES = (
    route("GET", "/search", search, BROAD),
    route("GET", "/search/count", count, BROAD),
    route("GET", "/search/export", export, BROAD),
)
