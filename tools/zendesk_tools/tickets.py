"""Reading tickets and their comments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import next_cursor, ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import (
    CommentRecord,
    MetricSet,
    Minutes,
    TicketField,
    TicketRecord,
    parse,
    parse_list,
)
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from mcp_server_zendesk.serving.spec import ToolSpec
from mcp_server_zendesk.serving.text import Cleaned, clean_html, clean_text
from zendesk_tools.names import ENRICHING, Author, Named, Names, sideloads

_LARGEST_ID = 10**20


def _an_id(number: int) -> int:
    """A bound without a byte in four schemas; Python writes no number of thousands of digits."""
    if number >= _LARGEST_ID:
        raise ValueError("should be no longer than any id")
    return number


TicketId = Annotated[int, Field(gt=0, description="The ticket's number"), AfterValidator(_an_id)]
ResponseFormat = Literal["concise", "detailed"]

_CONCISE_BODY = 1_500
_DETAILED_BODY = 4_000
_LONGEST_BODY = 65_536


class File(Result):
    """A file at a comment."""

    id: int
    name: Line | None = None
    type: Line | None = None
    bytes: int | None = None
    malware: Line | None = None


class Comment(Result):
    """One message of a ticket's conversation."""

    id: int
    author: Author | None = None
    public: bool | None = None
    created_at: Time | None = None
    body: Body
    truncated: bool | None = None
    hidden_text_removed: int | None = None
    attachments: list[File] | None = None


class CustomValue(Result):
    """A custom field that has a value."""

    id: int
    title: Line | None = None
    value: bool | int | float | list[Line] | Line


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


class Ticket(Result):
    """A ticket as an agent wants it on one screen."""

    id: int
    subject: Line | None = None
    status: Line | None = None
    priority: Line | None = None
    type: Line | None = None
    requester: Author | None = None
    assignee: Named | None = None
    group: Named | None = None
    organization: Named | None = None
    tags: list[Line] | None = None
    created_at: Time | None = None
    updated_at: Time | None = None
    due_at: Time | None = None
    channel: Line | None = None
    problem_id: int | None = None
    has_incidents: bool | None = None
    follow_up_ticket_ids: list[int] | None = None
    external_id: Line | None = None
    copied: list[Named] | None = None
    custom_fields: list[CustomValue] | None = None
    metrics: Metrics | None = None
    comment_count: int | None = None
    latest_comments: list[Comment] | None = None


async def get_ticket(
    zendesk: Zendesk,
    ticket_id: TicketId,
    comments: Annotated[
        int, Field(ge=0, le=20, description="How many of the latest comments to add")
    ] = 3,
    response_format: Annotated[
        ResponseFormat,
        Field(description="detailed adds waiting times, people in copy and longer bodies"),
    ] = "concise",
) -> Ticket:
    """Read one ticket by number: who, what, state, tags, custom fields and the latest comments,
    newest first.

    Use it before you change or judge a ticket. To find tickets by words or state use
    search_tickets; for a longer conversation list_ticket_comments.
    """
    detailed = response_format == "detailed"
    include = [*sideloads(zendesk), "comment_count", *(["metric_sets"] if detailed else [])]
    answer = await zendesk.get("tickets", ticket_id, params={"include": ",".join(include)})
    record = parse(TicketRecord, answer, "ticket")
    latest = None
    if comments:
        latest = await _comments(zendesk, ticket_id, params={"page[size]": comments, **_NEWEST})
    names = Names.of(answer, latest or {})
    limit = _DETAILED_BODY if detailed else _CONCISE_BODY
    fields = await _field_titles(zendesk, record)
    return Ticket(
        id=record.id,
        subject=record.subject,
        status=record.status,
        priority=record.priority,
        type=record.type,
        requester=names.author(record.requester_id),
        assignee=names.user(record.assignee_id),
        group=names.group(record.group_id),
        organization=names.organization(record.organization_id),
        tags=record.tags,
        created_at=record.created_at,
        updated_at=record.updated_at,
        due_at=record.due_at,
        channel=str(record.via.channel) if record.via and record.via.channel else None,
        problem_id=record.problem_id,
        has_incidents=record.has_incidents or None,
        follow_up_ticket_ids=record.followup_ids or None,
        external_id=record.external_id or None,
        copied=_people(names, record.email_cc_ids) if detailed else None,
        custom_fields=_custom_values(record, fields),
        metrics=_metrics(_metric_set(answer, record)) if detailed else None,
        comment_count=record.comment_count,
        latest_comments=None if latest is None else _shown(latest, names, limit),
    )


async def list_ticket_comments(
    zendesk: Zendesk,
    ticket_id: TicketId,
    limit: Annotated[int, Field(ge=1, le=100, description="Comments a page")] = 10,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
    order: Annotated[
        Literal["newest_first", "oldest_first"], Field(description="By time of writing")
    ] = "newest_first",
    body_limit: Annotated[
        int,
        Field(
            ge=200,
            le=_LONGEST_BODY,
            description="Characters of each body; raise it to read what was truncated",
        ),
    ] = _DETAILED_BODY,
) -> Page[Comment]:
    """Read a ticket's conversation: public comments and internal notes, with author and role.

    Use it where the latest comments of get_ticket are not enough. public tells what the customer
    has seen. hidden_text_removed counts characters that the author had hidden from human eyes.
    """
    query = {"tool": "list_ticket_comments", "ticket_id": ticket_id, "order": order}
    params: dict[str, str | int] = {
        "page[size]": limit,
        **(_NEWEST if order == "newest_first" else _OLDEST),
    }
    if cursor is not None:
        params["page[after]"] = unseal(cursor, query)
    answer = await _comments(zendesk, ticket_id, params=params)
    after = next_cursor(answer)
    return Page[Comment](
        items=_shown(answer, Names.of(answer), body_limit),
        has_more=after is not None,
        next_cursor=seal(after, query) if after else None,
    )


_NEWEST: dict[str, str | int] = {"sort": "-created_at"}
_OLDEST: dict[str, str | int] = {"sort": "created_at"}


async def _comments(
    zendesk: Zendesk, ticket_id: int, *, params: dict[str, str | int]
) -> dict[str, object]:
    if zendesk.may("users:read"):
        params = {**params, "include": "users"}
    return await zendesk.get("tickets", ticket_id, "comments", params=params)


def _shown(answer: dict[str, object], names: Names, limit: int) -> list[Comment]:
    return [
        _comment(record, names, limit) for record in parse_list(CommentRecord, answer, "comments")
    ]


def _comment(record: CommentRecord, names: Names, limit: int) -> Comment:
    body = _body(record, limit)
    files = [
        File(
            id=file.id,
            name=file.file_name,
            type=file.content_type,
            bytes=file.size,
            malware=None if file.malware_scan_result in _CLEAN else file.malware_scan_result,
        )
        for file in record.attachments or []
    ]
    return Comment(
        id=record.id,
        author=names.author(record.author_id),
        public=record.public,
        created_at=record.created_at,
        body=body,
        truncated=body.truncated or None,
        hidden_text_removed=body.hidden or None,
        attachments=files or None,
    )


_CLEAN = {None, "malware_not_found"}


def _body(record: CommentRecord, limit: int) -> Cleaned:
    """From the HTML, which tells what was hidden; plain text only where there is none."""
    if record.html_body:
        return clean_html(record.html_body, limit)
    return clean_text(record.plain_body or record.body or "", limit)


async def _field_titles(zendesk: Zendesk, record: TicketRecord) -> dict[int, TicketField]:
    """Titles of custom fields, where the ticket has any and the scopes allow to read them."""
    if not any(field.value not in _EMPTY for field in record.custom_fields or []):
        return {}
    if not zendesk.may(FIELDS_SCOPE):
        return {}
    try:
        return await ticket_fields(zendesk)
    except ZendeskError:
        return {}  # the ticket is worth more than its fields' titles


_EMPTY: tuple[object, ...] = (None, "", [])


def _custom_values(
    record: TicketRecord, fields: dict[int, TicketField]
) -> list[CustomValue] | None:
    values = [
        CustomValue(
            id=field.id,
            title=fields[field.id].title if field.id in fields else None,
            value=_value(field.value),
        )
        for field in record.custom_fields or []
        if field.value not in _EMPTY and field.value is not False
    ]
    return values or None


def _value(value: object) -> str | list[str] | int | float | bool:
    if isinstance(value, list):
        return [str(entry) for entry in value]
    return value if isinstance(value, bool | int | float) else str(value)


def _people(names: Names, ids: list[int] | None) -> list[Named] | None:
    return [person for user_id in ids or [] if (person := names.user(user_id))] or None


def _metric_set(answer: dict[str, object], record: TicketRecord) -> MetricSet | None:
    if record.metric_set is not None:
        return record.metric_set
    return next(iter(parse_list(MetricSet, answer, "metric_sets")), None)


def _metrics(found: MetricSet | None) -> Metrics | None:
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


TOOLS = (
    ToolSpec(
        handler=get_ticket,
        title="Read a ticket",
        toolset="tickets",
        effect="read",
        scopes=(("tickets:read",),),
        enriched_by=(*ENRICHING, FIELDS_SCOPE),
    ),
    ToolSpec(
        handler=list_ticket_comments,
        title="Read a ticket's conversation",
        toolset="tickets",
        effect="read",
        scopes=(("tickets:read",),),
        enriched_by=("users:read",),
    ),
)
