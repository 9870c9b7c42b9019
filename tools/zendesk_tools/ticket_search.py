"""Finding tickets, past the thousand that Zendesk's search gives out (``zendesk-api.md`` §7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from mcp_server_zendesk.connection.errors import InvalidRequest, ValidationFailed
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import TicketRecord, count_of, more_to_come, parse_list
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Page, Result, Time
from zendesk_tools.names import Named, Names, group_names, look_up, sideloads
from zendesk_tools.tickets import ResponseFormat

REACHABLE_TICKETS = 1_000
"""Results that search gives out by page; beyond, only the export goes."""

_PHRASE_OR_TYPE = re.compile(r'"[^"]*"|(?<!\S)-?type:\s*"?(?P<type>\w*)"?', re.IGNORECASE)
_TICKET_TYPES = {"incident", "problem", "question", "task"}
_REFUSED_CURSOR = {400, 422}
_BOUNDS = {"updated_at": "updated", "created_at": "created"}


class TicketHit(Result):
    """A ticket that was found."""

    id: int
    subject: Line | None = None
    status: Line | None = None
    priority: Line | None = None
    type: Line | None = None
    requester: Named | None = None
    assignee: Named | None = None
    group: Named | None = None
    organization: Named | None = None
    tags: list[Line] | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a search goes on: a page of it, or a cursor of the export of what lies beyond."""

    page: int = 1
    size: int = 0
    export: str | None = None
    bound: str = ""

    def text(self) -> str:
        if self.export is not None:
            return f"export|{self.bound}|{self.export}"
        return numbered(self.page, self.size)

    @classmethod
    def read(cls, text: str) -> _Position:
        kind, _, rest = text.partition("|")
        if kind == "export":
            bound, _, after = rest.partition("|")
            return cls(export=after, bound=bound)
        page, size = read_numbered(text)
        return cls(page=page, size=size)


async def search_tickets(
    zendesk: Zendesk,
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2_000,
            description='Zendesk search syntax, e.g. `refund "exact phrase" status<solved '
            "requester:a@b.com tags:vip -tags:spam created>2026-01-31`; two tags: mean OR",
        ),
    ],
    sort_by: Annotated[
        Literal["updated_at", "created_at", "priority", "status", "ticket_type"] | None,
        Field(description="Relevance when left out"),
    ] = None,
    sort_order: Annotated[Literal["asc", "desc"], Field(description="With sort_by")] = "desc",
    limit: Annotated[int, Field(ge=1, le=100, description="Tickets a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
    response_format: Annotated[
        ResponseFormat,
        Field(description="detailed adds type, organization and created_at"),
    ] = "concise",
) -> Page[TicketHit]:
    """Find tickets by words, state, people, tags or dates.

    With a ticket's number use get_ticket. Words match whole words and their beginnings. Changes of
    the last minutes may be missing. Past 1,000 results the pages start over, unless sorted by a
    date.
    """
    wanted = ticket_query(query)
    bound_to = {"tool": "search_tickets", "query": wanted, "by": sort_by, "order": sort_order}
    start = _Position(size=limit) if cursor is None else _Position.read(unseal(cursor, bound_to))
    if start.export is not None:
        return await _exported(zendesk, wanted, start, bound_to, limit, response_format)

    params: dict[str, str | int] = {
        "query": f"type:ticket {wanted}",
        "page": start.page,
        "per_page": start.size,
    }
    if sort_by:
        params |= {"sort_by": sort_by, "sort_order": sort_order}
    if names := sideloads(zendesk):
        params["include"] = f"tickets({','.join(names)})"
    answer = await zendesk.get("search", params=params)
    found = parse_list(TicketRecord, answer, "results")
    total = count_of(answer)
    before = (start.page - 1) * start.size
    more = more_to_come(answer, total, before=before, found=len(found), size=start.size)
    following = _following(start, found[-1], sort_by, sort_order) if more else None
    return Page[TicketHit](
        items=ticket_hits(found, Names.of(answer), response_format),
        has_more=following is not None,
        next_cursor=seal(following.text(), bound_to) if following else None,
        total=total,
        reachable=_reachable(total, sort_by),
    )


def ticket_query(query: str) -> str:
    """The query without ``type:``, which is added where the endpoint wants it.

    Raises:
        InvalidArguments: It asks for something else than tickets, or for nothing.
    """

    def without_type(term: re.Match[str]) -> str:
        kind = term["type"]
        if kind is None:
            return term[0]  # a quoted phrase may hold anything
        if kind.lower() in _TICKET_TYPES:
            raise InvalidArguments.of(
                "query", f"has a ticket's own type under type:; write ticket_type:{kind.lower()}"
            )
        if kind.lower() != "ticket" or term[0].startswith("-"):
            raise InvalidArguments.of(
                "query", "finds tickets only; for people use search_users, and leave type: out"
            )
        return " "

    wanted = " ".join(_PHRASE_OR_TYPE.sub(without_type, query).split())
    return wanted or "created>1970-01-01"


def _following(
    at: _Position, last: TicketRecord, sort_by: str | None, sort_order: str
) -> _Position:
    """The next page; the export once search gives out no further page."""
    if (at.page + 1) * at.size <= REACHABLE_TICKETS:
        return _Position(page=at.page + 1, size=at.size)
    return _Position(export="", bound=_bound(last, sort_by, sort_order))


def _reachable(total: int | None, sort_by: str | None) -> int | None:
    beyond = total is not None and total > REACHABLE_TICKETS and sort_by not in _BOUNDS
    return REACHABLE_TICKETS if beyond else None


def _bound(last: TicketRecord, sort_by: str | None, sort_order: str) -> str:
    """A condition for what lies beyond the last ticket; only a sort by date allows one."""
    keyword = _BOUNDS.get(sort_by or "")
    moment = last.updated_at if sort_by == "updated_at" else last.created_at
    if keyword is None or moment is None:
        return ""
    operator = "<=" if sort_order == "desc" else ">="
    return f"{keyword}{operator}{stamp(moment)}"


async def _exported(
    zendesk: Zendesk,
    wanted: str,
    start: _Position,
    bound_to: dict[str, str | None],
    limit: int,
    response_format: str,
) -> Page[TicketHit]:
    """A page of the export: by creation, without a count, its cursor valid for an hour."""
    params: dict[str, str | int] = {
        "query": f"{wanted} {start.bound}".strip(),
        "filter[type]": "ticket",
        "page[size]": limit,
    }
    if start.export:
        params["page[after]"] = start.export
    answer = await _export(zendesk, params)
    found = parse_list(TicketRecord, answer, "results")
    after = next_cursor(answer)
    following = _Position(export=after, bound=start.bound) if after else None
    people = (who for ticket in found for who in (ticket.requester_id, ticket.assignee_id) if who)
    names = await look_up(zendesk, people)
    names.groups = await group_names(zendesk)
    return Page[TicketHit](
        items=ticket_hits(found, names, response_format),
        has_more=following is not None,
        next_cursor=seal(following.text(), bound_to) if following else None,
    )


async def _export(zendesk: Zendesk, params: dict[str, str | int]) -> dict[str, Any]:
    try:
        return await zendesk.get("search", "export", params=params)
    except (InvalidRequest, ValidationFailed) as error:
        # The query was good for the pages before: what may be refused in it is the cursor.
        if "page[after]" not in params or error.refusal.status not in _REFUSED_CURSOR:
            raise
        raise InvalidArguments.of(
            "cursor", "has expired (it is valid for an hour): start over without cursor"
        ) from error


def ticket_hits(
    found: list[TicketRecord], names: Names, response_format: str = "concise"
) -> list[TicketHit]:
    """Rows of a list of tickets, the same in every tool that lists them."""
    detailed = response_format == "detailed"
    return [
        TicketHit(
            id=ticket.id,
            subject=ticket.subject,
            status=ticket.status,
            priority=ticket.priority,
            requester=names.user(ticket.requester_id),
            assignee=names.user(ticket.assignee_id),
            group=names.group(ticket.group_id),
            tags=ticket.tags or None,
            updated_at=ticket.updated_at,
            **(_details(ticket, names) if detailed else {}),
        )
        for ticket in found
    ]


def _details(ticket: TicketRecord, names: Names) -> dict[str, Any]:
    return {
        "type": ticket.type,
        "organization": names.organization(ticket.organization_id),
        "created_at": ticket.created_at,
    }
