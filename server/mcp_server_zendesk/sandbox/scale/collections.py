"""The collections of a store with generated tickets in it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, MutableMapping, ValuesView
from functools import lru_cache
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.scale.bulk import Bulk
from mcp_server_zendesk.sandbox.scale.conversation import audit_of, audits_of, comments_of, texts_of
from mcp_server_zendesk.sandbox.scale.generated import GeneratedTicket, record_of
from mcp_server_zendesk.sandbox.scale.life import SCHEDULE, course_of
from mcp_server_zendesk.sandbox.scale.ratings import rated_at, rating_of, time_of
from mcp_server_zendesk.sandbox.scale.timeline import Moment, Timeline
from mcp_server_zendesk.sandbox.tickets.metric_events import metric_events_of, metric_moments

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.store import Store
    from mcp_server_zendesk.sandbox.tickets.course import Course

FIRST_GENERATED = 2_001
"""Above the seeded tickets, below those that are created later."""
_AT_HAND = 1_024
"""Tickets whose metric events stay in memory: a page of events has some of many."""


def add_generated_tickets(store: Store, count: int) -> None:
    """Puts that many generated tickets into a store, at no cost until they are looked at."""
    if count <= 0:
        return
    first = max(FIRST_GENERATED, max(store.tickets, default=0) + 1)
    bulk = Bulk(store, first, count, born=int(store.now().timestamp()) - 3_600)
    tickets = LazyTickets(store.tickets, bulk)
    bulk.keep = tickets.keep
    store.schedule = SCHEDULE
    store.tickets = tickets
    store.comments = LazyComments(store.comments, bulk)
    store.audits = LazyAudits(store.audits, bulk)
    store.skip_ticket_ids(first + count)


class LazyTickets(MutableMapping[int, Json]):
    """Tickets by id: those that were written to are kept, the others are generated each time."""

    def __init__(self, kept: MutableMapping[int, Json], bulk: Bulk) -> None:
        self.kept: dict[int, Json] = dict(kept)
        self.born = bulk.born
        self.bulk = bulk
        """What they are made from."""
        self._gone: set[int] = set()
        self.updates = Timeline(bulk, lambda number: (bulk.life(number).updated,))
        """When they were changed last."""
        self.changes = Timeline(bulk, lambda number: (at for at, _ in bulk.life(number).steps))
        """When they were changed: a moment for each audit."""
        self.ticks = Timeline(bulk, self._ticked)
        """When a clock of theirs did something: a moment for each metric event."""
        self.rated = Timeline(bulk, self._rated)
        """When their ratings came."""
        self._events = lru_cache(_AT_HAND)(self._metric_events)

    def keep(self, number: int, ticket: Json) -> None:
        """Takes over a generated ticket that is about to change."""
        if number not in self._gone:
            self.kept[number] = ticket

    def record(self, number: int) -> Json:
        """A generated ticket as a plain record, whole."""
        return record_of(self.bulk, number)

    def audit(self, number: int, place: int) -> Json:
        """One audit of a generated ticket."""
        return audit_of(self.bulk, number, place)

    def metric_event(self, number: int, place: int) -> Json:
        """One metric event of a generated ticket; it is shared, and not to be changed."""
        return self._events(number)[place]

    def ratings_since(self, at: int) -> Iterator[Json]:
        """The ratings of generated tickets from then on, in the order of their ids."""
        return self._ratings(self.rated.since(at))

    def ratings_before(self, at: int) -> Iterator[Json]:
        """Those until then, that second too, the latest first."""
        return self._ratings(self.rated.before(at))

    def rating_by_id(self, rating_id: int) -> Json | None:
        """The rating of this id."""
        found = self.ratings_since(time_of(rating_id))
        first = next((one for one in found if one["id"] >= rating_id), None)
        return first if first is not None and first["id"] == rating_id else None

    def created_since(self, at: int) -> Iterator[int]:
        """The generated tickets that came in since then, in the order in which they did."""
        numbers = self.bulk.numbers
        first = bisect_left(numbers, at, key=self.bulk.created)
        return (number for number in numbers[first:] if self.is_generated(number))

    def __getitem__(self, number: int) -> Json:
        if number in self.kept:
            return self.kept[number]
        if self.exists(number):
            return GeneratedTicket(self.bulk, number)
        raise KeyError(number)

    def __setitem__(self, number: int, ticket: Json) -> None:
        self._gone.discard(number)
        self.kept[number] = ticket

    def __delitem__(self, number: int) -> None:
        if number not in self:
            raise KeyError(number)
        self.kept.pop(number, None)
        if number in self.bulk.numbers:
            self._gone.add(number)

    def __contains__(self, number: object) -> bool:
        return number in self.kept or (isinstance(number, int) and self.exists(number))

    def __iter__(self) -> Iterator[int]:
        yield from self.kept
        for number in self.bulk.numbers:
            if number not in self.kept and number not in self._gone:
                yield number

    def __len__(self) -> int:
        numbers = self.bulk.numbers
        kept = sum(number in numbers for number in self.kept)
        return len(self.kept) + self.bulk.count - kept - len(self._gone)

    def values(self) -> ValuesView[Json]:
        """Every ticket, generated one by one."""
        return _Values(self)

    def is_generated(self, number: int) -> bool:
        """Whether a ticket is neither kept nor gone."""
        return number not in self.kept and self.exists(number)

    def exists(self, number: int) -> bool:
        """Whether it was generated and is still there, kept or not."""
        return number in self.bulk.numbers and number not in self._gone

    def _rated(self, number: int) -> tuple[int, ...]:
        at = rated_at(self.bulk.life(number))
        return () if at is None else (at,)

    def _ratings(self, moments: Iterator[Moment]) -> Iterator[Json]:
        for moment in moments:
            found = rating_of(self.bulk, moment.number) if self.exists(moment.number) else None
            if found is not None:
                yield found

    def _metric_events(self, number: int) -> list[Json]:
        ticket = GeneratedTicket(self.bulk, number)
        return metric_events_of(self.bulk.store, ticket, self.born)

    def _ticked(self, number: int) -> list[int]:
        ticket = GeneratedTicket(self.bulk, number)
        return metric_moments(self.bulk.store, ticket, self.born)


class _Values(ValuesView[Json]):
    def __init__(self, tickets: LazyTickets) -> None:
        super().__init__(tickets)
        self._tickets = tickets

    def __iter__(self) -> Iterator[Json]:
        for number in self._tickets:
            yield self._tickets[number]


class _Kept(list[Json]):
    """A generated list that is kept from the moment it grows."""

    def __init__(self, made: list[Json], owner: dict[int, list[Json]], number: int) -> None:
        super().__init__(made)
        self._owner = owner
        self._number = number

    def append(self, record: Json) -> None:
        super().append(record)
        self._owner[self._number] = self


class LazyComments(dict[int, list[Json]]):
    """Comments by ticket, generated where nobody has added one."""

    def __init__(self, kept: dict[int, list[Json]], bulk: Bulk) -> None:
        super().__init__(kept)
        self._bulk = bulk

    def __missing__(self, number: int) -> list[Json]:
        if number not in self._bulk.numbers:
            raise KeyError(number)
        return _Kept(comments_of(self._bulk, number), self, number)

    def texts(self, number: int) -> list[str]:
        """What was said, without making the comments."""
        if number in self or number not in self._bulk.numbers:
            return [comment["plain_body"] for comment in self[number]]
        return texts_of(self._bulk, number)


class LazyAudits(dict[int, list[Json]]):
    """Audits by ticket, generated where nothing has changed."""

    def __init__(self, kept: dict[int, list[Json]], bulk: Bulk) -> None:
        super().__init__(kept)
        self._bulk = bulk

    def __missing__(self, number: int) -> list[Json]:
        if number not in self._bulk.numbers:
            raise KeyError(number)
        return _Kept(audits_of(self._bulk, number), self, number)

    def course(self, number: int) -> Course | None:
        """The course of a ticket in which nothing has changed since it was generated."""
        if number in self or number not in self._bulk.numbers:
            return None
        return course_of(self._bulk.life(number))
