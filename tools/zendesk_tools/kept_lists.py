"""Lists that change rarely: read whole, kept for some minutes, and given out in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import Record, parse_list
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal

RecordT = TypeVar("RecordT", bound=Record)
T = TypeVar("T")

_AT_ONCE = 100
_MOST_REQUESTS = 20


async def whole_list(
    zendesk: Zendesk, model: type[RecordT], *path: str, key: str, scope: str
) -> list[RecordT]:
    """Every record of a list, a hundred a request.

    Args:
        zendesk: The call's handle.
        model: What the records are.
        path: Where the list is.
        key: Its name in the answer, and in what is kept.
        scope: Asked for even when the list is kept.

    Raises:
        UnreadableResponse: It does not end.
        ZendeskError: It could not be read.
    """

    async def load() -> list[RecordT]:
        found: list[RecordT] = []
        params: dict[str, str | int] = {"page[size]": _AT_ONCE}
        for _ in range(_MOST_REQUESTS):
            answer = await zendesk.get(*path, params=params)
            found += parse_list(model, answer, key)
            after = next_cursor(answer)
            if after is None:
                return found
            params["page[after]"] = after
        raise UnreadableResponse(f"Zendesk's list of {key} does not end")

    return await zendesk.cached(key, load, scope=scope)


def page_of(
    records: Sequence[T], query: Mapping[str, Any], limit: int, cursor: str | None
) -> tuple[list[T], str | None]:
    """One page of a whole list, and the cursor of the next one."""
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, query))
    more = page * size < len(records)
    following = seal(numbered(page + 1, size), query) if more else None
    return list(records[(page - 1) * size : page * size]), following
