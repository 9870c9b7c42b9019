"""What incremental exports have in common: who may, from when until when, page by page (§9)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode

from mcp_server_zendesk.sandbox.call import Call
from mcp_server_zendesk.sandbox.errors import ApiError, forbidden, invalid_attribute
from mcp_server_zendesk.sandbox.records import Json

_LARGEST = 1_000
_MINUTE = timedelta(minutes=1)

Place = tuple[int, int]
"""When a record changed, in seconds, and its id: the order of every export."""
Placed = tuple[Place, Json]


def place_of(pair: Placed) -> Place:
    """The place of a placed record."""
    return pair[0]


def start_of(call: Call, *, required: bool = True) -> int:
    """`start_time` in seconds, 0 where it may be left out.

    Raises:
        ApiError: 403 to whom is no admin; 400 without a number; 422 within the latest minute.
    """
    if call.user["role"] != "admin":
        raise forbidden()
    given = call.query.get("start_time")
    if given is None and not required:
        return 0
    if given is None or not (given.isascii() and given.isdigit()):
        raise invalid_attribute("start_time", "must be a Unix epoch time")
    if int(given) > until_of(call):
        # The rule is documented, the wording is quoted by integrators.
        text = "Too recent start_time. Use a start_time older than 60 seconds"
        raise ApiError(422, {"error": "InvalidValue", "description": text})
    return int(given)


def until_of(call: Call) -> int:
    """The end of what is told: the latest minute is left out."""
    return int((call.store.now() - _MINUTE).timestamp())


def page_size(call: Call) -> int:
    """`per_page`, a thousand at most and by default."""
    given = call.query.get("per_page", "")
    return min(_LARGEST, max(1, int(given))) if given.isascii() and given.isdigit() else _LARGEST


def by_time(
    call: Call,
    key: str,
    found: Iterator[Placed],
    show: Callable[[list[Json]], list[Json]],
) -> Json:
    """A page of the time form. It ends where a second ends, so that the next one misses nothing."""
    size = page_size(call)
    page: list[Placed] = []
    more = False
    for place, record in found:
        if len(page) >= size and place[0] != page[-1][0][0]:
            more = True
            break
        page.append((place, record))
    end = page[-1][0][0] + (1 if more else 0) if page else start_of(call)
    query = {"start_time": str(end)}
    query |= {name: call.query[name] for name in ("include", "per_page") if name in call.query}
    return {
        key: show([record for _, record in page]),
        "count": len(page),
        "end_of_stream": not more,
        "end_time": end if page else None,
        "next_page": call.wire.address(f"{call.path}.json?{urlencode(query)}"),
    }
