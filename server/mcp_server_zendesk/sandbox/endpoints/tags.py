"""The tags endpoints of a ticket (`zendesk-api.md` §6.4)."""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.endpoints.tickets import ticket_of
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.tickets.closed import judge
from mcp_server_zendesk.sandbox.tickets.keys import LOCK_KEYS
from mcp_server_zendesk.sandbox.tickets.values import clean_tags


def list_tags(call: Call) -> Answer:
    """GET /tickets/{id}/tags."""
    return Answer(_tags(ticket_of(call)))


def add_tags(call: Call) -> Answer:
    """PUT adds: 200 with all tags."""
    ticket = ticket_of(call)
    _write(call, ticket, set(ticket["tags"]) | _given(call))
    return Answer(_tags(ticket))


def set_tags(call: Call) -> Answer:
    """POST sets: 201 with Location."""
    ticket = ticket_of(call)
    _write(call, ticket, _given(call))
    location = call.wire.address(f"tickets/{ticket['id']}/tags.json")
    return Answer(_tags(ticket), 201, {"Location": location})


def remove_tags(call: Call) -> Answer:
    """DELETE removes: 200 with what remains, as recorded; 204 by older text."""
    ticket = ticket_of(call)
    _write(call, ticket, set(ticket["tags"]) - _given(call))
    if call.rules.delete_tags_status == 204:
        return Answer(None, 204)
    return Answer(_tags(ticket))


def _tags(ticket: Json) -> Json:
    # Order is not kept: set tag2, tag3 was answered with tag3, tag2 [REC].
    return {"tags": ticket["tags"][::-1]}


def _given(call: Call) -> set[str]:
    given = call.body.get("tags", [])
    listed = given if isinstance(given, list) else [given]
    keep_special = call.rules.special_tag_characters == "keep"
    return clean_tags(listed, keep_special=keep_special)


def _write(call: Call, ticket: Json, tags: set[str]) -> None:
    if ticket["status"] == "closed":
        closed = call.rules.closed_tickets
        if judge(call.store, closed, closed.tags_endpoints, call.user, {"tags"}) == "ignore":
            return
    lock: Json = {key: call.body[key] for key in LOCK_KEYS if key in call.body}
    call.writer().change(ticket, {**lock, "tags": sorted(tags)})


ROUTES = (
    route("GET", "/tickets/{id:int}/tags", list_tags, "tickets"),
    route("PUT", "/tickets/{id:int}/tags", add_tags, "tickets"),
    route("POST", "/tickets/{id:int}/tags", set_tags, "tickets"),
    route("DELETE", "/tickets/{id:int}/tags", remove_tags, "tickets"),
)
