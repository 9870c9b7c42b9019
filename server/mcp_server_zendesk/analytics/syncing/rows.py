"""From Zendesk's records to rows: what is kept of a ticket, a customer, an organization.

Where only fields are kept, no text that someone outside wrote passes here: no subject, no free
text of a custom field, no customer's name or address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mcp_server_zendesk.analytics.syncing.values import (
    VALUE,
    Json,
    flag,
    items,
    objects,
    part,
    plain,
    stored,
    text,
    texts,
    whole,
)
from mcp_server_zendesk.serving.cleaning.text import clean_line, clean_text

Row = dict[str, Any]
Way = Literal["incremental", "search"]

STRUCTURED = frozenset(
    {"checkbox", "date", "decimal", "integer", "lookup", "multiselect", "tagger"}
)
"""Types of ticket fields whose values an admin, a calendar or arithmetic gives, and no customer."""

COMMENT = 4_000
"""The most characters that are kept of a comment, as of one that a tool shows."""

_CHOICE = 255
_NO_REASON = (None, 0)
_STAFF = frozenset({"agent", "admin"})
_SPANS = {
    "first_reply": "reply_time_in_minutes",
    "first_resolution": "first_resolution_time_in_minutes",
    "full_resolution": "full_resolution_time_in_minutes",
    "requester_wait": "requester_wait_time_in_minutes",
    "agent_wait": "agent_wait_time_in_minutes",
    "on_hold": "on_hold_time_in_minutes",
}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What may be kept: texts or not, and the type of each ticket field that is known."""

    texts: bool
    kinds: Mapping[int, str | None] = field(default_factory=dict)

    def line(self, value: object) -> str | None:
        """One line of outside text, cleaned, where texts are kept."""
        return line(value) if self.texts else None

    def unknown(self, ticket: Json) -> Iterator[int]:
        """Custom fields of a ticket with a value, of which nothing is known yet."""
        for one in objects(ticket.get("custom_fields")):
            number = whole(one.get("id"))
            if number is not None and number not in self.kinds and one.get("value") is not None:
                yield number


def line(value: object) -> str | None:
    """One line of outside text, cleaned."""
    return plain(clean_line(plain(value))) if isinstance(value, str) else None


def body(value: object, limit: int = COMMENT) -> str | None:
    """A long outside text, cleaned; None where nothing is left of it."""
    if not isinstance(value, str):
        return None
    return clean_text(plain(value), limit).text or None


def ticket_row(ticket: Json, keeping: Keeping, way: Way, metrics: Json | None = None) -> Row:
    """A ticket. ``metrics`` is its metric set, where it does not stand in the ticket itself."""
    told = metrics or part(ticket, "metric_set")
    return {
        "id": whole(ticket.get("id")),
        "subject": keeping.line(ticket.get("subject")),
        "status": text(ticket.get("status")),
        "custom_status_id": whole(ticket.get("custom_status_id")),
        "priority": text(ticket.get("priority")),
        "type": text(ticket.get("type")),
        "channel": text(part(ticket, "via").get("channel")),
        "requester_id": whole(ticket.get("requester_id")),
        "submitter_id": whole(ticket.get("submitter_id")),
        "assignee_id": whole(ticket.get("assignee_id")),
        "group_id": whole(ticket.get("group_id")),
        "organization_id": whole(ticket.get("organization_id")),
        "brand_id": whole(ticket.get("brand_id")),
        "form_id": whole(ticket.get("ticket_form_id")),
        "problem_id": whole(ticket.get("problem_id")),
        "is_public": flag(ticket.get("is_public")),
        "due_at": stored(ticket.get("due_at")),
        "created_at": stored(ticket.get("created_at")),
        "updated_at": stored(ticket.get("updated_at")),
        "tags": texts(ticket.get("tags")),
        "custom_fields": [
            {"id": number, "value": value} for number, value in _field_values(ticket, keeping)
        ],
        "satisfaction": text(part(ticket, "satisfaction_rating").get("score")),
        "replies": whole(told.get("replies")),
        "reopens": whole(told.get("reopens")),
        "assignees": whole(told.get("assignee_stations")),
        "groups": whole(told.get("group_stations")),
        **{name: _span(told.get(source)) for name, source in _SPANS.items()},
        "assigned_at": stored(told.get("assigned_at")),
        "solved_at": stored(told.get("solved_at")),
        "latest_comment_at": stored(told.get("latest_comment_added_at")),
        "source": way,
    }


def _span(value: object) -> Row | None:
    if not isinstance(value, dict):
        return None
    return {"calendar": whole(value.get("calendar")), "business": whole(value.get("business"))}


def _field_values(ticket: Json, keeping: Keeping) -> Iterator[tuple[int, str]]:
    """The values of custom fields, of a multi-select each of its choices."""
    for one in objects(ticket.get("custom_fields")):
        number, value = whole(one.get("id")), one.get("value")
        if number is None or value is None or value in ("", []):
            continue
        structured = keeping.kinds.get(number) in STRUCTURED
        if not (keeping.texts or structured):
            continue
        for choice in value if isinstance(value, list) else [value]:
            if structured and isinstance(choice, str | int | float):
                yield number, str(text(choice, _CHOICE))
            elif keeping.texts and isinstance(choice, str):
                if cleaned := body(choice, VALUE):
                    yield number, cleaned
            elif keeping.texts and choice is not None:
                yield number, str(text(choice, VALUE))


def user_row(user: Json, keeping: Keeping) -> Row:
    """A customer, or an agent, whose name is kept in any case."""
    role = text(user.get("role"))
    return {
        "id": whole(user.get("id")),
        "name": line(user.get("name")) if role in _STAFF else keeping.line(user.get("name")),
        "role": role,
        "email_domain": _domain(user.get("email")),
        "organization_id": whole(user.get("organization_id")),
        "active": flag(user.get("active")),
        "suspended": flag(user.get("suspended")),
        "time_zone": text(user.get("time_zone")),
        "locale": text(user.get("locale")),
        "tags": texts(user.get("tags")),
        "created_at": stored(user.get("created_at")),
        "updated_at": stored(user.get("updated_at")),
    }


def _domain(address: object) -> str | None:
    if not isinstance(address, str) or "@" not in address:
        return None
    return line(address.rpartition("@")[2].lower())


def organization_row(organization: Json) -> Row:
    """An organization; its name is an agent's word for it and kept in any case."""
    return {
        "id": whole(organization.get("id")),
        "name": line(organization.get("name")),
        "tags": texts(organization.get("tags")),
        "created_at": stored(organization.get("created_at")),
        "updated_at": stored(organization.get("updated_at")),
    }


def rating_row(rating: Json, keeping: Keeping) -> Row:
    """A customer's rating; the reason is one of those that an admin offers."""
    return {
        "id": whole(rating.get("id")),
        "ticket_id": whole(rating.get("ticket_id")),
        "score": text(rating.get("score")),
        "comment": body(rating.get("comment")) if keeping.texts else None,
        "reason": None if rating.get("reason_code") in _NO_REASON else line(rating.get("reason")),
        "requester_id": whole(rating.get("requester_id")),
        "assignee_id": whole(rating.get("assignee_id")),
        "group_id": whole(rating.get("group_id")),
        "created_at": stored(rating.get("created_at")),
        "updated_at": stored(rating.get("updated_at")),
    }


def group_row(group: Json) -> Row:
    """A group of agents."""
    deleted = flag(group.get("deleted"))
    return {"id": whole(group.get("id")), "name": line(group.get("name")), "deleted": deleted}


def named_row(record: Json) -> Row:
    """A brand, or a ticket form."""
    return {"id": whole(record.get("id")), "name": line(record.get("name"))}


def field_row(described: Json) -> Row:
    """A ticket field, with the choices that it offers."""
    offered = items(described.get("custom_field_options")) or items(
        described.get("system_field_options")
    )
    return {
        "id": whole(described.get("id")),
        "title": line(described.get("title")),
        "type": text(described.get("type")),
        "options": [
            {"value": text(one.get("value")), "name": line(one.get("name"))}
            for one in objects(offered)
        ],
    }
