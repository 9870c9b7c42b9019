"""Tickets that hang on another: the incidents of a problem."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import TicketRecord, parse_list
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Page, Result, Time
from zendesk_tools.names import Named, Names, sideloads
from zendesk_tools.ticket_changes import read_ticket
from zendesk_tools.tickets import TicketId

_PROBLEM = "problem"


class Incident(Result):
    """A ticket that a problem caused."""

    id: int
    subject: Line | None = None
    status: Line | None = None
    priority: Line | None = None
    requester: Named | None = None
    organization: Named | None = None
    assignee: Named | None = None
    updated_at: Time | None = None


async def list_linked_incidents(
    zendesk: Zendesk,
    ticket_id: TicketId,
    limit: Annotated[int, Field(ge=1, le=100, description="Incidents a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[Incident]:
    """List the incidents linked to a problem ticket, with requester and status.

    Use it before you solve a problem, which solves its incidents too. Other types are refused: for
    an incident's problem use get_ticket. To link one use update_ticket, to find more
    search_tickets.
    """
    query = {"tool": "list_linked_incidents", "ticket_id": ticket_id}
    params: dict[str, str | int] = {"page[size]": limit}
    if cursor is not None:
        params["page[after]"] = unseal(cursor, query)
    if names := sideloads(zendesk):
        params["include"] = ",".join(names)
    answer = await zendesk.get("tickets", ticket_id, "incidents", params=params)
    found = parse_list(TicketRecord, answer, "tickets")
    if not found and cursor is None:
        await _require_problem(zendesk, ticket_id)
    after = next_cursor(answer)
    known = Names.of(answer)
    return Page[Incident](
        items=[_incident(record, known) for record in found],
        has_more=after is not None,
        next_cursor=seal(after, query) if after else None,
    )


async def _require_problem(zendesk: Zendesk, ticket_id: int) -> None:
    """Tell a problem without incidents from a ticket that can have none.

    Raises:
        InvalidArguments: It is no problem.
    """
    record = await read_ticket(zendesk, ticket_id)
    if record.type == _PROBLEM:
        return
    own = f" It is itself an incident of problem {record.problem_id}." if record.problem_id else ""
    raise InvalidArguments.of(
        "ticket_id", f"is not a problem ticket, and only problems have incidents.{own}"
    )


def _incident(record: TicketRecord, names: Names) -> Incident:
    return Incident(
        id=record.id,
        subject=record.subject,
        status=record.status,
        priority=record.priority,
        requester=names.user(record.requester_id),
        organization=names.organization(record.organization_id),
        assignee=names.user(record.assignee_id),
        updated_at=record.updated_at,
    )
