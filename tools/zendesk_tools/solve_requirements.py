"""What a ticket lacks before Zendesk lets it be solved, reckoned before it is tried.

Two rules are combined as Zendesk was seen to combine them: a ticket field's own ``required`` (on
solve), for fields that are on the ticket's form; and the form's conditions for agents, which hide
fields and require some of those that they show. Conditions for end users do not concern an
agent's update.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.field_records import PatternedField
from mcp_server_zendesk.connection.fields import ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import TicketField, TicketRecord
from mcp_server_zendesk.connection.routing_records import (
    ChildField,
    Condition,
    FormRecord,
    all_forms,
)
from mcp_server_zendesk.serving.results import Line, Result
from zendesk_tools.names import Named
from zendesk_tools.ticket_changes import CLOSED, read_ticket
from zendesk_tools.tickets import TicketId

_SOLVED = "solved"
_MOST_VALUES = 60
_NEVER, _SOMETIMES, _ALWAYS = "NO_STATUSES", "SOME_STATUSES", "ALL_STATUSES"

Argument = Literal["assignee", "type", "priority", "custom_fields"]

# The system fields that can be empty on a ticket, by their type, and update_ticket's argument.
_ARGUMENTS: dict[str, Argument] = {
    "assignee": "assignee",
    "tickettype": "type",
    "priority": "priority",
}
_ALWAYS_FILLED = {"subject", "description", "status", "custom_status", "group"}


class Allowed(Result):
    """A value that a field takes, and what people call it."""

    value: Line
    name: Line | None = None


class Consequence(Result):
    """What becomes required once a missing field has this value."""

    value: Line
    fields: list[Named]


class Missing(Result):
    """A field to fill in before the ticket can be solved, and the argument that does it."""

    id: int
    title: Line | None = None
    type: Line | None = None
    argument: Argument
    allowed_values: list[Allowed] | None = None
    more_values: int | None = None
    pattern: Line | None = None
    also_required_with: list[Consequence] | None = None


class SolveRequirements(Result):
    """Whether a ticket can be solved, and what is missing."""

    ticket_id: int
    verdict: Literal["ready", "incomplete", "already_solved", "closed"]
    status: Line | None = None
    form: Named | None = None
    missing: list[Missing] | None = None
    form_unreadable: bool | None = None


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the account asks of one ticket."""

    ticket: TicketRecord
    fields: Mapping[int, TicketField]
    form: FormRecord | None

    def missing(self) -> list[TicketField]:
        hidden, asked = self._by_conditions()
        return [
            field
            for field in self.fields.values()
            if field.active is not False
            and self._is_on_form(field)
            and (field.id in asked or (field.required and field.id not in hidden))
            and self._is_empty(field)
        ]

    def _is_on_form(self, field: TicketField) -> bool:
        on_form = self.form is None or field.id in (self.form.ticket_field_ids or [])
        return on_form or field.type == "assignee"

    def _by_conditions(self) -> tuple[set[int], set[int]]:
        """The fields that conditions hide, and those that they require on solve."""
        children: set[int] = set()
        shown: set[int] = set()
        asked: set[int] = set()
        for condition in self._conditions():
            holds = self._holds(condition)
            for child in condition.child_fields or []:
                children.add(child.id)
                if holds:
                    shown.add(child.id)
                    if _asked_on_solve(child):
                        asked.add(child.id)
        return children - shown, asked

    def _conditions(self) -> Iterable[Condition]:
        return (self.form.agent_conditions or []) if self.form else []

    def _holds(self, condition: Condition) -> bool:
        value = self._value(condition.parent_field_id)
        held = value if isinstance(value, list) else [value]
        return _told(condition.value) in {_told(one) for one in held}

    def _value(self, field_id: int) -> Any:
        kind = self.fields[field_id].type if field_id in self.fields else None
        if kind in _SYSTEM_VALUES:
            return getattr(self.ticket, _SYSTEM_VALUES[kind])
        values = {field.id: field.value for field in self.ticket.custom_fields or []}
        return values.get(field_id)

    def _is_empty(self, field: TicketField) -> bool:
        if field.type in _ALWAYS_FILLED:
            return False
        return self._value(field.id) in (None, "", False, [])

    def consequences(self, field: TicketField) -> list[Consequence]:
        """What a value of this field would require besides, by the form's conditions."""
        found = []
        for condition in self._conditions():
            if condition.parent_field_id != field.id:
                continue
            asked = [
                self.fields[child.id]
                for child in condition.child_fields or []
                if _asked_on_solve(child) and child.id in self.fields
            ]
            named = [Named(id=one.id, name=one.title) for one in asked if self._is_empty(one)]
            if named:
                found.append(Consequence(value=_told(condition.value), fields=named))
        return found


_SYSTEM_VALUES = {
    "assignee": "assignee_id",
    "tickettype": "type",
    "priority": "priority",
    "status": "status",
    "group": "group_id",
}


async def get_solve_requirements(zendesk: Zendesk, ticket_id: TicketId) -> SolveRequirements:
    """Tell what a ticket still needs before Zendesk accepts it as solved: each missing field with
    its allowed values, by required fields and the form's conditions.

    Use it before update_ticket or reply_to_ticket sets solved; set what is missing with
    update_ticket, and never make a value up: ask the user. For all fields use list_ticket_fields.
    """
    record = await read_ticket(zendesk, ticket_id)
    fields = await ticket_fields(zendesk)
    form = await _form_of(zendesk, record)
    done = record.status in {_SOLVED, CLOSED}
    rules = _Rules(record, fields, form)
    missing = [] if done else [_missing(rules, field) for field in rules.missing()]
    return SolveRequirements(
        ticket_id=record.id,
        verdict=_verdict(record, missing),
        status=record.status,
        form=Named(id=form.id, name=form.name) if form else None,
        missing=missing or None,
        form_unreadable=(form is None and record.ticket_form_id is not None) or None,
    )


async def _form_of(zendesk: Zendesk, record: TicketRecord) -> FormRecord | None:
    if record.ticket_form_id is None:
        return None
    try:
        forms = await all_forms(zendesk)
    except ZendeskError:
        return None  # the answer says so; the fields alone are worth telling
    return next((form for form in forms if form.id == record.ticket_form_id), None)


def _verdict(
    record: TicketRecord, missing: list[Missing]
) -> Literal["ready", "incomplete", "already_solved", "closed"]:
    if record.status == CLOSED:
        return "closed"
    if record.status == _SOLVED:
        return "already_solved"
    return "incomplete" if missing else "ready"


def _missing(rules: _Rules, field: TicketField) -> Missing:
    options = field.custom_field_options or field.system_field_options or []
    named = [Allowed(value=one.value, name=one.name) for one in options if one.value]
    pattern = field.regexp_for_validation if isinstance(field, PatternedField) else None
    return Missing(
        id=field.id,
        title=field.title,
        type=field.type,
        argument=_ARGUMENTS.get(field.type or "", "custom_fields"),
        allowed_values=named[:_MOST_VALUES] or None,
        more_values=max(0, len(named) - _MOST_VALUES) or None,
        pattern=pattern,
        also_required_with=rules.consequences(field) or None,
    )


def _asked_on_solve(child: ChildField) -> bool:
    """Whether solving needs this field. Where it cannot be told (statuses of the account's own, a
    type that is not known), asking for too much does less harm than a refusal.
    """
    on = child.required_on_statuses
    if on is None or on.type not in {_NEVER, _SOMETIMES, _ALWAYS}:
        return bool(child.is_required)
    if on.type == _SOMETIMES:
        return on.statuses is None or _SOLVED in on.statuses
    return on.type == _ALWAYS


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
