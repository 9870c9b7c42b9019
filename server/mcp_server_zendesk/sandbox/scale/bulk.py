"""What the values of generated tickets are made from: every one a function of its number.

Nothing here is random. What depends on the time is reckoned from `Bulk.born`, the moment at
which the tickets were put into the store; they stand still from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
_PACES = (0.9, 1.3, 1.0, 0.8)
_OPTIONS = frozenset({*wording.AREAS, *wording.RESOLUTIONS, *wording.SALES_CHANNELS})


@dataclass
class Bulk:
    """The generated tickets of one store."""

    store: Store
    first: int
    count: int
    born: int
    """When the youngest of them came in, in seconds."""
    keep: Callable[[int, Json], None] = lambda _number, _ticket: None
    _life: Life | None = field(default=None, repr=False)

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

    def created(self, number: int) -> int:
        """When a ticket came in: later ones have higher numbers."""
        return self._arrivals.at(number - self.first)

    def life(self, number: int) -> Life:
        """What has happened to a ticket. The latest one asked for is remembered."""
        known = self._life
        if known is None or known.number != number:
            known = self._life = life_of(self, number)
        return known

    def stuck(self, number: int, created: int) -> bool:
        """Whether it is left lying, as some young tickets are and few old ones."""
        age = self.born - created
        share = next((part for limit, part in _STUCK if age < limit), 0)
        return mix(number, 13) & 0xFF < share

    def status(self, number: int) -> str:
        """What is old is closed, unless it was left lying."""
        return "closed" if self._over(number) else self.life(number).status

    def priority(self, number: int) -> int:
        """A place in `PRIORITIES`."""
        return wording.PRIORITY_PLACES[mix(number, 10) & 15]

    def type(self, number: int) -> str | None:
        """Its type, of which many have none."""
        return wording.TYPES[mix(number, 9) & 7]

    def channel(self, number: int) -> str:
        """Where it came from."""
        return wording.CHANNELS[mix(number, 8) & 15]

    def kind(self, number: int) -> tuple[int, int, int]:
        """Its product and its problem, places in the lists of words; and an order's number."""
        kind = mix(number, 6)
        return kind % 10, kind // 10 % 7, kind // 70 % 90_000 + 10_000

    def agents_for(self, number: int) -> tuple[int, int]:
        """Who takes it, and to whom it may be passed on: an agent of another group."""
        bits = mix(number, 5)
        teams = self._teams
        team = wording.GROUPS[self.kind(number)[1]] % len(teams)
        if not bits & 7:
            team = bits >> 3 & 0xFF
        mine = teams[team % len(teams)]
        others = teams[(team + 1 + (bits >> 11 & 1)) % len(teams)]
        return mine[(bits >> 16) % len(mine)], others[(bits >> 24) % len(others)]

    def differ(self, agents: tuple[int, int]) -> bool:
        """Whether two agents are of different groups."""
        one, other = (self.agents[place]["default_group_id"] for place in agents)
        return bool(one != other)

    def pace(self, agent: int) -> float:
        """How slow an agent is, compared to others."""
        return _PACES[agent % len(_PACES)]

    def requester(self, number: int) -> Json:
        """Who asks."""
        return self.customers[mix(number, 4) % len(self.customers)]

    def form(self, number: int) -> int | None:
        """Warranty claims have a form of their own."""
        return self.forms[self.kind(number)[1] == 4 or not mix(number, 18) & 7]

    def brand(self, number: int) -> int | None:
        """Rental sets are another brand."""
        return self.brands[self.kind(number)[0] == 8]

    def subject(self, number: int) -> str:
        """Such as "Kebne 2 tent came damaged, order NW-48213"."""
        product, problem, order = self.kind(number)
        return f"{wording.PRODUCTS[product]} {wording.PROBLEMS[problem]}, order NW-{order}"

    def description(self, number: int) -> str:
        """The text of the first comment."""
        name = self.requester(number)["name"]
        return f"Hello,\n\nmy {self.subject(number)}. Could you please help?\n\n{name}"

    def is_solved(self, number: int) -> bool:
        """Whether it has been solved once: then it has a resolution."""
        return self._over(number) or self.life(number).reached("solved") is not None

    def values(self, number: int, *, solved: bool) -> dict[int, Any]:
        """The values of its custom fields, where it has one, as integers in text [DOC]."""
        bits = mix(number, 14)
        _, problem, order = self.kind(number)
        made: dict[int, Any] = {}
        if bits & 3:
            made[landmarks.PRODUCT_AREA_FIELD_ID] = wording.AREAS[problem]
        if bits >> 2 & 3 == 0:
            made[landmarks.UNITS_FIELD_ID] = str(1 + (bits >> 4 & 7))
        if bits >> 8 & 7 == 0:
            made[landmarks.GROUP_BOOKING_FIELD_ID] = True
        if bits >> 12 & 7 == 0:
            made[landmarks.TRIP_DATE_FIELD_ID] = self._trip(number, bits >> 16 & 63)
        if bits >> 24 & 3 == 0:
            chosen = bits >> 26 & 15 or 1
            made[landmarks.CHANNELS_FIELD_ID] = [
                one for place, one in enumerate(wording.SALES_CHANNELS) if chosen >> place & 1
            ]
        if bits >> 32 & 1:
            made[landmarks.ORDER_NUMBER_FIELD_ID] = f"NW-{order}"
        if solved:
            made[landmarks.RESOLUTION_FIELD_ID] = wording.RESOLUTIONS[bits >> 40 & 3]
        return {key: value for key, value in made.items() if key in self._known}

    def tags(self, number: int, values: dict[int, Any]) -> list[str]:
        """Its tags: of its problem, of the time, and of its custom fields."""
        bits = mix(number, 7)
        tags = {wording.TAGS[self.kind(number)[1]]}
        if bits & 1:
            tags.add(wording.TAGS[(bits >> 8) % 7])
        tags |= self._fashions(number, bits)
        for value in values.values():
            if isinstance(value, list):
                tags.update(value)
            elif value in _OPTIONS:
                tags.add(value)
            elif value is True:
                tags.add("group_booking")
        return sorted(tags)

    def _fashions(self, number: int, bits: int) -> set[str]:
        created = self.created(number)
        # How far the three years had gone, in parts of 256.
        part = max(0, (created - self.began) * 256 // SPREAD)
        tags = set()
        if bits >> 16 & 0xFF < part * 40 // 256:
            tags.add(wording.LOYALTY)
        if bits >> 24 & 0xFF < (256 - part) * 26 // 256:
            tags.add(wording.FAX)
        recent = self.born - created < wording.RECALLED_DAYS * _DAY
        if recent and self.kind(number)[0] == wording.STOVE:
            tags.add(wording.RECALL)
        return tags

    def _trip(self, number: int, days: int) -> str:
        return stamped(self.created(number) + (3 + days) * _DAY)[:10]

    def _over(self, number: int) -> bool:
        created = self.created(number)
        return created + LONGEST < self.born and not self.stuck(number, created)

    def _two(self, records: dict[int, Json]) -> tuple[int | None, int | None]:
        """The usual one and another."""
        usual = self.store.default_of(records)
        return usual, next((key for key in records if key != usual), usual)
