"""Finding tickets, past the thousand that Zendesk's search gives out (``zendesk-api.md`` §7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.connection.fields import next_cursor
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import TicketRecord, parse_list
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from mcp_server_zendesk.serving.spec import ToolSpec
from mcp_server_zendesk.serving.text import clean_text
from zendesk_tools.names import ENRICHING, Named, Names, all_groups, look_up, sideloads
from zendesk_tools.tickets import ResponseFormat

REACHABLE = 1_000
"""Results that search gives out by page; beyond, only the export goes."""

_PHRASE_OR_TYPE = re.compile(r'"[^"]*"|(?<!\S)-?type:\s*"?(?P<type>\w*)"?', re.IGNORECASE)
_EXCERPT = 300
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
    first_message: Body | None = None


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
        return f"page|{self.page}|{self.size}"

    @classmethod
    def read(cls, text: str) -> _Position:
        kind, _, rest = text.partition("|")
        first, _, second = rest.partition("|")
        if kind == "export":
            return cls(export=second, bound=first)
        if kind == "page" and first.isdecimal() and second.isdecimal():
            return cls(page=int(first), size=int(second))
        raise InvalidArguments.of("cursor", "is not a cursor of this tool")


async def search_tickets(
    zendesk: Zendesk,
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2_000,
            description="Zendesk search syntax, e.g. `status<solved priority:urgent "
            'tags:vip -tags:spam created>2026-01-31 requester:a@b.com "exact phrase" refund`. '
            "Two tags: terms mean OR",
        ),
    ],
    sort_by: Annotated[
        Literal["updated_at", "created_at", "priority", "status", "ticket_type"] | None,
        Field(description="Relevance when left out"),
    ] = None,
    sort_order: Annotated[Literal["asc", "desc"], Field(description="With sort_by")] = "desc",
    limit: Annotated[int, Field(ge=1, le=100, description="Tickets a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
    response_format: ResponseFormat = "concise",
) -> Page[TicketHit]:
    """Find tickets by words, state, people, tags or dates, with names beside ids.

    Use it when you do not know the ticket's number; with the number use get_ticket, which also
    has the conversation. Words match whole words and their beginnings. Changes of the last
    minutes may be missing. Past 1,000 results next_cursor goes on in order of creation; unless
    sorted by a date, those pages start over and repeat tickets. detailed adds the first message.
    """
    wanted = _ticket_query(query)
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
    total = answer.get("count")
    if not isinstance(total, int):
        raise UnreadableResponse("Zendesk's search answer has no count")
    following = _following(start, found, total, sort_by, sort_order)
    return Page[TicketHit](
        items=_hits(found, Names.of(answer), response_format),
        has_more=following is not None,
        next_cursor=seal(following.text(), bound_to) if following else None,
        total=total,
        reachable=REACHABLE if total > REACHABLE and sort_by not in _BOUNDS else None,
    )


def _ticket_query(query: str) -> str:
    """The query without ``type:``, which is added where the endpoint wants it.

    Raises:
        InvalidArguments: It asks for something else than tickets, or for nothing.
    """

    def without_type(term: re.Match[str]) -> str:
        kind = term["type"]
        if kind is None:
            return term[0]  # a quoted phrase may hold anything
        if kind.lower() != "ticket" or term[0].startswith("-"):
            raise InvalidArguments.of(
                "query", "finds tickets only; for people use search_users, and leave type: out"
            )
        return " "

    wanted = " ".join(_PHRASE_OR_TYPE.sub(without_type, query).split())
    return wanted or "created>1970-01-01"


def _following(
    at: _Position, found: list[TicketRecord], total: int, sort_by: str | None, sort_order: str
) -> _Position | None:
    """The next page; the export once search gives out no further page; None at the end."""
    seen = at.page * at.size
    if not found or seen >= total:
        return None
    if seen + at.size <= REACHABLE:
        return _Position(page=at.page + 1, size=at.size)
    return _Position(export="", bound=_bound(found[-1], sort_by, sort_order))


def _bound(last: TicketRecord, sort_by: str | None, sort_order: str) -> str:
    """A condition for what lies beyond the last ticket; only a sort by date allows one."""
    keyword = _BOUNDS.get(sort_by or "")
    moment = last.updated_at if sort_by == "updated_at" else last.created_at
    if keyword is None or moment is None:
        return ""
    operator = "<=" if sort_order == "desc" else ">="
    return f"{keyword}{operator}{moment:%Y-%m-%dT%H:%M:%SZ}"


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
    answer = await zendesk.get("search", "export", params=params)
    found = parse_list(TicketRecord, answer, "results")
    after = next_cursor(answer)
    following = _Position(export=after, bound=start.bound) if after else None
    people = (who for ticket in found for who in (ticket.requester_id, ticket.assignee_id) if who)
    names = await look_up(zendesk, people)
    if zendesk.may("groups:read"):
        names.groups = await all_groups(zendesk)
    return Page[TicketHit](
        items=_hits(found, names, response_format),
        has_more=following is not None,
        next_cursor=seal(following.text(), bound_to) if following else None,
    )


def _hits(found: list[TicketRecord], names: Names, response_format: str) -> list[TicketHit]:
    return [_hit(ticket, names, detailed=response_format == "detailed") for ticket in found]


def _hit(ticket: TicketRecord, names: Names, *, detailed: bool) -> TicketHit:
    hit = TicketHit(
        id=ticket.id,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority,
        requester=names.user(ticket.requester_id),
        assignee=names.user(ticket.assignee_id),
        group=names.group(ticket.group_id),
        tags=ticket.tags or None,
        updated_at=ticket.updated_at,
    )
    if not detailed:
        return hit
    return hit.model_copy(
        update={
            "type": ticket.type,
            "organization": names.organization(ticket.organization_id),
            "created_at": ticket.created_at,
            "first_message": clean_text(ticket.description or "", _EXCERPT),
        }
    )


TOOLS = (
    ToolSpec(
        handler=search_tickets,
        title="Search tickets",
        toolset="tickets",
        effect="read",
        scopes=(("read",),),
        enriched_by=ENRICHING,
    ),
)
