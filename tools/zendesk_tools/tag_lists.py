"""The tags of the account (``zendesk-api.md`` §6.4)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import parse_list
from mcp_server_zendesk.connection.rule_records import TagRecord
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Page, Result
from zendesk_tools.kept_lists import page_of

_SHORTEST_BEGINNING = 2


class Tag(Result):
    """A tag; ``count`` is how often it was used in the last 60 days."""

    name: Line
    count: int | None = None


async def list_tags(
    zendesk: Zendesk,
    query: Annotated[
        str | None,
        Field(max_length=255, description="How the tag begins, 2 characters or more"),
    ] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="Tags a page")] = 50,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[Tag]:
    """List the account's tags: the most used of the last 60 days with how often, or with query
    those that begin with it, without counts.

    Use it to spell a tag as the account does, before update_ticket_tags or a search. To find
    tickets with a tag use search_tickets, to count them count_tickets, both with `tags:NAME`.
    """
    if query is not None:
        return await _completed(zendesk, query.strip().lower(), limit, cursor)
    bound_to = {"tool": "list_tags"}
    params: dict[str, str | int] = {"page[size]": limit}
    if cursor is not None:
        params["page[after]"] = unseal(cursor, bound_to)
    answer = await zendesk.get("tags", params=params)
    after = next_cursor(answer)
    return Page[Tag](
        items=[
            Tag(name=one.name, count=one.count)
            for one in parse_list(TagRecord, answer, "tags")
            if one.name
        ],
        has_more=after is not None,
        next_cursor=seal(after, bound_to) if after else None,
    )


async def _completed(zendesk: Zendesk, begins: str, limit: int, cursor: str | None) -> Page[Tag]:
    if len(begins) < _SHORTEST_BEGINNING:
        raise InvalidArguments.of("query", "needs at least 2 characters")
    answer = await zendesk.get("autocomplete", "tags", params={"name": begins})
    names = _names(answer)
    bound_to = {"tool": "list_tags", "query": begins}
    shown, following = page_of(names, bound_to, limit, cursor)
    return Page[Tag](
        items=[Tag(name=name) for name in shown],
        has_more=following is not None,
        next_cursor=following,
    )


def _names(answer: dict[str, Any]) -> list[str]:
    found = answer.get("tags")
    if not isinstance(found, list):
        raise UnreadableResponse("Zendesk's answer holds no readable 'tags'")
    return [name for name in found if isinstance(name, str)]
