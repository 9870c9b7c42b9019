"""Deleting, restoring and merging tickets (`zendesk-api.md` §5.7)."""

from mcp_server_zendesk.sandbox.call import MANY, Answer, Call, number
from mcp_server_zendesk.sandbox.endpoints.tickets import ticket_of
from mcp_server_zendesk.sandbox.errors import (
    forbidden,
    invalid_attribute,
    record_not_found,
    too_many_values,
)
from mcp_server_zendesk.sandbox.jobs import Task, Work, changed, submit
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.tickets.removal import (
    delete_ticket,
    forget_ticket,
    merge_into,
    require_deletion,
    restore_ticket,
)


def delete(call: Call) -> Answer:
    """DELETE /tickets/{id}: 204; the role must allow it."""
    ticket = ticket_of(call)
    require_deletion(call.store, call.user)
    delete_ticket(call.store, ticket["id"], call.user)
    return Answer(None, 204)


def list_deleted(call: Call) -> Answer:
    """GET /deleted_tickets."""
    require_deletion(call.store, call.user)
    deleted = [
        {
            "id": one.ticket["id"],
            "subject": one.ticket["subject"],
            "description": one.ticket["description"],
            "actor": {"id": one.actor["id"], "name": one.actor["name"]},
            "deleted_at": one.at,
            "previous_state": one.ticket["status"],
        }
        for one in call.store.deleted_tickets.values()
    ]
    page = paged(call, deleted)
    return Answer({"deleted_tickets": page.records, **page.frame})


def restore(call: Call) -> Answer:
    """PUT /deleted_tickets/{id}/restore; an empty answer, whose status is not attested."""
    require_deletion(call.store, call.user)
    restore_ticket(call.store, call.ids["id"])
    return Answer(None, 204)


def restore_many(call: Call) -> Answer:
    """PUT /deleted_tickets/restore_many."""
    require_deletion(call.store, call.user)
    for one in call.many("ids"):
        restore_ticket(call.store, number(one))
    return Answer(None, 204)


def forget(call: Call) -> Answer:
    """DELETE /deleted_tickets/{id}: for good, by a job whose result is one object [REC]."""
    require_deletion(call.store, call.user)
    if call.ids["id"] not in call.store.deleted_tickets:
        raise record_not_found()
    return Answer({"job_status": submit(call, _FORGET, [{"id": call.ids["id"]}])})


def forget_many(call: Call) -> Answer:
    """DELETE /deleted_tickets/destroy_many."""
    require_deletion(call.store, call.user)
    items = [{"id": number(one)} for one in call.many("ids")]
    return Answer({"job_status": submit(call, _FORGET, items)})


def merge(call: Call) -> Answer:
    """POST /tickets/{id}/merge: a job; the sources end closed."""
    target = ticket_of(call)
    if not call.store.permits(call.user, "ticket_merge"):
        raise forbidden()
    ids = call.body.get("ids")
    if not isinstance(ids, list) or not ids:
        raise invalid_attribute("ids", "must be an array")
    if len(ids) > MANY:
        raise too_many_values(MANY)
    items = [{"id": number(str(one)), "target": target["id"], "wanted": call.body} for one in ids]
    return Answer({"job_status": submit(call, _MERGE, items)})


def _merge(work: Work) -> Json:
    tickets, item = work.store.tickets, work.item
    source, target = tickets.get(item["id"]), tickets.get(item["target"])
    if source is None or target is None:
        raise record_not_found()
    merge_into(work.store, source, target, work.by, item["wanted"])
    return changed(item["id"])


def _forget(work: Work) -> Json:
    forget_ticket(work.store, work.item["id"])
    return {"success": True}


_MERGE = Task("Ticket Merge", "TicketMergeFailed", _merge)
_FORGET = Task("Delete Tickets Permanently", "TicketDeleteFailed", _forget, single=True)

ROUTES = (
    route("DELETE", "/tickets/{id:int}", delete, "tickets"),
    route("POST", "/tickets/{id:int}/merge", merge, "tickets"),
    route("GET", "/deleted_tickets", list_deleted, "tickets"),
    route("PUT", "/deleted_tickets/restore_many", restore_many, "tickets"),
    route("PUT", "/deleted_tickets/{id:int}/restore", restore, "tickets"),
    route("DELETE", "/deleted_tickets/destroy_many", forget_many, "tickets"),
    route("DELETE", "/deleted_tickets/{id:int}", forget, "tickets"),
)
