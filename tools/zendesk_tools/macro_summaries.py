"""What a macro does, in a line, without a ticket to try it on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import TicketField
from mcp_server_zendesk.connection.routing_records import Action, MacroRecord
from zendesk_tools.macro_effects import CUSTOM_FIELD, TAGS, beyond_an_update
from zendesk_tools.names import Names, group_names, look_up

_TAG_WORDS = {"set_tags": "replaces all tags by", "current_tags": "adds tags"}
_LONGEST_ID = 20
_PLAIN = {"status", "priority", "type", "subject", "brand_id", "ticket_form_id", "custom_status_id"}


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Names for what macros mention."""

    names: Names = field(default_factory=Names)
    fields: Mapping[int, TicketField] = field(default_factory=dict)


async def mentioned(zendesk: Zendesk, macros: Iterable[MacroRecord]) -> Mentioned:
    """Names for what some macros mention; each kind is asked for only where there is any."""
    actions = [action for macro in macros for action in macro.actions or []]
    people = {int(one.text) for one in actions if one.field == "assignee_id" and _is_id(one.text)}
    names = await look_up(zendesk, people)
    restricted = any(one.restriction and one.restriction.group_ids for one in macros)
    if restricted or any(one.field == "group_id" and _is_id(one.text) for one in actions):
        names.groups = await group_names(zendesk)
    custom = any(CUSTOM_FIELD.fullmatch(one.field) for one in actions)
    if custom and zendesk.may(FIELDS_SCOPE):
        try:
            return Mentioned(names, await ticket_fields(zendesk))
        except ZendeskError:
            pass  # ids will do
    return Mentioned(names)


def summary(macro: MacroRecord, known: Mentioned) -> str:
    """All that a macro does, in a line."""
    said = [words for one in macro.actions or [] if (words := _words(one, known))]
    public = comments_publicly(macro)
    if public is not None:
        said.append("public reply" if public else "internal note")
    said += [f"{name} (not by apply_macro)" for name in beyond_an_update(macro)]
    return ", ".join(said) or "nothing"


def comments_publicly(macro: MacroRecord) -> bool | None:
    """Whether its comment goes out; None without a comment. Where it does not say, it may."""
    given = {action.field: action.text for action in macro.actions or []}
    if not (given.get("comment_value") or given.get("comment_value_html")):
        return None
    return given.get("comment_mode_is_public", "true").casefold() != "false"


def _words(action: Action, known: Mentioned) -> str | None:
    """One action in words; None for what is told apart from the others, such as the comment."""
    key, value = action.field, action.text
    if key in TAGS:
        return f"{_TAG_WORDS.get(key, 'removes tags')} {' '.join(value.split()) or 'nothing'}"
    if key == "assignee_id":
        return f"assigns to {_person(value, known)}" if value else "unassigns"
    if key == "group_id":
        return f"moves to {_group(value, known)}" if value else "removes the group"
    custom = CUSTOM_FIELD.fullmatch(key)
    if custom or key in _PLAIN:
        name = _title(int(custom[1]), known) if custom else key.removesuffix("_id")
        return f"sets {name} {value}" if value else f"clears {name}"
    return None


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) <= _LONGEST_ID


def _person(value: str, known: Mentioned) -> str:
    if value == "current_user":
        return "you"
    person = known.names.users.get(int(value)) if _is_id(value) else None
    return (person.name or value) if person else value


def _group(value: str, known: Mentioned) -> str:
    if value == "current_groups":
        return "your own group"
    return f"group {known.names.groups.get(int(value), value) if _is_id(value) else value}"


def _title(field_id: int, known: Mentioned) -> str:
    found = known.fields.get(field_id)
    return (found.title if found else None) or f"field {field_id}"
