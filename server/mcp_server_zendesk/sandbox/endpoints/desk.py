"""Organizations, ticket fields, forms, brands and custom statuses: the desk's furniture."""

from collections.abc import Callable, Mapping

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.errors import record_not_found
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import BROAD, route
from mcp_server_zendesk.sandbox.store import Store

Endpoint = Callable[[Call], Answer]
Records = Callable[[Store], Mapping[int, Json]]


def listing(resource: str, records: Records, below: str | None = None) -> Endpoint:
    """An endpoint that lists all records of a resource under its own name.

    Args:
        resource: The name that the list has.
        records: Where they are in the store.
        below: The path of the records, where it is not the resource's name.
    """

    def list_records(call: Call) -> Answer:
        page = paged(call, list(records(call.store).values()))
        shown = [call.wire.shown(below or resource, record) for record in page.records]
        return Answer({resource: shown, **page.frame})

    return list_records


def showing(resource: str, name: str, records: Records) -> Endpoint:
    """An endpoint that shows one record of a resource."""

    def show_record(call: Call) -> Answer:
        record = records(call.store).get(call.ids["id"])
        if record is None:
            raise record_not_found()
        return Answer({name: call.wire.shown(resource, record)})

    return show_record


def counting(records: Records) -> Endpoint:
    """An endpoint that counts the records of a resource, as of now."""

    def count_records(call: Call) -> Answer:
        value = len(records(call.store))
        return Answer({"count": {"value": value, "refreshed_at": stamp(call.store.now())}})

    return count_records


def list_custom_statuses(call: Call) -> Answer:
    """GET /custom_statuses, with the filters `active`, `default` and `status_categories`."""
    statuses = list(call.store.custom_statuses.values())
    for flag in ("active", "default"):
        if flag in call.query:
            wanted = call.query[flag] == "true"
            statuses = [one for one in statuses if one[flag] == wanted]
    categories = call.many("status_categories")
    if categories:
        statuses = [one for one in statuses if one["status_category"] in categories]
    return Answer({"custom_statuses": [call.wire.custom_status(one) for one in statuses]})


def _plural(name: str) -> str:
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def _triggers(store: Store) -> Mapping[int, Json]:
    return store.triggers


def _automations(store: Store) -> Mapping[int, Json]:
    return store.automations


def _custom_roles(store: Store) -> Mapping[int, Json]:
    return store.custom_roles


def _sla_policies(store: Store) -> Mapping[int, Json]:
    return store.sla_policies


ROUTES = (
    route(
        "GET",
        "/ticket_fields",
        listing("ticket_fields", lambda store: store.ticket_fields),
        BROAD,
    ),
    route(
        "GET",
        "/ticket_fields/{id:int}",
        showing("ticket_fields", "ticket_field", lambda store: store.ticket_fields),
        BROAD,
    ),
    route(
        "GET",
        "/ticket_forms",
        listing("ticket_forms", lambda store: store.ticket_forms),
        BROAD,
    ),
    route(
        "GET",
        "/ticket_forms/{id:int}",
        showing("ticket_forms", "ticket_form", lambda store: store.ticket_forms),
        BROAD,
    ),
    route("GET", "/brands", listing("brands", lambda store: store.brands), "brands"),
    route(
        "GET",
        "/brands/{id:int}",
        showing("brands", "brand", lambda store: store.brands),
        "brands",
    ),
    route("GET", "/custom_statuses", list_custom_statuses, BROAD),
    *(
        one
        for path, key, scope, records in (
            ("/triggers", "trigger", "triggers", _triggers),
            ("/automations", "automation", "automations", _automations),
            ("/custom_roles", "custom_role", BROAD, _custom_roles),
            ("/slas/policies", "sla_policy", "sla_policies", _sla_policies),
        )
        for one in (
            route("GET", path, listing(_plural(key), records, path.strip("/")), scope),
            route("GET", path + "/{id:int}", showing(path.strip("/"), key, records), scope),
        )
    ),
    route("GET", "/triggers/active", listing("triggers", _triggers), "triggers"),
    route("GET", "/automations/active", listing("automations", _automations), "automations"),
    route("GET", "/tickets/count", counting(lambda store: store.tickets), "tickets"),
    route("GET", "/users/count", counting(lambda store: store.users), "users"),
    route(
        "GET", "/organizations/count", counting(lambda store: store.organizations), "organizations"
    ),
    route("GET", "/groups/count", counting(lambda store: store.groups), "groups"),
    route("GET", "/views/count", counting(lambda store: store.views), "ticket_views"),
    route("GET", "/ticket_fields/count", counting(lambda store: store.ticket_fields), BROAD),
)
