"""Rare things in an account, to be put in by name where a reader of exports must meet them.

    number = permanently_deleted(store)
    comment_id = redacted_comment(store)
    field_id = hologram_field(store)

How the export shows what was permanently deleted is a switch, `Rules.scrubbed_tickets`.
"""

from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    HOLOGRAM_FIELD_ID,
    OLD_CLOSED_TICKET,
    OPEN_TICKET,
)
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.tickets.redaction import redact_comment
from mcp_server_zendesk.sandbox.tickets.removal import delete_ticket, forget_ticket

HOLOGRAM = {"shape": "tetrahedron", "angles": [54.7, 70.5], "lit": True}
"""The value of a field whose type nobody has seen."""


def permanently_deleted(store: Store, ticket_id: int = OLD_CLOSED_TICKET) -> int:
    """Deletes a ticket for good, now; returns its number."""
    delete_ticket(store, ticket_id, store.users[ADMIN_ID])
    forget_ticket(store, ticket_id)
    return ticket_id


def redacted_comment(store: Store, ticket_id: int = OPEN_TICKET, text: str | None = None) -> int:
    """Redacts a text in a ticket's first comment, by default its first word, now.

    Returns:
        The id of the comment.
    """
    comment = store.comments[ticket_id][0]
    word = comment["plain_body"].split(maxsplit=1)[0] if text is None else text
    redact_comment(store, store.tickets[ticket_id], comment["id"], word, store.users[ADMIN_ID])
    return int(comment["id"])


def hologram_field(store: Store, *ticket_ids: int) -> int:
    """Adds a ticket field of an unknown type, whose value is an object, and fills it in now.

    Args:
        store: The account.
        ticket_ids: Which tickets get the value, by default `OPEN_TICKET`; others do not have it.

    Returns:
        The id of the field.
    """
    store.add_ticket_field(id=HOLOGRAM_FIELD_ID, type="hologram", title="Hologram")
    for number in ticket_ids or (OPEN_TICKET,):
        ticket = store.tickets[number]
        values = [*ticket["custom_fields"], {"id": HOLOGRAM_FIELD_ID, "value": dict(HOLOGRAM)}]
        ticket.update(custom_fields=values, updated_at=stamp(store.now()))
    return HOLOGRAM_FIELD_ID
