"""What an admin decided about analytics: where the store lies, what is kept, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

Keep = Literal["fields", "texts"]

STORE = "tickets.duckdb"
"""The name of a workspace's store in its folder."""


@dataclass(frozen=True, slots=True)
class Analytics:
    """One workspace's local store, as it is configured. Nothing is opened for it.

    ``folder`` is the workspace's own. With ``fields`` no text that someone outside wrote is kept,
    and no customer's name; with ``texts`` subjects, comments and names are, cleaned.
    """

    folder: Path
    subdomain: str
    keep: Keep = "fields"
    retention_days: int | None = None

    @property
    def file(self) -> Path:
        """The store."""
        return self.folder / STORE

    @property
    def texts(self) -> bool:
        """Whether texts are kept."""
        return self.keep == "texts"

    def oldest(self, now: datetime) -> datetime | None:
        """The last change before which a ticket is kept no longer; None where all are kept."""
        return None if self.retention_days is None else now - timedelta(days=self.retention_days)
