"""Comments and audits: what a ticket remembers of each change (`zendesk-api.md` §5.1, §5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.sandbox.records import via_api
from mcp_server_zendesk.sandbox.text import html_from_plain, plain_from_html, shorten, wrapped_html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store

_CREATED_FIELDS = (
    "subject",
    "requester_id",
    "status",
    "priority",
    "type",
    "assignee_id",
    "group_id",
    "organization_id",
)
"""Told by every first audit, null or not, in the recorded order."""

_CREATED_IF_SET = ("tags", "problem_id", "due_at", "external_id", "ticket_form_id", "brand_id")

_CHANGED_FIELDS = (
    "status",
    "custom_status_id",
    "priority",
    "type",
    "subject",
    "requester_id",
    "assignee_id",
    "group_id",
    "organization_id",
    "problem_id",
    "due_at",
    "external_id",
    "recipient",
    "brand_id",
    "ticket_form_id",
    "tags",
    "collaborator_ids",
    "email_cc_ids",
    "follower_ids",
)


def record_creation(
    store: Store,
    ticket: Json,
    comment: Mapping[str, Any],
    *,
    author_id: int,
    at: str,
) -> Json:
    """Puts a new ticket into the store with its first comment and its first audit."""
    store.tickets[ticket["id"]] = ticket
    store.comments[ticket["id"]] = []
    store.audits[ticket["id"]] = []
    ticket["updated_at"] = ticket["created_at"] = at
    audit = _open_audit(store, ticket, author_id, at)
    first = _add_comment(store, ticket, audit, comment, author_id)
    ticket["description"] = first["plain_body"]
    for name in _CREATED_FIELDS:
        _add_event(store, audit, "Create", name, ticket[name])
    for name in _CREATED_IF_SET:
        if ticket[name]:
            _add_event(store, audit, "Create", name, ticket[name])
    for entry in ticket["custom_fields"]:
        if entry["value"]:
            _add_event(store, audit, "Create", str(entry["id"]), entry["value"])
    return audit


def record_comment(
    store: Store,
    ticket: Json,
    comment: Mapping[str, Any],
    *,
    author_id: int,
    at: str,
) -> Json:
    """Adds a comment in an audit of its own."""
    audit = _open_audit(store, ticket, author_id, at)
    _add_comment(store, ticket, audit, comment, author_id)
    ticket["updated_at"] = at
    return audit


def record_change(
    store: Store,
    ticket: Json,
    changed: Json,
    comment: Mapping[str, Any] | None,
    *,
    author_id: int,
    at: str,
    metadata: Mapping[str, Any] | None = None,
) -> Json:
    """Writes what `changed` says into the ticket; returns the audit that tells the difference.

    An update that changes nothing leaves no audit behind and does not touch `updated_at`. What
    Zendesk shows as its `audit` is not known; here it has no events.
    """
    before = dict(ticket)
    ticket.update(changed)
    audit = _open_audit(store, ticket, author_id, at, kept=False)
    audit["metadata"]["custom"] = dict(metadata or {})
    if comment is not None:
        _add_comment(store, ticket, audit, comment, author_id)
    for name in _CHANGED_FIELDS:
        if before[name] != ticket[name]:
            _add_event(store, audit, "Change", name, ticket[name], before[name])
    were = {entry["id"]: entry["value"] for entry in before["custom_fields"]}
    for entry in ticket["custom_fields"]:
        if were.get(entry["id"]) != entry["value"]:
            name = str(entry["id"])
            _add_event(store, audit, "Change", name, entry["value"], were.get(entry["id"]))
    if audit["events"]:
        store.audits[ticket["id"]].append(audit)
        ticket["updated_at"] = at
    return audit


def record_redaction(
    store: Store, ticket: Json, comment_id: int, *, author_id: int, at: str
) -> None:
    """Tells that a comment was redacted, in an audit of its own; the ticket has changed."""
    audit = _open_audit(store, ticket, author_id, at)
    event = {"id": store.new_id(), "type": "CommentRedactionEvent", "comment_id": str(comment_id)}
    audit["events"].append(event)
    ticket["updated_at"] = at


def _open_audit(store: Store, ticket: Json, author_id: int, at: str, *, kept: bool = True) -> Json:
    audit: Json = {
        "id": store.new_id(),
        "ticket_id": ticket["id"],
        "created_at": at,
        "author_id": author_id,
        "metadata": {"system": {}, "custom": {}},
        "events": [],
        "via": via_api() if store.audits[ticket["id"]] else ticket["via"],
    }
    if kept:
        store.audits[ticket["id"]].append(audit)
    return audit


def _add_event(
    store: Store,
    audit: Json,
    kind: str,
    field_name: str,
    value: object,
    *previous: object,
) -> None:
    event = {
        "id": store.new_id(),
        "type": kind,
        "value": _told(value),
        "field_name": field_name,
    }
    if previous:
        event["previous_value"] = _told(previous[0])
    audit["events"].append(event)


def _told(value: object) -> object:
    """A value as events tell it: ids and flags are strings there, lists stay lists [REC]."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value) if isinstance(value, int) else value


def _add_comment(
    store: Store,
    ticket: Json,
    audit: Json,
    comment: Mapping[str, Any],
    author_id: int,
) -> Json:
    said = store.comments[ticket["id"]]
    # `public` has no fixed default: it follows the first comment (§5.3).
    usual = said[0]["public"] if said else ticket["is_public"]
    public = comment.get("public")
    markup = comment.get("html_body")
    plain = plain_from_html(shorten(markup)) if markup else shorten(comment.get("body") or "")
    written: Json = {
        "id": store.new_id(),
        "type": "Comment",
        "author_id": comment.get("author_id") or author_id,
        "body": plain,
        "html_body": wrapped_html(shorten(markup)) if markup else html_from_plain(plain),
        "plain_body": plain,
        "public": usual if public is None else public,
        "attachments": list(comment.get("attachments", ())),
        "audit_id": audit["id"],
    }
    store.attachments.update((one["id"], one) for one in written["attachments"])
    audit["events"].append(written)
    listed = {
        **written,
        "via": audit["via"],
        "created_at": audit["created_at"],
        "metadata": audit["metadata"],
    }
    said.append(listed)
    ticket["is_public"] = any(one["public"] for one in said)
    return written
