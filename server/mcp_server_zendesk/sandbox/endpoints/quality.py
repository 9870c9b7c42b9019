"""Ticket metrics (`zendesk-api.md` §5.7)."""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.endpoints.tickets import ticket_of
from mcp_server_zendesk.sandbox.errors import record_not_found
from mcp_server_zendesk.sandbox.paging import ById, paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.tickets.metrics import METRIC_ID_OFFSET, metric_set_of


def list_metrics(call: Call) -> Answer:
    """GET /ticket_metrics, the newest tickets first."""
    page = paged(call, ById(call.store.tickets), default_sort="-id")
    shown = [_metric(call, ticket) for ticket in page.records]
    return Answer({"ticket_metrics": shown, **page.frame})


def show_metric(call: Call) -> Answer:
    """GET /ticket_metrics/{id}."""
    ticket = call.store.tickets.get(call.ids["id"] - METRIC_ID_OFFSET)
    if ticket is None:
        raise record_not_found()
    return Answer({"ticket_metric": _metric(call, ticket)})


def show_ticket_metrics(call: Call) -> Answer:
    """GET /tickets/{id}/metrics."""
    return Answer({"ticket_metric": _metric(call, ticket_of(call))})


def _metric(call: Call, ticket: Json) -> Json:
    return call.wire.shown("ticket_metrics", metric_set_of(call.store, ticket))


ROUTES = (
    route("GET", "/ticket_metrics", list_metrics, "tickets"),
    route("GET", "/ticket_metrics/{id:int}", show_metric, "tickets"),
    route("GET", "/tickets/{id:int}/metrics", show_ticket_metrics, "tickets"),
)
