"""Views, and the tickets in them."""

from collections.abc import Sequence

from mcp_server_zendesk.sandbox.call import Answer, Call, number
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.errors import record_not_found
from mcp_server_zendesk.sandbox.paging import offset_frame, offset_numbers, paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.tickets.conditions import meets
from mcp_server_zendesk.sandbox.tickets.sideloads import beside_tickets, shown_tickets
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES, STATUSES

_SCOPE = "ticket_views"
_COLUMNS = {
    "subject": "subject",
    "created": "created_at",
    "updated": "updated_at",
    "requester": "requester_id",
    "assignee": "assignee_id",
    "group": "group_id",
    "organization": "organization_id",
    "status": "status",
    "priority": "priority",
    "type": "type",
    "nice_id": "id",
}
_RANKS: dict[str, Sequence[str]] = {"status": STATUSES, "priority": PRIORITIES}


def list_views(call: Call) -> Answer:
    """GET /views, filtered by `active`; those of other groups and agents are left out."""
    views = _visible(call)
    if "active" in call.query:
        wanted = call.query["active"] == "true"
        views = [view for view in views if view["active"] == wanted]
    return _views(call, views)


def list_active_views(call: Call) -> Answer:
    """GET /views/active and /views/compact, which differ in what they leave out."""
    return _views(call, [view for view in _visible(call) if view["active"]])


def search_views(call: Call) -> Answer:
    """GET /views/search by title."""
    wanted = call.query.get("query", "").casefold()
    return _views(call, [view for view in _visible(call) if wanted in view["title"].casefold()])


def show_view(call: Call) -> Answer:
    """GET /views/{id}."""
    return Answer({"view": call.wire.shown("views", _view(call))})


def execute_view(call: Call) -> Answer:
    """GET /views/{id}/execute: rows with the view's columns; offset pages."""
    view = _view(call)
    tickets = _in_view(call, view)
    page, per_page = offset_numbers(call)
    found = tickets[(page - 1) * per_page : page * per_page]
    rows = [_row(view, ticket) for ticket in found]
    people = [ticket[key] for ticket in found for key in ("requester_id", "assignee_id")]
    return Answer(
        {
            "rows": rows,
            "columns": view["execution"]["columns"],
            "view": {"id": view["id"], "url": call.wire.address(f"views/{view['id']}.json")},
            "users": call.wire.users(people),
            "groups": call.wire.groups(ticket["group_id"] for ticket in found),
            **offset_frame(call, page, per_page, len(tickets)),
        }
    )


def list_view_tickets(call: Call) -> Answer:
    """GET /views/{id}/tickets: full tickets, in the view's order or by `sort_by`."""
    view, included = _view(call), call.included()
    tickets = _in_view(call, view)
    if any(name.startswith("page[") for name in call.query):
        page = paged(call, tickets)
        found, frame = page.records, page.frame
    else:
        at, per_page = offset_numbers(call)
        found = tickets[(at - 1) * per_page : at * per_page]
        frame = offset_frame(call, at, per_page, len(tickets))
    shown = shown_tickets(call, found, included)
    return Answer({"tickets": shown, **beside_tickets(call, found, included), **frame})


def count_view(call: Call) -> Answer:
    """GET /views/{id}/count."""
    return Answer({"view_count": _counted(call, _view(call))})


def count_many_views(call: Call) -> Answer:
    """GET /views/count_many?ids=."""
    ids = [number(one) for one in call.many("ids")]
    views = [call.store.views[one] for one in ids if one in call.store.views]
    return Answer({"view_counts": [_counted(call, view) for view in views]})


def _counted(call: Call, view: Json) -> Json:
    value = len(_in_view(call, view))
    return {
        "url": call.wire.address(f"views/{view['id']}/count.json"),
        "view_id": view["id"],
        "value": value,
        "pretty": str(value),
        "fresh": True,
        "active": view["active"],
        "refreshed_at": stamp(call.store.now()),
    }


def _in_view(call: Call, view: Json) -> list[Json]:
    store = call.store
    found = [
        ticket
        for ticket in store.tickets.values()
        if meets(store, ticket, call.user, view["conditions"])
    ]
    execution = view["execution"]
    column = call.query.get("sort_by") or execution["sort_by"] or "nice_id"
    order = call.query.get("sort_order") or execution["sort_order"]
    key = _COLUMNS.get(column, column if column in _COLUMNS.values() else "id")

    def place(ticket: Json) -> tuple[bool, object, int]:
        value = ticket[key]
        rank = _RANKS[key].index(value) if key in _RANKS and value else value
        return value is not None, rank if value is not None else 0, ticket["id"]

    return sorted(found, key=place, reverse=order == "desc")


def _row(view: Json, ticket: Json) -> Json:
    row: Json = {"ticket_id": ticket["id"], "ticket": {"id": ticket["id"]}}
    row["ticket"] |= {key: ticket[key] for key in ("subject", "description", "status", "type")}
    row["ticket"] |= {"priority": ticket["priority"]}
    for column in view["execution"]["columns"]:
        key = _COLUMNS.get(str(column["id"]))
        if key is not None:
            row[key if key.endswith("_id") else str(column["id"])] = ticket[key]
    return row


def _visible(call: Call) -> list[Json]:
    groups = call.store.groups_of(call.user["id"])

    def may_see(view: Json) -> bool:
        restriction = view["restriction"]
        if restriction is None or call.user["role"] == "admin":
            return True
        if restriction["type"] == "Group":
            return bool(groups & set(restriction.get("ids") or [restriction["id"]]))
        return bool(restriction["id"] == call.user["id"])

    return [view for view in call.store.views.values() if may_see(view)]


def _view(call: Call) -> Json:
    view = call.store.views.get(call.ids["id"])
    if view is None:
        raise record_not_found()
    return view


def _views(call: Call, views: list[Json]) -> Answer:
    page = paged(call, views, sorts={"position": lambda view: view["position"]})
    shown = [call.wire.shown("views", view) for view in page.records]
    return Answer({"views": shown, **page.frame})


ROUTES = (
    route("GET", "/views", list_views, _SCOPE),
    route("GET", "/views/active", list_active_views, _SCOPE),
    route("GET", "/views/compact", list_active_views, _SCOPE),
    route("GET", "/views/search", search_views, _SCOPE),
    route("GET", "/views/count_many", count_many_views, _SCOPE),
    route("GET", "/views/{id:int}", show_view, _SCOPE),
    route("GET", "/views/{id:int}/execute", execute_view, _SCOPE),
    route("GET", "/views/{id:int}/tickets", list_view_tickets, _SCOPE),
    route("GET", "/views/{id:int}/count", count_view, _SCOPE),
)
