"""What was said and done in a generated ticket: one comment or two, and the audits of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.records import via_api, via_channel
from mcp_server_zendesk.sandbox.scale.generated import GeneratedTicket, stamped
from mcp_server_zendesk.sandbox.text import html_from_plain

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.scale.generated import Bulk

_FIRST_ID = 42_000_000_000_000
_IDS_EACH = 32


def comments_of(bulk: Bulk, number: int) -> list[Json]:
    """The comments of a ticket."""
    return [
        {
            **comment,
            "via": audit["via"],
            "created_at": audit["created_at"],
            "metadata": audit["metadata"],
        }
        for audit in audits_of(bulk, number)
        for comment in audit["events"]
        if comment["type"] == "Comment"
    ]


def audits_of(bulk: Bulk, number: int) -> list[Json]:
    """Coming in; being taken and answered; being solved, where it was."""
    ticket = GeneratedTicket(bulk, number)
    ids = iter(range(_FIRST_ID + number * _IDS_EACH, _FIRST_ID + (number + 1) * _IDS_EACH))
    created, updated = bulk.created(number), bulk.updated(number)
    requester_id = ticket["requester_id"]

    def audit(at: int, author_id: int, via: Json) -> Json:
        return {
            "id": next(ids),
            "ticket_id": number,
            "created_at": stamped(at),
            "author_id": author_id,
            "metadata": {"system": {}, "custom": {}},
            "events": [],
            "via": via,
        }

    def say(told: Json, text: str) -> None:
        told["events"].append(
            {
                "id": next(ids),
                "type": "Comment",
                "author_id": told["author_id"],
                "body": text,
                "html_body": html_from_plain(text),
                "plain_body": text,
                "public": True,
                "attachments": [],
                "audit_id": told["id"],
            }
        )

    def note(told: Json, kind: str, name: str, value: object, *before: object) -> None:
        text = str(value) if isinstance(value, int) else value
        event = {"id": next(ids), "type": kind, "value": text, "field_name": name}
        told["events"].append(event | ({"previous_value": before[0]} if before else {}))

    first = audit(created, requester_id, via_channel(ticket["via"]["channel"]))
    say(first, ticket["description"])
    for name in ("subject", "requester_id", "priority", "type", "tags"):
        note(first, "Create", name, ticket[name])
    note(first, "Create", "status", "new")
    told = [first]
    assignee_id = ticket["assignee_id"]
    if assignee_id is not None:
        taken = audit((created + updated) // 2, assignee_id, via_api())
        say(taken, bulk.answer(number))
        note(taken, "Change", "assignee_id", assignee_id, None)
        note(taken, "Change", "group_id", ticket["group_id"], None)
        status = ticket["status"]
        then = status if status not in {"solved", "closed"} else "open"
        note(taken, "Change", "status", then, "new")
        told.append(taken)
        if then != status:
            done = audit(updated, assignee_id, via_api())
            note(done, "Change", "status", "solved", "open")
            if status == "closed":
                note(done, "Change", "status", "closed", "solved")
            told.append(done)
    return told
