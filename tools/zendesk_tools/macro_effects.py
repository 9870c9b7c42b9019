"""What a macro would do to a ticket: as Zendesk works it out, before anything is changed."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mcp_server_zendesk.connection.errors import (
    Conflict,
    Refusal,
    TicketClosed,
    ZendeskError,
)
from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import custom_statuses, ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.records import TicketField, TicketRecord
from mcp_server_zendesk.connection.routing_records import (
    MACROS_SCOPE,
    MacroComment,
    MacroOutcome,
    MacroRecord,
    all_forms,
    all_macros,
    macro_outcome,
    read_macro,
)
from mcp_server_zendesk.serving.refusals import InvalidArguments
from zendesk_tools.names import Names, group_names, look_up
from zendesk_tools.people import find_named, read_id
from zendesk_tools.ticket_changes import CLOSED, read_ticket

CUSTOM_FIELD = re.compile(r"(?:custom|ticket)_fields_(\d{1,20})")
"""Actions on custom fields; the second form is of older macros."""

_KEYS = (
    "subject",
    "status",
    "custom_status_id",
    "type",
    "priority",
    "assignee_id",
    "group_id",
    "brand_id",
    "ticket_form_id",
)
TAGS = ("set_tags", "current_tags", "remove_tags")
COMMENTS = ("comment_value", "comment_value_html", "comment_mode_is_public")
_MENDED = {*_KEYS, *TAGS, *COMMENTS}
_ARGUMENTS = {
    "assignee_id": "assignee",
    "group_id": "group",
    "ticket_form_id": "form",
    "brand_id": "brand",
    "custom_status_id": "custom status",
}
_CONFLICT = 409
_REFUSED = 422
_NOTHING: tuple[object, ...] = (None, "", [], False)
_MARKUP = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Known:
    """Names for the ids that an effect mentions, as far as the scopes allow to know them."""

    names: Names = field(default_factory=Names)
    values: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    fields: Mapping[int, TicketField] = field(default_factory=dict)

    def key(self, key: str) -> str:
        """A field as people call it; custom fields, which go by id, by their title."""
        if key.isdecimal() and int(key) in self.fields:
            return self.fields[int(key)].title or key
        return _ARGUMENTS.get(key, key)

    def value(self, key: str, value: object) -> str | None:
        """A value in words; None where there is none."""
        if value in _NOTHING:
            return None
        if isinstance(value, list):
            return ", ".join(str(entry) for entry in value)
        if value is True:
            return "true"
        if key in self.values and str(value).isdecimal():
            name = self.values[key].get(int(str(value)))
            return f"{name} ({value})" if name else str(value)
        return str(value)


@dataclass(frozen=True, slots=True)
class Effects:
    """What a macro would change on one ticket, as it stands now.

    ``changes`` are values before and after by Zendesk's keys, custom fields by their id.
    ``not_applied`` names actions that an update of the ticket cannot do.
    """

    macro: MacroRecord
    ticket: TicketRecord
    changes: Mapping[str, tuple[Any, Any]]
    tags: list[str] | None
    comment: MacroComment | None
    not_applied: list[str]

    @property
    def public(self) -> bool:
        """Whether the comment would go out. Where the macro does not say, it is as the ticket."""
        if self.comment is None:
            return False
        if self.comment.public is not None:
            return self.comment.public
        return self.ticket.is_public is not False

    @property
    def text(self) -> str:
        """The comment, to the letter as it would be sent."""
        comment = self.comment or MacroComment()
        return comment.html_body or comment.body or ""

    @property
    def letters(self) -> str:
        """The comment's words without markup, by which it can be found again."""
        comment = self.comment or MacroComment()
        if not comment.html_body:
            return comment.body or ""
        return html.unescape(_MARKUP.sub(" ", comment.html_body))

    @property
    def tags_added(self) -> list[str]:
        """Tags that the ticket does not have yet."""
        return sorted(set(self.tags or ()) - set(self.ticket.tags or ()))

    @property
    def tags_removed(self) -> list[str]:
        """Tags that it would lose."""
        return [] if self.tags is None else sorted(set(self.ticket.tags or ()) - set(self.tags))

    @property
    def asked(self) -> dict[str, Any]:
        """All that changes, by key: to tell it from side effects."""
        asked = {key: after for key, (_, after) in self.changes.items()}
        if self.tags is not None:
            asked["tags"] = self.tags
        if self.comment is not None:
            asked["comment"] = self.text
        return asked

    @property
    def update(self) -> dict[str, Any]:
        """The ticket as Update Ticket takes it; empty where nothing changes."""
        asked = self.asked
        custom = {key: value for key, value in asked.items() if key.isdecimal()}
        ticket = {key: value for key, value in asked.items() if key not in custom}
        if custom:
            ticket["custom_fields"] = [{"id": int(key), "value": custom[key]} for key in custom]
        if self.comment is not None:
            form = "html_body" if self.comment.html_body else "body"
            ticket["comment"] = {form: self.text, "public": self.public}
        return ticket

    def are_done(self, ticket: TicketRecord) -> bool:
        """Whether a ticket is as the macro would leave it, its comment aside."""
        now = _values(ticket, ticket.custom_fields or ())
        done = all(_same(now.get(key), after) for key, (_, after) in self.changes.items())
        return done and (self.tags is None or set(self.tags) == set(ticket.tags or ()))


async def find_macro(zendesk: Zendesk, said: str | int) -> MacroRecord:
    """A macro in use, by id or title.

    Raises:
        InvalidArguments: None, or more than one, answers to it; or it is switched off.
    """
    text = str(said).strip()
    macro_id = read_id("macro", text)
    if macro_id is None:
        titles = {one.id: one.title or "" for one in await all_macros(zendesk)}
        macro_id = find_named("macro", "macro", text, titles)
    macro = await read_macro(zendesk, macro_id)
    if macro.active is False:
        raise InvalidArguments.of("macro", "is switched off; list_macros has those in use")
    return macro


async def effects_of(
    zendesk: Zendesk,
    ticket_id: int,
    said: str | int,
    *,
    expected: datetime | None = None,
    to_apply: bool = False,
) -> Effects:
    """What a macro would do to a ticket.

    Args:
        zendesk: The call's handle.
        ticket_id: The ticket.
        said: The macro's id or title.
        expected: ``updated_at`` that the ticket has to have.
        to_apply: What no ticket like this takes is refused before a human is asked.

    Raises:
        Conflict: The ticket changed since ``expected``.
        TicketClosed: It is closed, and ``to_apply`` would add a comment to it.
    """
    macro = await find_macro(zendesk, said)
    ticket = await read_ticket(zendesk, ticket_id)
    if expected is not None and ticket.updated_at and stamp(ticket.updated_at) != stamp(expected):
        raise Conflict(Refusal(status=_CONFLICT))
    outcome = await macro_outcome(zendesk, ticket_id, macro.id)
    comment = outcome.comment
    if comment is not None and not (comment.body or comment.html_body):
        comment = None
    if to_apply and comment is not None and ticket.status == CLOSED:
        raise TicketClosed(Refusal(status=_REFUSED), ticket_id=ticket_id)
    tags = outcome.tags
    return Effects(
        macro=macro,
        ticket=ticket,
        changes=_changes(ticket, outcome),
        tags=tags if tags is not None and set(tags) != set(ticket.tags or ()) else None,
        comment=comment,
        not_applied=beyond_an_update(macro),
    )


async def as_first_asked(zendesk: Zendesk, effects: Effects) -> Effects:
    """The effects of the first question about this macro on this ticket, as both still are.

    A text that tells the time is another one at each look: no yes to it would ever count.
    """

    async def these() -> Effects:
        return effects

    records = (effects.macro, effects.ticket)
    both = "\n".join(record.model_dump_json() for record in records)
    name = f"asked about:{hashlib.sha256(both.encode()).hexdigest()}"
    return await zendesk.cached(name, these, scope=MACROS_SCOPE)


def beyond_an_update(macro: MacroRecord) -> list[str]:
    """Actions of a macro that no update of the ticket can do, such as a side conversation."""
    names = dict.fromkeys(action.field for action in macro.actions or [])
    return [name for name in names if name not in _MENDED and not CUSTOM_FIELD.fullmatch(name)]


def _changes(ticket: TicketRecord, outcome: MacroOutcome) -> dict[str, tuple[Any, Any]]:
    """Only what Zendesk's answer holds, and says otherwise than the ticket."""
    before = _values(ticket, ticket.custom_fields or ())
    after = {key: getattr(outcome, key) for key in _KEYS if key in outcome.model_fields_set}
    for given in (outcome.fields, outcome.custom_fields):
        after |= {str(one.id): one.value for one in given or ()}
    return {
        key: (before.get(key), value)
        for key, value in after.items()
        if not _same(before.get(key), value)
    }


def _values(ticket: TicketRecord, fields: Iterable[Any]) -> dict[str, Any]:
    return {key: getattr(ticket, key) for key in _KEYS} | {str(one.id): one.value for one in fields}


def _same(before: object, after: object) -> bool:
    if before in _NOTHING and after in _NOTHING:
        return True
    if isinstance(before, list) and isinstance(after, list):
        return sorted(map(str, before)) == sorted(map(str, after))
    return before == after or str(before) == str(after)


async def titles_for(
    zendesk: Zendesk, changes: Mapping[str, tuple[Any, Any]]
) -> Mapping[int, TicketField]:
    """The ticket fields, where custom ones change and the scopes allow to know their titles."""
    if any(key.isdecimal() for key in changes) and zendesk.may(FIELDS_SCOPE):
        try:
            return await ticket_fields(zendesk)
        except ZendeskError:
            pass  # ids will do
    return {}


async def known_for(
    zendesk: Zendesk, changes: Mapping[str, tuple[Any, Any]], people: Iterable[int] = ()
) -> Known:
    """Names for what changes, and for other people; each kind is asked for where there is any."""
    assignees = {int(value) for value in changes.get("assignee_id", ()) if value}
    names = await look_up(zendesk, assignees.union(people))
    users = {number: user.name or "" for number, user in names.users.items()}
    values: dict[str, Mapping[int, str]] = {"assignee_id": users}
    if "group_id" in changes:
        values["group_id"] = await group_names(zendesk)
    if zendesk.may(FIELDS_SCOPE):
        try:
            if "ticket_form_id" in changes:
                forms = await all_forms(zendesk)
                values["ticket_form_id"] = {form.id: form.name or "" for form in forms}
            if "custom_status_id" in changes:
                statuses = (await custom_statuses(zendesk)).values()
                values["custom_status_id"] = {one.id: one.agent_label or "" for one in statuses}
        except ZendeskError:
            pass  # ids will do
    return Known(names=names, values=values, fields=await titles_for(zendesk, changes))
