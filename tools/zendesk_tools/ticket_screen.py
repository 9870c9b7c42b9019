"""The parts of a ticket's screen: its fields, its clocks, what it hangs on, its latest comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mcp_server_zendesk.connection.field_records import CustomStatus
from mcp_server_zendesk.connection.records import (
    CommentRecord,
    Minutes,
    TicketField,
    TicketRecord,
    parse_list,
)
from mcp_server_zendesk.connection.ticket_records import DatedMetricSet, FullTicket, SlaTarget
from mcp_server_zendesk.serving.cleaning.text import Cleaned, clean_message
from mcp_server_zendesk.serving.results import Body, Line, Result, Time
from zendesk_tools.long_values import Value, told_of, value_of
from zendesk_tools.names import Author, Names

MERGED_TAG = "closed_by_merge"
_NUMBER = re.compile(r"#(\d{1,20})\b")
_STAFF = {"agent", "admin"}
_MAIL = {None, "email", "mail"}
_LONGEST_NOTICE = 1_500
_EMPTY: tuple[object, ...] = (None, "", [])
_CLEAN = {None, "malware_not_found"}
_ACHIEVED = {"achieved", "fulfilled"}


class File(Result):
    """A file at a comment."""

    id: int
    name: Line | None = None
    type: Line | None = None
    bytes: int | None = None
    malware: Line | None = None


class Said(Result):
    """One of the latest comments; ``by`` is the author's name and role."""

    by: Line | None = None
    public: bool | None = None
    created_at: Time | None = None
    body: Body
    truncated: bool | None = None
    quoted_lines_folded: int | None = None
    hidden_text_removed: int | None = None
    attachments: list[File] | None = None


class CustomValue(Result):
    """A custom field that has a value; its id where it has no title."""

    id: int | None = None
    title: Line | None = None
    value: bool | int | float | list[Line] | Value
    truncated: bool | None = None
    hidden_text_removed: int | None = None


class Sla(Result):
    """A target of the ticket's SLA policy."""

    metric: Line | None = None
    breach_at: Time | None = None
    breached: bool | None = None
    paused: bool | None = None


class Metrics(Result):
    """A ticket's times in calendar minutes, and its counts."""

    reopens: int | None = None
    replies: int | None = None
    first_reply_minutes: int | None = None
    first_resolution_minutes: int | None = None
    full_resolution_minutes: int | None = None
    requester_wait_minutes: int | None = None
    agent_wait_minutes: int | None = None
    on_hold_minutes: int | None = None
    solved_at: Time | None = None
    requester_updated_at: Time | None = None


def files_of(record: CommentRecord) -> list[File] | None:
    """The files at a comment."""
    found = [
        File(
            id=file.id,
            name=file.file_name,
            type=file.content_type,
            bytes=file.size,
            malware=None if file.malware_scan_result in _CLEAN else file.malware_scan_result,
        )
        for file in record.attachments or []
    ]
    return found or None


def body_of(record: CommentRecord, limit: int, *, quoted: bool = False) -> Cleaned:
    """From the HTML, which tells what was hidden; plain text only where there is none. The mail
    history below a comment that came by mail is folded, unless ``quoted`` asks for it.
    """
    channel = record.via.channel if record.via else None
    return clean_message(
        record.html_body,
        record.plain_body or record.body,
        limit,
        unfold=quoted or channel not in _MAIL,
    )


def latest(comments: Iterable[CommentRecord], names: Names, limit: int) -> list[Said]:
    """The latest comments, as short as they can be told."""
    return [_said(record, names, limit) for record in comments]


def _said(record: CommentRecord, names: Names, limit: int) -> Said:
    body = body_of(record, limit)
    return Said(
        by=_by(record.author_id, names),
        public=record.public,
        created_at=record.created_at,
        body=body,
        truncated=body.truncated or None,
        quoted_lines_folded=body.folded or None,
        hidden_text_removed=body.hidden or None,
        attachments=files_of(record),
    )


def _by(author_id: int | None, names: Names) -> str | None:
    author = names.author(author_id)
    if author is None:
        return None
    role = f" ({author.role})" if author.role else ""
    return f"{author.label}{role}"


def requester(record: TicketRecord, names: Names) -> Author | None:
    """Whose ticket it is; with the role only where it is not a customer's."""
    found = names.author(record.requester_id)
    if found is None or found.role != "end-user":
        return found
    return Author(id=found.id, name=found.name)


def has_custom_values(record: TicketRecord) -> bool:
    """Whether there is a value whose field's title is wanted."""
    return any(_told(field.value) for field in record.custom_fields or [])


def custom_values(
    record: TicketRecord, fields: Mapping[int, TicketField], *, ids: bool
) -> list[CustomValue] | None:
    """The custom fields that have a value. A box that is not ticked has none."""
    titles = {key: field.title for key, field in fields.items() if field.title}
    often = list(titles.values())
    found = []
    for field in record.custom_fields or []:
        if not _told(field.value):
            continue
        title = titles.get(field.id)
        unique = title is not None and often.count(title) == 1
        value = _value(field.value)
        found.append(
            CustomValue(
                id=field.id if ids or not unique else None,
                title=title,
                value=value,
                **told_of([value]),
            )
        )
    return found or None


def _told(value: object) -> bool:
    return value not in _EMPTY and value is not False


def _value(value: object) -> str | Cleaned | list[str] | int | float | bool:
    if isinstance(value, list):
        return [str(entry) for entry in value]
    return value if isinstance(value, bool | int | float) else value_of(str(value))


def custom_status(record: TicketRecord, answer: Mapping[str, Any]) -> str | None:
    """The account's own name of the status, where it is not the usual one of its kind."""
    for status in parse_list(CustomStatus, answer, "custom_statuses"):
        if status.id == record.custom_status_id and status.default is not True:
            return status.agent_label
    return None


def sla_targets(record: FullTicket) -> list[Sla] | None:
    """What the SLA policy still demands, the most urgent first."""
    targets = [
        target
        for target in (record.slas.policy_metrics if record.slas else None) or []
        if target.stage not in _ACHIEVED
    ]
    return [_sla(target) for target in sorted(targets, key=_urgency)] or None


def _urgency(target: SlaTarget) -> tuple[bool, bool, str]:
    at = target.breach_at
    return target.stage == "paused", at is None, at.isoformat() if at else ""


def _sla(target: SlaTarget) -> Sla:
    return Sla(
        metric=target.metric,
        breach_at=target.breach_at,
        breached=target.breached or None,
        paused=target.stage == "paused" or None,
    )


def merged_into(record: TicketRecord, said: Sequence[CommentRecord], names: Names) -> int | None:
    """The ticket that a merged one went into, as its last comment by staff names it."""
    if MERGED_TAG not in (record.tags or []) or not said:
        return None
    author = names.author(said[0].author_id)
    if author is None or (author.role is not None and author.role not in _STAFF):
        return None
    text = body_of(said[0], _LONGEST_NOTICE).text
    numbers = [int(number) for number in _NUMBER.findall(text)]
    return next((number for number in numbers if number != record.id), None)


def follow_up_of(record: FullTicket) -> int | None:
    """The closed ticket that this one carries on."""
    source = record.via.source if record.via else None
    if source is None or source.rel != "follow_up" or source.origin is None:
        return None
    return source.origin.ticket_id


def metrics_of(found: DatedMetricSet | None) -> Metrics | None:
    """All the clocks."""
    if found is None:
        return None
    return Metrics(
        reopens=found.reopens,
        replies=found.replies,
        first_reply_minutes=_calendar(found.reply_time_in_minutes),
        first_resolution_minutes=_calendar(found.first_resolution_time_in_minutes),
        full_resolution_minutes=_calendar(found.full_resolution_time_in_minutes),
        requester_wait_minutes=_calendar(found.requester_wait_time_in_minutes),
        agent_wait_minutes=_calendar(found.agent_wait_time_in_minutes),
        on_hold_minutes=_calendar(found.on_hold_time_in_minutes),
        solved_at=found.solved_at,
        requester_updated_at=found.requester_updated_at,
    )


def _calendar(minutes: Minutes | None) -> int | None:
    return minutes.calendar if minutes else None
