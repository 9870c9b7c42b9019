"""One generated ticket: made when it is looked at, and kept from the moment it is written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.sandbox.clock import stamped
from mcp_server_zendesk.sandbox.records import ticket_record, via_channel
from mcp_server_zendesk.sandbox.scale.ratings import shown_rating
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.scale.bulk import Bulk

_BLANK = ticket_record()
_LISTS = tuple(key for key, value in _BLANK.items() if isinstance(value, list))


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
        maker = _CHEAP.get(key)
        if maker is None:
            if key not in _BLANK:
                raise KeyError(key)
            self._fill()
            return dict.__getitem__(self, key)
        value = maker(self._bulk, self._number)
        dict.__setitem__(self, key, value)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """As of a dict that has every key."""
        return self[key] if key in _BLANK else dict.get(self, key, default)

    def keys(self) -> Any:
        """Every key of a ticket."""
        self._fill()
        return super().keys()

    def items(self) -> Any:
        """Every key with its value."""
        self._fill()
        return super().items()

    def values(self) -> Any:
        """Every value."""
        self._fill()
        return super().values()

    def update(self, *given: Any, **more: Any) -> None:
        """Writes, and is kept from then on."""
        self._keep()
        super().update(*given, **more)

    def __setitem__(self, key: str, value: Any) -> None:
        self._keep()
        super().__setitem__(key, value)

    def __contains__(self, key: object) -> bool:
        return key in _BLANK or dict.__contains__(self, key)

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return super().__iter__()

    def __len__(self) -> int:
        return len(_BLANK)

    def _fill(self) -> None:
        if dict.__len__(self) < len(_BLANK):
            made = record_of(self._bulk, self._number)
            # What was read before stays the very object that was read.
            made.update(zip(dict.keys(self), dict.values(self), strict=True))
            dict.clear(self)
            dict.update(self, made)

    def _keep(self) -> None:
        self._fill()
        self._bulk.keep(self._number, self)


def record_of(bulk: Bulk, number: int) -> Json:
    """A whole ticket, as a record of its own."""
    life = bulk.life(number)
    status, agent = life.status, life.agent()
    values = bulk.values(number, solved=life.reached("solved") is not None)
    mine = bulk.traits(number)
    requester = mine.requester
    ticket = dict(_BLANK)
    for key in _LISTS:
        ticket[key] = []
    ticket.update(
        id=number,
        via=via_channel(mine.channel),
        created_at=stamped(life.created),
        updated_at=stamped(life.updated),
        type=mine.type,
        subject=bulk.subject(number),
        description=bulk.description(number),
        priority=PRIORITIES[mine.priority],
        status=status,
        custom_status_id=bulk.statuses[status],
        requester_id=requester["id"],
        submitter_id=requester["id"],
        organization_id=requester["organization_id"],
        assignee_id=None if agent is None else bulk.agents[agent]["id"],
        group_id=_group(bulk, life.agents[0] if agent is None else agent)
        if agent is not None or life.grouped_first
        else None,
        tags=bulk.tags(number, values),
        brand_id=bulk.brand(number),
        ticket_form_id=bulk.form(number),
        custom_fields=[
            {"id": one["id"], "value": values.get(one["id"], one["value"])} for one in bulk.fields
        ],
        satisfaction_rating=shown_rating(bulk, life),
        from_messaging_channel=mine.channel == "native_messaging",
    )
    return ticket


def _group(bulk: Bulk, agent: int) -> object:
    return bulk.agents[agent]["default_group_id"]


def _tags(bulk: Bulk, number: int) -> list[str]:
    return bulk.tags(number, bulk.values(number, solved=bulk.is_solved(number)))


_CHEAP: dict[str, Callable[[Bulk, int], Any]] = {
    "id": lambda _bulk, number: number,
    "via": lambda bulk, number: via_channel(bulk.traits(number).channel),
    "created_at": lambda bulk, number: stamped(bulk.traits(number).created),
    "updated_at": lambda bulk, number: stamped(bulk.life(number).updated),
    "type": lambda bulk, number: bulk.traits(number).type,
    "subject": lambda bulk, number: bulk.subject(number),
    "description": lambda bulk, number: bulk.description(number),
    "priority": lambda bulk, number: PRIORITIES[bulk.traits(number).priority],
    "status": lambda bulk, number: bulk.status(number),
    "requester_id": lambda bulk, number: bulk.traits(number).requester["id"],
    "submitter_id": lambda bulk, number: bulk.traits(number).requester["id"],
    "organization_id": lambda bulk, number: bulk.traits(number).requester["organization_id"],
    "tags": _tags,
    "brand_id": lambda bulk, number: bulk.brand(number),
    "ticket_form_id": lambda bulk, number: bulk.form(number),
    "external_id": lambda _bulk, _number: None,
}
"""What a search looks at often, without the rest."""
