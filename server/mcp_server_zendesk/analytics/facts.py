"""What a store says of itself: whose it is, what it keeps, and how far it has been read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mcp_server_zendesk.analytics.opening import AGAIN
from mcp_server_zendesk.analytics.tables import FACTS, SCHEMA, STREAMS, VERSION
from mcp_server_zendesk.serving.local_refusals import StoreUnusable
from mcp_server_zendesk.serving.local_store import Analytics

FACTS_OF_IT = f"SELECT name, value FROM {SCHEMA}.{FACTS.name}"
STREAMS_OF_IT = f"SELECT name, until, complete, stored_at FROM {SCHEMA}.{STREAMS.name}"

SYNCED_BY = "synced_by"
"""The id of the Zendesk user as whom it was filled."""
SYNCED_AS = "synced_as"
"""The role that this user had then."""
WAY, LACKS = "way", "lacks"
"""How it was filled, and what it does not get, as a list of words in JSON."""
ADMIN = "admin"
REMOVED_SINCE = "removed_since"
"""Since when rows lie in free blocks of the file that have to leave the disk."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one export is stored: complete as of ``until``, written last at ``stored_at``."""

    until: datetime | None
    complete: bool
    stored_at: datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a store says of itself. ``given`` has every fact by its name."""

    given: Mapping[str, str]
    streams: Mapping[str, Reached] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Iterable[Any], streams: Iterable[Any] = ()) -> Facts:
        """From the rows of ``FACTS_OF_IT`` and ``STREAMS_OF_IT``."""
        reached = {name: Reached(until, bool(done), at) for name, until, done, at in streams}
        return cls(dict(facts), reached)

    @property
    def version(self) -> int:
        """Of the tables; -1 where it tells none."""
        said = self.given.get("version", "")
        return int(said) if said.isascii() and said.isdecimal() else -1

    @property
    def synced_by(self) -> int | None:
        """As whom it was filled, where that is known."""
        said = self.given.get(SYNCED_BY, "")
        return int(said) if said.isascii() and said.isdecimal() else None

    def open_to(self, user_id: int | None, role: str | None) -> bool:
        """Whether somebody is who filled it, and has not become less since: an agent sees fewer
        tickets than the same person did as an admin.
        """
        then = self.given.get(SYNCED_AS)
        return self.synced_by == user_id and (then in {None, role} or role == ADMIN)

    @property
    def until(self) -> datetime | None:
        """As of when all of it is there; None while an export is not read to its end.

        What this user or this account does not get is not waited for.
        """
        ends = [self._end(name) for name in self._needed()]
        known = [end for end in ends if end is not None]
        return min(known) if known and len(known) == len(ends) else None

    def _end(self, name: str) -> datetime | None:
        reached = self.streams.get(name)
        return reached.until if reached is not None and reached.complete else None

    def _needed(self) -> list[str]:
        """The exports that it is filled from."""
        from mcp_server_zendesk.analytics.syncing.streams import STREAMS  # noqa: PLC0415 - it imports this

        if self.given.get(WAY) == "search":
            return [name for name in self.streams if name.startswith("search")]
        try:
            lacks = json.loads(self.given.get(LACKS, "[]"))
        except ValueError:
            lacks = []
        return [stream.name for stream in STREAMS if stream.lacking not in lacks]

    @property
    def stored_at(self) -> datetime | None:
        """When something was stored last."""
        return max((at for one in self.streams.values() if (at := one.stored_at)), default=None)

    def check(self, local: Analytics) -> None:
        """Whether it is this workspace's, and of a version that can be read, or migrated.

        Raises:
            StoreUnusable: It is not.
        """
        if self.version < 0:
            raise StoreUnusable("The store's file is another program's, or is damaged.", AGAIN)
        if self.version > VERSION:
            raise StoreUnusable(
                "The store was made by a newer version of this program.",
                "Update mcp-server-zendesk here too, or run the command purge, then sync again.",
            )
        if self.given.get("subdomain") != local.subdomain:
            raise StoreUnusable(
                "The store holds the tickets of another Zendesk account, or the account has been "
                "renamed since.",
                "Correct the subdomain, name another analytics_folder, or run the command purge, "
                "then sync again.",
            )
