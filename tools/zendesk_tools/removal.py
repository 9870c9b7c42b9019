"""Closing one ticket for good, and deleting one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_server_zendesk.connection.errors import (
    NotFound,
    TicketClosed,
    UnreadableResponse,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.records import TicketRecord
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.names import Names, look_up
from zendesk_tools.ticket_changes import (
    CLOSED,
    TicketChange,
    put_ticket,
    read_ticket,
    ticket_change,
)
from zendesk_tools.tickets import TicketId

_SOLVED = "solved"
_DELETED = 204

WayBack = Literal[
    "Someone with the right to delete can restore it for 30 days in Zendesk, view Deleted tickets"
]
_WAY_BACK: WayBack = (
    "Someone with the right to delete can restore it for 30 days in Zendesk, view Deleted tickets"
)


class DeletedTicket(Result):
    """A ticket that is gone."""

    ticket_id: int
    subject: Line | None = None
    deleted: Literal[True] = True
    way_back: WayBack = _WAY_BACK
    answer_was_lost: Annotated[
        bool | None, Field(description="It is gone, but Zendesk's answer was lost")
    ] = None


async def close_ticket(zendesk: Zendesk, ticket_id: TicketId) -> TicketChange:
    """Close a solved ticket for good: it takes no replies any more, and never opens again.

    Zendesk closes solved tickets by itself after a while, so use it only where the user asks for
    it now. The user is shown the ticket, and has to type its number first. What is not solved is
    refused: solve it with update_ticket. To get a duplicate out of the way use merge_tickets.
    """
    ticket = await read_ticket(zendesk, ticket_id)
    if ticket.status == CLOSED:
        return _closed_already(ticket)
    _require_solved(ticket)
    change = {"status": CLOSED, "safe_update": True}
    if ticket.updated_at is not None:
        change["updated_stamp"] = stamp(ticket.updated_at)
    try:
        answer = await put_ticket(zendesk, ticket_id, change)
    except ZendeskError as error:
        if isinstance(error, TicketClosed):
            return _closed_already(ticket)  # by another hand, a moment ago
        if not may_have_arrived(error) or not await _is_closed(zendesk, ticket_id):
            raise
        zendesk.outcome = "applied"
        return TicketChange(ticket_id=ticket_id, status=CLOSED, changes=[], answer_was_lost=True)
    return await ticket_change(zendesk, answer, {"status": CLOSED})


async def confirm_closing(zendesk: Zendesk, ticket_id: int) -> Question | None:
    """What a human is asked before a ticket is closed."""
    ticket = await read_ticket(zendesk, ticket_id)
    if ticket.status == CLOSED:
        return None  # nothing will be done, and nothing can open it
    _require_solved(ticket)
    return await _question(
        zendesk, ticket, "Close this ticket for good? It can never be opened again."
    )


def _require_solved(ticket: TicketRecord) -> None:
    if ticket.status != _SOLVED:
        raise InvalidArguments.of(
            "ticket_id",
            f"names a ticket that is {clean_line(ticket.status or 'not solved')}; only solved "
            "tickets are closed. If the user wants that, solve it first with update_ticket",
        )


def _closed_already(ticket: TicketRecord) -> TicketChange:
    return TicketChange(ticket_id=ticket.id, status=CLOSED, changes=[], unchanged=["status"])


async def _is_closed(zendesk: Zendesk, ticket_id: int) -> bool:
    try:
        return (await read_ticket(zendesk, ticket_id)).status == CLOSED
    except ZendeskError:
        return False  # the lost answer is what has to be told


async def delete_ticket(zendesk: Zendesk, ticket_id: TicketId) -> DeletedTicket:
    """Delete one ticket with its conversation. It can be restored for 30 days, by people only, in
    Zendesk's view Deleted tickets; after that it is gone.

    Use it for spam and test tickets that the user wants gone; a duplicate belongs to
    merge_tickets, finished work to update_ticket (solved). The user is shown the ticket, and has to
    type its number first. Needs a role that may delete.
    """
    ticket = await read_ticket(zendesk, ticket_id)
    lost = False
    try:
        await _delete(zendesk, ticket_id)
    except ZendeskError as error:
        if not may_have_arrived(error) or not await _is_gone(zendesk, ticket_id):
            raise
        zendesk.outcome = "applied"
        lost = True
    return DeletedTicket(ticket_id=ticket_id, subject=ticket.subject, answer_was_lost=lost or None)


async def _delete(zendesk: Zendesk, ticket_id: int) -> None:
    """Delete, and take nothing but Zendesk's own word for it (204): a proxy may say 200."""
    answer = await zendesk.delete("tickets", ticket_id)
    if answer.status != _DELETED:
        zendesk.outcome = "unknown"
        raise UnreadableResponse("Zendesk's answer does not say that the ticket is deleted")


async def confirm_deletion(zendesk: Zendesk, ticket_id: int) -> Question:
    """What a human is asked before a ticket is deleted."""
    ticket = await read_ticket(zendesk, ticket_id)
    return await _question(
        zendesk,
        ticket,
        "Delete this ticket with its conversation? It can be restored for 30 days in Zendesk's "
        "view Deleted tickets, and not after that.",
    )


async def _is_gone(zendesk: Zendesk, ticket_id: int) -> bool:
    try:
        await read_ticket(zendesk, ticket_id)
    except NotFound:
        return True
    except ZendeskError:
        pass  # the lost answer is what has to be told
    return False


async def _question(zendesk: Zendesk, ticket: TicketRecord, what: str) -> Question:
    """What a person recognises the ticket by, as of its last change."""
    names = Names()
    if ticket.requester_id is not None:
        names = await look_up(zendesk, [ticket.requester_id])
    lines = [
        what,
        f"Ticket: {ticket.id}",
        f"Subject: {shown.short(ticket.subject or '(none)')}",
        f"Requester: {names.address(ticket.requester_id)}",
        f"Status: {shown.short(ticket.status or 'unknown')}",
    ]
    if ticket.updated_at:
        lines.append(f"Last changed: {stamp(ticket.updated_at)}")
    lines.append(f"To do it, type the ticket's number: {ticket.id}")
    return Question("\n".join(lines), type_back=str(ticket.id))
