"""From what happened in tickets to rows: statuses, comments, SLA targets and breaches.

An event's children are named as in ticket audits (developer.zendesk.com, "Ticket Audit events
reference"); a type that is not known is passed over, as Zendesk asks of integrations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mcp_server_zendesk.analytics.syncing.rows import COMMENT, Keeping, Row
from mcp_server_zendesk.analytics.syncing.values import (
    Json,
    flag,
    objects,
    part,
    plain,
    stored,
    text,
    whole,
)
from mcp_server_zendesk.serving.cleaning.text import clean_message

_SET = frozenset({"Create", "Change"})
_COMMENTS = frozenset({"Comment", "VoiceComment"})
_SYSTEM = -1


@dataclass(slots=True)
class Happened:
    """What a page of events comes to."""

    status_changes: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)
    altered: set[int] = field(default_factory=set)
    """Tickets of which a comment was redacted, or made private: what is kept of them is old."""


def what_happened(events: Iterable[Json], keeping: Keeping) -> Happened:
    """Status changes and comments from ticket events (``child_events``)."""
    found = Happened()
    for event in events:
        ticket = whole(event.get("ticket_id"))
        if ticket is None:
            continue
        at = stored(event.get("created_at")) or stored(event.get("timestamp"))
        for child in objects(event.get("child_events")):
            kind = str(child.get("event_type") or child.get("type"))
            if kind in _SET and "status" in child:
                change = _status_change(event, child, ticket, at)
                before, after = child.get("previous_value"), child["status"]
                found.status_changes.append(
                    {**change, "from_status": text(before), "to_status": text(after)}
                )
            elif keeping.texts and kind in _COMMENTS:
                found.comments.append(comment_row(child, ticket, event))
            elif keeping.texts and _alters(kind):
                found.altered.add(ticket)
    return found


def statuses_of(audit: Json, ticket: int) -> list[Row]:
    """The status changes that one audit of a ticket tells of."""
    at = stored(audit.get("created_at"))
    return [
        {
            **_status_change(audit, event, ticket, at),
            "from_status": text(event.get("previous_value")),
            "to_status": text(event.get("value")),
        }
        for event in objects(audit.get("events"))
        if text(event.get("type")) in _SET and event.get("field_name") == "status"
    ]


def _status_change(event: Json, child: Json, ticket: int, at: str | None) -> Row:
    actor = whole(event.get("updater_id", event.get("author_id")))
    return {
        "id": whole(child.get("id")) or whole(event.get("id")),
        "ticket_id": ticket,
        "changed_at": at,
        "actor_id": None if actor == _SYSTEM else actor,
    }


def _alters(kind: str) -> bool:
    """Redaction of a comment or an attachment, a comment made private, or what will be new."""
    return "redact" in kind.lower() or "privacy" in kind.lower()


def comment_row(comment: Json, ticket: int, event: Json | None = None) -> Row:
    """A comment, cleaned as one that a tool shows: without what nobody saw."""
    around = event or {}
    html, words = comment.get("html_body"), comment.get("plain_body") or comment.get("body")
    cleaned = clean_message(
        plain(html) if isinstance(html, str) else None,
        plain(words) if isinstance(words, str) else None,
        COMMENT,
    )
    via = part(comment, "via").get("channel") or part(around, "via").get("channel")
    return {
        "id": whole(comment.get("id")),
        "ticket_id": ticket,
        "author_id": whole(comment.get("author_id")) or whole(around.get("updater_id")),
        "public": flag(comment.get("public")),
        "channel": text(via or comment.get("via") or around.get("via")),
        "created_at": stored(comment.get("created_at"))
        or stored(around.get("created_at"))
        or stored(around.get("timestamp")),
        "body": plain(cleaned.text) or None,
        "truncated": cleaned.truncated,
    }


def sla_row(event: Json) -> Row:
    """A target that an SLA policy set, or missed."""
    sla = part(event, "sla")
    return {
        "id": whole(event.get("id")),
        "ticket_id": whole(event.get("ticket_id")),
        "metric": text(event.get("metric")),
        "instance_id": whole(event.get("instance_id")),
        "type": text(event.get("type")),
        "at": stored(event.get("time")),
        "policy": text(part(sla, "policy").get("title")),
        "target_minutes": whole(sla.get("target")),
        "business_hours": flag(sla.get("business_hours")),
    }
