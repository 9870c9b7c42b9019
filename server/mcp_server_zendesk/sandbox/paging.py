"""Lists in pages, by cursor or by offset (`zendesk-api.md` §9)."""

import base64
import binascii
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, overload
from urllib.parse import urlencode

from mcp_server_zendesk.sandbox.call import Call
from mcp_server_zendesk.sandbox.errors import invalid_pagination
from mcp_server_zendesk.sandbox.records import Json

PAGE_SIZE = 100
DEEPEST_PAGE = 100
DEEPEST_RECORD = 10_000

Key = Callable[[Json], Any]


@dataclass(frozen=True)
class Page:
    """The records of one page, and the keys that stand beside them."""

    records: list[Json]
    frame: Json


class ById(Sequence[Json]):
    """Records in the order of their ids, of which only those that are shown are looked at."""

    def __init__(self, records: Mapping[int, Json]) -> None:
        self._records = records
        self.ids = sorted(records)

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Json: ...

    @overload
    def __getitem__(self, at: slice) -> list[Json]: ...

    def __getitem__(self, at: int | slice) -> Json | list[Json]:
        if isinstance(at, int):
            return self._records[self.ids[at]]
        return [self._records[one] for one in self.ids[at]]

    def turned(self) -> Self:
        """The same, the highest id first. Changes this one."""
        self.ids.reverse()
        return self


def by_id(record: Json) -> Any:
    """The order of most lists."""
    return record["id"]


def paged(
    call: Call,
    records: Sequence[Json],
    *,
    sorts: Mapping[str, Key] | None = None,
    default_sort: str = "id",
) -> Page:
    """One page of a list that knows both styles; `page[…]` in the query chooses the cursor.

    Args:
        call: The request, for its paging and sorting parameters.
        records: The whole list.
        sorts: What `sort` (cursor) and `sort_by` (offset) may name.
        default_sort: The order without either; a leading `-` turns it round.
    """
    known = {"id": by_id, **(sorts or {})}
    if any(name.startswith("page[") for name in call.query):
        return _cursor_page(call, records, known, default_sort)
    return _offset_page(call, records, known, default_sort)


def offset_numbers(call: Call) -> tuple[int, int]:
    """`page` and `per_page` of a request in the offset style."""
    page = max(1, _integer(call, "page", 1))
    per_page = min(PAGE_SIZE, max(1, _integer(call, "per_page", PAGE_SIZE)))
    return page, per_page


def offset_frame(call: Call, page: int, per_page: int, count: int) -> Json:
    """`next_page`, `previous_page` and `count`."""

    def address(number: int) -> str:
        query = {**call.query, "page": str(number)}
        return call.wire.address(f"{call.path}.json?{urlencode(query)}")

    return {
        "next_page": address(page + 1) if page * per_page < count else None,
        "previous_page": address(page - 1) if page > 1 else None,
        "count": count,
    }


def cursor_frame(call: Call, after: str | None, before: str | None, *, has_more: bool) -> Json:
    """`meta` and `links`; `links.next` is there even when `has_more` is false [REC]."""

    def address(name: str, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        others = {
            key: value
            for key, value in call.query.items()
            if key not in {"page[after]", "page[before]"}
        }
        query = {**others, name: cursor}
        return call.wire.address(f"{call.path}.json?{urlencode(query)}")

    return {
        "meta": {"has_more": has_more, "after_cursor": after, "before_cursor": before},
        "links": {"prev": address("page[before]", before), "next": address("page[after]", after)},
    }


def page_size(call: Call, maximum: int = PAGE_SIZE) -> int:
    """`page[size]`, cut to what the endpoint gives at most."""
    return min(maximum, max(1, _integer(call, "page[size]", PAGE_SIZE)))


def encode_cursor(content: Json) -> str:
    """A cursor as Zendesk makes them: opaque to a client, JSON in base64 in fact."""
    packed = json.dumps(content, separators=(",", ":"))
    return base64.b64encode(packed.encode()).decode()


def decode_cursor(cursor: str) -> Json:
    """Reads a cursor back; refuses with 400 what is none."""
    try:
        content = json.loads(base64.b64decode(cursor, validate=True))
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise _invalid_parameter("page[after] is not valid") from error
    if not isinstance(content, dict) or "v" not in content:
        raise _invalid_parameter("page[after] is not valid")
    return content


def cursor_sort(call: Call, sorts: Collection[str], default: str = "id") -> str:
    """`sort` of the cursor style; a leading `-` turns it round.

    Raises:
        ApiError: 400 where the list does not know it.
    """
    # A `sort_by` of the other style is dropped without a word (§5.7).
    sort = call.query.get("sort", default)
    if sort.removeprefix("-") not in sorts:
        raise _invalid_parameter("sort is not valid")
    return sort


def cursor_mark(cursor: str, sort: str) -> list[Any]:
    """The place that a cursor of this order marks; refuses with 400 that of another order."""
    content = decode_cursor(cursor)
    if content.get("o") != sort:
        raise _invalid_parameter("page[after] is not valid")
    mark: list[Any] = content["v"]
    return mark


def _cursor_page(
    call: Call,
    records: Sequence[Json],
    sorts: Mapping[str, Key],
    default_sort: str,
) -> Page:
    sort = cursor_sort(call, sorts, default_sort)
    name, descending = sort.removeprefix("-"), sort.startswith("-")

    def place(record: Json) -> list[Any]:
        return [sorts[name](record), record["id"]]

    if isinstance(records, ById) and name == "id":
        ordered: Sequence[Json] = records.turned() if descending else records
    else:
        ordered = sorted(records, key=place, reverse=descending)
    size = page_size(call)
    first = 0
    before = call.query.get("page[before]")
    after = call.query.get("page[after]")
    if after is not None:
        first = _position(ordered, place, cursor_mark(after, sort), descending, past=True)
    elif before is not None:
        end = _position(ordered, place, cursor_mark(before, sort), descending, past=False)
        first, size = max(0, end - size), min(size, end)
    found = list(ordered[first : first + size])
    more = first > 0 if before is not None else first + size < len(ordered)
    if not found:
        return Page([], cursor_frame(call, None, None, has_more=False))
    frame = cursor_frame(
        call,
        encode_cursor({"o": sort, "v": place(found[-1])}),
        encode_cursor({"o": sort, "v": place(found[0])}),
        has_more=more,
    )
    return Page(found, frame)


def _position(
    ordered: Sequence[Json],
    place: Callable[[Json], list[Any]],
    mark: Any,
    descending: bool,
    *,
    past: bool,
) -> int:
    """The index of the first record at the mark or beyond it; `past` skips the mark itself."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        here = place(ordered[middle])
        if (here > mark if descending else here < mark) or (past and here == mark):
            low = middle + 1
        else:
            high = middle
    return low


def _offset_page(
    call: Call,
    records: Sequence[Json],
    sorts: Mapping[str, Key],
    default_sort: str,
) -> Page:
    page, per_page = offset_numbers(call)
    if page > DEEPEST_PAGE or page * per_page > DEEPEST_RECORD:
        title = "Pagination requests using Offset Pagination are limited"
        raise invalid_pagination("InvalidPaginationDepth", title)
    name = call.query.get("sort_by", default_sort.removeprefix("-"))
    key = sorts.get(name, sorts[default_sort.removeprefix("-")])
    usual = "desc" if default_sort.startswith("-") else "asc"
    descending = call.query.get("sort_order", usual) == "desc"
    if isinstance(records, ById) and key is by_id:
        ordered: Sequence[Json] = records.turned() if descending else records
    else:
        ordered = sorted(records, key=lambda one: [key(one), one["id"]], reverse=descending)
    first = (page - 1) * per_page
    frame = offset_frame(call, page, per_page, len(ordered))
    return Page(list(ordered[first : first + per_page]), frame)


def _integer(call: Call, name: str, default: int) -> int:
    given = call.query.get(name)
    if given is None:
        return default
    try:
        return int(given)
    except ValueError as error:
        raise _invalid_parameter(f"{name} is not valid") from error


def _invalid_parameter(title: str) -> Exception:
    return invalid_pagination("InvalidPaginationParameter", title)
