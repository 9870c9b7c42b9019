"""The tickets of one person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.paths import Segment
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import TicketRecord, parse_list
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.results import Page
from zendesk_tools.names import Names, sideloads
from zendesk_tools.ticket_search import TicketHit, ticket_hits
from zendesk_tools.users import find_user_id


async def list_user_tickets(
    zendesk: Zendesk,
    user: Annotated[
        str | int,
        Field(description="Id, e-mail address, `external:ID`, or `me` (this server's user)"),
    ],
    relation: Annotated[
        Literal["requested", "assigned", "ccd", "followed"],
        Field(description="Their part in the tickets; ccd: in copy"),
    ] = "requested",
    limit: Annotated[int, Field(ge=1, le=100, description="Tickets a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[TicketHit]:
    """List the tickets that one person requested, is assigned, is in copy of or follows; newest
    first, in every status.

    Use it for a customer's history or an agent's load. With only a name call search_users first;
    to filter by status, tags or dates use search_tickets.
    """
    user_id = await find_user_id(zendesk, user)
    bound_to = {"tool": "list_user_tickets", "user": str(user_id), "relation": relation}
    return await tickets_below(
        zendesk, ("users", user_id, "tickets", relation), bound_to, limit, cursor
    )


async def tickets_below(
    zendesk: Zendesk,
    path: tuple[Segment, ...],
    bound_to: Mapping[str, str | int],
    limit: int,
    cursor: str | None,
) -> Page[TicketHit]:
    """A page of one of Zendesk's ticket lists, newest first.

    Args:
        zendesk: The call's handle.
        path: Where the list is.
        bound_to: What the cursor continues.
        limit: Tickets a page.
        cursor: Of the page before.
    """
    params: dict[str, str | int] = {"page[size]": limit, "sort": "-id"}
    if cursor is not None:
        params["page[after]"] = unseal(cursor, bound_to)
    if names := sideloads(zendesk):
        params["include"] = ",".join(names)
    answer = await zendesk.get(*path, params=params)
    after = next_cursor(answer)
    return Page[TicketHit](
        items=ticket_hits(parse_list(TicketRecord, answer, "tickets"), Names.of(answer)),
        has_more=after is not None,
        next_cursor=seal(after, bound_to) if after else None,
    )
