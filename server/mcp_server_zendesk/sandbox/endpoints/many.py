"""The bulk endpoints of tickets, and the jobs that they become (`zendesk-api.md` §5.4, §5.6)."""

from collections.abc import Mapping

from mcp_server_zendesk.sandbox.call import MANY, Answer, Call, number
from mcp_server_zendesk.sandbox.errors import invalid_attribute, record_not_found, too_many_values
from mcp_server_zendesk.sandbox.jobs import Task, Work, changed, poll, submit
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import JOBS, route
from mcp_server_zendesk.sandbox.tickets.closed import judge
from mcp_server_zendesk.sandbox.tickets.keys import (
    ON_CREATE,
    ON_UPDATE_MANY,
    Accepted,
    Check,
    accept,
)
from mcp_server_zendesk.sandbox.tickets.removal import delete_ticket, require_deletion
from mcp_server_zendesk.sandbox.tickets.writing import Writer


def create_many_tickets(call: Call) -> Answer:
    """POST /tickets/create_many."""
    accepted, items = _batch(call, ON_CREATE)
    return Answer(
        {"job_status": submit(call, _CREATE, items)}, 200, accepted.warning("create_many")
    )


def update_many_tickets(call: Call) -> Answer:
    """PUT /tickets/update_many: one change for `ids`, or a batch with a change for each."""
    if "ids" in call.query:
        ids = [number(value) for value in call.many("ids")]
        accepted = accept(call.payload("ticket"), ON_UPDATE_MANY, "ticket")
        items = [{"id": one, "wanted": accepted.wanted} for one in ids]
    else:
        accepted, items = _batch(call, ON_UPDATE_MANY)
    body = {"job_status": submit(call, _UPDATE, items)}
    return Answer(body, 200, accepted.warning("update_many"))


def destroy_many_tickets(call: Call) -> Answer:
    """DELETE /tickets/destroy_many."""
    require_deletion(call.store, call.user)
    items = [{"id": number(value)} for value in call.many("ids")]
    return Answer({"job_status": submit(call, _DELETE, items)})


def show_job_status(call: Call) -> Answer:
    """GET /job_statuses/{id}."""
    return Answer({"job_status": poll(call, call.ids["id"])})


def show_many_job_statuses(call: Call) -> Answer:
    """GET /job_statuses/show_many."""
    return Answer({"job_statuses": [poll(call, one) for one in call.many("ids")]})


def _create(work: Work) -> Json:
    ticket, _ = Writer.now(work.store, work.rules, work.by).create(work.item["wanted"])
    return {"index": work.index, "id": ticket["id"], "account_id": 41}


def _update(work: Work) -> Json:
    store, rules, item = work.store, work.rules, work.item
    ticket = store.tickets.get(item["id"])
    if ticket is None:
        raise record_not_found()
    closed = rules.closed_tickets
    if (
        ticket["status"] != "closed"
        or judge(store, closed, closed.update_many, work.by, item["wanted"]) != "ignore"
    ):
        Writer.now(store, rules, work.by).change(ticket, item["wanted"])
    return changed(item["id"])


def _delete(work: Work) -> Json:
    delete_ticket(work.store, work.item["id"], work.by)
    return changed(work.item["id"], "delete", "Deleted")


_CREATE = Task("Bulk Create Ticket", "TicketCreateFailed", _create)
_UPDATE = Task("Bulk Update Ticket", "TicketUpdateFailed", _update)
_DELETE = Task("Bulk Delete Ticket", "TicketDeleteFailed", _delete)


def _batch(call: Call, allowed: Mapping[str, Check]) -> tuple[Accepted, list[Json]]:
    given = call.body.get("tickets")
    if not isinstance(given, list):
        raise invalid_attribute("tickets", "must be an array")
    if len(given) > MANY:
        raise too_many_values(MANY)
    every, items = Accepted(), []
    for index, entry in enumerate(given):
        if not isinstance(entry, dict):
            raise invalid_attribute("tickets", "must be an array of objects")
        changes = {key: value for key, value in entry.items() if key != "id"}
        accepted = accept(changes, allowed, f"tickets.{index}")
        every.unpermitted += accepted.unpermitted
        every.invalid += accepted.invalid
        items.append({"id": number(str(entry.get("id", ""))), "wanted": accepted.wanted})
    return every, items


ROUTES = (
    route("POST", "/tickets/create_many", create_many_tickets, "tickets"),
    route("PUT", "/tickets/update_many", update_many_tickets, "tickets"),
    route("DELETE", "/tickets/destroy_many", destroy_many_tickets, "tickets"),
    route("GET", "/job_statuses/show_many", show_many_job_statuses, JOBS),
    route("GET", "/job_statuses/{id}", show_job_status, JOBS),
)
