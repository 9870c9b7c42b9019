"""Deleting, restoring and merging tickets (`zendesk-api.md` §5.2, §5.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.errors import forbidden, record_invalid, record_not_found
from mcp_server_zendesk.sandbox.store import Deleted
from mcp_server_zendesk.sandbox.tickets.history import record_change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.rules import Rules
    from mcp_server_zendesk.sandbox.store import Store

MERGED_TAG = "closed_by_merge"
SCRUBBED = "SCRUBBED"
"""In place of what a permanently deleted ticket said."""


def require_deletion(store: Store, by: Json) -> None:
    """Refuses with 403 whom the role does not let delete tickets."""
    if not store.permits(by, "ticket_deletion"):
        raise forbidden()


def delete_ticket(store: Store, ticket_id: int, by: Json) -> None:
    """Deletes softly: 404 from then on, `deleted` in exports, and it can be restored."""
    ticket = store.tickets.get(ticket_id)
    if ticket is None:
        raise record_not_found()
    at = stamp(store.now())
    kept = {**ticket, "updated_at": at}
    del store.tickets[ticket_id]
    store.deleted_tickets[ticket_id] = Deleted(kept, by, at)


def restore_ticket(store: Store, ticket_id: int) -> None:
    """Brings a deleted ticket back as it was."""
    deleted = store.deleted_tickets.pop(ticket_id, None)
    if deleted is None:
        raise record_not_found()
    store.tickets[ticket_id] = {**deleted.ticket, "updated_at": stamp(store.now())}


def forget_ticket(store: Store, ticket_id: int) -> None:
    """Deletes a deleted ticket for good: its record stays, scrubbed of what users had written."""
    deleted = store.deleted_tickets.pop(ticket_id, None)
    if deleted is None:
        raise record_not_found()
    store.comments.pop(ticket_id, None)
    store.audits.pop(ticket_id, None)
    store.scrubbed_tickets[ticket_id] = _scrubbed(deleted.ticket, stamp(store.now()))


def scrubbed_as(ticket: Json, rules: Rules) -> Json | None:
    """A scrubbed ticket as the export shows it, if it does."""
    if rules.scrubbed_tickets == "absent":
        return None
    return {**ticket, "status": "deleted"} if rules.scrubbed_tickets == "deleted" else ticket


def _scrubbed(ticket: Json, at: str) -> Json:
    """What is left of a ticket. Which keys are emptied, and how, is not known but of the texts."""
    return {
        **ticket,
        "subject": SCRUBBED,
        "description": SCRUBBED,
        "external_id": None,
        "recipient": None,
        "tags": [],
        "custom_fields": [{"id": one["id"], "value": None} for one in ticket["custom_fields"]],
        "satisfaction_rating": {"score": ticket["satisfaction_rating"]["score"]},
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "updated_at": at,
    }


def merge_into(
    store: Store, source: Json, target: Json, by: Json, wanted: Mapping[str, Any]
) -> None:
    """Closes a ticket in favour of another; both get a comment, private by default.

    The texts that Zendesk puts in where none are given are not attested; nor is the refusal.
    """
    if source["id"] == target["id"] or "closed" in {source["status"], target["status"]}:
        text = f"Ticket: #{source['id']} cannot be merged into #{target['id']}"
        raise record_invalid({"base": [{"description": text, "error": "InvalidMerge"}]})
    at = stamp(store.now())
    come_from = {"ticket_id": source["id"]}
    via = {"channel": "web", "source": {"from": come_from, "to": {}, "rel": "merge"}}
    told = {
        "target": f'Request #{source["id"]} "{source["subject"]}" was closed and merged into this '
        "request.",
        "source": f"This request was closed and merged into request #{target['id']} "
        f'"{target["subject"]}".',
    }
    for side, ticket, changes in (
        ("target", target, {}),
        ("source", source, {"status": "closed", "tags": sorted({*source["tags"], MERGED_TAG})}),
    ):
        comment = {
            "body": wanted.get(f"{side}_comment") or told[side],
            "public": wanted.get(f"{side}_comment_is_public") is True,
        }
        audit = record_change(store, ticket, changes, comment, author_id=by["id"], at=at)
        audit["via"] = via
