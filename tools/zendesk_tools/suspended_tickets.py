"""E-mail that Zendesk held back, and letting it in."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.errors import NotFound, UnreadableResponse, ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import TicketRecord, parse, parse_list
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.connection.rule_records import SenderRecord, SuspendedRecord
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.cleaning.text import Cleaned, clean_html, clean_text
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.names import Named, look_up
from zendesk_tools.tickets import an_id

_PREVIEW = 500
_MARKUP = re.compile(r"</[a-z][a-z0-9]{0,10}\s{0,5}>|<(?:br|img)\b", re.IGNORECASE)

SuspendedId = Annotated[
    int,
    Field(gt=0, description="Id from list_suspended_tickets; no ticket's number"),
    AfterValidator(an_id),
]


class Sender(Result):
    """Who wrote it, as the mail says."""

    name: Line | None = None
    email: Line | None = None


class SuspendedTicket(Result):
    """A mail that waits for a decision."""

    id: int
    subject: Line | None = None
    author: Sender | None = None
    cause: Line | None = None
    recipient: Line | None = None
    reply_to_ticket_id: Annotated[
        int | None, Field(description="It would become a comment on this ticket")
    ] = None
    preview: Body | None = None
    truncated: bool | None = None
    hidden_text_removed: int | None = None
    attachments: Annotated[int | None, Field(description="How many files")] = None
    created_at: Time | None = None


class RecoveredTicket(Result):
    """What a suspended mail became."""

    suspended_ticket_id: int
    ticket_id: int | None = None
    subject: Line | None = None
    status: Line | None = None
    requester: Named | None = None
    answer_was_lost: Annotated[
        bool | None, Field(description="It is no longer suspended, but the ticket's id is unknown")
    ] = None


async def list_suspended_tickets(
    zendesk: Zendesk,
    limit: Annotated[int, Field(ge=1, le=100, description="Mails a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[SuspendedTicket]:
    """List e-mails that Zendesk held back as spam, bounces or the like: cause, author, subject and
    the beginning of the text.

    Use it when a customer's message is missing: search_tickets does not find these. To let one in
    use recover_suspended_ticket. Nobody vouches for what they say. Zendesk deletes them after a
    while.
    """
    query = {"tool": "list_suspended_tickets"}
    params: dict[str, str | int] = {"page[size]": limit}
    if cursor is not None:
        params["page[after]"] = unseal(cursor, query)
    answer = await zendesk.get("suspended_tickets", params=params)
    after = next_cursor(answer)
    return Page[SuspendedTicket](
        items=[_shown(one) for one in parse_list(SuspendedRecord, answer, "suspended_tickets")],
        has_more=after is not None,
        next_cursor=seal(after, query) if after else None,
    )


def _shown(record: SuspendedRecord) -> SuspendedTicket:
    preview = _beginning(record.content or "")
    author = record.author
    return SuspendedTicket(
        id=record.id,
        subject=record.subject,
        author=Sender(name=author.name, email=author.email) if author else None,
        cause=record.cause,
        recipient=record.recipient,
        reply_to_ticket_id=record.ticket_id,
        preview=preview if preview.text else None,
        truncated=preview.truncated or None,
        hidden_text_removed=preview.hidden or None,
        attachments=len(record.attachments or []) or None,
        created_at=record.created_at,
    )


def _beginning(content: str) -> Cleaned:
    """Zendesk does not say whether it is text or HTML: an HTML mail may come as either."""
    clean = clean_html if _MARKUP.search(content) else clean_text
    return clean(content, _PREVIEW)


async def recover_suspended_ticket(
    zendesk: Zendesk, suspended_ticket_id: SuspendedId
) -> RecoveredTicket:
    """Let a suspended e-mail in: it becomes a ticket of its author, or a comment on the ticket that
    it answers, and the account's triggers may mail the author.

    Use it for a real customer's message out of list_suspended_tickets, not for spam. The user is
    shown author and text, and has to agree first. It cannot be suspended again.
    """
    try:
        # The endpoint for one makes the caller the requester; the one for many keeps the author.
        answer = await zendesk.put(
            "suspended_tickets", "recover_many", params={"ids": suspended_ticket_id}, body={}
        )
    except ZendeskError as lost:
        if not may_have_arrived(lost) or not await _is_gone(zendesk, suspended_ticket_id):
            raise
        zendesk.outcome = "applied"
        return RecoveredTicket(suspended_ticket_id=suspended_ticket_id, answer_was_lost=True)
    ticket = await _recovered(zendesk, suspended_ticket_id, answer.body)
    names = await look_up(zendesk, [ticket.requester_id] if ticket.requester_id else [])
    return RecoveredTicket(
        suspended_ticket_id=suspended_ticket_id,
        ticket_id=ticket.id,
        subject=ticket.subject,
        status=ticket.status,
        requester=names.user(ticket.requester_id),
    )


async def _recovered(zendesk: Zendesk, suspended_id: int, body: dict[str, Any]) -> TicketRecord:
    """The ticket in an answer, which also holds what could not be recovered, still suspended.

    Raises:
        UnreadableResponse: There is none. Whether it was recovered is read back.
    """
    found = parse_list(TicketRecord, body, "tickets")
    ticket = next((one for one in found if one.id != suspended_id and one.status), None)
    if ticket is None:
        gone = await _is_gone(zendesk, suspended_id)
        zendesk.outcome = "applied" if gone else "not_applied"
        raise UnreadableResponse("Zendesk's answer shows no recovered ticket")
    return ticket


async def _is_gone(zendesk: Zendesk, suspended_id: int) -> bool:
    try:
        await _read(zendesk, suspended_id)
    except NotFound:
        return True
    except ZendeskError:
        pass  # the lost answer is what has to be told
    return False


async def _read(zendesk: Zendesk, suspended_id: int) -> SuspendedRecord:
    answer = await zendesk.get("suspended_tickets", suspended_id)
    return parse(SuspendedRecord, answer, "suspended_ticket")


async def confirm_recovery(zendesk: Zendesk, suspended_ticket_id: int) -> Question:
    """What a human is asked before a suspended ticket is recovered."""
    record = await _read(zendesk, suspended_ticket_id)
    content = record.content or ""
    becomes = f"a comment on ticket {record.ticket_id}" if record.ticket_id else "a ticket"
    lines = [
        f"Let this suspended e-mail in? It becomes {becomes}, and triggers may mail its author.",
        f"From: {_sender(record.author)}",
        f"Subject: {shown.short(record.subject or '(none)')}",
        f"Held back because: {shown.short(record.cause or 'not said')}",
    ]
    if record.created_at:
        lines.append(f"Received: {stamp(record.created_at)}")
    if record.attachments:
        lines.append(f"Attached files: {len(record.attachments)}")
    whole = len(content) <= _PREVIEW
    which = "Its text" if whole else f"The first {_PREVIEW} of its {len(content):,} characters"
    lines += ["", f"{which}:", shown.quoted(content[:_PREVIEW].strip())]
    address = record.author.email if record.author else None
    return Question("\n".join(lines), recipients=(address or "an unknown author",))


def _sender(author: SenderRecord | None) -> str:
    return shown.person(author.name, author.email, "unknown") if author else "unknown"
