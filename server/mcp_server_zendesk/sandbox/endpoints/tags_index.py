"""The tags of the account (`zendesk-api.md` §6.4)."""

from collections import Counter
from datetime import timedelta

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.errors import invalid_attribute
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import BROAD, route

_MOST = 20_000
_RECENT = timedelta(days=60)


def list_tags(call: Call) -> Answer:
    """GET /tags: the most popular of the last sixty days, as `name` and `count`."""
    ranked = [
        {"id": rank, "name": name, "count": count}
        for rank, (name, count) in enumerate(_used(call).most_common(_MOST), start=1)
    ]
    page = paged(call, ranked)
    tags = [{"name": one["name"], "count": one["count"]} for one in page.records]
    return Answer({"tags": tags, **page.frame})


def count_tags(call: Call) -> Answer:
    """GET /tags/count."""
    refreshed = stamp(call.store.now())
    return Answer({"count": {"value": len(_used(call)), "refreshed_at": refreshed}})


def autocomplete_tags(call: Call) -> Answer:
    """GET /autocomplete/tags?name=, from two characters on: those that begin so."""
    name = call.query.get("name", "").casefold()
    if len(name) < 2:
        raise invalid_attribute("name", "must be at least 2 characters")
    found: list[str] = sorted(one for one in _used(call) if one.startswith(name))
    body: Json = {"tags": found, "count": len(found), "next_page": None, "previous_page": None}
    return Answer(body)


def _used(call: Call) -> Counter[str]:
    since = stamp(call.store.now() - _RECENT)
    tickets = call.store.tickets.values()
    return Counter(
        tag for ticket in tickets if ticket["updated_at"] >= since for tag in ticket["tags"]
    )


ROUTES = (
    route("GET", "/tags", list_tags, BROAD),
    route("GET", "/tags/count", count_tags, BROAD),
    route("GET", "/autocomplete/tags", autocomplete_tags, BROAD),
)
