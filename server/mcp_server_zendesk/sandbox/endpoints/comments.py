"""Comments and audits of a ticket (`zendesk-api.md` §5.3)."""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.endpoints.tickets import ticket_of
from mcp_server_zendesk.sandbox.errors import invalid_attribute
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import BROAD, route
from mcp_server_zendesk.sandbox.tickets.redaction import redact_comment


def list_comments(call: Call) -> Answer:
    """GET /tickets/{id}/comments: cursor with `sort`, or offset with `sort_order`."""
    ticket = ticket_of(call)
    page = paged(
        call,
        call.store.comments[ticket["id"]],
        sorts={"created_at": _created_at},
        default_sort="created_at",
    )
    body: Json = {"comments": [call.wire.comment(one) for one in page.records], **page.frame}
    if "users" in call.included():
        body["users"] = call.wire.users(one["author_id"] for one in page.records)
    return Answer(body)


def list_audits(call: Call) -> Answer:
    """GET /tickets/{id}/audits."""
    ticket = ticket_of(call)
    page = paged(
        call,
        call.store.audits[ticket["id"]],
        sorts={"created_at": _created_at},
        default_sort="created_at",
    )
    body: Json = {"audits": [call.wire.audit(one) for one in page.records], **page.frame}
    if "users" in call.included():
        body["users"] = call.wire.users(one["author_id"] for one in page.records)
    return Answer(body)


def redact(call: Call) -> Answer:
    """PUT /tickets/{id}/comments/{comment_id}/redact: a text is taken out for good."""
    ticket = ticket_of(call)
    text = call.body.get("text")
    if not isinstance(text, str):
        raise invalid_attribute("text", "must be a string")
    comment = redact_comment(call.store, ticket, call.ids["comment_id"], text, call.user)
    return Answer({"comment": call.wire.comment(comment)})


def _created_at(record: Json) -> str:
    return str(record["created_at"])


ROUTES = (
    route("GET", "/tickets/{id:int}/comments", list_comments, "tickets"),
    route("PUT", "/tickets/{id:int}/comments/{comment_id:int}/redact", redact, "tickets"),
    route("GET", "/tickets/{id:int}/audits", list_audits, BROAD),
)
