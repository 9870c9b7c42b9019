"""A change to many tickets as a value: what is sent, whether a ticket has it, and in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import TicketField, TicketRecord
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from zendesk_tools.custom_fields import CustomFields, as_sent, read_custom_fields
from zendesk_tools.names import group_names, look_up
from zendesk_tools.people import NOBODY, as_said, find_agent, find_group
from zendesk_tools.ticket_tags import clean_tags

ARGUMENTS = {
    "assignee_id": "assignee",
    "group_id": "group",
    "additional_tags": "add_tags",
}
"""Arguments that Zendesk calls otherwise."""

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be so afterwards, in Zendesk's names."""

    body: dict[str, Any]
    fields: dict[int, TicketField]

    def differs_in(self, ticket: TicketRecord) -> list[str]:
        """The arguments that do not hold for a ticket."""
        held = {
            "status": ticket.status,
            "priority": ticket.priority,
            "type": ticket.type,
            "assignee_id": ticket.assignee_id,
            "group_id": ticket.group_id,
        }
        body, tags = self.body, {tag.casefold() for tag in ticket.tags or []}
        differing = [
            ARGUMENTS.get(key, key) for key in held if body.get(key, held[key]) != held[key]
        ]
        if not tags.issuperset(body.get("additional_tags", ())):
            differing.append("add_tags")
        if not tags.isdisjoint(body.get("remove_tags", ())):
            differing.append("remove_tags")
        values = {field.id: field.value for field in ticket.custom_fields or []}
        differing += [
            self.title(wanted["id"])
            for wanted in body.get("custom_fields", ())
            if _plain(values.get(wanted["id"])) != _plain(wanted["value"])
        ]
        return differing

    def title(self, field_id: int) -> str:
        """A custom field by its title, where that is known."""
        field = self.fields.get(field_id)
        return clean_line(field.title or str(field_id)) if field else str(field_id)


def _plain(value: object) -> object:
    """A custom field's value in one form: Zendesk writes numbers as text, and no as nothing."""
    if value is None or value is False or value in ("", []):
        return None
    if isinstance(value, list):
        return {str(entry) for entry in value}
    text = str(value)
    return float(text) if _NUMBER.fullmatch(text) else text


async def wanted_change(
    zendesk: Zendesk,
    status: str | None,
    priority: str | None,
    kind: str | None,
    assignee: str | int | None,
    group: str | int | None,
    add_tags: list[str] | None,
    remove_tags: list[str] | None,
    custom_fields: CustomFields,
) -> Change:
    """The change in Zendesk's names.

    Raises:
        InvalidArguments: There is none, or a name in it is not known.
    """
    given = {"status": status, "priority": priority, "type": kind}
    body: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    for key, said, find in (
        ("assignee_id", assignee, find_agent),
        ("group_id", group, find_group),
    ):
        if said is not None:
            text = as_said(ARGUMENTS[key], said)
            body[key] = None if text.casefold() == NOBODY else await find(zendesk, text)
    for argument, key, tags in (
        ("add_tags", "additional_tags", add_tags),
        ("remove_tags", "remove_tags", remove_tags),
    ):
        if tags:
            body[key] = list(clean_tags(argument, tags))
    if set(body.get("additional_tags", ())) & set(body.get("remove_tags", ())):
        raise InvalidArguments.of("remove_tags", "names a tag that add_tags names too")
    values, fields = await read_custom_fields(zendesk, custom_fields)
    if values:
        body["custom_fields"] = as_sent(values)
    if not body:
        raise InvalidArguments.of("arguments", "name nothing to change; give at least one field")
    return Change(body, fields)


async def in_words(zendesk: Zendesk, change: Change) -> list[str]:
    """The change as a person reads it: a line for each field, people and groups by name."""
    lines = []
    for key, value in change.body.items():
        if key == "custom_fields":
            lines += [
                f"{shown.short(change.title(one['id']))}: {_shown(one['value'])}" for one in value
            ]
            continue
        words = _shown(value)
        if key == "assignee_id" and value is not None:
            words = f"{(await look_up(zendesk, [value])).address(value)} ({value})"
        elif key == "group_id" and value is not None:
            name = (await group_names(zendesk)).get(value)
            words = f"{shown.short(name)} ({value})" if name else str(value)
        lines.append(f"{_NAMES.get(key, key).capitalize()}: {words}")
    return lines


_NAMES = {
    "assignee_id": "assignee",
    "group_id": "group",
    "additional_tags": "add tags",
    "remove_tags": "remove tags",
}


def _shown(value: object) -> str:
    if value in (None, "", []):
        return "none"
    return shown.whole(value)
