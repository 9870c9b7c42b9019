"""What the questions of several tools say alike: whom a comment reaches, which ticket, who."""

from __future__ import annotations

from collections.abc import Iterable

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.records import TicketRecord
from mcp_server_zendesk.serving import shown
from zendesk_tools.names import Names, group_names, look_up
from zendesk_tools.people import as_said, find_agent, find_group


def copied(ticket: TicketRecord) -> list[int]:
    """Who is mailed beside the requester. Accounts without CCs have collaborators instead."""
    return ticket.email_cc_ids or ticket.collaborator_ids or []


def readers(ticket: TicketRecord) -> list[int]:
    """Everybody who is mailed a public comment on a ticket."""
    first = [] if ticket.requester_id is None else [ticket.requester_id]
    return list(dict.fromkeys([*first, *copied(ticket)]))


async def names_of_readers(zendesk: Zendesk, ticket: TicketRecord) -> Names:
    """Their names and addresses, as far as the scopes allow to see them."""
    return await look_up(zendesk, readers(ticket)) if zendesk.may("users:read") else Names()


def to_whom(ticket: TicketRecord, names: Names) -> list[str]:
    """The lines that say whom a public comment goes to."""
    lines = [f"To: {names.address(ticket.requester_id)}"]
    if others := copied(ticket):
        lines.append(f"Copies to: {people(others, names)}")
    return lines


def people(ids: Iterable[int], names: Names) -> str:
    """Users in one line."""
    return shown.listed(names.address(one) for one in ids)


def which_ticket(ticket: TicketRecord) -> list[str]:
    """The lines by which a ticket is recognised, as of its last change."""
    changed = [f"Ticket last changed: {stamp(ticket.updated_at)}"] if ticket.updated_at else []
    return [f"Subject: {shown.short(ticket.subject or '(none)')}", *changed]


async def agent(zendesk: Zendesk, said: str | int | None) -> str | None:
    """An assignee as a human knows one.

    Raises:
        InvalidArguments: Nobody, or more than one, is meant.
    """
    if said is None:
        return None
    agent_id = await find_agent(zendesk, as_said("assignee", said))
    return f"{(await look_up(zendesk, [agent_id])).address(agent_id)} ({agent_id})"


async def group_named(zendesk: Zendesk, said: str | int | None) -> str | None:
    """A group likewise. Raises as ``agent`` does."""
    if said is None:
        return None
    group_id = await find_group(zendesk, as_said("group", said))
    return f"{shown.short((await group_names(zendesk)).get(group_id) or 'group')} ({group_id})"
