"""Update Ticket and internal notes: what an agent can change back."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.nearest import nearest
from mcp_server_zendesk.connection.records import TicketField, stamp
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.spec import ToolSpec
from mcp_server_zendesk.serving.text import clean_line
from zendesk_tools.lost_comments import known_comments, look_for_comment
from zendesk_tools.people import NOBODY, find_agent, find_group
from zendesk_tools.ticket_changes import TicketChange, put_ticket, ticket_change
from zendesk_tools.tickets import TicketId

_LONGEST_COMMENT = 65_536
_MOST_CANDIDATES = 20

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
# System fields stand in the same list as custom ones, and have arguments or tools of their own.
_SYSTEM_FIELDS = {
    "subject": "the argument subject",
    "status": "the argument status",
    "tickettype": "the argument type",
    "priority": "the argument priority",
    "group": "the argument group",
    "assignee": "the argument assignee",
    "description": "add_internal_note",
    "custom_status": "the argument status",
}


def _iso(value: object) -> object:
    if not isinstance(value, str) or not _ISO.fullmatch(value.strip()):
        raise ValueError("should be an ISO 8601 date or time, e.g. 2026-01-31T10:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_iso)]
CustomFieldValue = str | int | float | bool | list[str] | None


async def update_ticket(
    zendesk: Zendesk,
    ticket_id: TicketId,
    status: Annotated[
        Literal["open", "pending", "hold", "solved"] | None, Field(description="New status")
    ] = None,
    priority: Annotated[
        Literal["low", "normal", "high", "urgent"] | None, Field(description="New priority")
    ] = None,
    type: Annotated[  # noqa: A002 - Zendesk's name for it
        Literal["problem", "incident", "question", "task"] | None, Field(description="New type")
    ] = None,
    subject: Annotated[
        str | None, Field(min_length=1, max_length=1_000, description="New subject")
    ] = None,
    assignee: Annotated[
        str | int | None, Field(description="Agent by id, name, e-mail or `me`; `none` unassigns")
    ] = None,
    group: Annotated[
        str | int | None, Field(description="Group by id or name; `none` removes it")
    ] = None,
    organization_id: Annotated[
        int | None, Field(gt=0, description="One of the requester's organizations")
    ] = None,
    problem_id: Annotated[
        int | None, Field(gt=0, description="The problem ticket of an incident")
    ] = None,
    due_at: Annotated[
        Moment | None, Field(description="Due date of a task, ISO 8601; UTC without a zone")
    ] = None,
    custom_fields: Annotated[
        dict[str, CustomFieldValue] | None,
        Field(description='Values by field id or title, e.g. {"Area":"billing"}; null clears'),
    ] = None,
    ticket_form_id: Annotated[int | None, Field(gt=0, description="New ticket form")] = None,
    expected_updated_at: Annotated[
        Moment | None,
        Field(description="updated_at as you read it: refuses if the ticket changed since"),
    ] = None,
) -> TicketChange:
    """Change fields of one ticket; adds no comment and touches no tags.

    Give only what is to change. For tags use update_ticket_tags, for a note add_internal_note.
    Setting solved can send the customer mail by the account's triggers. The answer tells what
    really changed, side effects (requested: false) and what Zendesk ignored included: assigning
    a new ticket opens it, and an assignee can bring a group along.
    """
    asked: dict[str, Any] = {
        "status": status,
        "priority": priority,
        "type": type,
        "subject": subject,
        "organization_id": organization_id,
        "problem_id": problem_id,
        "due_at": stamp(due_at) if due_at else None,
        "ticket_form_id": ticket_form_id,
    }
    ticket = {key: value for key, value in asked.items() if value is not None}
    if assignee is not None:
        said = str(assignee).strip()
        nobody = said.casefold() == NOBODY
        ticket["assignee_id"] = None if nobody else await find_agent(zendesk, said)
    if group is not None:
        said = str(group).strip()
        nobody = said.casefold() == NOBODY
        ticket["group_id"] = None if nobody else await find_group(zendesk, said)
    keys = dict(ticket)
    fields: dict[int, TicketField] = {}
    if custom_fields:
        by_title = not all(name.isdecimal() for name in custom_fields)
        if by_title or zendesk.may(FIELDS_SCOPE):
            fields = await ticket_fields(zendesk)
        values = {_field_id(name, fields): value for name, value in custom_fields.items()}
        ticket["custom_fields"] = [{"id": key, "value": value} for key, value in values.items()]
        keys |= {str(key): value for key, value in values.items()}
    if not ticket:
        raise InvalidArguments.of("arguments", "name nothing to change; give at least one field")
    if expected_updated_at is not None:
        ticket |= {
            "safe_update": True,
            "updated_stamp": stamp(expected_updated_at),
        }
    answer = await put_ticket(zendesk, ticket_id, ticket, harmless=expected_updated_at is None)
    return await ticket_change(zendesk, answer, keys, fields)


def _field_id(name: str, fields: dict[int, TicketField]) -> int:
    """A custom field by id or title.

    Raises:
        InvalidArguments: No field, or more than one, has that title; with the candidates.
    """
    if name.isdecimal():
        return int(name)
    wanted = name.casefold().strip()
    found = [key for key, field in fields.items() if (field.title or "").casefold() == wanted]
    if len(found) == 1:
        if (kind := fields[found[0]].type or "") in _SYSTEM_FIELDS:
            own = _SYSTEM_FIELDS[kind]
            raise InvalidArguments.of("custom_fields", f"names no custom field; use {own}")
        return found[0]
    near = nearest(name, [field.title or "" for field in fields.values()])
    shown = [field for field in fields.values() if field.id in found or field.title == near]
    raise InvalidArguments.of(
        "custom_fields",
        "names a field that is not known or not unique by its title; give its id",
        candidates=[
            {"id": field.id, "title": clean_line(field.title or "")}
            for field in (shown or list(fields.values()))[:_MOST_CANDIDATES]
        ],
    )


async def add_internal_note(
    zendesk: Zendesk,
    ticket_id: TicketId,
    body: Annotated[
        str,
        Field(min_length=1, max_length=_LONGEST_COMMENT, description="The note; Markdown works"),
    ],
    upload_tokens: Annotated[
        list[str] | None, Field(max_length=20, description="Tokens of files uploaded before")
    ] = None,
) -> TicketChange:
    """Add a note that only agents see; it is never sent to the customer.

    Use it to leave findings or a proposed reply for a colleague. Notes cannot be edited or
    removed afterwards, and closed tickets take none.
    """
    comment: dict[str, Any] = {"body": body, "public": False}
    if upload_tokens:
        comment["uploads"] = upload_tokens
    before = await known_comments(zendesk, ticket_id)
    try:
        answer = await put_ticket(zendesk, ticket_id, {"comment": comment})
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        found = await look_for_comment(
            zendesk, ticket_id, body, public=False, before=before, lost=lost
        )
        if found is None:
            raise
        zendesk.outcome = "applied"
        return TicketChange(ticket_id=ticket_id, changes=[], comment_id=found, answer_was_lost=True)
    return await ticket_change(zendesk, answer, {"comment": body})


_CHANGE_SCOPES = (("tickets:read",), ("tickets:write",))
# Zendesk's write scopes do not include reading, and a change is told from what is read.

TOOLS = (
    ToolSpec(
        handler=update_ticket,
        title="Update a ticket",
        toolset="tickets",
        effect="write",
        scopes=_CHANGE_SCOPES,
        enriched_by=("users:read", "groups:read", FIELDS_SCOPE),
        idempotent=True,
        elsewhere={
            "tags": "update_ticket_tags",
            "comment": "add_internal_note",
            "body": "add_internal_note",
            "note": "add_internal_note",
        },
    ),
    ToolSpec(
        handler=add_internal_note,
        title="Add an internal note",
        toolset="tickets",
        effect="write",
        scopes=_CHANGE_SCOPES,
        enriched_by=("users:read", "groups:read", FIELDS_SCOPE),
    ),
)
