"""Organizations, ticket fields, forms, brands and custom statuses: the desk's furniture."""

from collections.abc import Callable, Mapping

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.errors import record_not_found
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.store import Store

Endpoint = Callable[[Call], Answer]
Records = Callable[[Store], Mapping[int, Json]]


def listing(resource: str, records: Records) -> Endpoint:
    """An endpoint that lists all records of a resource under its own name."""

    def list_records(call: Call) -> Answer:
        page = paged(call, list(records(call.store).values()))
        shown = [call.wire.shown(resource, record) for record in page.records]
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
