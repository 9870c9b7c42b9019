"""Suspended tickets: e-mail that was held back, and letting it in."""

from mcp_server_zendesk.sandbox.call import Answer, Call, number
from mcp_server_zendesk.sandbox.errors import forbidden, record_not_found
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json, via_channel
from mcp_server_zendesk.sandbox.routing import BROAD, route


def list_suspended(call: Call) -> Answer:
    """GET /suspended_tickets: for agents who may see every ticket."""
    records = list(_records(call).values())
    page = paged(call, records, sorts={"created_at": lambda one: one["created_at"]})
    return Answer({"suspended_tickets": [_shown(call, one) for one in page.records], **page.frame})


def show_suspended(call: Call) -> Answer:
    """GET /suspended_tickets/{id}."""
    return Answer({"suspended_ticket": _shown(call, _record(call, call.ids["id"]))})


def recover(call: Call) -> Answer:
    """PUT /suspended_tickets/{id}/recover: answers the new ticket in a list."""
    record = _record(call, call.ids["id"])
    return Answer({"ticket": [_recovered(call, record)]})


def recover_many(call: Call) -> Answer:
    """PUT /suspended_tickets/recover_many?ids=."""
    records = [_record(call, number(one)) for one in call.many("ids")]
    return Answer({"tickets": [_recovered(call, record) for record in records]})


def delete_suspended(call: Call) -> Answer:
    """DELETE /suspended_tickets/{id}: 204 [REC]."""
    del _records(call)[_record(call, call.ids["id"])["id"]]
    return Answer(None, 204)


def delete_many_suspended(call: Call) -> Answer:
    """DELETE /suspended_tickets/destroy_many?ids=."""
    for one in call.many("ids"):
        del _records(call)[_record(call, number(one))["id"]]
    return Answer(None, 204)


def _recovered(call: Call, record: Json) -> Json:
    author = record["author"]
    wanted = {
        "subject": record["subject"],
        "comment": {"body": record["content"], "public": True},
        "requester": {"name": author["name"], "email": author["email"]},
    }
    ticket, _ = call.writer().create(wanted, via_channel("email"))
    del call.store.suspended_tickets[record["id"]]
    return call.wire.ticket(ticket)


def _records(call: Call) -> dict[int, Json]:
    if call.user["ticket_restriction"] is not None:
        raise forbidden()
    return call.store.suspended_tickets


def _record(call: Call, record_id: int) -> Json:
    record = _records(call).get(record_id)
    if record is None:
        raise record_not_found()
    return record


def _shown(call: Call, record: Json) -> Json:
    shown = call.wire.shown("suspended_tickets", record)
    return {**shown, "attachments": [call.wire.attachment(one) for one in record["attachments"]]}


ROUTES = (
    route("GET", "/suspended_tickets", list_suspended, BROAD),
    route("PUT", "/suspended_tickets/recover_many", recover_many, BROAD),
    route("DELETE", "/suspended_tickets/destroy_many", delete_many_suspended, BROAD),
    route("GET", "/suspended_tickets/{id:int}", show_suspended, BROAD),
    route("PUT", "/suspended_tickets/{id:int}/recover", recover, BROAD),
    route("DELETE", "/suspended_tickets/{id:int}", delete_suspended, BROAD),
)
