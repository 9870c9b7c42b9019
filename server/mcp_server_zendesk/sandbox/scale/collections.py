"""The collections of a store with generated tickets in it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, MutableMapping, ValuesView
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.scale.conversation import audits_of, comments_of
from mcp_server_zendesk.sandbox.scale.generated import Bulk, GeneratedTicket

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.store import Store

FIRST_GENERATED = 2_001
"""Above the seeded tickets, below those that are created later."""


def add_generated_tickets(store: Store, count: int) -> None:
    """Puts that many generated tickets into a store, at no cost until they are looked at."""
    if count <= 0:
        return
    first = max(FIRST_GENERATED, max(store.tickets, default=0) + 1)
    bulk = Bulk(store, first, count, born=int(store.now().timestamp()) - 3_600)
    tickets = LazyTickets(store.tickets, bulk)
    bulk.keep = tickets.keep
    store.tickets = tickets
    store.comments = LazyComments(store.comments, bulk)
    store.audits = LazyAudits(store.audits, bulk)
    store.skip_ticket_ids(first + count)


class LazyTickets(MutableMapping[int, Json]):
    """Tickets by id: those that were written to are kept, the others are generated each time."""

    def __init__(self, kept: MutableMapping[int, Json], bulk: Bulk) -> None:
        self.kept: dict[int, Json] = dict(kept)
        self._bulk = bulk
        self._gone: set[int] = set()
        self._by_update: tuple[array[int], array[int]] | None = None

    def keep(self, number: int, ticket: Json) -> None:
        """Takes over a generated ticket that is about to change."""
        if number not in self._gone:
            self.kept[number] = ticket

    def updates(self) -> tuple[array[int], array[int]]:
        """When generated tickets changed, in that order, and which they are. Made once."""
        if self._by_update is None:
            bulk = self._bulk
            pairs = sorted((bulk.updated(number), number) for number in bulk.numbers)
            self._by_update = array("q", (at for at, _ in pairs)), array("q", (n for _, n in pairs))
        return self._by_update

    def created_since(self, at: int) -> Iterator[int]:
        """The generated tickets that came in since then, in the order in which they did."""
        numbers = self._bulk.numbers
        first = bisect_left(numbers, at, key=self._bulk.created)
        return (number for number in numbers[first:] if self.is_generated(number))

    def __getitem__(self, number: int) -> Json:
        if number in self.kept:
            return self.kept[number]
        if self._is_generated(number):
            return GeneratedTicket(self._bulk, number)
        raise KeyError(number)

    def __setitem__(self, number: int, ticket: Json) -> None:
        self._gone.discard(number)
        self.kept[number] = ticket

    def __delitem__(self, number: int) -> None:
        if number not in self:
            raise KeyError(number)
        self.kept.pop(number, None)
        if number in self._bulk.numbers:
            self._gone.add(number)

    def __contains__(self, number: object) -> bool:
        return number in self.kept or (isinstance(number, int) and self._is_generated(number))

    def __iter__(self) -> Iterator[int]:
        yield from self.kept
        for number in self._bulk.numbers:
            if number not in self.kept and number not in self._gone:
                yield number

    def __len__(self) -> int:
        numbers = self._bulk.numbers
        kept = sum(number in numbers for number in self.kept)
        return len(self.kept) + self._bulk.count - kept - len(self._gone)

    def values(self) -> ValuesView[Json]:
        """Every ticket, generated one by one."""
        return _Values(self)

    def is_generated(self, number: int) -> bool:
        """Whether a ticket is neither kept nor gone."""
        return number not in self.kept and self._is_generated(number)

    def _is_generated(self, number: int) -> bool:
        return number in self._bulk.numbers and number not in self._gone


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
        return self._bulk.texts(number)


class LazyAudits(dict[int, list[Json]]):
    """Audits by ticket, generated where nothing has changed."""

    def __init__(self, kept: dict[int, list[Json]], bulk: Bulk) -> None:
        super().__init__(kept)
        self._bulk = bulk

    def __missing__(self, number: int) -> list[Json]:
        if number not in self._bulk.numbers:
            raise KeyError(number)
        return _Kept(audits_of(self._bulk, number), self, number)
