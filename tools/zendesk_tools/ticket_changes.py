"""Changing one ticket, and telling what really changed from the audit that Zendesk returns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from mcp_server_zendesk.connection.client import Answer
from mcp_server_zendesk.connection.envelopes import names_closed_ticket
from mcp_server_zendesk.connection.errors import (
    TicketClosed,
    UnreadableResponse,
    ValidationFailed,
    ZendeskError,
)
from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import custom_statuses
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.records import (
    AuditEvent,
    AuditRecord,
    TicketField,
    TicketRecord,
    parse,
)
from mcp_server_zendesk.connection.routing_records import all_forms
from mcp_server_zendesk.serving.results import Line, Result, Time
from zendesk_tools.names import all_groups, look_up

CLOSED = "closed"
_PEOPLE = {"assignee_id", "requester_id", "submitter_id"}
_GROUP = "group_id"
_CUSTOM_STATUS = "custom_status_id"
_FORM = "ticket_form_id"
_CHANGES = {"Change", "Create"}
_COMMENTS = {"Comment", "VoiceComment"}
_ARGUMENTS = {"assignee_id": "assignee", _GROUP: "group", _CUSTOM_STATUS: "custom status"}

Labels = Mapping[str, Mapping[int, str]]
"""Names of what an id may stand for, by the field that holds it."""

_IDENTIFIER = re.compile(r"\w+")


class Change(Result):
    """One field that changed. ``requested`` is false for a side effect."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    field: Line
    before: Annotated[Line | None, Field(alias="from")] = None
    after: Annotated[Line | None, Field(alias="to")] = None
    requested: bool


class TicketChange(Result):
    """What an update really did."""

    ticket_id: int
    status: Line | None = None
    updated_at: Time | None = None
    changes: list[Change]
    unchanged: Annotated[
        list[Line] | None, Field(description="Asked for, but it was so already, or had no effect")
    ] = None
    ignored: Annotated[
        list[Line] | None, Field(description="Asked for, but dropped by Zendesk")
    ] = None
    comment_id: int | None = None
    answer_was_lost: Annotated[
        bool | None,
        Field(description="It was done, but an answer was lost: changes may be told in part"),
    ] = None


async def read_ticket(zendesk: Zendesk, ticket_id: int) -> TicketRecord:
    """A ticket without side-loads."""
    return parse(TicketRecord, await zendesk.get("tickets", ticket_id), "ticket")


def unless_changed(ticket: TicketRecord) -> dict[str, Any]:
    """What makes Zendesk refuse an update of a ticket that is no longer as it was read (409).

    Its stamps have a resolution of one second (``zendesk-api.md`` §5.4).
    """
    if ticket.updated_at is None:
        return {}
    return {"safe_update": True, "updated_stamp": stamp(ticket.updated_at)}


async def put_ticket(
    zendesk: Zendesk, ticket_id: int, ticket: dict[str, Any], *, harmless: bool = False
) -> Answer:
    """Update Ticket. ``harmless``: it only sets fields, so doing it twice is the same as once.

    Raises:
        UnreadableResponse: The answer does not show the ticket.
        TicketClosed: Zendesk refused the values and the ticket turns out to be closed. Its words
            are localized, so the ticket itself is asked (``zendesk-api.md`` §6.2).
        ZendeskError: In one of its kinds.
    """
    try:
        answer = await zendesk.put("tickets", ticket_id, body={"ticket": ticket}, harmless=harmless)
    except ValidationFailed as refused:
        if names_closed_ticket(refused.refusal) or await _is_closed(zendesk, ticket_id):
            raise TicketClosed(
                refused.refusal, ticket_id=ticket_id, tried=("update_ticket",)
            ) from refused
        raise
    if not isinstance(answer.body.get("ticket"), dict):
        zendesk.outcome = "unknown"  # a success that does not show the ticket proves nothing
        raise UnreadableResponse("Zendesk's answer to an update holds no ticket")
    return answer


async def _is_closed(zendesk: Zendesk, ticket_id: int) -> bool:
    try:
        return (await read_ticket(zendesk, ticket_id)).status == CLOSED
    except ZendeskError:
        return False  # the refusal itself is what has to be told


async def ticket_change(
    zendesk: Zendesk,
    answer: Answer,
    asked: Mapping[str, Any],
    fields: Mapping[int, TicketField] | None = None,
) -> TicketChange:
    """What an update really did, from the audit in its answer.

    Args:
        zendesk: Asked for the names of people and groups that moved, at most one request each.
        answer: Zendesk's answer to Update Ticket.
        asked: The keys that the caller asked to change, by Zendesk's names; custom fields by id.
        fields: Ticket fields by id, for the titles of custom fields.
    """
    record = parse(TicketRecord, answer.body, "ticket")
    audit = parse(AuditRecord, answer.body, "audit") if answer.body.get("audit") else None
    events = audit.events or [] if audit else []
    changed = {event.field_name for event in events if event.field_name}
    told = [
        event
        for event in events
        if event.type in _CHANGES
        and event.field_name
        and not _repeats_status(event, asked, changed)
    ]
    names = await _names_in(zendesk, told)
    changes = [_change(event, asked, names, fields or {}) for event in told]
    ignored = ignored_keys(answer.warning, asked)
    untouched = [
        _shown_name(key, fields or {})
        for key in asked
        if key not in changed and key not in ignored and key != "comment"
    ]
    comment = next((event.id for event in events if event.type in _COMMENTS), None)
    return TicketChange(
        ticket_id=record.id,
        status=record.status,
        updated_at=record.updated_at,
        changes=changes,
        unchanged=None if answer.repeated else untouched or None,
        ignored=[_shown_name(key, fields or {}) for key in ignored] or None,
        comment_id=comment,
        answer_was_lost=answer.repeated or None,
    )


def ignored_keys(warning: str | None, asked: Iterable[str]) -> list[str]:
    """Which of the asked keys Zendesk says it dropped (``X-Zendesk-API-Warn``).

    The header comes in several forms and names harmless extras too (``zendesk-api.md`` §3), so
    only keys that were asked for count.
    """
    named = set(_IDENTIFIER.findall(warning or ""))
    return [key for key in asked if key in named]


def _repeats_status(event: AuditEvent, asked: Mapping[str, Any], changed: set[str]) -> bool:
    """A custom status moves with the status; said once is enough."""
    return event.field_name == _CUSTOM_STATUS not in asked and "status" in changed


async def _names_in(zendesk: Zendesk, events: Iterable[AuditEvent]) -> Labels:
    """Names of what the events mention by id. Without them there are ids."""
    people: set[int] = set()
    named: set[str] = set()
    for event in events:
        named.add(event.field_name or "")
        if event.field_name in _PEOPLE:
            values = (event.value, event.previous_value)
            people |= {int(str(value)) for value in values if str(value).isdecimal()}
    labels: dict[str, Mapping[int, str]] = {}
    try:
        if people:
            known = await look_up(zendesk, people)
            users = {key: user.name or "" for key, user in known.users.items()}
            labels |= dict.fromkeys(_PEOPLE, users)
        if _GROUP in named and zendesk.may("groups:read"):
            labels[_GROUP] = await all_groups(zendesk)
        if _CUSTOM_STATUS in named and zendesk.may(FIELDS_SCOPE):
            statuses = await custom_statuses(zendesk)
            labels[_CUSTOM_STATUS] = {key: one.agent_label or "" for key, one in statuses.items()}
        if _FORM in named and zendesk.may(FIELDS_SCOPE):
            labels[_FORM] = {form.id: form.name or "" for form in await all_forms(zendesk)}
    except ZendeskError:
        pass  # the change is made, and worth telling without names
    return labels


def _change(
    event: AuditEvent,
    asked: Mapping[str, Any],
    names: Labels,
    fields: Mapping[int, TicketField],
) -> Change:
    key = event.field_name or ""
    return Change(
        field=_shown_name(key, fields),
        before=_shown_value(key, event.previous_value, names),
        after=_shown_value(key, event.value, names),
        requested=key in asked,
    )


def _shown_name(key: str, fields: Mapping[int, TicketField]) -> str:
    """A field as the tools' arguments call it."""
    if key in _ARGUMENTS:
        return _ARGUMENTS[key]
    field = fields.get(int(key)) if key.isdecimal() else None
    return field.title or key if field else key


def _shown_value(key: str, value: object, names: Labels) -> str | None:
    if value is None or value in ("", []):
        return None
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value)
    if key in names and str(value).isdecimal():
        name = names[key].get(int(str(value)))
        return f"{name} ({value})" if name else str(value)
    return str(value)
