"""Satisfaction ratings, suspended tickets and a side conversation."""

from datetime import timedelta

from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.text import html_from_plain

_RATINGS = (
    (at.SOLVED_TICKET, "good", "Quick and friendly, thank you!"),
    (at.CLOSED_TICKET, "bad", "It took four days."),
    (at.OLD_CLOSED_TICKET, "good", None),
    (at.WARRANTY_CLOSED_TICKET, "offered", None),
)

_RETURNED = (
    "This is the mail system at host mail.example. I'm sorry to have to inform you that your "
    "message could not be delivered to one or more recipients."
)
_SUSPENDED = (
    (
        at.SUSPENDED_MAIL,
        "Undelivered Mail Returned to Sender",
        _RETURNED,
        "Automated response email, delivery failed",
        ("Mail Delivery System", "mailer-daemon@mail.example"),
    ),
    (
        41700000069034,
        "Order of 30 snow shoes",
        "Hello, we would like to order 30 pairs of snow shoes for our school. Greetings, Kari",
        "Detected as spam",
        ("Kari Nordmann", "kari@skole.example"),
    ),
)

_ASKED = (
    "Hi Jo, can you repair the inner tent of a Kebne 2 by Friday? The seam at the door is torn."
)


def add_drawer(store: Store) -> None:
    """Adds them."""
    for number, score, comment in _RATINGS:
        ticket = store.tickets[number]
        ids = {key: ticket[key] for key in ("assignee_id", "group_id", "requester_id")}
        rating = store.add(
            store.satisfaction_ratings,
            {**ids, "ticket_id": number, "score": score, "comment": comment}
            | {"reason": "No reason provided", "reason_id": 0, "reason_code": 0}
            | {"created_at": ticket["updated_at"]},
        )
        known = {"id": rating["id"], "score": score, "comment": comment}
        ticket["satisfaction_rating"] = known if comment else {"score": score}
    yesterday = stamp(store.now() - timedelta(days=1))
    for number, subject, content, cause, (name, address) in _SUSPENDED:
        to = {"address": "support@northwind-outdoor.example", "name": "Northwind Outdoor"}
        source = {"from": {"address": address, "name": name}, "to": to, "rel": None}
        store.add(
            store.suspended_tickets,
            {
                "id": number,
                "author": {"id": None, "name": name, "email": address},
                "subject": subject,
                "content": content,
                "cause": cause,
                "cause_id": 0,
                "error_messages": None,
                "message_id": f"<{number}@mail.example>",
                "ticket_id": None,
                "recipient": "support@northwind-outdoor.example",
                "brand_id": at.NORTHWIND_BRAND_ID,
                "via": {"channel": "email", "source": source},
                "attachments": [],
                "created_at": yesterday,
            },
        )
    _add_side_conversation(store, yesterday)


def _add_side_conversation(store: Store, at_time: str) -> None:
    user = store.users[at.RETURNS_AGENT_ID]
    sender = {"user_id": user["id"], "name": user["name"], "email": user["email"]}
    to = {"user_id": None, "name": "Jo Lind", "email": "jo@tentworkshop.example"}
    number = at.SIDE_CONVERSATION
    event = {
        "id": "9d1f6a52-5d0c-11f0-8a3e-7b6a1c2d3e4f",
        "side_conversation_id": number,
        "actor": sender,
        "type": "create",
        "via": "support",
        "created_at": at_time,
        "message": {
            "subject": "Repair of a tent",
            "preview_text": _ASKED[:100],
            "from": sender,
            "to": [to],
            "body": _ASKED,
            "html_body": html_from_plain(_ASKED),
            "external_ids": {},
            "attachments": [],
        },
        "updates": {},
        "ticket_id": at.ATTACHMENT_TICKET,
    }
    store.side_conversations[number] = {
        "id": number,
        "ticket_id": at.ATTACHMENT_TICKET,
        "subject": "Repair of a tent",
        "preview_text": _ASKED[:100],
        "state": "open",
        "participants": [sender, to],
        "created_at": at_time,
        "updated_at": at_time,
        "message_added_at": at_time,
        "state_updated_at": at_time,
        "external_ids": {},
        "events": [event],
    }
