"""Conditions and actions of business rules in words: names where Zendesk has ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import TicketField
from mcp_server_zendesk.connection.rule_records import Action, Condition, Conditions
from mcp_server_zendesk.serving.cleaning.text import clean_line
from zendesk_tools.names import Names, group_names, look_up

_LONGEST_VALUE = 200
_CUSTOM = "custom_fields_"
_GROUPS = {"group_id", "notification_group"}
_PEOPLE = {"assignee_id", "requester_id", "notification_user", "cc", "follower"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names of what rules mention by id."""

    names: Names = field(default_factory=Names)
    fields: dict[int, TicketField] = field(default_factory=dict)

    def condition(self, one: Condition) -> str:
        """``status less_than solved``."""
        return f"{self._field(one.field)} {one.operator or 'is'} {self._value(one)}".strip()

    def conditions(self, several: Iterable[Condition] | None) -> list[str] | None:
        """A line for each; None where there are none."""
        return [self.condition(one) for one in several or []] or None

    def action(self, one: Action) -> str:
        """``priority: high``."""
        return f"{self._field(one.field)}: {self._value(one)}"

    def _field(self, name: str | None) -> str:
        number = (name or "").removeprefix(_CUSTOM)
        if number != name and number.isdecimal():
            known = self.fields.get(int(number))
            return clean_line(known.title or number) if known else f"field {number}"
        return name or "(no field)"

    def _value(self, one: Condition | Action) -> str:
        given = one.value if isinstance(one.value, list) else [one.value]
        said = [self._name(one.field, entry) for entry in given if entry not in (None, "")]
        return clean_line(", ".join(said), _LONGEST_VALUE) or "(empty)"

    def _name(self, field_name: str | None, value: object) -> str:
        text = str(value)
        if not _is_id(text):
            return text
        number = int(text)
        if field_name in _GROUPS:
            name = self.names.groups.get(number)
        elif field_name in _PEOPLE:
            known = self.names.users.get(number)
            name = known.name if known else None
        else:
            name = None
        return f"{name} ({text})" if name else text


async def vocabulary_of(
    zendesk: Zendesk, conditions: Iterable[Conditions | None], actions: Iterable[Action] = ()
) -> Vocabulary:
    """What is mentioned in rules, as far as the scopes allow: two kept lists, and one request for
    people where there are any.
    """
    mentioned: list[Condition | Action] = [*actions]
    for one in conditions:
        mentioned += [*(one.all or []), *(one.any or [])] if one else []
    people = {number for one in mentioned if one.field in _PEOPLE for number in _ids(one)}
    names = await look_up(zendesk, people) if people else Names()
    if any(one.field in _GROUPS and _ids(one) for one in mentioned):
        names.groups = await group_names(zendesk)
    custom = any((one.field or "").startswith(_CUSTOM) for one in mentioned)
    return Vocabulary(names, await _fields(zendesk) if custom else {})


async def _fields(zendesk: Zendesk) -> dict[int, TicketField]:
    if not zendesk.may(FIELDS_SCOPE):
        return {}
    try:
        return await ticket_fields(zendesk)
    except ZendeskError:
        return {}  # the rules are worth more than the titles in them


def _ids(one: Condition | Action) -> list[int]:
    given = one.value if isinstance(one.value, list) else [one.value]
    return [int(str(entry)) for entry in given if _is_id(str(entry))]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(2**63))
