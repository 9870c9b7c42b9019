"""How a seeded ticket is told: who said and did what, and how long after the turn before."""

from dataclasses import dataclass, field
from typing import Any

AUTOMATION = -1
"""The author of what a business rule did: no user has this id."""


@dataclass(frozen=True)
class Attached:
    """A file that came with a comment."""

    file_name: str
    content_type: str
    size: int


@dataclass(frozen=True)
class Turn:
    """One update of a ticket; the first of a story creates it."""

    by: int
    text: str = ""
    html: str = ""
    hours: float = 1.0
    """After the turn before."""
    note: bool = False
    sets: dict[str, Any] = field(default_factory=dict)
    attached: tuple[Attached, ...] = ()
    due_in_days: float | None = None
    """When the task is due, from now."""
    rule: str = ""
    """The title of the automation, where `by` is `AUTOMATION`."""


@dataclass(frozen=True)
class Story:
    """One ticket from its first comment on."""

    number: int
    subject: str
    days_ago: float
    turns: tuple[Turn, ...]
    channel: str = "email"


def closing(hours: float) -> Turn:
    """The automation that closes a solved ticket."""
    return Turn(
        AUTOMATION,
        hours=hours,
        sets={"status": "closed"},
        rule="Close ticket 4 days after status is set to solved",
    )
