"""Reading the conversations that agents have with others beside a ticket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.errors import (
    EndpointUnavailable,
    Forbidden,
    NotFound,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import parse, parse_list
from mcp_server_zendesk.connection.side_conversation_records import (
    EventRecord,
    MessageRecord,
    ParticipantRecord,
    SideConversationRecord,
)
from mcp_server_zendesk.serving.cleaning.text import BODY_CHARACTERS, clean_message, clean_text
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from zendesk_tools.tickets import TicketId

PATH = "side_conversations"
_LONGEST_BODY = 65_536
_PREVIEW = 300
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

SideConversationId = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9-]{1,64}$", description="Id from list_side_conversations"),
]


class Participant(Result):
    """Who takes part: a user, an address, a group or a channel."""

    id: Annotated[int | None, Field(description="Of the user")] = None
    name: Line | None = None
    email: Line | None = None
    group_id: int | None = None
    channel: Line | None = None


class SideConversation(Result):
    """A side conversation, without its messages."""

    id: Line
    subject: Line | None = None
    state: Line | None = None
    participants: list[Participant] | None = None
    preview: Body | None = None
    truncated: bool | None = None
    hidden_text_removed: int | None = None
    created_at: Time | None = None
    last_message_at: Time | None = None


class Message(Result):
    """One message."""

    author: Participant | None = None
    to: list[Participant] | None = None
    sent_at: Time | None = None
    body: Body
    truncated: bool | None = None
    quoted_lines_folded: int | None = None
    hidden_text_removed: int | None = None
    attachments: list[Line] | None = None


class SideConversationThread(Result):
    """A side conversation with a page of its messages, oldest first within the page."""

    id: Line
    subject: Line | None = None
    state: Line | None = None
    participants: list[Participant] | None = None
    created_at: Time | None = None
    updated_at: Time | None = None
    messages: list[Message]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Pass as `cursor` to go on")] = None


async def list_side_conversations(
    zendesk: Zendesk,
    ticket_id: TicketId,
    limit: Annotated[int, Field(ge=1, le=100, description="Conversations a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[SideConversation]:
    """List the side conversations of a ticket: what agents ask others about it (suppliers,
    other teams) where the requester does not see it. Subject, state, participants and the
    beginning of the latest message.

    Use it to see what is being asked of whom. For all messages use get_side_conversation; for the
    talk with the requester list_ticket_comments. Not in every Zendesk plan.
    """
    query = {"tool": "list_side_conversations", "ticket_id": ticket_id}
    params: dict[str, str | int] = {"page[size]": limit}
    if cursor is not None:
        params["page[after]"] = unseal(cursor, query)
    async with add_on(zendesk, ticket_id, lists=True):
        answer = await zendesk.get("tickets", ticket_id, PATH, params=params)
    after = next_cursor(answer)
    return Page[SideConversation](
        items=[_summary(one) for one in parse_list(SideConversationRecord, answer, PATH)],
        has_more=after is not None,
        next_cursor=seal(after, query) if after else None,
    )


async def get_side_conversation(
    zendesk: Zendesk,
    ticket_id: TicketId,
    side_conversation_id: SideConversationId,
    limit: Annotated[int, Field(ge=1, le=100, description="Messages a page")] = 20,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
    body_limit: Annotated[
        int,
        Field(
            ge=200,
            le=_LONGEST_BODY,
            description="Characters a body; raise it where truncated",
        ),
    ] = BODY_CHARACTERS,
    quoted: Annotated[bool, Field(description="Unfold quoted history")] = False,
) -> SideConversationThread:
    """Read one side conversation of a ticket: who takes part, and each message with its author,
    recipients and text.

    Use it before you answer with reply_to_side_conversation; for the talk with the requester
    list_ticket_comments. Files are only named: no tool here opens them.
    """
    query = {"tool": "get_side_conversation", "of": [ticket_id, side_conversation_id]}
    params: dict[str, str | int] = {"page[size]": limit}
    if cursor is not None:
        params["page[after]"] = unseal(cursor, query)
    record = await read_conversation(zendesk, ticket_id, side_conversation_id)
    answer = await zendesk.get(
        "tickets", ticket_id, PATH, side_conversation_id, "events", params=params
    )
    events = sorted(
        parse_list(EventRecord, answer, "events"), key=lambda event: event.created_at or _LONG_AGO
    )
    after = next_cursor(answer)
    return SideConversationThread(
        id=record.id,
        subject=record.subject,
        state=record.state,
        participants=participants(record.participants),
        created_at=record.created_at,
        updated_at=record.updated_at,
        messages=[
            _message(event, event.message, body_limit, quoted=quoted)
            for event in events
            if event.message
        ],
        has_more=after is not None,
        next_cursor=seal(after, query) if after else None,
    )


async def read_conversation(
    zendesk: Zendesk, ticket_id: int, side_conversation_id: str
) -> SideConversationRecord:
    """One conversation, without its messages."""
    async with add_on(zendesk, ticket_id):
        answer = await zendesk.get("tickets", ticket_id, PATH, side_conversation_id)
    return parse(SideConversationRecord, answer, "side_conversation")


@asynccontextmanager
async def add_on(zendesk: Zendesk, ticket_id: int, *, lists: bool = False) -> AsyncIterator[None]:
    """Tells an account without the add-on, which answers 403 or 404 (§5.7), from a ticket that
    this user may not see, or a token without the scope.

    Args:
        zendesk: The call's handle.
        ticket_id: The ticket, which is asked for after a refusal.
        lists: The request names nothing but the ticket, so that a 404 can mean nothing else.

    Raises:
        EndpointUnavailable: The ticket can be read, and its side conversations cannot.
    """
    try:
        yield
    except (Forbidden, NotFound) as refused:
        of_add_on = lists or isinstance(refused, Forbidden)
        if refused.refusal.scopes or not of_add_on or not await _can_see(zendesk, ticket_id):
            raise
        raise EndpointUnavailable(refused.refusal) from refused


async def _can_see(zendesk: Zendesk, ticket_id: int) -> bool:
    try:
        await zendesk.get("tickets", ticket_id)
    except ZendeskError:
        return False
    return True


def participants(records: list[ParticipantRecord] | None) -> list[Participant] | None:
    """Participants as an answer shows them; None where there are none."""
    return [participant(record) for record in records or []] or None


def participant(record: ParticipantRecord) -> Participant:
    """One participant."""
    return Participant(
        id=record.user_id,
        name=record.name or None,
        email=record.email or None,
        group_id=record.support_group_id,
        channel=record.slack_channel_id or record.msteams_channel_id or None,
    )


def _summary(record: SideConversationRecord) -> SideConversation:
    preview = clean_text(record.preview_text or "", _PREVIEW)
    return SideConversation(
        id=record.id,
        subject=record.subject,
        state=record.state,
        participants=participants(record.participants),
        preview=preview if preview.text else None,
        truncated=preview.truncated or None,
        hidden_text_removed=preview.hidden or None,
        created_at=record.created_at,
        last_message_at=record.message_added_at,
    )


def _message(event: EventRecord, message: MessageRecord, limit: int, *, quoted: bool) -> Message:
    author = message.sender or event.actor
    body = clean_message(message.html_body, message.body, limit, unfold=quoted)
    return Message(
        author=participant(author) if author else None,
        to=participants(message.to),
        sent_at=event.created_at,
        body=body,
        truncated=body.truncated or None,
        quoted_lines_folded=body.folded or None,
        hidden_text_removed=body.hidden or None,
        attachments=[file.file_name for file in message.attachments or [] if file.file_name]
        or None,
    )
