"""Satisfaction ratings and ticket metrics (`zendesk-api.md` §5.7)."""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.endpoints.tickets import ticket_of
from mcp_server_zendesk.sandbox.errors import forbidden, invalid_attribute, record_not_found
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.tickets.metrics import METRIC_ID_OFFSET, metric_set_of

_SCORES = ("offered", "unoffered", "received", "good", "bad")


def list_ratings(call: Call) -> Answer:
    """GET /satisfaction_ratings: admins only, by `score`, `start_time` and `end_time`."""
    if call.user["role"] != "admin":
        raise forbidden()
    ratings = list(call.store.satisfaction_ratings.values())
    if "score" in call.query:
        ratings = [one for one in ratings if _has_score(one, call.query["score"])]
    for name, past in (("start_time", True), ("end_time", False)):
        if name in call.query:
            limit = _time(call, name)
            ratings = [
                one for one in ratings if (moment(one["created_at"]).timestamp() >= limit) is past
            ]
    page = paged(call, ratings, sorts={"created_at": lambda one: one["created_at"]})
    shown = [call.wire.shown("satisfaction_ratings", one) for one in page.records]
    return Answer({"satisfaction_ratings": shown, **page.frame})


def list_received_ratings(call: Call) -> Answer:
    """GET /satisfaction_ratings/received."""
    if call.user["role"] != "admin":
        raise forbidden()
    ratings = call.store.satisfaction_ratings.values()
    page = paged(call, [one for one in ratings if _has_score(one, "received")])
    shown = [call.wire.shown("satisfaction_ratings", one) for one in page.records]
    return Answer({"satisfaction_ratings": shown, **page.frame})


def show_rating(call: Call) -> Answer:
    """GET /satisfaction_ratings/{id}."""
    rating = call.store.satisfaction_ratings.get(call.ids["id"])
    if rating is None:
        raise record_not_found()
    return Answer({"satisfaction_rating": call.wire.shown("satisfaction_ratings", rating)})


def create_rating(call: Call) -> Answer:
    """POST /tickets/{id}/satisfaction_rating: only by the requester, who is no agent (§5.7)."""
    ticket_of(call)
    raise forbidden()


def list_metrics(call: Call) -> Answer:
    """GET /ticket_metrics, the newest tickets first."""
    page = paged(call, list(call.store.tickets.values()), default_sort="-id")
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


def _has_score(rating: Json, score: str) -> bool:
    name, _, comment = score.partition("_with")
    if name not in _SCORES:
        raise invalid_attribute("score", "is not a valid score")
    wanted = {"good", "bad"} if name == "received" else {name}
    commented = {
        "": True,
        "_comment": bool(rating["comment"]),
        "out_comment": not rating["comment"],
    }
    return rating["score"] in wanted and commented.get(comment, False)


def _time(call: Call, name: str) -> float:
    try:
        return float(call.query[name])
    except ValueError as error:
        raise invalid_attribute(name, "must be a Unix epoch time") from error


ROUTES = (
    route("GET", "/satisfaction_ratings", list_ratings, "satisfaction_ratings"),
    route("GET", "/satisfaction_ratings/received", list_received_ratings, "satisfaction_ratings"),
    route("GET", "/satisfaction_ratings/{id:int}", show_rating, "satisfaction_ratings"),
    route("POST", "/tickets/{id:int}/satisfaction_rating", create_rating, "satisfaction_ratings"),
    route("GET", "/ticket_metrics", list_metrics, "tickets"),
    route("GET", "/ticket_metrics/{id:int}", show_metric, "tickets"),
    route("GET", "/tickets/{id:int}/metrics", show_ticket_metrics, "tickets"),
)
