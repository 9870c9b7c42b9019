"""Reading tickets and their comments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import (
    CommentRecord,
    TicketField,
    TicketRecord,
    count_of,
    parse,
    parse_list,
)
from mcp_server_zendesk.connection.side_conversation_records import SideConversationRecord
from mcp_server_zendesk.connection.ticket_records import DatedMetricSet, FullTicket
from mcp_server_zendesk.serving.cleaning.text import Cleaned
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from zendesk_tools import ticket_screen
from zendesk_tools.names import Author, Named, Names, sideloads
from zendesk_tools.ticket_screen import (
    CustomValue,
    File,
    Metrics,
    Said,
    Sla,
    body_of,
    files_of,
)

_LARGEST_ID = 10**20


def an_id(number: int) -> int:
    """A bound without a byte in four schemas; Python writes no number of thousands of digits."""
    if number >= _LARGEST_ID:
        raise ValueError("should be no longer than any id")
    return number


def _a_ticket_number(number: int) -> int:
    if number <= 0:
        raise ValueError("should be greater than 0")
    return an_id(number)


Id = Annotated[int, AfterValidator(an_id)]
TicketId = Annotated[int, Field(description="Ticket number"), AfterValidator(_a_ticket_number)]
ResponseFormat = Literal["concise", "detailed"]

_CONCISE_BODY = 1_500
_DETAILED_BODY = 4_000
_LONGEST_BODY = 65_536


class Comment(Result):
    """One message of a ticket's conversation."""

    id: int
    author: Author | None = None
    public: bool | None = None
    created_at: Time | None = None
    body: Body
    truncated: bool | None = None
    quoted_lines_folded: int | None = None
    hidden_text_removed: int | None = None
    attachments: list[File] | None = None


class SideConversation(Result):
    """A conversation beside the ticket, with people outside it."""

    id: Line
    subject: Line | None = None
    state: Line | None = None


class Ticket(Result):
    """A ticket as an agent wants it on one screen."""

    id: int
    subject: Line | None = None
    status: Line | None = None
    custom_status: Line | None = None
    status_since: Time | None = None
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
    sla: list[Sla] | None = None
    requester_wait_minutes: int | None = None
    channel: Line | None = None
    problem_id: int | None = None
    has_incidents: bool | None = None
    incident_count: int | None = None
    follow_up_of: int | None = None
    follow_up_ticket_ids: list[int] | None = None
    merged: bool | None = None
    merged_into: int | None = None
    external_id: Line | None = None
    copied: list[Named] | None = None
    custom_fields: list[CustomValue] | None = None
    metrics: Metrics | None = None
    side_conversations: list[SideConversation] | None = None
    comment_count: int | None = None
    latest_comments: list[Said] | None = None


async def get_ticket(
    zendesk: Zendesk,
    ticket_id: TicketId,
    comments: Annotated[int, Field(ge=0, le=20, description="Latest comments to show")] = 3,
    response_format: Annotated[
        ResponseFormat,
        Field(
            description="detailed adds metrics, CCs, side conversations, incident count, longer "
            "bodies"
        ),
    ] = "concise",
) -> Ticket:
    """Read one ticket: who, what, state since when, SLA, tags, fields, linked tickets, latest
    comments, newest first.

    Use it before you change or judge a ticket. To find some use search_tickets; for more
    comments list_ticket_comments; for who changed what get_ticket_history.
    """
    detailed = response_format == "detailed"
    include = ",".join([*sideloads(zendesk), *_SIDELOADS])
    answer = await zendesk.get("tickets", ticket_id, params={"include": include})
    record = parse(FullTicket, answer, "ticket")
    newest: list[CommentRecord] | None = None
    names = Names.of(answer)
    if comments:
        params = {"page[size]": comments, **_NEWEST}
        latest_answer = await _comments(zendesk, ticket_id, params=params)
        newest = parse_list(CommentRecord, latest_answer, "comments")
        names = Names.of(answer, latest_answer)
    fields = await _field_titles(zendesk, record)
    metric_set = _metric_set(answer, record)
    metrics = ticket_screen.metrics_of(metric_set)
    targets = ticket_screen.sla_targets(record)
    done = record.status in _DONE
    limit = _DETAILED_BODY if detailed else _CONCISE_BODY
    return Ticket(
        id=record.id,
        subject=record.subject,
        status=record.status,
        custom_status=ticket_screen.custom_status(record, answer),
        status_since=metric_set.status_updated_at if metric_set else None,
        priority=record.priority,
        type=record.type,
        requester=ticket_screen.requester(record, names),
        assignee=names.user(record.assignee_id),
        group=names.group(record.group_id),
        organization=names.organization(record.organization_id),
        tags=record.tags or None,
        created_at=record.created_at,
        updated_at=record.updated_at,
        due_at=record.due_at,
        sla=targets if detailed or not targets else targets[:1],
        requester_wait_minutes=None if done or not metrics else metrics.requester_wait_minutes,
        channel=str(record.via.channel) if record.via and record.via.channel else None,
        problem_id=record.problem_id,
        has_incidents=record.has_incidents or None,
        incident_count=await _incident_count(zendesk, record) if detailed else None,
        follow_up_of=ticket_screen.follow_up_of(record),
        follow_up_ticket_ids=record.followup_ids or None,
        merged=ticket_screen.MERGED_TAG in (record.tags or []) or None,
        merged_into=ticket_screen.merged_into(record, newest or [], names),
        external_id=record.external_id or None,
        copied=_people(names, record.email_cc_ids) if detailed else None,
        custom_fields=ticket_screen.custom_values(record, fields, ids=detailed),
        metrics=metrics if detailed else None,
        side_conversations=await _side_conversations(zendesk, ticket_id) if detailed else None,
        comment_count=record.comment_count,
        latest_comments=None if newest is None else ticket_screen.latest(newest, names, limit),
    )


async def list_ticket_comments(
    zendesk: Zendesk,
    ticket_id: TicketId,
    limit: Annotated[int, Field(ge=1, le=100, description="A page")] = 10,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
    order: Annotated[
        Literal["newest_first", "oldest_first"], Field(description="By time")
    ] = "newest_first",
    body_limit: Annotated[
        int,
        Field(
            ge=200,
            le=_LONGEST_BODY,
            description="Characters a body",
        ),
    ] = _DETAILED_BODY,
    quoted: Annotated[bool, Field(description="Unfold quoted history")] = False,
) -> Page[Comment]:
    """Read a ticket's conversation: public comments, which the customer sees, and internal notes.

    Use it where get_ticket's comments are cut, folded or too few; for changes of fields
    get_ticket_history.
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
        items=_shown(answer, Names.of(answer), body_limit, quoted=quoted),
        has_more=after is not None,
        next_cursor=seal(after, query) if after else None,
    )


_SIDELOADS = ("comment_count", "slas", "metric_sets", "custom_statuses")
_DONE = {"solved", "closed"}
_COUNTED: dict[str, str | int] = {"per_page": 1}
_NEWEST: dict[str, str | int] = {"sort": "-created_at"}
_OLDEST: dict[str, str | int] = {"sort": "created_at"}


async def _comments(
    zendesk: Zendesk, ticket_id: int, *, params: dict[str, str | int]
) -> dict[str, object]:
    if zendesk.may("users:read"):
        params = {**params, "include": "users"}
    return await zendesk.get("tickets", ticket_id, "comments", params=params)


def _shown(answer: dict[str, object], names: Names, limit: int, *, quoted: bool) -> list[Comment]:
    return [
        _comment(record, names, body_of(record, limit, quoted=quoted))
        for record in parse_list(CommentRecord, answer, "comments")
    ]


def _comment(record: CommentRecord, names: Names, body: Cleaned) -> Comment:
    return Comment(
        id=record.id,
        author=names.author(record.author_id),
        public=record.public,
        created_at=record.created_at,
        body=body,
        truncated=body.truncated or None,
        quoted_lines_folded=body.folded or None,
        hidden_text_removed=body.hidden or None,
        attachments=files_of(record),
    )


async def _field_titles(zendesk: Zendesk, record: TicketRecord) -> dict[int, TicketField]:
    """Titles of custom fields, where the ticket has any and the scopes allow to read them."""
    if not ticket_screen.has_custom_values(record) or not zendesk.may(FIELDS_SCOPE):
        return {}
    try:
        return await ticket_fields(zendesk)
    except ZendeskError:
        return {}  # the ticket is worth more than its fields' titles


def _people(names: Names, ids: list[int] | None) -> list[Named] | None:
    return [person for user_id in ids or [] if (person := names.user(user_id))] or None


def _metric_set(answer: dict[str, object], record: FullTicket) -> DatedMetricSet | None:
    if record.metric_set is not None:
        return record.metric_set
    return next(iter(parse_list(DatedMetricSet, answer, "metric_sets")), None)


async def _incident_count(zendesk: Zendesk, record: TicketRecord) -> int | None:
    if not record.has_incidents:
        return None
    try:
        return count_of(await zendesk.get("tickets", record.id, "incidents", params=_COUNTED))
    except ZendeskError:
        return None


async def _side_conversations(zendesk: Zendesk, ticket_id: int) -> list[SideConversation] | None:
    """None where there are none, or the plan or the role does not have them."""
    try:
        answer = await zendesk.get("tickets", ticket_id, "side_conversations")
        found = parse_list(SideConversationRecord, answer, "side_conversations")
    except ZendeskError:
        return None
    return [
        SideConversation(id=one.id, subject=one.subject, state=one.state) for one in found
    ] or None
