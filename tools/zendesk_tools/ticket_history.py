"""What happened to a ticket: who, or which business rule, changed what and told whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from mcp_server_zendesk.connection.audit_records import HistoryAudit, HistoryEvent, SourcedVia
from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.field_records import CustomStatus
from mcp_server_zendesk.connection.fields import custom_statuses, ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import parse_list
from mcp_server_zendesk.connection.routing_records import all_forms
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.results import Line, Page, Result, Time
from zendesk_tools.names import Author, Names, group_names, look_up
from zendesk_tools.tickets import TicketId

_PEOPLE = {"assignee_id", "requester_id", "submitter_id"}
_GROUP = "group_id"
_CUSTOM_STATUS = "custom_status_id"
_FORM = "ticket_form_id"
_CREATED, _CHANGED = "Create", "Change"
# Of a new ticket these tell nothing that happened: they follow from the requester, or are usual.
_GIVEN = {"organization_id", "brand_id", _FORM}
_COMMENTS = {"Comment", "VoiceComment", "FacebookComment", "Tweet"}
_NOTICES = {
    "Notification",
    "NotificationWithCcs",
    "SmsNotification",
    "Cc",
    "FollowerNotificationEvent",
    "OrganizationActivity",
}
_MOST_NAMED = 5


class FieldChange(Result):
    """A field that got another value; tags and people in copy as what was added and removed."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    field: Line
    before: Annotated[Line | None, Field(alias="from")] = None
    after: Annotated[Line | None, Field(alias="to")] = None
    rule: Line | None = None


class Update(Result):
    """One update of a ticket, by a person or by a business rule."""

    at: Time | None = None
    by: Author | None = None
    rule: Line | None = None
    via: Line | None = None
    changes: list[FieldChange] | None = None
    comments: list[Line] | None = None
    macros: list[Line] | None = None
    notified: list[Line] | None = None
    other: list[Line] | None = None


@dataclass(slots=True)
class _Known:
    """Names for the ids in a page of audits."""

    people: Names
    groups: Mapping[int, str] = field(default_factory=dict)
    titles: Mapping[int, str] = field(default_factory=dict)
    statuses: Mapping[int, CustomStatus] = field(default_factory=dict)
    forms: Mapping[int, str] = field(default_factory=dict)


async def get_ticket_history(
    zendesk: Zendesk,
    ticket_id: TicketId,
    limit: Annotated[int, Field(ge=1, le=100, description="Updates a page")] = 20,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[Update]:
    """Tell what happened to a ticket, newest first: who or which trigger, automation or macro
    changed which field, and who was notified.

    Use it to find out why a ticket is as it is, e.g. who closed it or whether the customer got
    mail. For the comments use list_ticket_comments, for the present state get_ticket.
    """
    query = {"tool": "get_ticket_history", "ticket_id": ticket_id}
    params: dict[str, str | int] = {"page[size]": limit, "sort": "-created_at"}
    if cursor is not None:
        params["page[after]"] = unseal(cursor, query)
    if zendesk.may("users:read"):
        params["include"] = "users"
    answer = await zendesk.get("tickets", ticket_id, "audits", params=params)
    audits = parse_list(HistoryAudit, answer, "audits")
    # An archived ticket's audits come all at once, in whatever order.
    audits.sort(key=lambda audit: (audit.created_at is not None, audit.created_at, audit.id))
    known = await _names_for(zendesk, audits, Names.of(answer))
    after = next_cursor(answer)
    return Page[Update](
        items=[_update(audit, known) for audit in reversed(audits)],
        has_more=after is not None,
        next_cursor=seal(after, query) if after else None,
    )


async def what_happened(zendesk: Zendesk, audit: HistoryAudit) -> tuple[Update, Names]:
    """One update as the history tells it, and the people in it."""
    known = await _names_for(zendesk, [audit], Names())
    return _update(audit, known), known.people


async def _names_for(zendesk: Zendesk, audits: Iterable[HistoryAudit], side: Names) -> _Known:
    """Names of what the events hold. Without them there are ids."""
    events = [event for audit in audits for event in audit.events or []]
    fields = {
        event.field_name
        for event in events
        if event.field_name and (event.value or event.previous_value)
    }
    wanted = {audit.author_id for audit in audits if (audit.author_id or 0) > 0}
    for event in events:
        values = [event.value, event.previous_value] if event.field_name in _PEOPLE else []
        told = [*values, *(event.recipients or [])]
        wanted |= {int(str(one)) for one in told if str(one).isdecimal()}
    people = await look_up(zendesk, (one for one in wanted if one and one not in side.users))
    people.users |= side.users
    known = _Known(people)
    if _GROUP in fields:
        known.groups = await group_names(zendesk)
    try:
        if any(name.isdecimal() for name in fields):
            found = (await ticket_fields(zendesk)).items()
            known.titles = {key: one.title or "" for key, one in found}
        if _CUSTOM_STATUS in fields:
            known.statuses = await custom_statuses(zendesk)
        if any(event.type == _CHANGED and event.field_name == _FORM for event in events):
            known.forms = {form.id: form.name or "" for form in await all_forms(zendesk)}
    except ZendeskError:
        pass  # the history is worth more than the titles in it
    return known


def _update(audit: HistoryAudit, known: _Known) -> Update:
    events = audit.events or []
    rule = _rule(audit.via)
    author = audit.author_id if (audit.author_id or 0) > 0 else None
    changed = {event.field_name for event in events}
    told = _Told(known, rule, repeats_status="status" in changed)
    for event in events:
        told.add(event)
    return Update(
        at=audit.created_at,
        by=known.people.author(author) if rule is None else None,
        rule=rule or (None if author else "a business rule"),
        via=_via(audit.via),
        changes=told.changes or None,
        comments=told.comments or None,
        macros=told.macros or None,
        notified=told.notified or None,
        other=list(dict.fromkeys(told.other)) or None,
    )


@dataclass(slots=True)
class _Told:
    """The events of one audit, sorted into what a reader asks for."""

    known: _Known
    rule: str | None
    repeats_status: bool
    changes: list[FieldChange] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    macros: list[str] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def add(self, event: HistoryEvent) -> None:
        kind = event.type or "event"
        if kind in {_CREATED, _CHANGED} and event.field_name:
            if kind == _CHANGED or event.field_name not in _GIVEN:
                self._add_change(event, event.field_name)
        elif kind in _COMMENTS:
            self.comments.append(f"{_privacy(event.public)} {event.id}")
        elif kind in _NOTICES:
            self.notified.append(_notice(event, self.known.people))
        elif kind == "AgentMacroReference":
            self.macros.append(event.macro_title or str(event.macro_id))
        elif kind == "EmailCcChange":
            pair = (event.previous_email_ccs, event.current_email_ccs)
            self._add_difference("email_ccs", *pair, event)
        elif kind == "FollowerChange":
            pair = (event.previous_followers, event.current_followers)
            self._add_difference("followers", *pair, event)
        else:
            self.other.append(_other(event, kind))

    def _add_change(self, event: HistoryEvent, key: str) -> None:
        if key == _CUSTOM_STATUS and self.repeats_status and self._is_usual(event.value):
            return
        if isinstance(event.value, list) or isinstance(event.previous_value, list):
            self._add_difference(_name(key, self.known), event.previous_value, event.value, event)
            return
        before = _value(key, event.previous_value, self.known)
        after = _value(key, event.value, self.known)
        if before or after:
            own = self._own_rule(event)
            self.changes.append(
                FieldChange(field=_name(key, self.known), before=before, after=after, rule=own)
            )

    def _add_difference(self, name: str, before: Any, after: Any, event: HistoryEvent) -> None:
        was, now = _texts(before), _texts(after)
        moved = [
            *(f"+{one}" for one in now if one not in was),
            *(f"-{one}" for one in was if one not in now),
        ]
        if moved:
            own = self._own_rule(event)
            self.changes.append(FieldChange(field=name, after=" ".join(moved), rule=own))

    def _is_usual(self, status: Any) -> bool:
        """Whether a custom status says no more than the status that changed with it."""
        known = self.known.statuses.get(int(status)) if str(status).isdecimal() else None
        return known is None or known.default is True

    def _own_rule(self, event: HistoryEvent) -> str | None:
        """The rule that did just this, where another one or a person made the update."""
        rule = _rule(event.via)
        return None if rule == self.rule else rule


def _rule(via: SourcedVia | None) -> str | None:
    """``trigger Notify requester``, where a business rule did it."""
    if via is None or via.channel != "rule":
        return None
    source = via.source
    kind = source.rel if source and source.rel else "rule"
    title = source.origin.title if source and source.origin else None
    return f"{kind} {title}" if title else kind


def _via(via: SourcedVia | None) -> str | None:
    """The channel, and the ticket that it came from: ``web, merge with ticket 1007``."""
    if via is None or via.channel in {None, "rule"}:
        return None
    source = via.source
    other = source.origin.ticket_id if source and source.origin else None
    rel = source.rel if source and source.rel else None
    return f"{via.channel}, {rel} with ticket {other}" if rel and other else str(via.channel)


def _name(key: str, known: _Known) -> str:
    if key.isdecimal():
        return known.titles.get(int(key)) or key
    return key if key == "external_id" else key.removesuffix("_id")


def _value(key: str, value: Any, known: _Known) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, dict):  # an SLA target
        return f"{value['minutes']} minutes" if "minutes" in value else None
    text = str(value)
    number = int(text) if text.isdecimal() else 0
    if key in _PEOPLE:
        return _person(number, known.people) if number else text
    if key == _CUSTOM_STATUS and number in known.statuses:
        return known.statuses[number].agent_label or text
    names = {_GROUP: known.groups, _FORM: known.forms}.get(key, {})
    return f"{name} ({text})" if (name := names.get(number)) else text


def _texts(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _person(user_id: int, people: Names) -> str:
    known = people.users.get(user_id)
    return f"{known.name} ({user_id})" if known and known.name else f"user {user_id}"


def _notice(event: HistoryEvent, people: Names) -> str:
    """Who was written to, and by which rule."""
    ids = [str(one) for one in event.recipients or []]
    named = [_person(int(one), people) if one.isdecimal() else one for one in ids[:_MOST_NAMED]]
    more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
    rule = _rule(event.via)
    return (", ".join(named) + more or "someone") + (f" by {rule}" if rule else "")


def _privacy(public: bool | None) -> str:
    return "internal note" if public is False else "public comment"


def _other(event: HistoryEvent, kind: str) -> str:
    if kind == "CommentPrivacyChange":
        article = "an" if event.public is False else "a"
        return f"comment {event.comment_id} became {article} {_privacy(event.public)}"
    if kind == "SatisfactionRating" and event.score:
        return f"satisfaction: {event.score}"
    return f"{kind} of comment {event.comment_id}" if event.comment_id else kind
