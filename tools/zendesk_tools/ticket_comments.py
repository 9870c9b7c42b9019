"""Adding to a ticket's conversation: internal notes, and replies that reach the customer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mcp_server_zendesk.connection.errors import Refusal, TicketClosed, ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import TicketRecord, parse
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.lost_comments import known_comments, look_for_comment
from zendesk_tools.note_texts import refuse_images
from zendesk_tools.questions import names_of_readers, readers, to_whom, which_ticket
from zendesk_tools.ticket_changes import (
    CLOSED,
    TicketChange,
    put_ticket,
    ticket_change,
    unless_changed,
)
from zendesk_tools.tickets import TicketId
from zendesk_tools.uploads import files_named

_LONGEST_COMMENT = 65_536
_REFUSED = 422

UploadTokens = Annotated[
    list[str] | None, Field(max_length=20, description="From upload_attachment")
]


async def add_internal_note(
    zendesk: Zendesk,
    ticket_id: TicketId,
    body: Annotated[
        str,
        Field(min_length=1, max_length=_LONGEST_COMMENT, description="The note; Markdown works"),
    ],
    upload_tokens: UploadTokens = None,
) -> TicketChange:
    """Add a note that only agents see, never the customer.

    Use it to leave findings or a proposed reply for a colleague; to write to the customer use
    reply_to_ticket. Notes cannot be edited or removed; closed tickets take none.
    """
    refuse_images(body)
    return await _add(zendesk, ticket_id, body, upload_tokens, public=False)


async def reply_to_ticket(
    zendesk: Zendesk,
    ticket_id: TicketId,
    body: Annotated[
        str,
        Field(
            min_length=1,
            max_length=_LONGEST_COMMENT,
            description="The reply; Markdown works",
        ),
    ],
    status: Annotated[
        Literal["open", "pending", "hold", "solved"] | None,
        Field(description="New status"),
    ] = None,
    upload_tokens: UploadTokens = None,
) -> TicketChange:
    """Send a public reply to the requester and everyone in copy. It cannot be taken back.

    The user is shown recipients and text, and has to agree first. Read the ticket first.
    For colleagues, or to propose a reply, use add_internal_note. Closed tickets take none: go on
    with create_ticket's follow_up_of.
    """
    agreed = zendesk.basis if isinstance(zendesk.basis, TicketRecord) else None
    return await _add(
        zendesk, ticket_id, body, upload_tokens, public=True, status=status, agreed=agreed
    )


async def confirm_reply(
    zendesk: Zendesk,
    ticket_id: int,
    body: str,
    status: str | None = None,
    upload_tokens: list[str] | None = None,
) -> Question:
    """What a human is asked before a customer gets a reply."""
    record = parse(TicketRecord, await zendesk.get("tickets", ticket_id), "ticket")
    if record.status == CLOSED:
        raise TicketClosed(Refusal(status=_REFUSED), ticket_id=ticket_id)
    zendesk.basis = record
    names = await names_of_readers(zendesk, record)
    lines = [f"Send this public reply to ticket {ticket_id}?", *to_whom(record, names)]
    if upload_tokens:
        lines.append(f"Attached files: {await files_named(zendesk, upload_tokens)}")
    if status:
        lines.append(f"Status afterwards: {status}")
    lines += [*which_ticket(record), *shown.letter("The reply", body)]
    return Question("\n".join(lines), recipients=names.reached(readers(record)))


async def _add(
    zendesk: Zendesk,
    ticket_id: int,
    body: str,
    upload_tokens: list[str] | None,
    *,
    public: bool,
    status: str | None = None,
    agreed: TicketRecord | None = None,
) -> TicketChange:
    """Add a comment once. When its answer is lost it is looked for, and never sent again.

    Where a human ``agreed`` to a ticket's recipients, it goes to nobody if that ticket changed.
    """
    comment: dict[str, Any] = {"body": body, "public": public}
    if upload_tokens:
        comment["uploads"] = upload_tokens
    set_too = {"status": status} if status else {}
    lock = unless_changed(agreed) if agreed else {}
    before = await known_comments(zendesk, ticket_id)
    try:
        answer = await put_ticket(zendesk, ticket_id, {"comment": comment, **set_too, **lock})
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        found = await look_for_comment(
            zendesk, ticket_id, body, public=public, before=before, lost=lost
        )
        if found is None:
            raise
        zendesk.outcome = "applied"
        return TicketChange(ticket_id=ticket_id, changes=[], comment_id=found, answer_was_lost=True)
    return await ticket_change(zendesk, answer, {"comment": body, **set_too})
