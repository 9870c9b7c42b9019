"""Writing to others beside a ticket: each message reaches people, and is never sent twice."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.client import Answer
from mcp_server_zendesk.connection.envelopes import names_closed_ticket
from mcp_server_zendesk.connection.errors import TicketClosed, ValidationFailed, ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.identity import who_am_i
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.records import TicketRecord, parse, parse_list
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.connection.side_conversation_records import (
    EventRecord,
    SideConversationRecord,
)
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.side_conversation_recipients import (
    as_participants,
    everyone,
    find_recipients,
)
from zendesk_tools.side_conversations import (
    PATH,
    Participant,
    SideConversationId,
    add_on,
    participants,
    read_conversation,
)
from zendesk_tools.ticket_changes import CLOSED, ignored_keys, read_ticket
from zendesk_tools.tickets import TicketId

_LONGEST_MESSAGE = 65_536
_LONGEST_SUBJECT = 500
_MOST_RECIPIENTS = 20
_LATEST = 100
_WAITS = (0.0, 2.0)

MessageBody = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_MESSAGE, description="The whole message, plain text"),
]


class SideMessageSent(Result):
    """What went out, and to whom."""

    id: Line
    ticket_id: int
    subject: Line | None = None
    state: Line | None = None
    participants: list[Participant] | None = None
    ignored: Annotated[
        list[Line] | None, Field(description="Asked for, but dropped by Zendesk")
    ] = None
    answer_was_lost: Annotated[
        bool | None, Field(description="Zendesk's answer was lost; it was found afterwards")
    ] = None


async def create_side_conversation(
    zendesk: Zendesk,
    ticket_id: TicketId,
    subject: Annotated[
        str, Field(min_length=1, max_length=_LONGEST_SUBJECT, description="Subject line")
    ],
    body: MessageBody,
    to: Annotated[
        list[str],
        Field(
            min_length=1,
            max_length=_MOST_RECIPIENTS,
            description="E-mail addresses, or users by id or full name",
        ),
    ],
) -> SideMessageSent:
    """Start a side conversation: e-mails people other than the requester about a ticket, such as
    a supplier or another team. It cannot be taken back.

    The user is shown recipients and text, and has to agree first. To go on with one that exists
    use reply_to_side_conversation; to answer the requester, reply_to_ticket; for agents of this
    ticket, add_internal_note.
    """
    subject = _one_line(subject)
    recipients = as_participants(await find_recipients(zendesk, to))
    before = frozenset(one.id for one in await _conversations(zendesk, ticket_id))
    message = {"subject": subject, "body": body, "to": recipients}
    try:
        answer = await _post(zendesk, ticket_id, (), message)
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        found = await _look_for_new(zendesk, ticket_id, subject, body, before=before, lost=lost)
        if found is None:
            raise
        return _found(zendesk, ticket_id, found)
    return _sent(ticket_id, answer, message)


async def confirm_new(
    zendesk: Zendesk, ticket_id: int, subject: str, body: str, to: list[str]
) -> Question:
    """What a human is asked before a side conversation begins."""
    recipients = await find_recipients(zendesk, to)
    as_participants(recipients)
    ticket = await read_ticket(zendesk, ticket_id)
    await _conversations(zendesk, ticket_id)  # nobody is asked in vain where there are none
    lines = [
        f"Start this side conversation about ticket {ticket_id}?",
        f"To: {shown.listed(one.shown for one in recipients)}",
        f"Subject of the message: {shown.whole(_one_line(subject))}",
        f"Ticket: {shown.short(ticket.subject or '(no subject)')}",
        *_as_of(ticket),
        *shown.letter("The message", body),
    ]
    return Question("\n".join(lines), recipients=tuple(one.reached for one in recipients))


def _one_line(subject: str) -> str:
    """A subject that cannot look like more lines of the question."""
    line = " ".join(subject.split())
    if not line:
        raise InvalidArguments.of("subject", "is empty")
    return line


def _as_of(ticket: TicketRecord) -> list[str]:
    return [f"Ticket last changed: {stamp(ticket.updated_at)}"] if ticket.updated_at else []


async def reply_to_side_conversation(
    zendesk: Zendesk,
    ticket_id: TicketId,
    side_conversation_id: SideConversationId,
    body: MessageBody,
    to: Annotated[
        list[str] | None,
        Field(
            min_length=1,
            max_length=_MOST_RECIPIENTS,
            description="Instead of participants: e-mail addresses, or users by id or full name",
        ),
    ] = None,
) -> SideMessageSent:
    """Send a message in a side conversation of a ticket, to its participants unless `to` says
    otherwise; a closed one opens again. It cannot be taken back.

    The user is shown recipients and text, and has to agree first. Read it with
    get_side_conversation first. To answer the ticket's requester use reply_to_ticket; to begin
    another, create_side_conversation.
    """
    message: dict[str, Any] = {"body": body}
    if to:
        message["to"] = as_participants(await find_recipients(zendesk, to))
    events = await _events(zendesk, ticket_id, side_conversation_id)
    before = frozenset(event.id for event in events)
    try:
        answer = await _post(zendesk, ticket_id, (side_conversation_id, "reply"), message)
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        found = await _look_for_reply(
            zendesk, ticket_id, side_conversation_id, body, before=before, lost=lost
        )
        if found is None:
            raise
        return _found(zendesk, ticket_id, found)
    return _sent(ticket_id, answer, message)


async def confirm_reply(
    zendesk: Zendesk,
    ticket_id: int,
    side_conversation_id: str,
    body: str,
    to: list[str] | None = None,
) -> Question:
    """What a human is asked before a message goes out."""
    record = await read_conversation(zendesk, ticket_id, side_conversation_id)
    recipients = await find_recipients(zendesk, to) if to else []
    as_participants(recipients)
    recipients = recipients or everyone(record.participants)
    to_whom = shown.listed(one.shown for one in recipients) or "nobody that is known"
    lines = [
        f"Send this message in a side conversation of ticket {ticket_id}?",
        f"To: {to_whom}",
        f"Subject: {shown.short(record.subject or '(none)')}",
    ]
    if record.updated_at:
        lines.append(f"Conversation last changed: {stamp(record.updated_at)}")
    lines += shown.letter("The message", body)
    return Question("\n".join(lines), recipients=tuple(one.reached for one in recipients))


async def _post(
    zendesk: Zendesk, ticket_id: int, below: tuple[str, ...], message: dict[str, Any]
) -> Answer:
    """Send once.

    Raises:
        TicketClosed: Zendesk refused, and the ticket turns out to be closed.
        ZendeskError: In one of its kinds.
    """
    try:
        return await zendesk.post("tickets", ticket_id, PATH, *below, body={"message": message})
    except ValidationFailed as refused:
        if names_closed_ticket(refused.refusal) or await _is_closed(zendesk, ticket_id):
            raise TicketClosed(refused.refusal, ticket_id=ticket_id) from refused
        raise


async def _is_closed(zendesk: Zendesk, ticket_id: int) -> bool:
    try:
        return (await read_ticket(zendesk, ticket_id)).status == CLOSED
    except ZendeskError:
        return False  # the refusal itself is what has to be told


async def _conversations(zendesk: Zendesk, ticket_id: int) -> list[SideConversationRecord]:
    async with add_on(zendesk, ticket_id, lists=True):
        answer = await zendesk.get("tickets", ticket_id, PATH, params={"page[size]": _LATEST})
    return parse_list(SideConversationRecord, answer, PATH)


async def _events(zendesk: Zendesk, ticket_id: int, number: str) -> list[EventRecord]:
    async with add_on(zendesk, ticket_id):
        answer = await zendesk.get(
            "tickets", ticket_id, PATH, number, "events", params={"page[size]": _LATEST}
        )
    return parse_list(EventRecord, answer, "events")


async def _look_for_new(
    zendesk: Zendesk,
    ticket_id: int,
    subject: str,
    body: str,
    *,
    before: frozenset[str],
    lost: ZendeskError,
) -> SideConversationRecord | None:
    """The conversation when it turns out to have been started; else ``lost`` is ``unknown``."""
    lost.outcome = "unknown"
    try:
        myself = (await who_am_i(zendesk)).id
        for wait in _WAITS:
            await zendesk.access.sleep(wait)
            for one in await _conversations(zendesk, ticket_id):
                if one.id in before or not _same(subject, one.subject):
                    continue
                events = await _events(zendesk, ticket_id, one.id)
                if any(_says(event, myself, body) for event in events):
                    return one
    except ZendeskError:
        pass  # the lost answer is what has to be told
    return None


async def _look_for_reply(
    zendesk: Zendesk,
    ticket_id: int,
    number: str,
    body: str,
    *,
    before: frozenset[str],
    lost: ZendeskError,
) -> SideConversationRecord | None:
    """The conversation when the message turns out to be in it; else ``lost`` is ``unknown``."""
    lost.outcome = "unknown"
    try:
        myself = (await who_am_i(zendesk)).id
        for wait in _WAITS:
            await zendesk.access.sleep(wait)
            events = await _events(zendesk, ticket_id, number)
            if any(event.id not in before and _says(event, myself, body) for event in events):
                return await read_conversation(zendesk, ticket_id, number)
    except ZendeskError:
        pass  # the lost answer is what has to be told
    return None


def _says(event: EventRecord, myself: int | None, body: str) -> bool:
    author = (event.message.sender if event.message else None) or event.actor
    ours = author is not None and author.user_id == myself
    return ours and event.message is not None and _same(body, event.message.body)


def _same(said: str, shown: str | None) -> bool:
    """Plain text comes back as it was, but for its spacing."""
    return said.split() == (shown or "").split()


def _found(zendesk: Zendesk, ticket_id: int, found: SideConversationRecord) -> SideMessageSent:
    zendesk.outcome = "applied"
    return SideMessageSent(
        id=found.id,
        ticket_id=ticket_id,
        subject=found.subject,
        state=found.state,
        participants=participants(found.participants),
        answer_was_lost=True,
    )


def _sent(ticket_id: int, answer: Answer, message: dict[str, Any]) -> SideMessageSent:
    made = parse(SideConversationRecord, answer.body, "side_conversation")
    return SideMessageSent(
        id=made.id,
        ticket_id=ticket_id,
        subject=made.subject,
        state=made.state,
        participants=participants(made.participants),
        ignored=ignored_keys(answer.warning, message) or None,
    )
