"""How many records may be changed in a minute, and while this server runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from mcp_server_zendesk.connection.errors import CeilingReached, PolicyRefused

MINUTE = 60.0


@dataclass(slots=True, eq=False)
class Reservation:
    """Records that one call may change. ``done`` is when it ended; None while it is under way.

    ``name`` tells it apart where replicas count together.
    """

    count: int
    caller: str = ""
    done: float | None = None
    name: str = ""


class WriteCeilings(Protocol):
    """Counts the records that calls may change, for each caller apart."""

    per_minute: int | None
    per_session: int | None

    def limited_to(self, other: WriteCeilings) -> WriteCeilings:
        """These counts under the limits of others."""
        ...

    async def reserve(
        self, count: int, clock: Callable[[], float], caller: str = ""
    ) -> Reservation:
        """Places for a call that changes so many records, until it is settled.

        Raises:
            CeilingReached: This minute has no place for them; a later one has.
            PolicyRefused: None ever will.
            StoreUnavailable: It cannot be told.
        """
        ...

    async def widen(self, reservation: Reservation, count: int, clock: Callable[[], float]) -> None:
        """Make a reservation hold so many records. Raises as ``reserve`` does."""
        ...

    async def settle(
        self, reservation: Reservation, *, used: bool, clock: Callable[[], float]
    ) -> None:
        """The call has ended; give its places back where nothing was sent."""
        ...


@dataclass(slots=True)
class Ceilings:
    """Those of one process. Nothing here waits, so that no two calls get the last place.

    A session is the life of this process.
    """

    per_minute: int | None = None
    per_session: int | None = None
    _lately: list[Reservation] = field(default_factory=list)
    _ever: dict[str, int] = field(default_factory=dict)

    async def reserve(
        self, count: int, clock: Callable[[], float], caller: str = ""
    ) -> Reservation:
        """Places for a call that changes so many records, until it is settled.

        Raises:
            CeilingReached: This minute has no place for them; a later one has.
            PolicyRefused: None ever will.
        """
        reservation = Reservation(0, caller)
        await self.widen(reservation, count, clock)
        return reservation

    async def widen(self, reservation: Reservation, count: int, clock: Callable[[], float]) -> None:
        """Make a reservation hold so many records. Raises as ``reserve`` does."""
        more = count - reservation.count
        if more <= 0:
            return
        now = clock()
        if self.per_session is not None:
            check_session(self.per_session, self._ever.get(reservation.caller, 0), more)
        self._check_minute(count, more, now, reservation.caller)
        self._ever[reservation.caller] = self._ever.get(reservation.caller, 0) + more
        reservation.count = count
        if reservation not in self._lately:
            self._lately.append(reservation)

    def limited_to(self, other: WriteCeilings) -> WriteCeilings:
        """These counts under the limits of others."""
        self.per_minute, self.per_session = other.per_minute, other.per_session
        return self

    async def settle(
        self, reservation: Reservation, *, used: bool, clock: Callable[[], float]
    ) -> None:
        """The call has ended; give its places back where nothing was sent."""
        if used:
            reservation.done = clock()
            return
        self._lately = [one for one in self._lately if one is not reservation]
        self._ever[reservation.caller] -= reservation.count
        reservation.count = 0

    def _check_minute(self, count: int, more: int, now: float, caller: str) -> None:
        ceiling = self.per_minute
        if ceiling is None:
            return
        check_minute(ceiling, count)
        self._lately = [one for one in self._lately if one.done is None or now - one.done < MINUTE]
        mine = [one for one in self._lately if one.caller == caller]
        excess = sum(one.count for one in mine) + more - ceiling
        if excess <= 0:
            return
        # What is under way frees its places a minute after its end at the latest.
        for one in sorted(mine, key=lambda one: now if one.done is None else one.done):
            excess -= one.count
            if excess <= 0:
                passed = 0.0 if one.done is None else now - one.done
                raise CeilingReached(ceiling, retry_after=max(MINUTE - passed, 1.0))
        raise CeilingReached(ceiling, retry_after=MINUTE)


def check_session(ceiling: int, used: int, more: int) -> None:
    """Refuse what goes beyond the ceiling of a session.

    Raises:
        PolicyRefused: It does.
    """
    if used + more > ceiling:
        raise PolicyRefused(
            "writes_per_session",
            f"{used} of the {ceiling} changes since this server started are used, and it needs "
            f"{more}",
            allowed=[str(ceiling)],
        )


def check_minute(ceiling: int, count: int) -> None:
    """Refuse what no minute has room for.

    Raises:
        PolicyRefused: One call changes more records than a minute may.
    """
    if count > ceiling:
        raise PolicyRefused(
            "writes_per_minute",
            f"it would change {count} records at once",
            allowed=[str(ceiling)],
        )
