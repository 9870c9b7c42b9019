"""The unified search: records of every kind that meet one query."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.scale.collections import LazyTickets
from mcp_server_zendesk.sandbox.search.matching import Matcher, Seeker, record_matches
from mcp_server_zendesk.sandbox.search.people import (
    GROUP_FIELDS,
    ORGANIZATION_FIELDS,
    USER_FIELDS,
    group_texts,
    organization_texts,
    user_texts,
)
from mcp_server_zendesk.sandbox.search.query import RECORD_TYPES, Query
from mcp_server_zendesk.sandbox.search.tickets import TICKET_FIELDS, texts_of
from mcp_server_zendesk.sandbox.text_match import words_match
from mcp_server_zendesk.sandbox.tickets.course import seconds
from mcp_server_zendesk.sandbox.tickets.sideloads import shown_tickets
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES, STATUSES, TICKET_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mcp_server_zendesk.sandbox.call import Call
    from mcp_server_zendesk.sandbox.records import Json

_FIELDS: dict[str, dict[str, Matcher]] = {
    "ticket": TICKET_FIELDS,
    "user": USER_FIELDS,
    "organization": ORGANIZATION_FIELDS,
    "group": GROUP_FIELDS,
}
_KNOWN = frozenset(name for fields in _FIELDS.values() for name in fields)


@dataclass(frozen=True)
class Hit:
    """A record that was found, and what it is."""

    kind: str
    record: Json


Place = tuple[str, int]
"""When a record was created, and its id: the order of the export."""


def place_of(hit: Hit) -> Place:
    """The place of a hit in the export."""
    return hit.record["created_at"], hit.record["id"]


def created_after(call: Call, query: Query, kind: str, mark: Place | None) -> Iterator[Hit]:
    """Records of one kind that meet the query, by their creation, from after a place on.

    Generated tickets are numbered in that order: only those are looked at that are asked for.
    """
    tickets = call.store.tickets
    if kind != "ticket" or not isinstance(tickets, LazyTickets):
        hits = sorted(find(call, query, [kind]), key=place_of)
        return (hit for hit in hits if mark is None or place_of(hit) > mark)
    written = sorted((Hit(kind, one) for one in tickets.kept.values()), key=place_of)
    since = 0 if mark is None else seconds(mark[0])
    generated = (Hit(kind, tickets[number]) for number in tickets.created_since(since))
    every = heapq.merge(written, generated, key=place_of)
    later = (hit for hit in every if mark is None or place_of(hit) > mark)
    indexed = (hit for hit in later if _is_indexed(call, hit.record))
    return _meeting(call, query, kind, indexed)


def _meeting(call: Call, query: Query, kind: str, hits: Iterable[Hit]) -> Iterator[Hit]:
    seeker = Seeker(call.store, call.user, call.store.now())
    fields, texts = _FIELDS[kind], _texts(call, kind)
    for hit in hits:
        if record_matches(seeker, hit.record, query, fields=fields, known=_KNOWN, texts=texts):
            yield hit


def find(call: Call, query: Query, types: Sequence[str] = ()) -> list[Hit]:
    """Every record that meets the query, in the order of ids."""
    hits: list[Hit] = []
    for kind in types or query.types or RECORD_TYPES:
        every = (Hit(kind, record) for record in _records(call, kind))
        hits += _meeting(call, query, kind, every)
    return hits


def ordered(
    hits: list[Hit], query: Query, sort_by: str | None, sort_order: str | None
) -> list[Hit]:
    """Hits by `sort_by`, else by `order_by:` in the query, else by relevance (§7)."""
    key = _SORTS.get(_sort_name(sort_by or query.order_by))
    descending = (sort_order or query.sort or "desc") != "asc"
    if key is None:
        return sorted(hits, key=lambda hit: _relevance(hit, query), reverse=True)
    return sorted(hits, key=lambda hit: (key(hit.record), hit.record["id"]), reverse=descending)


def shown(call: Call, hits: Sequence[Hit], included: set[str]) -> list[Json]:
    """Hits as results show them, with their `result_type` and a ticket's own side-loads."""
    return [{**_shown(call, hit, included), "result_type": hit.kind} for hit in hits]


def _shown(call: Call, hit: Hit, included: set[str]) -> Json:
    if hit.kind == "ticket":
        return shown_tickets(call, [hit.record], included)[0]
    return call.wire.shown(f"{hit.kind}s", hit.record)


def _records(call: Call, kind: str) -> Iterable[Json]:
    store = call.store
    if kind == "ticket":
        every = store.tickets.values()
        if not call.rules.search_delay_seconds:
            return every
        return [one for one in every if _is_indexed(call, one)]
    if kind == "user":
        return [one for one in store.users.values() if one["active"]]
    if kind == "organization":
        return list(store.organizations.values())
    return [one for one in store.groups.values() if not one["deleted"]]


def _is_indexed(call: Call, ticket: Json) -> bool:
    """Whether the index knows a ticket yet: a create followed by a search can miss (§7)."""
    delay = timedelta(seconds=call.rules.search_delay_seconds)
    return not delay or moment(ticket["created_at"]) + delay <= call.store.now()


def _texts(call: Call, kind: str) -> Callable[[Json], Sequence[str | None]]:
    if kind == "ticket":
        return lambda ticket: texts_of(call.store, ticket)
    if kind == "user":
        return user_texts
    return organization_texts if kind == "organization" else group_texts


def _relevance(hit: Hit, query: Query) -> tuple[int, str, int]:
    """A stand-in for Zendesk's ranking, which is not known: title words, then freshness."""
    title = hit.record.get("subject") or hit.record.get("name") or ""
    in_title = sum(words_match(term.value, title) for term in query.free)
    return in_title, hit.record["updated_at"], hit.record["id"]


def _sort_name(name: str | None) -> str | None:
    return name.removesuffix("_at") if name else None


def _place(order: Sequence[str], key: str) -> Callable[[Json], int]:
    def place(record: Json) -> int:
        value = record.get(key)
        return order.index(value) if value in order else -1

    return place


_SORTS: dict[str | None, Callable[[Json], object]] = {
    "created": lambda record: record["created_at"],
    "updated": lambda record: record["updated_at"],
    "commented": lambda record: record["updated_at"],
    "priority": _place(PRIORITIES, "priority"),
    "status": _place(STATUSES, "status"),
    "ticket_type": _place(TICKET_TYPES, "type"),
}
