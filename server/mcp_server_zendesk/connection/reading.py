"""What those who only read need of a call, and whole lists read page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.connection.exchange import Json
from mcp_server_zendesk.connection.paths import Segment

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.records import Record

Params = Mapping[str, str | int]

_PAGE = 100
_MAX_PAGES = 50

T = TypeVar("T")
RecordT = TypeVar("RecordT", bound="Record")


class Reader(Protocol):
    """Reads Zendesk as far as its scopes allow; a call's handle is one."""

    def may(self, scope: str) -> bool:
        """Whether a read that needs this scope would pass."""
        ...

    async def get(self, *path: Segment, params: Params | None = None) -> Json:
        """Read.

        Raises:
            ZendeskError: In one of its kinds.
        """
        ...

    async def cached(self, name: str, load: Callable[[], Awaitable[T]], *, scope: str) -> T:
        """A value that rarely changes."""
        ...


def next_cursor(body: dict[str, object]) -> str | None:
    """The cursor of the next page. ``links.next`` may be set on the last page (§9): not asked.

    Raises:
        UnreadableResponse: Zendesk claims more and gives no cursor for it.
    """
    meta = body.get("meta")
    paging = meta if isinstance(meta, dict) else {}
    # A list that does not know cursors answers by page number, and would end after one page.
    if not (paging.get("has_more") if paging else body.get("next_page")):
        return None
    after = paging.get("after_cursor")
    if not isinstance(after, str) or not after:
        raise UnreadableResponse("Zendesk's answer claims more and gives no cursor for it")
    return after


async def every(
    reader: Reader,
    model: type[RecordT],
    resource: str,
    *,
    params: Params | None = None,
) -> list[RecordT]:
    """All records of a list, over its pages.

    Raises:
        UnreadableResponse: There are more than any account should have.
    """
    from mcp_server_zendesk.connection.records import parse_list  # noqa: PLC0415 - not for a start

    found: list[RecordT] = []
    asked: dict[str, Any] = {**(params or {}), "page[size]": _PAGE}
    for _ in range(_MAX_PAGES):
        body = await reader.get(resource, params=asked)
        found += parse_list(model, body, resource)
        after = next_cursor(body)
        if after is None:
            return found
        asked["page[after]"] = after
    raise UnreadableResponse(f"Zendesk's list of {resource} does not end")
