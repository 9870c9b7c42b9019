"""Satisfaction ratings (`zendesk-api.md` §5.7): for admins, by `score` and time.

That `start_time` and `end_time` go by `created_at` is not attested. A rating that was received is
a record of its own here, made when it came; whether Zendesk changes the one that was offered is
not known.
"""

import heapq
from collections.abc import Callable, Iterator
from itertools import dropwhile, islice, takewhile

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.endpoints.tickets import ticket_of
from mcp_server_zendesk.sandbox.errors import forbidden, invalid_attribute, record_not_found
from mcp_server_zendesk.sandbox.paging import (
    Page,
    cursor_frame,
    cursor_mark,
    cursor_sort,
    encode_cursor,
    offset_frame,
    offset_numbers,
    page_size,
    paged,
)
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.scale.collections import LazyTickets
from mcp_server_zendesk.sandbox.scale.ratings import time_of
from mcp_server_zendesk.sandbox.tickets.course import seconds

_SCORES = ("offered", "unoffered", "received", "good", "bad")
_SORTS: dict[str, Callable[[Json], int]] = {
    "id": lambda one: int(one["id"]),
    "created_at": lambda one: seconds(one["created_at"]),
}


def list_ratings(call: Call) -> Answer:
    """GET /satisfaction_ratings, by `score`, `start_time` and `end_time`."""
    return _listed(call, call.query.get("score"))


def list_received_ratings(call: Call) -> Answer:
    """GET /satisfaction_ratings/received."""
    return _listed(call, "received")


def show_rating(call: Call) -> Answer:
    """GET /satisfaction_ratings/{id}."""
    rating = call.store.satisfaction_ratings.get(call.ids["id"])
    if rating is None and isinstance(call.store.tickets, LazyTickets):
        rating = call.store.tickets.rating_by_id(call.ids["id"])
    if rating is None:
        raise record_not_found()
    return Answer({"satisfaction_rating": call.wire.shown("satisfaction_ratings", rating)})


def create_rating(call: Call) -> Answer:
    """POST /tickets/{id}/satisfaction_rating: only by the requester, who is no agent (§5.7)."""
    ticket_of(call)
    raise forbidden()


def _listed(call: Call, score: str | None) -> Answer:
    if call.user["role"] != "admin":
        raise forbidden()
    if score is not None:
        _check(score)
    start, end = _time(call, "start_time"), _time(call, "end_time")

    def wanted(rating: Json) -> bool:
        return score is None or _has_score(rating, score)

    written = [
        one
        for one in call.store.satisfaction_ratings.values()
        if wanted(one) and _within(one, start, end)
    ]
    tickets = call.store.tickets
    if isinstance(tickets, LazyTickets):
        page = _Merged(written, tickets, wanted, start, end).page(call)
    else:
        page = paged(call, written, sorts=_SORTS)
    shown = [call.wire.shown("satisfaction_ratings", one) for one in page.records]
    return Answer({"satisfaction_ratings": shown, **page.frame})


class _Merged:
    """Written and generated ratings in one order, of which only those are made that are shown.

    The offset style tells how many there are, and so looks at all of them.
    """

    def __init__(
        self,
        written: list[Json],
        tickets: LazyTickets,
        wanted: Callable[[Json], bool],
        start: float | None,
        end: float | None,
    ) -> None:
        self._written = written
        self._tickets = tickets
        self._wanted = wanted
        self._start = start
        self._end = end

    def page(self, call: Call) -> Page:
        if not any(name.startswith("page[") for name in call.query):
            return self._by_offset(call)
        sort = cursor_sort(call, _SORTS)
        name, descending = sort.removeprefix("-"), sort.startswith("-")
        size = page_size(call)
        backwards = "page[after]" not in call.query and "page[before]" in call.query
        given = call.query.get("page[before]" if backwards else "page[after]")
        mark = None if given is None else tuple(cursor_mark(given, sort))
        found = list(islice(self._from(name, mark, descending is not backwards), size + 1))
        records = found[:size]
        if backwards:
            records.reverse()
        if not records:
            return Page([], cursor_frame(call, None, None, has_more=False))

        def cursor(one: Json) -> str:
            return encode_cursor({"o": sort, "v": [_SORTS[name](one), one["id"]]})

        frame = cursor_frame(
            call, cursor(records[-1]), cursor(records[0]), has_more=len(found) > size
        )
        return Page(records, frame)

    def _by_offset(self, call: Call) -> Page:
        page, per_page = offset_numbers(call)
        descending = call.query.get("sort_order") == "desc"
        name = call.query.get("sort_by", "id")
        every = self._from(name if name in _SORTS else "id", None, descending)
        records = list(islice(every, (page - 1) * per_page, page * per_page))
        before = (page - 1) * per_page if records else 0
        count = before + len(records) + sum(1 for _ in every)
        return Page(records, offset_frame(call, page, per_page, count))

    def _from(self, name: str, mark: tuple[int, ...] | None, descending: bool) -> Iterator[Json]:
        """What comes after a mark, in one direction or the other."""

        def place(one: Json) -> tuple[int, int]:
            return _SORTS[name](one), int(one["id"])

        def passed(one: Json) -> bool:
            if mark is None:
                return False
            return place(one) >= mark if descending else place(one) <= mark

        at = None if mark is None else mark[0] if name == "created_at" else time_of(mark[0])
        generated = self._downwards(at) if descending else self._upwards(at)
        written = sorted(self._written, key=place, reverse=descending)
        merged = heapq.merge(written, generated, key=place, reverse=descending)
        return dropwhile(passed, merged)

    def _upwards(self, at: int | None) -> Iterator[Json]:
        start = max(at or 0, int(self._start or 0))
        found = self._tickets.ratings_since(start)
        ended = takewhile(lambda one: _within(one, None, self._end), found)
        return (one for one in ended if self._wanted(one) and _within(one, self._start, None))

    def _downwards(self, at: int | None) -> Iterator[Json]:
        latest = self._tickets.born if self._end is None else int(self._end)
        found = self._tickets.ratings_before(latest if at is None else min(at, latest))
        begun = takewhile(lambda one: _within(one, self._start, None), found)
        return (one for one in begun if self._wanted(one) and _within(one, None, self._end))


def _within(rating: Json, start: float | None, end: float | None) -> bool:
    at = moment(rating["created_at"]).timestamp()
    return (start is None or at >= start) and (end is None or at < end)


def _check(score: str) -> None:
    name, _, _ = score.partition("_with")
    if name not in _SCORES:
        raise invalid_attribute("score", "is not a valid score")


def _has_score(rating: Json, score: str) -> bool:
    name, _, comment = score.partition("_with")
    wanted = {"good", "bad"} if name == "received" else {name}
    commented = {
        "": True,
        "_comment": bool(rating["comment"]),
        "out_comment": not rating["comment"],
    }
    return rating["score"] in wanted and commented.get(comment, False)


def _time(call: Call, name: str) -> float | None:
    if name not in call.query:
        return None
    try:
        return float(call.query[name])
    except ValueError as error:
        raise invalid_attribute(name, "must be a Unix epoch time") from error


ROUTES = (
    route("GET", "/satisfaction_ratings", list_ratings, "satisfaction_ratings"),
    route("GET", "/satisfaction_ratings/received", list_received_ratings, "satisfaction_ratings"),
    route("GET", "/satisfaction_ratings/{id:int}", show_rating, "satisfaction_ratings"),
    route("POST", "/tickets/{id:int}/satisfaction_rating", create_rating, "satisfaction_ratings"),
)
