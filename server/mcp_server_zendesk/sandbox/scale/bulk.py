"""What the values of generated tickets are made from: every one a function of its number.

Nothing here is random. What depends on the time is reckoned from `Bulk.born`, the moment at
which the tickets were put into the store; they stand still from then on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mcp_server_zendesk.sandbox import landmarks
from mcp_server_zendesk.sandbox.clock import stamped
from mcp_server_zendesk.sandbox.scale import wording
from mcp_server_zendesk.sandbox.scale.arrivals import SPREAD, Arrivals
from mcp_server_zendesk.sandbox.scale.life import LONGEST, Life, life_of
from mcp_server_zendesk.sandbox.scale.mixing import mix
from mcp_server_zendesk.sandbox.tickets.values import blank_custom_fields

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store

_DAY = 86_400
_STUCK = ((20 * _DAY, 8), (90 * _DAY, 5), (365 * _DAY, 2))
"""How many of 256 tickets up to an age are left lying."""
_AT_HAND = 4_096
"""Tickets whose traits and lives stay in memory: a page of events has some of many."""
_PACES = (0.9, 1.3, 1.0, 0.8)
_OPTIONS = frozenset({*wording.AREAS, *wording.RESOLUTIONS, *wording.SALES_CHANNELS})


class Traits(NamedTuple):
    """What a ticket is like from the beginning: places in the lists of words, and people."""

    number: int
    created: int
    product: int
    problem: int
    order: int
    priority: int
    channel: str
    type: str | None
    requester: Json
    agents: tuple[int, int]
    """Who takes it, and to whom it may be passed on: places in `Bulk.agents`."""
    stuck: bool
    """Whether it is left lying, as some young tickets are and few old ones."""
    over: bool
    """Whether all that can happen to it has happened."""


@dataclass
class Bulk:
    """The generated tickets of one store."""

    store: Store
    first: int
    count: int
    born: int
    """When the youngest of them came in, in seconds."""
    keep: Callable[[int, Json], None] = lambda _number, _ticket: None

    def __post_init__(self) -> None:
        store = self.store
        users = [one for one in store.users.values() if one["active"]]
        self.customers = [
            one for one in users if one["role"] == "end-user" and not one["suspended"]
        ]
        agents = [one for one in users if one["role"] != "end-user" and one["default_group_id"]]
        self.agents = [one for one in agents if not one["only_private_comments"]]
        groups = list(dict.fromkeys(one["default_group_id"] for one in self.agents))
        groups.sort(key=lambda one: list(store.groups).index(one) if one in store.groups else -1)
        self._teams = [
            [place for place, one in enumerate(self.agents) if one["default_group_id"] == group]
            for group in groups
        ]
        self.statuses = {
            status: store.default_status_id(status)
            for status in ("new", "open", "pending", "hold", "solved", "closed")
        }
        self.brands = self._two(store.brands)
        self.forms = self._two(store.ticket_forms)
        self.fields = blank_custom_fields(store, {})
        self._known = {one["id"] for one in self.fields}
        self.numbers = range(self.first, self.first + self.count)
        """The ids of the generated tickets."""
        self.began = self.born - SPREAD
        self._arrivals = Arrivals(self.count, self.born)
        self._likened = lru_cache(_AT_HAND)(self._made)
        self._lives = lru_cache(_AT_HAND)(partial(life_of, self))
        quiet = self.born - _STUCK[-1][0]
        place = bisect_left(range(self.count), quiet, key=self._arrivals.at)
        self._settled = self.first + place
        """Below this number nothing is left lying, and all is closed."""

    def created(self, number: int) -> int:
        """When a ticket came in: later ones have higher numbers."""
        return self._arrivals.at(number - self.first)

    def life(self, number: int) -> Life:
        """What has happened to a ticket."""
        return self._lives(number)

    def traits(self, number: int) -> Traits:
        """What a ticket is like."""
        return self._likened(number)

    def _made(self, number: int) -> Traits:
        created = self._arrivals.at(number - self.first)
        age = self.born - created
        kind, bits = mix(number, 6), mix(number, 8)
        problem = kind // 10 % 7
        lying = next((part for limit, part in _STUCK if age < limit), 0)
        stuck = bits >> 48 & 0xFF < lying
        return Traits(
            number=number,
            created=created,
            product=kind % 10,
            problem=problem,
            order=kind // 70 % 90_000 + 10_000,
            priority=wording.PRIORITY_PLACES[bits & 15],
            channel=wording.CHANNELS[bits >> 4 & 15],
            type=wording.TYPES[bits >> 8 & 7],
            requester=self.customers[(bits >> 12 & 0xFFFF) % len(self.customers)],
            agents=self._agents_for(problem, bits >> 28),
            stuck=stuck,
            over=age > LONGEST and not stuck,
        )

    def _agents_for(self, problem: int, bits: int) -> tuple[int, int]:
        teams = self._teams
        team = bits >> 3 & 7 if not bits & 7 else wording.GROUPS[problem]
        mine = teams[team % len(teams)]
        others = teams[(team + 1 + (bits >> 6 & 1)) % len(teams)]
        return mine[(bits >> 7 & 0xFF) % len(mine)], others[(bits >> 15 & 15) % len(others)]

    def status(self, number: int) -> str:
        """What is old is closed, unless it was left lying."""
        if number < self._settled or self.traits(number).over:
            return "closed"
        return self.life(number).status

    def differ(self, agents: tuple[int, int]) -> bool:
        """Whether two agents are of different groups."""
        one, other = (self.agents[place]["default_group_id"] for place in agents)
        return bool(one != other)

    def pace(self, agent: int) -> float:
        """How slow an agent is, compared to others."""
        return _PACES[agent % len(_PACES)]

    def form(self, number: int) -> int | None:
        """Warranty claims have a form of their own."""
        return self.forms[self.traits(number).problem == 4 or not mix(number, 18) & 7]

    def brand(self, number: int) -> int | None:
        """Rental sets are another brand."""
        return self.brands[self.traits(number).product == 8]

    def subject(self, number: int) -> str:
        """Such as "Kebne 2 tent came damaged, order NW-48213"."""
        mine = self.traits(number)
        about = f"{wording.PRODUCTS[mine.product]} {wording.PROBLEMS[mine.problem]}"
        return f"{about}, order NW-{mine.order}"

    def description(self, number: int) -> str:
        """The text of the first comment."""
        name = self.traits(number).requester["name"]
        return f"Hello,\n\nmy {self.subject(number)}. Could you please help?\n\n{name}"

    def is_solved(self, number: int) -> bool:
        """Whether it has been solved once: then it has a resolution."""
        return self.traits(number).over or self.life(number).reached("solved") is not None

    def values(self, number: int, *, solved: bool) -> dict[int, Any]:
        """The values of its custom fields, where it has one, as integers in text [DOC]."""
        bits = mix(number, 14)
        mine = self.traits(number)
        made: dict[int, Any] = {}
        if bits & 3:
            made[landmarks.PRODUCT_AREA_FIELD_ID] = wording.AREAS[mine.problem]
        if bits >> 2 & 3 == 0:
            made[landmarks.UNITS_FIELD_ID] = str(1 + (bits >> 4 & 7))
        if bits >> 8 & 7 == 0:
            made[landmarks.GROUP_BOOKING_FIELD_ID] = True
        if bits >> 12 & 7 == 0:
            made[landmarks.TRIP_DATE_FIELD_ID] = self._trip(mine.created, bits >> 16 & 63)
        if bits >> 24 & 3 == 0:
            chosen = bits >> 26 & 15 or 1
            made[landmarks.CHANNELS_FIELD_ID] = [
                one for place, one in enumerate(wording.SALES_CHANNELS) if chosen >> place & 1
            ]
        if bits >> 32 & 1:
            made[landmarks.ORDER_NUMBER_FIELD_ID] = f"NW-{mine.order}"
        if solved:
            made[landmarks.RESOLUTION_FIELD_ID] = wording.RESOLUTIONS[bits >> 40 & 3]
        if self._known.issuperset(made):
            return made
        return {key: value for key, value in made.items() if key in self._known}

    def tags(self, number: int, values: dict[int, Any]) -> list[str]:
        """Its tags: of its problem, of the time, and of its custom fields."""
        bits = mix(number, 7)
        mine = self.traits(number)
        tags = {wording.TAGS[mine.problem]}
        if bits & 1:
            tags.add(wording.TAGS[(bits >> 8) % 7])
        self._fashions(mine, bits, tags)
        for value in values.values():
            if isinstance(value, list):
                tags.update(value)
            elif value in _OPTIONS:
                tags.add(value)
            elif value is True:
                tags.add("group_booking")
        return sorted(tags)

    def _fashions(self, mine: Traits, bits: int, tags: set[str]) -> None:
        # How far the three years had gone, in parts of 256.
        part = max(0, (mine.created - self.began) * 256 // SPREAD)
        if bits >> 16 & 0xFF < part * 40 // 256:
            tags.add(wording.LOYALTY)
        if bits >> 24 & 0xFF < (256 - part) * 26 // 256:
            tags.add(wording.FAX)
        recent = self.born - mine.created < wording.RECALLED_DAYS * _DAY
        if recent and mine.product == wording.STOVE:
            tags.add(wording.RECALL)

    def _trip(self, created: int, days: int) -> str:
        return stamped(created + (3 + days) * _DAY)[:10]

    def _two(self, records: dict[int, Json]) -> tuple[int | None, int | None]:
        """The usual one and another."""
        usual = self.store.default_of(records)
        return usual, next((key for key in records if key != usual), usual)
