"""One generated ticket after another: every value a function of the ticket's number.

Nothing here is random. The words come from small lists, so that searches find something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.records import Json, ticket_record, via_channel
from mcp_server_zendesk.sandbox.tickets.values import blank_custom_fields
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.store import Store

_MASK = (1 << 64) - 1
_SPREAD_SECONDS = 3 * 365 * 86_400
LONGEST = 30 * 86_400
"""The seconds within which a ticket is over."""
_YOUNG = 0.95
"""The part of all tickets that is old enough to be closed."""
_PRODUCTS = (
    "Sarek 60 backpack",
    "Kebne 2 tent",
    "Fonn stove",
    "Dovre shell",
    "touring skis",
    "climbing rope",
    "crampons",
    "gift card",
    "rental set",
    "headlamp",
)
_PROBLEMS = (
    "has not arrived",
    "came damaged",
    "is the wrong size",
    "was charged twice",
    "needs a spare part",
    "does not work any more",
    "should be exchanged",
)
_TAGS = ("shipping", "damage", "exchange", "payment", "spare_part", "repair", "returns")
_CHANNELS = ("email", "web", "api", "email")
_YOUNG_STATUSES = ("new", "open", "open", "pending", "pending", "hold", "solved", "solved")
_TYPES = (None, "question", "incident", "task", "question")

Maker = Callable[["Bulk", int], Any]


class GeneratedTicket(dict[str, Any]):
    """A ticket whose values are made when they are asked for.

    Written to, it becomes an ordinary record, and `keep` is told.
    """

    __slots__ = ("_bulk", "_number")

    def __init__(self, bulk: Bulk, number: int) -> None:
        super().__init__()
        self._bulk = bulk
        self._number = number

    def __missing__(self, key: str) -> Any:
        value = _MAKERS[key](self._bulk, self._number)
        dict.__setitem__(self, key, value)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """As of a dict that has every key."""
        return self[key] if key in _MAKERS else dict.get(self, key, default)

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """Every key of a ticket."""
        return self._filled().keys()

    def items(self) -> Any:
        """Every key with its value."""
        return self._filled().items()

    def values(self) -> Any:
        """Every value."""
        return self._filled().values()

    def update(self, *given: Any, **more: Any) -> None:
        """Writes, and is kept from then on."""
        self._keep()
        super().update(*given, **more)

    def __setitem__(self, key: str, value: Any) -> None:
        self._keep()
        super().__setitem__(key, value)

    def __contains__(self, key: object) -> bool:
        return key in _MAKERS or dict.__contains__(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._filled())

    def __len__(self) -> int:
        return len(_MAKERS)

    def _filled(self) -> dict[str, Any]:
        return {key: self[key] for key in _MAKERS}

    def _keep(self) -> None:
        for key in _MAKERS:
            self[key]
        self._bulk.keep(self._number, self)


@dataclass
class Bulk:
    """What the values of generated tickets are made from."""

    store: Store
    first: int
    count: int
    born: int
    """When the youngest of them came in, in seconds."""
    keep: Callable[[int, Json], None] = lambda _number, _ticket: None

    def __post_init__(self) -> None:
        users = [one for one in self.store.users.values() if one["active"]]
        self.customers = [
            one for one in users if one["role"] == "end-user" and not one["suspended"]
        ]
        agents = [one for one in users if one["role"] != "end-user" and one["default_group_id"]]
        self.agents = [one for one in agents if not one["only_private_comments"]]
        self.statuses = {
            status: self.store.default_status_id(status)
            for status in ("new", "open", "pending", "hold", "solved", "closed")
        }
        self.brand_id = self.store.default_of(self.store.brands)
        self.form_id = self.store.default_of(self.store.ticket_forms)
        self.fields = blank_custom_fields(self.store, {})

    @property
    def numbers(self) -> range:
        """The ids of the generated tickets."""
        return range(self.first, self.first + self.count)

    def created(self, number: int) -> int:
        """When a ticket came in: later ones have higher numbers."""
        age = (self.count - 1 - (number - self.first)) * _SPREAD_SECONDS // max(1, self.count)
        return self.born - age

    def updated(self, number: int) -> int:
        """When a ticket was last changed: within a month, never after `born`."""
        return min(self.born, self.created(number) + mix(number, 2) % LONGEST)

    def status(self, number: int) -> str:
        """Old tickets are closed, young ones are in every other status."""
        if number - self.first < self.count * _YOUNG:
            return "closed" if mix(number, 3) % 20 else "solved"
        return _YOUNG_STATUSES[mix(number, 3) % len(_YOUNG_STATUSES)]

    def requester(self, number: int) -> Json:
        """Who asks."""
        return self.customers[mix(number, 4) % len(self.customers)]

    def assignee(self, number: int) -> Json | None:
        """Who answers; nobody does a new ticket."""
        if self.status(number) == "new":
            return None
        return self.agents[mix(number, 5) % len(self.agents)]

    def subject(self, number: int) -> str:
        """Such as "Kebne 2 tent came damaged, order NW-48213"."""
        kind = mix(number, 6)
        product, problem = _PRODUCTS[kind % 10], _PROBLEMS[kind // 10 % 7]
        return f"{product} {problem}, order NW-{kind // 70 % 90_000 + 10_000}"

    def description(self, number: int) -> str:
        """The text of the first comment."""
        name = self.requester(number)["name"]
        return f"Hello,\n\nmy {self.subject(number)}. Could you please help?\n\n{name}"

    def answer(self, number: int) -> str:
        """The text of the second comment, where there is one."""
        name = self.requester(number)["name"]
        return f"Hi {name},\n\nthank you for writing. We take care of order and refund today."

    def texts(self, number: int) -> list[str]:
        """What was said in a ticket."""
        answered = self.assignee(number) is not None
        return (
            [self.description(number), self.answer(number)]
            if answered
            else [self.description(number)]
        )


def mix(number: int, salt: int) -> int:
    """A well-scattered number, the same in every run (splitmix64)."""
    value = (number * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def stamped(seconds: int) -> str:
    """Seconds as Zendesk writes a time."""
    return stamp(datetime.fromtimestamp(seconds, UTC))


def _assignee_id(bulk: Bulk, number: int) -> object:
    assignee = bulk.assignee(number)
    return assignee and assignee["id"]


def _group_id(bulk: Bulk, number: int) -> object:
    assignee = bulk.assignee(number)
    return assignee and assignee["default_group_id"]


def _tags(_: Bulk, number: int) -> list[str]:
    kind = mix(number, 7)
    return sorted({_TAGS[kind % 7], _TAGS[kind // 7 % 7]})


def _constant(value: object) -> Maker:
    if isinstance(value, list):
        return lambda _bulk, _number: []
    return lambda _bulk, _number: value


_MAKERS: dict[str, Maker] = {
    **{key: _constant(value) for key, value in ticket_record().items()},
    "id": lambda _bulk, number: number,
    "via": lambda _bulk, number: via_channel(_CHANNELS[mix(number, 8) % 4]),
    "created_at": lambda bulk, number: stamped(bulk.created(number)),
    "updated_at": lambda bulk, number: stamped(bulk.updated(number)),
    "type": lambda _bulk, number: _TYPES[mix(number, 9) % 5],
    "subject": lambda bulk, number: bulk.subject(number),
    "description": lambda bulk, number: bulk.description(number),
    "priority": lambda _bulk, number: PRIORITIES[mix(number, 10) % 4],
    "status": lambda bulk, number: bulk.status(number),
    "custom_status_id": lambda bulk, number: bulk.statuses[bulk.status(number)],
    "requester_id": lambda bulk, number: bulk.requester(number)["id"],
    "submitter_id": lambda bulk, number: bulk.requester(number)["id"],
    "organization_id": lambda bulk, number: bulk.requester(number)["organization_id"],
    "assignee_id": _assignee_id,
    "group_id": _group_id,
    "tags": _tags,
    "brand_id": lambda bulk, _number: bulk.brand_id,
    "ticket_form_id": lambda bulk, _number: bulk.form_id,
    "custom_fields": lambda bulk, _number: [dict(one) for one in bulk.fields],
    "satisfaction_rating": lambda _bulk, _number: {"score": "unoffered"},
}
