"""Ticket fields and forms: what a ticket can be given, and in which values."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.field_records import PatternedField
from mcp_server_zendesk.connection.fields import ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import TicketField
from mcp_server_zendesk.connection.routing_records import (
    ChildField,
    Condition,
    FormRecord,
    all_forms,
)
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Page, Result
from zendesk_tools.names import Named
from zendesk_tools.people import MOST_NAMED, find_named, read_id

_SYSTEM = {
    "subject",
    "description",
    "status",
    "tickettype",
    "priority",
    "group",
    "assignee",
    "custom_status",
    "basic_priority",
    "ticketformid",
}
_MOST_FORMS = 25


class Option(Result):
    """A choice: ``value`` is what a ticket is given."""

    value: Line
    name: Line | None = None


class ListedField(Result):
    """A field of a ticket."""

    id: int
    title: Line | None = None
    type: Line | None = None
    system: Annotated[
        bool | None, Field(description="Has its own argument; not for custom_fields")
    ] = None
    required_to_solve: bool | None = None
    pattern: Annotated[Line | None, Field(description="Regular expression for values")] = None
    options: list[Option] | None = None
    options_total: Annotated[int | None, Field(description="Where not all are shown")] = None


class FieldPage(Page[ListedField]):
    """Ticket fields, with the account's forms or with one form's conditions."""

    forms: Annotated[list[Named] | None, Field(description="Ticket forms of the account")] = None
    conditions: Annotated[
        list[Line] | None, Field(description="When the form shows or requires other fields")
    ] = None


async def list_ticket_fields(
    zendesk: Zendesk,
    form: Annotated[
        str | int | None, Field(description="Only this ticket form's fields, by id or name")
    ] = None,
    query: Annotated[
        str | None, Field(max_length=200, description="Words of the title, or a field's id")
    ] = None,
    options_limit: Annotated[
        int,
        Field(ge=0, le=2_000, description="Options a field; to see all, give query and raise it"),
    ] = 20,
    limit: Annotated[int, Field(ge=1, le=100, description="Fields a page")] = 50,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> FieldPage:
    """List the fields that a ticket can have: title, type, what is required to solve, the values
    that are allowed, and the account's forms.

    Use it before update_ticket or create_ticket set custom_fields or a form. With form it also
    tells which values show or require other fields. For the values of one ticket use get_ticket,
    for what it lacks get_solve_requirements. Changes of fields show within ten minutes.
    """
    fields = await ticket_fields(zendesk)
    chosen = None if form is None else await _find_form(zendesk, str(form).strip())
    ids = list(fields) if chosen is None else chosen.ticket_field_ids or []
    listed = [fields[one] for one in ids if one in fields and fields[one].active is not False]
    words = (query or "").casefold().split()
    found = [one for one in listed if _matches(one, words)]
    bound_to = {
        "tool": "list_ticket_fields",
        "form": chosen.id if chosen else None,
        "query": query,
        "options": options_limit,
    }
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, bound_to))
    more = page * size < len(found)
    overview = chosen is None and not words and page == 1
    conditions = chosen.agent_conditions or [] if chosen else []
    return FieldPage(
        items=[_listed(one, options_limit) for one in found[(page - 1) * size : page * size]],
        has_more=more,
        next_cursor=seal(numbered(page + 1, size), bound_to) if more else None,
        total=len(found),
        forms=await _forms(zendesk) if overview else None,
        conditions=[_condition(one, fields) for one in conditions] or None if page == 1 else None,
    )


async def _find_form(zendesk: Zendesk, said: str) -> FormRecord:
    """A form in use, by id or name.

    Raises:
        InvalidArguments: None, or more than one, answers to it; with the candidates.
    """
    forms = {one.id: one for one in await all_forms(zendesk)}
    given = read_id("form", said)
    names = {one.id: one.name or "" for one in forms.values()}
    form_id = find_named("form", "ticket form", said, names) if given is None else given
    if form_id not in forms:
        raise InvalidArguments.of(
            "form",
            "is the id of no ticket form in use; give the id of one of the candidates",
            candidates=[
                {"id": number, "name": clean_line(name)}
                for number, name in list(names.items())[:MOST_NAMED]
            ],
        )
    return forms[form_id]


async def _forms(zendesk: Zendesk) -> list[Named] | None:
    """The forms by name; fields are worth listing without, and not every plan has forms."""
    try:
        forms = await all_forms(zendesk)
    except ZendeskError:
        return None
    return [Named(id=one.id, name=one.name) for one in forms[:_MOST_FORMS]] or None


def _matches(field: TicketField, words: list[str]) -> bool:
    title = (field.title or "").casefold()
    return words == [str(field.id)] or all(word in title for word in words)


def _listed(field: TicketField, most: int) -> ListedField:
    given = field.custom_field_options or field.system_field_options or []
    options = [one for one in given if one.value]
    return ListedField(
        id=field.id,
        title=field.title,
        type=field.type,
        system=True if field.type in _SYSTEM else None,
        required_to_solve=True if field.required else None,
        pattern=field.regexp_for_validation if isinstance(field, PatternedField) else None,
        options=[Option(value=one.value or "", name=one.name) for one in options[:most]] or None,
        options_total=len(options) if len(options) > most else None,
    )


def _condition(condition: Condition, fields: dict[int, TicketField]) -> str:
    children = [
        f"{_title(child.id, fields)}{_demand(child)}" for child in condition.child_fields or []
    ]
    value = str(condition.value).lower() if isinstance(condition.value, bool) else condition.value
    return f"{_title(condition.parent_field_id, fields)} = {value}: {', '.join(children)}"


def _title(field_id: int, fields: dict[int, TicketField]) -> str:
    return (fields[field_id].title if field_id in fields else None) or f"field {field_id}"


def _demand(child: ChildField) -> str:
    on = child.required_on_statuses
    if on is not None and on.type == "ALL_STATUSES":
        return " (required)"
    if on is not None and on.type == "SOME_STATUSES":
        return f" (required when {' or '.join(on.statuses or [])})"
    return " (required to solve)" if child.is_required else ""
