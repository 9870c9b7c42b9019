"""The groups or brands that a policy allows, by id, or by name where an admin wrote names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mcp_server_zendesk.connection.errors import PolicyRefused
from mcp_server_zendesk.connection.reading import Reader, every

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.guarding.place_records import PlaceRecord

Kind = Literal["group", "brand"]


@dataclass(frozen=True, slots=True)
class Places:
    """One of the settings ``allow_groups`` and ``allow_brands``. No entry at all: nowhere."""

    kind: Kind
    entries: tuple[str, ...]

    @property
    def setting(self) -> str:
        """The setting's name."""
        return f"allow_{self.kind}s"

    @property
    def field(self) -> str:
        """The ticket's field that tells where it is."""
        return f"{self.kind}_id"

    @property
    def scope(self) -> str:
        """The scope that reads the list of them."""
        return f"{self.kind}s:read"

    @property
    def named(self) -> bool:
        """Whether Zendesk has to be asked what the entries mean."""
        return not all(entry.isdecimal() for entry in self.entries)

    async def known(self, reader: Reader) -> list[PlaceRecord]:
        """All that there are, kept for some minutes."""
        from mcp_server_zendesk.connection.guarding.place_records import PlaceRecord  # noqa: PLC0415 - not for a start

        async def load() -> list[PlaceRecord]:
            return await every(reader, PlaceRecord, f"{self.kind}s")

        return await reader.cached(f"policy_{self.kind}s", load, scope=self.scope)

    async def ids(self, reader: Reader) -> frozenset[int]:
        """The ids that the entries mean.

        Raises:
            PolicyRefused: A name is nobody's, or that of several.
            ZendeskError: In one of its kinds.
        """
        if not self.named:
            return frozenset(map(int, self.entries))
        known = await self.known(reader)
        if wrong := self.wrong_among(known):
            raise PolicyRefused(
                self.setting,
                f"{self.setting} names what is no {self.kind}, or what several are called",
                allowed=self.entries,
                asked=wrong,
                misset=True,
            )
        return frozenset(one for entry in self.entries for one in self._meant(entry, known))

    def wrong_among(self, known: Iterable[PlaceRecord]) -> list[str]:
        """The entries that mean no single one of those that there are."""
        places = list(known)
        return [entry for entry in self.entries if len(self._meant(entry, places)) != 1]

    def _meant(self, entry: str, known: Iterable[PlaceRecord]) -> list[int]:
        if entry.isdecimal():
            return [one.id for one in known if one.id == int(entry)]
        return [one.id for one in known if (one.name or "").casefold() == entry.casefold()]
