"""Tickets: list, show, create, update (`zendesk-api.md` §5)."""

from datetime import timedelta

from mcp_server_zendesk.sandbox.call import Answer, Call, number
from mcp_server_zendesk.sandbox.errors import ApiError, record_not_found
from mcp_server_zendesk.sandbox.paging import ById, paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.store import Created
from mcp_server_zendesk.sandbox.tickets.closed import judge
from mcp_server_zendesk.sandbox.tickets.keys import ON_CREATE, ON_UPDATE, ON_UPDATE_MANY, accept
from mcp_server_zendesk.sandbox.tickets.sideloads import beside_tickets, shown_tickets
from mcp_server_zendesk.sandbox.vocabulary import STATUSES

_IDEMPOTENCY_LENGTH = 255
_IDEMPOTENCY_LIFE = timedelta(hours=2)


def list_tickets(call: Call) -> Answer:
    """GET /tickets; the cursor style sorts by `updated_at`, `id` and `status` only (§5.7)."""
    page = paged(
        call,
        ById(call.store.tickets),
        sorts={
            "updated_at": lambda ticket: ticket["updated_at"],
            "status": lambda ticket: STATUSES.index(ticket["status"]),
        },
    )
    return Answer({**_tickets(call, page.records), **page.frame})


def show_many_tickets(call: Call) -> Answer:
    """GET /tickets/show_many; order is not guaranteed (§5.7), here it is the order of ids."""
    wanted = {number(value) for value in call.many("ids")}
    found = [call.store.tickets[one] for one in sorted(wanted) if one in call.store.tickets]
    frame = {"next_page": None, "previous_page": None, "count": len(found)}
    return Answer({**_tickets(call, found), **frame})


def show_ticket(call: Call) -> Answer:
    """GET /tickets/{id}."""
    ticket, included = ticket_of(call), call.included()
    (shown,) = shown_tickets(call, [ticket], included)
    return Answer({"ticket": shown, **beside_tickets(call, [ticket], included)})


def list_incidents(call: Call) -> Answer:
    """GET /tickets/{id}/incidents: the incidents that a problem caused."""
    problem = ticket_of(call)
    every = call.store.written_tickets()
    page = paged(call, [one for one in every if one["problem_id"] == problem["id"]])
    return Answer({**_tickets(call, page.records), **page.frame})


def create_ticket(call: Call) -> Answer:
    """POST /tickets: 201 with Location; an `Idempotency-Key` makes repeating harmless (§5.5)."""
    key = call.headers.get("idempotency-key")
    if key is None:
        body, headers = _create(call)
        return Answer(body, 201, headers)
    if len(key) > _IDEMPOTENCY_LENGTH:
        raise _idempotency_error("The idempotency key is too long")
    known = call.store.idempotency.get(key)
    if known is None or call.store.now() > known.at + _IDEMPOTENCY_LIFE:
        body, headers = _create(call)
        call.store.idempotency[key] = Created(call.body, body, call.store.now())
        return Answer(body, 201, {**headers, "x-idempotency-lookup": "miss"})
    if known.body != call.body:
        raise _idempotency_error("Request parameters don't match the given idempotency key")
    location = known.answer["ticket"]["url"]
    return Answer(known.answer, 201, {"Location": location, "x-idempotency-lookup": "hit"})


def update_ticket(call: Call) -> Answer:
    """PUT /tickets/{id}: answers the ticket and the audit of what really changed."""
    ticket = ticket_of(call)
    single = not call.rules.additional_tags_on_update
    allowed = ON_UPDATE if single else ON_UPDATE_MANY
    accepted = accept(call.payload("ticket"), allowed, "ticket")
    wanted = accepted.wanted
    if ticket["status"] == "closed" and wanted:
        closed = call.rules.closed_tickets
        if judge(call.store, closed, closed.update_ticket, call.user, wanted) == "ignore":
            wanted = {}
    audit = call.writer().change(ticket, wanted)
    body = {"ticket": call.wire.ticket(ticket), "audit": call.wire.audit(audit)}
    body |= beside_tickets(call, [ticket], call.included())
    return Answer(body, 200, accepted.warning("update"))


def ticket_of(call: Call) -> Json:
    """The ticket that the path names."""
    ticket = call.store.tickets.get(call.ids["id"])
    if ticket is None:
        raise record_not_found()
    return ticket


def _create(call: Call) -> tuple[Json, dict[str, str]]:
    accepted = accept(call.payload("ticket"), ON_CREATE, "ticket")
    ticket, audit = call.writer().create(accepted.wanted)
    shown = call.wire.ticket(ticket)
    body = {"ticket": shown, "audit": call.wire.audit(audit)}
    return body, {"Location": shown["url"], **accepted.warning("create")}


def _tickets(call: Call, tickets: list[Json]) -> Json:
    included = call.included()
    return {
        "tickets": shown_tickets(call, tickets, included),
        **beside_tickets(call, tickets, included),
    }


def _idempotency_error(text: str) -> ApiError:
    return ApiError(400, {"error": "IdempotentRequestError", "description": text})


ROUTES = (
    route("GET", "/tickets", list_tickets, "tickets"),
    route("POST", "/tickets", create_ticket, "tickets"),
    route("GET", "/tickets/show_many", show_many_tickets, "tickets"),
    route("GET", "/tickets/{id:int}", show_ticket, "tickets"),
    route("PUT", "/tickets/{id:int}", update_ticket, "tickets"),
    route("GET", "/tickets/{id:int}/incidents", list_incidents, "tickets"),
)
