"""What an admin's policy forbids a write, seen to where requests are sent.

The tools know nothing of it, so that a mistake in one of them cannot go round it. Reading is not
limited here: what may be read is what the role of the server's user lets Zendesk show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mcp_server_zendesk.connection.errors import Outcome, PolicyRefused, ScopeMissing
from mcp_server_zendesk.connection.guarding.ceilings import Ceilings, Reservation, WriteCeilings
from mcp_server_zendesk.connection.guarding.places import Places
from mcp_server_zendesk.connection.guarding.recipients import Recipients, domain_of
from mcp_server_zendesk.connection.guarding.touched import EFFECTS, Touch, Unclear, Write, touch_of
from mcp_server_zendesk.connection.reading import Reader

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.guarding.reached import GuardedTicket

_MOST_NAMED = 5
_WOULD = {
    "read": "read",
    "write": "change a record",
    "contact": "contact people",
    "irreversible": "do what cannot be undone",
}


@dataclass(slots=True)
class Ledger:
    """What the guard knows of one call: its places, what it touched, and tickets as of ``began``.

    A human's yes begins a call anew, and tickets are read again then.
    """

    reservation: Reservation | None = None
    records: set[str] = field(default_factory=set)
    made: int = 0
    tickets: dict[int, GuardedTicket] = field(default_factory=dict)
    began: float | None = None


class GuardedCall(Protocol):
    """What the guard knows of a call; its handle is one. ``began`` moves on a human's yes."""

    caller: str
    ledger: Ledger
    began: float
    outcome: Outcome

    def now(self) -> float:
        """The time, in seconds."""
        ...

    def reader(self) -> AbstractContextManager[Reader]:
        """Reads for the guard, within the call's time."""
        ...


@dataclass(slots=True)
class Guard:
    """The limits of a workspace's writes. Without any, nothing is looked at and nothing refused."""

    effects: frozenset[str] = EFFECTS
    recipients: Recipients | None = None
    groups: Places | None = None
    brands: Places | None = None
    ceilings: WriteCeilings | None = None

    @property
    def reads_with(self) -> frozenset[str]:
        """The scopes with which it looks at what a write would touch."""
        scopes: set[str] = set()
        if self.recipients is not None:
            scopes |= {"tickets:read", "users:read"}
        for places in self.places:
            scopes |= {"tickets:read", "users:read", places.scope}
        return frozenset(scopes)

    @property
    def places(self) -> tuple[Places, ...]:
        """Where tickets may be changed, by each setting that says so."""
        return tuple(places for places in (self.groups, self.brands) if places is not None)

    def check_effects(self, effects: Iterable[str]) -> None:
        """Refuse effects beyond ``allow_effects``.

        Raises:
            PolicyRefused: One is not allowed.
        """
        for effect in sorted(frozenset(effects) - self.effects):
            allowed = sorted(self.effects)
            raise PolicyRefused("allow_effects", f"it would {_WOULD[effect]}", allowed=allowed)

    def check_recipients(self, addresses: Iterable[str]) -> None:
        """Refuse to contact people outside ``allow_recipients``. Nothing is asked of Zendesk.

        Args:
            addresses: Bare mail addresses, without names around them.

        Raises:
            PolicyRefused: One is not allowed; the refusal names domains alone.
        """
        if self.recipients is None:
            return
        beyond = [domain_of(one) for one in addresses if not self.recipients.allow(one)]
        if beyond:
            raise PolicyRefused(
                "allow_recipients",
                "it would reach people who may not be contacted",
                allowed=self.recipients.entries,
                asked=dict.fromkeys(beyond),
            )

    async def check_tickets(self, call: GuardedCall, ids: Iterable[int]) -> None:
        """Refuse to touch tickets outside the allowed groups and brands.

        Tickets that cannot be read are left to the tool, which tells of them.

        Raises:
            PolicyRefused: One is elsewhere, or it cannot be told where it is.
            ZendeskError: In one of its kinds.
        """
        wanted = frozenset(ids)
        for places in self.places if wanted else ():
            with _reading(call, places.setting) as reader:
                tickets = await self._tickets(call, reader, wanted)
                await self._check_places(places, reader, tickets)

    async def check_write(self, call: GuardedCall, write: Write) -> None:
        """Refuse what a request may not touch, before it is sent.

        Raises:
            PolicyRefused: The policy forbids it, or it cannot be told what it would touch.
            CeilingReached: This minute's writes are used up.
            StoreUnavailable: Whether they are cannot be told.
            ZendeskError: What had to be read first could not be.
        """
        if self.effects == EFFECTS and not self.reads_with and self.ceilings is None:
            return
        try:
            touch = touch_of(write)
        except Unclear:
            if (setting := self._strictest()) is not None:
                raise _unclear(setting, "cannot be told what it would touch") from None
            touch = Touch(records=(None,))
        self.check_effects(touch.effects)
        if self.recipients is not None:
            with _reading(call, "allow_recipients") as reader:
                await self._check_reached(call, reader, touch)
        for places in self.places:
            with _reading(call, places.setting) as reader:
                await self._check_touched(places, call, reader, touch)
        await self._count(call, touch)

    async def reserve(self, call: GuardedCall, records: int) -> None:
        """Places for the records that a call is about to change, once for each call.

        Raises:
            PolicyRefused: There is none, or (``CeilingReached``) not yet.
            StoreUnavailable: It cannot be told.
        """
        if self.ceilings is not None and call.ledger.reservation is None:
            clock = call.now
            call.ledger.reservation = await self.ceilings.reserve(records, clock, call.caller)

    async def settle(self, call: GuardedCall) -> None:
        """The call has ended: what it did not use is given back where nothing was sent."""
        reservation = call.ledger.reservation
        if self.ceilings is not None and reservation is not None:
            used = call.outcome != "not_applied"
            await self.ceilings.settle(reservation, used=used, clock=call.now)
            call.ledger.reservation = None

    def succeeding(self, before: Guard) -> Guard:
        """The same limits, on top of what another guard has counted."""
        if before.ceilings is not None:  # also without limits, for the calls that count on it
            self.ceilings = before.ceilings.limited_to(self.ceilings or Ceilings())
        return self

    def _strictest(self) -> str | None:
        if self.recipients is not None:
            return "allow_recipients"
        if self.places:
            return self.places[0].setting
        return None if self.effects == EFFECTS else "allow_effects"

    async def _check_reached(self, call: GuardedCall, reader: Reader, touch: Touch) -> None:
        from mcp_server_zendesk.connection.guarding import reached  # noqa: PLC0415 - not for a start

        self.check_recipients(touch.addresses)
        tickets = await self._tickets(call, reader, touch.conversations)
        if touch.conversations - tickets.keys():
            raise _unclear("allow_recipients", "cannot be told whom one of the tickets reaches")
        if touch.solves:
            tickets |= await reached.incidents_of(reader, tickets.values())
        found = await reached.addresses_of(reader, touch, tickets.values())
        self.check_recipients(found.addresses)
        if found.others:
            raise _unclear("allow_recipients", f"would reach {found.others}")

    async def _check_touched(
        self, places: Places, call: GuardedCall, reader: Reader, touch: Touch
    ) -> None:
        """Where tickets are, and where they would be put."""
        from mcp_server_zendesk.connection.guarding import reached  # noqa: PLC0415 - not for a start

        kind = places.kind
        if kind == "brand" and touch.brandless:
            raise _unclear(places.setting, "cannot be told to which brand an article belongs")
        tickets = await self._tickets(call, reader, touch.tickets)
        if touch.tickets - tickets.keys():
            raise _unclear(places.setting, f"cannot be told in which {kind} one of the tickets is")
        spread = await reached.incidents_of(reader, tickets.values()) if touch.solves else {}
        await self._check_places(places, reader, tickets | spread)
        if touch.suspended:
            raise _unclear(places.setting, f"cannot be told in which {kind} the mail would arrive")
        put = await _destinations(places, reader, touch, tickets)
        allowed = await places.ids(reader) if put else frozenset[int]()
        if beyond := [one for one in put if one not in allowed]:
            raise PolicyRefused(
                places.setting,
                f"it would put a ticket into a {kind} that is not allowed",
                allowed=places.entries,
                asked=await _names(places, reader, beyond),
            )

    async def _check_places(
        self, places: Places, reader: Reader, tickets: dict[int, GuardedTicket]
    ) -> None:
        allowed = await places.ids(reader)
        outside = {key: one.place(places) for key, one in tickets.items()}
        outside = {key: where for key, where in outside.items() if where not in allowed}
        if outside:
            numbers = ", ".join(map(str, sorted(outside)[:_MOST_NAMED]))
            more = "" if len(outside) <= _MOST_NAMED else " and others"
            are = f"ticket {numbers} is" if len(outside) == 1 else f"tickets {numbers}{more} are"
            raise PolicyRefused(
                places.setting,
                f"{are} in a {places.kind} that is not allowed",
                allowed=places.entries,
                asked=await _names(places, reader, outside.values()),
            )

    async def _tickets(
        self, call: GuardedCall, reader: Reader, wanted: Iterable[int]
    ) -> dict[int, GuardedTicket]:
        """The tickets that can be read, each once for a call."""
        from mcp_server_zendesk.connection.guarding import reached  # noqa: PLC0415 - not for a start

        ledger = call.ledger
        if ledger.began != call.began:
            ledger.began, ledger.tickets = call.began, {}
        missing = frozenset(wanted).difference(ledger.tickets)
        if missing:
            ledger.tickets |= await reached.tickets_among(reader, sorted(missing))
        return {key: ledger.tickets[key] for key in wanted if key in ledger.tickets}

    async def _count(self, call: GuardedCall, touch: Touch) -> None:
        if self.ceilings is None:
            return
        ledger = call.ledger
        ledger.records.update(one for one in touch.records if one is not None)
        ledger.made += sum(one is None for one in touch.records)
        touched = len(ledger.records) + ledger.made
        await self.reserve(call, touched)
        if ledger.reservation is not None:
            await self.ceilings.widen(ledger.reservation, touched, call.now)


async def _destinations(
    places: Places, reader: Reader, touch: Touch, tickets: dict[int, GuardedTicket]
) -> list[int | None]:
    """Where a write may put its tickets, as far as it moves or makes any."""
    field_name, put = places.field, touch.places
    if field_name in put:
        value = put[field_name]
        return [value if isinstance(value, int) else _number(value)]
    if places.kind == "brand":
        return await _default_brand(places, reader) if touch.creates else []
    assignee = _number(put.get("assignee_id"))
    if assignee is not None:
        groups = await _groups_of(reader, assignee)
        stays = not touch.creates and all(one.group_id in groups for one in tickets.values())
        # Where the assignee is not in the ticket's group, Zendesk chooses one of theirs.
        return [] if stays else [*groups] or [None]
    return [None] if touch.creates else []


async def _default_brand(places: Places, reader: Reader) -> list[int | None]:
    """A ticket made without a brand gets the account's default one."""
    found = [one.id for one in await places.known(reader) if one.default]
    return [*found] or [None]


async def _groups_of(reader: Reader, user_id: int) -> frozenset[int]:
    from mcp_server_zendesk.connection.records import parse_list  # noqa: PLC0415 - not for a start
    from mcp_server_zendesk.connection.routing_records import MembershipRecord  # noqa: PLC0415 - likewise

    answer = await reader.get("users", user_id, "group_memberships")
    found = parse_list(MembershipRecord, answer, "group_memberships")
    return frozenset(one.group_id for one in found)


async def _names(places: Places, reader: Reader, ids: Iterable[int | None]) -> list[str]:
    """What a person calls them, as far as the scopes tell."""
    names = {}
    if reader.may(places.scope):
        names = {one.id: one.name for one in await places.known(reader)}
    return [
        f"no {places.kind}" if one is None else names.get(one) or f"{places.kind} {one}"
        for one in dict.fromkeys(ids)
    ]


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() else None


def _unclear(setting: str, problem: str) -> PolicyRefused:
    """What cannot be told is refused, whatever the setting allows."""
    return PolicyRefused(setting, f"it {problem}", told=False)


@contextmanager
def _reading(call: GuardedCall, setting: str) -> Iterator[Reader]:
    """A reader for the guard; a scope that the workspace lacks means that it cannot be told.

    Raises:
        ScopeMissing: It is the caller who lacks it, and could ask for it.
        PolicyRefused: It is not.
    """
    try:
        with call.reader() as reader:
            yield reader
    except ScopeMissing as error:
        if error.lacking == ("caller",):
            raise
        scopes = " and ".join(" or ".join(group) for group in error.missing)
        problem = f"whether it is allowed cannot be told without the scope {scopes}"
        raise PolicyRefused(setting, problem, told=False) from error
