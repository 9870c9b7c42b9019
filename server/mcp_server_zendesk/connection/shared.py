"""What all calls to one account have in common, in one process or in several replicas.

Each protocol is met twice: by what one process keeps for itself, which never waits, and by what
replicas keep in a store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from mcp_server_zendesk.connection.call_limits import CallLimits, CallsHere
from mcp_server_zendesk.connection.guarding.ceilings import WriteCeilings
from mcp_server_zendesk.connection.limits import Headroom, RateGate
from mcp_server_zendesk.connection.places import RequestPlaces
from mcp_server_zendesk.connection.remembered import SpentHere, UploadsHere


class Gate(Protocol):
    """How much of the account's request limit is left; see ``RateGate``."""

    @property
    def headroom(self) -> Headroom | None:
        """What is left for the account, as far as this process knows."""
        ...

    def seconds_to_wait(self, method: str, path: str, caller: str = "") -> tuple[float, str | None]:
        """How long a request should wait, as far as this process knows, and for which limit."""
        ...

    async def enter(self, method: str, path: str, caller: str = "") -> bool:
        """Whether a request may go now: then it counts as under way until ``leave``."""
        ...

    async def leave(self, method: str, path: str) -> None:
        """A request that was let in has ended."""
        ...

    def learn(self, method: str, path: str, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers."""
        ...


class Spent(Protocol):
    """What humans have said yes to, by digest: no yes counts twice."""

    async def spend(self, digest: str, seconds: float) -> bool:
        """Whether it was not spent before; it is then, for so many seconds.

        Raises:
            StoreUnavailable: It cannot be told, so nothing may be done on it.
        """
        ...

    async def take_back(self, digest: str) -> None:
        """Nothing came of it. Where this cannot be noted, it stays spent."""
        ...


class Uploads(Protocol):
    """What was uploaded through this server, for a human to see what is attached."""

    async def note(self, token: str, words: str) -> None:
        """Keep the words for a file, by its upload token."""
        ...

    async def named(self, tokens: Sequence[str]) -> list[str | None]:
        """The words for each; None where a file was not uploaded here, as far as is known."""
        ...


class Texts(Protocol):
    """Secret texts by name, which replicas share. Every method may wait, in a thread.

    Each raises:
        StoreUnavailable: It cannot be done; the message says why.
    """

    def read(self, name: str) -> str | None:
        """What is kept; None where nothing is."""
        ...

    def write(self, name: str, text: str) -> None:
        """Keep a text in place of what was kept."""
        ...

    def forget(self, name: str) -> bool:
        """Whether there was something to forget."""
        ...


Turn = Callable[[str], AbstractAsyncContextManager[None]]
"""Waits for the turn of something by name, and holds it, across replicas.

Raises ``StoreUnavailable`` where there is none to be had.
"""


@dataclass(slots=True)
class Shared:
    """All of it, for one account. ``texts`` and ``turn`` only where there is a store."""

    gate: Gate
    spent: Spent
    uploads: Uploads
    calls: CallLimits
    places: RequestPlaces
    ceilings: Callable[[str, WriteCeilings | None], WriteCeilings | None]
    """Those of a workspace by name, with the limits of the ones given."""
    texts: Texts | None = None
    turn: Turn | None = None


def shared_here(clock: Callable[[], float]) -> Shared:
    """What one process keeps for itself."""
    return Shared(
        gate=RateGate(clock),
        spent=SpentHere(clock),
        uploads=UploadsHere(),
        calls=CallsHere(clock),
        places=RequestPlaces(),
        ceilings=lambda _, limits: limits,
    )
