"""Side conversations (`zendesk-api.md` §5.7): an add-on, 403 or 404 without it."""

import uuid

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.endpoints.tickets import ticket_of
from mcp_server_zendesk.sandbox.errors import (
    forbidden,
    invalid_attribute,
    invalid_endpoint,
    record_invalid,
    record_not_found,
)
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.text import html_from_plain, plain_from_html

_KINDS = (
    "user_id",
    "email",
    "slack_workspace_id",
    "support_group_id",
    "msteams_channel_id",
)


def list_conversations(call: Call) -> Answer:
    """GET /tickets/{id}/side_conversations."""
    ticket = _ticket(call)
    every = call.store.side_conversations.values()
    page = paged(call, [one for one in every if one["ticket_id"] == ticket["id"]])
    return Answer({"side_conversations": [_shown(call, one) for one in page.records], **page.frame})


def show_conversation(call: Call) -> Answer:
    """GET …/{id}; `include=events` adds its messages."""
    conversation = _conversation(call)
    body: Json = {"side_conversation": _shown(call, conversation)}
    if "events" in call.included():
        body["events"] = conversation["events"]
    return Answer(body)


def create_conversation(call: Call) -> Answer:
    """POST: `message` with subject, body or html_body, and those it goes to."""
    ticket, message = _ticket(call), call.payload("message")
    participants = _recipients(call, message)
    now = stamp(call.store.now())
    conversation: Json = {
        "id": str(uuid.UUID(int=call.store.new_id() << 64 | 0x4000_8000_0000_0000_0000)),
        "ticket_id": ticket["id"],
        "subject": message.get("subject") or ticket["subject"],
        "preview_text": "",
        "state": "open",
        "participants": participants,
        "created_at": now,
        "updated_at": now,
        "message_added_at": now,
        "state_updated_at": now,
        "external_ids": call.body.get("external_ids") or {},
        "events": [],
    }
    _say(call, conversation, message, participants, "create")
    call.store.side_conversations[conversation["id"]] = conversation
    shown = _shown(call, conversation)
    return Answer({"side_conversation": shown}, 201, {"Location": shown["url"]})


def reply(call: Call) -> Answer:
    """POST …/reply: 201; without `to` it goes to those it went to before."""
    conversation, message = _conversation(call), call.payload("message")
    to = _recipients(call, message) if message.get("to") else conversation["participants"]
    _say(call, conversation, message, to, "reply")
    conversation["state"] = "open"
    return Answer({"side_conversation": _shown(call, conversation)}, 201)


def update_conversation(call: Call) -> Answer:
    """PUT …: its state and subject."""
    conversation, given = _conversation(call), call.payload("side_conversation")
    if given.get("state") not in {None, "open", "closed"}:
        raise invalid_attribute("state", "must be open or closed")
    now = stamp(call.store.now())
    if given.get("state"):
        conversation.update(state=given["state"], state_updated_at=now)
    if given.get("subject"):
        conversation["subject"] = given["subject"]
    conversation["updated_at"] = now
    return Answer({"side_conversation": _shown(call, conversation)})


def list_events(call: Call) -> Answer:
    """GET …/events."""
    page = paged(call, _conversation(call)["events"])
    return Answer({"events": page.records, **page.frame})


def _say(call: Call, conversation: Json, message: Json, to: list[Json], kind: str) -> None:
    markup, plain = message.get("html_body"), message.get("body")
    if not (markup or plain):
        entry = {"description": "Body: cannot be blank", "error": "BlankValue"}
        raise record_invalid({"body": [entry]})
    text = plain_from_html(markup) if markup else str(plain)
    now, user = stamp(call.store.now()), call.user
    sender = {"user_id": user["id"], "name": user["name"], "email": user["email"]}
    conversation["events"].append(
        {
            "id": str(uuid.UUID(int=call.store.new_id() << 64)),
            "side_conversation_id": conversation["id"],
            "actor": sender,
            "type": kind,
            "via": "api",
            "created_at": now,
            "message": {
                "subject": conversation["subject"],
                "preview_text": text[:100],
                "from": sender,
                "to": to,
                "body": text,
                "html_body": markup or html_from_plain(text),
                "external_ids": {},
                "attachments": [],
            },
            "updates": {},
            "ticket_id": conversation["ticket_id"],
        }
    )
    conversation.update(preview_text=text[:100], message_added_at=now, updated_at=now)


def _recipients(call: Call, message: Json) -> list[Json]:
    """Those in `to`: of one kind only, users with their names."""
    to = message.get("to")
    if not isinstance(to, list) or not to or not all(isinstance(one, dict) for one in to):
        raise invalid_attribute("to", "must be an array of participants")
    kinds = {next((kind for kind in _KINDS if one.get(kind)), "") for one in to}
    if "" in kinds or len(kinds - {"email", "user_id"}) + bool(kinds & {"email", "user_id"}) > 1:
        raise invalid_attribute("to", "participants must be of one kind")
    found = []
    for one in to:
        user = call.store.users.get(one.get("user_id") or 0)
        if one.get("user_id") and user is None:
            raise record_not_found()
        known = (
            {"user_id": user["id"], "name": user["name"], "email": user["email"]} if user else {}
        )
        found.append({"user_id": None, "name": None, "email": None, **one, **known})
    return found


def _shown(call: Call, conversation: Json) -> Json:
    address = f"tickets/{conversation['ticket_id']}/side_conversations/{conversation['id']}.json"
    kept = {key: value for key, value in conversation.items() if key != "events"}
    return {"url": call.wire.address(address), **kept}


def _ticket(call: Call) -> Json:
    if call.rules.side_conversations == "forbidden":
        raise forbidden()
    if call.rules.side_conversations == "missing":
        raise invalid_endpoint()
    return ticket_of(call)


def _conversation(call: Call) -> Json:
    conversation = call.store.side_conversations.get(call.ids["conversation_id"])
    if conversation is None or conversation["ticket_id"] != _ticket(call)["id"]:
        raise record_not_found()
    return conversation


_LIST = "/tickets/{id:int}/side_conversations"
_ONE = _LIST + "/{conversation_id}"

ROUTES = (
    route("GET", _LIST, list_conversations, "tickets"),
    route("POST", _LIST, create_conversation, "tickets"),
    route("GET", _ONE, show_conversation, "tickets"),
    route("PUT", _ONE, update_conversation, "tickets"),
    route("POST", _ONE + "/reply", reply, "tickets"),
    route("GET", _ONE + "/events", list_events, "tickets"),
)
