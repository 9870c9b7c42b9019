"""Views: the queues that a team works from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import (
    TicketRecord,
    count_of,
    more_to_come,
    parse_list,
)
from mcp_server_zendesk.connection.routing_records import (
    ViewCount,
    ViewRecord,
    all_views,
)
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal
from mcp_server_zendesk.serving.results import Line, Page, Result
from zendesk_tools.names import Named, Names, group_names, sideloads
from zendesk_tools.people import find_named, read_id
from zendesk_tools.ticket_search import TicketHit, ticket_hits

_MOST_COUNTED = 20
"""Views of one request for counts, of which Zendesk allows few a minute."""

_REACHABLE = 10_000
_COLUMNS = {"created_at": "created", "updated_at": "updated"}


class View(Result):
    """A view. For everyone, unless it is personal or names groups."""

    id: int
    title: Line | None = None
    tickets: int | None = None
    count_is_old: Annotated[
        bool | None, Field(description="Zendesk is counting anew; tickets may be off")
    ] = None
    personal: bool | None = None
    groups: list[Named] | None = None
    active: Annotated[bool | None, Field(description="false: switched off")] = None


async def list_views(
    zendesk: Zendesk,
    active: Annotated[
        bool, Field(description="false lists the views that are switched off")
    ] = True,
    limit: Annotated[int, Field(ge=1, le=_MOST_COUNTED, description="Views a page")] = 20,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[View]:
    """List the views (saved queues) that this server's user sees, in their order, with how many
    tickets each holds and whom it is for.

    Use it to see where work is waiting, or to find a view for get_view_tickets. For tickets by
    your own conditions use search_tickets. New and changed views show within ten minutes; a
    count is left out where Zendesk has none yet.
    """
    query = {"tool": "list_views", "active": active}
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, query))
    views = [one for one in await all_views(zendesk) if (one.active is not False) == active]
    shown = views[(page - 1) * size : page * size]
    more = page * size < len(views)
    counts = await _counts(zendesk, shown)
    restricted = any(one.restriction and one.restriction.group_ids for one in shown)
    names = Names(groups=await group_names(zendesk) if restricted else {})
    return Page[View](
        items=[_view(one, counts.get(one.id), names) for one in shown],
        has_more=more,
        next_cursor=seal(numbered(page + 1, size), query) if more else None,
        total=len(views),
    )


async def _counts(zendesk: Zendesk, views: list[ViewRecord]) -> dict[int, ViewCount]:
    """How many tickets the views hold. The views are worth telling without."""
    ids = ",".join(str(view.id) for view in views if view.active is not False)
    if not ids:
        return {}
    try:
        answer = await zendesk.get("views", "count_many", params={"ids": ids})
        return {one.view_id: one for one in parse_list(ViewCount, answer, "view_counts")}
    except ZendeskError:
        return {}


def _view(record: ViewRecord, count: ViewCount | None, names: Names) -> View:
    groups = record.restriction.group_ids if record.restriction else []
    counted = count is not None and count.value is not None
    return View(
        id=record.id,
        title=record.title,
        tickets=count.value if count else None,
        count_is_old=True if count and counted and count.fresh is False else None,
        personal=True if record.restriction and record.restriction.personal else None,
        groups=[named for one in groups if (named := names.group(one))] or None,
        active=False if record.active is False else None,
    )


async def get_view_tickets(
    zendesk: Zendesk,
    view: Annotated[str | int, Field(description="View by id or title")],
    sort_by: Annotated[
        Literal["created_at", "updated_at", "priority", "status"] | None,
        Field(description="The view's own order when left out"),
    ] = None,
    sort_order: Annotated[Literal["asc", "desc"], Field(description="With sort_by")] = "desc",
    limit: Annotated[int, Field(ge=1, le=100, description="Tickets a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[TicketHit]:
    """Read the tickets of one view, in the order in which agents see them, with names beside ids.

    Use it to work through a queue; list_views has the views. For your own conditions use
    search_tickets, for one ticket's conversation get_ticket. Zendesk allows five pages of a view
    a minute, so ask for larger pages rather than many.
    """
    said = str(view).strip()
    view_id = read_id("view", said)
    if view_id is None:
        titles = {
            one.id: one.title or "" for one in await all_views(zendesk) if one.active is not False
        }
        view_id = find_named("view", "view", said, titles)
    query = {"tool": "get_view_tickets", "view": view_id, "by": sort_by, "order": sort_order}
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, query))
    # By number: lists by cursor come in the order of ids, whatever the view says.
    params: dict[str, str | int] = {"page": page, "per_page": size}
    if sort_by is not None:
        params |= {"sort_by": _COLUMNS.get(sort_by, sort_by), "sort_order": sort_order}
    if names := sideloads(zendesk):
        params["include"] = ",".join(names)
    answer = await zendesk.get("views", view_id, "tickets", params=params)
    found = parse_list(TicketRecord, answer, "tickets")
    total = count_of(answer)
    more = more_to_come(answer, total, before=(page - 1) * size, found=len(found), size=size)
    following = more and (page + 1) * size <= _REACHABLE
    return Page[TicketHit](
        items=ticket_hits(found, Names.of(answer)),
        has_more=following,
        next_cursor=seal(numbered(page + 1, size), query) if following else None,
        total=total,
        reachable=_REACHABLE if total and total > _REACHABLE else None,
    )
