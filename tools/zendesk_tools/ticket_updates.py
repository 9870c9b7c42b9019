"""Update Ticket: what an agent can change back."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import custom_statuses
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.routing_records import all_forms
from mcp_server_zendesk.serving.refusals import InvalidArguments
from zendesk_tools.custom_fields import CustomFields, as_sent, read_custom_fields
from zendesk_tools.people import NOBODY, as_said, find_agent, find_group, find_named, read_id
from zendesk_tools.ticket_changes import TicketChange, put_ticket, ticket_change
from zendesk_tools.tickets import Id, TicketId

Status = Literal["open", "pending", "hold", "solved"]
_STATUSES = get_args(Status)
_NOT_SET_HERE = {"new", "closed"}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")


def _iso(value: object) -> object:
    if not isinstance(value, str) or not _ISO.fullmatch(value.strip()):
        raise ValueError("should be an ISO 8601 date or time, e.g. 2026-01-31T10:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_iso)]


async def update_ticket(
    zendesk: Zendesk,
    ticket_id: TicketId,
    status: Annotated[
        Annotated[Status | str, WithJsonSchema({"type": "string"})] | None,
        Field(description="open, pending, hold, solved or a custom status"),
    ] = None,
    priority: Annotated[
        Literal["low", "normal", "high", "urgent"] | None, Field(description="New priority")
    ] = None,
    type: Annotated[  # noqa: A002 - Zendesk's name for it
        Literal["problem", "incident", "question", "task"] | None, Field(description="New type")
    ] = None,
    subject: Annotated[str | None, Field(min_length=1, description="New subject")] = None,
    assignee: Annotated[
        str | int | None, Field(description="Id, name, e-mail or `me`; `none` unassigns")
    ] = None,
    group: Annotated[str | int | None, Field(description="Id or name; `none` removes it")] = None,
    organization_id: Annotated[Id | None, Field(description="One of the requester's")] = None,
    problem_id: Annotated[Id | None, Field(description="Problem of this incident")] = None,
    due_at: Annotated[Moment | None, Field(description="Of a task, ISO 8601")] = None,
    custom_fields: CustomFields = None,
    ticket_form_id: Annotated[str | int | None, Field(description="Id or name")] = None,
    expected_updated_at: Annotated[
        Moment | None,
        Field(description="updated_at as read: refused if changed since"),
    ] = None,
) -> TicketChange:
    """Change fields of one ticket; give only what is to change.

    For tags use update_ticket_tags, for a note add_internal_note. Before solving ask
    get_solve_requirements; triggers may mail the customer then. Closed tickets are refused. The
    answer tells what really changed, and what was ignored.
    """
    asked: dict[str, Any] = {
        **await _status(zendesk, status),
        "priority": priority,
        "type": type,
        "subject": subject,
        "organization_id": organization_id,
        "problem_id": problem_id,
        "due_at": stamp(due_at) if due_at else None,
        "ticket_form_id": await _form_id(zendesk, ticket_form_id),
    }
    ticket = {key: value for key, value in asked.items() if value is not None}
    if assignee is not None:
        said = as_said("assignee", assignee)
        nobody = said.casefold() == NOBODY
        ticket["assignee_id"] = None if nobody else await find_agent(zendesk, said)
    if group is not None:
        said = as_said("group", group)
        nobody = said.casefold() == NOBODY
        ticket["group_id"] = None if nobody else await find_group(zendesk, said)
    keys = dict(ticket)
    values, fields = await read_custom_fields(zendesk, custom_fields)
    if values:
        ticket["custom_fields"] = as_sent(values)
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


async def _form_id(zendesk: Zendesk, form: str | int | None) -> int | None:
    """A ticket form by id or name. Raises as ``find_named`` does."""
    if form is None:
        return None
    said = as_said("ticket_form_id", form)
    if (given := read_id("ticket_form_id", said)) is not None:
        return given
    names = {form.id: form.name or "" for form in await all_forms(zendesk)}
    return find_named("ticket_form_id", "ticket form", said, names)


async def _status(zendesk: Zendesk, status: str | None) -> dict[str, str | int]:
    """What sets a status: one of Zendesk's own, or one of the account's by its label.

    Raises:
        InvalidArguments: It is neither, or cannot be set; with what can.
    """
    if status is None:
        return {}
    said = " ".join(status.split())
    if said.casefold() in _STATUSES:
        return {"status": said.casefold()}
    if (given := read_id("status", said)) is not None:
        return {"custom_status_id": given}
    if said.casefold() in _NOT_SET_HERE or not zendesk.may(FIELDS_SCOPE):
        raise InvalidArguments.of("status", "cannot be set here", allowed_values=_STATUSES)
    labels = {
        key: known.agent_label or ""
        for key, known in (await custom_statuses(zendesk)).items()
        if known.active is not False and known.status_category not in _NOT_SET_HERE
    }
    return {"custom_status_id": find_named("status", "status", said, labels)}
