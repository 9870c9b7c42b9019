"""How many tickets there are of a kind, without reading one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import count_of
from mcp_server_zendesk.serving.results import Result
from zendesk_tools.ticket_search import ticket_query


class TicketCount(Result):
    """How many tickets a search finds."""

    count: int


async def count_tickets(
    zendesk: Zendesk,
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2_000,
            description="As in search_tickets, e.g. `status:solved solved>2026-01-01 tags:refund`",
        ),
    ],
) -> TicketCount:
    """Count the tickets that a search would find, past its limit of 1,000 too, in one request.

    Use it for "how many": compare periods, groups or tags by a call each, and search_tickets to
    see the tickets. It counts Zendesk's search index: changes of the last minutes are not in it,
    and deleted tickets never are.
    """
    params = {"query": f"type:ticket {ticket_query(query)}"}
    answer = await zendesk.get("search", "count", params=params)
    count = count_of(answer)
    if count is None:
        raise UnreadableResponse("Zendesk's answer holds no readable 'count'")
    return TicketCount(count=count)
