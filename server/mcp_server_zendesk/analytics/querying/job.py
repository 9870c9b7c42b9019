"""What the process that reads a store is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOMENT = "$at"
"""The key of a parameter that is an instant."""
READY = b" "
"""What the process says before it looks at the statement."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done.

    ``statement`` is ours where ``trusted``, with ``parameters``; otherwise it is a model's, over
    ``views`` (statements that make them, by name). ``state`` are statements of ours whose rows
    come along, by name. At most ``rows`` rows are given, ``bytes`` of them and ``longest``
    characters of a text; ``patience`` is how many seconds is waited for the store, ``seconds`` how
    long the statement may run, ``memory`` (of the engine) and ``process_memory`` are in bytes.
    """

    folder: str
    file: str
    parent: int
    views: dict[str, str]
    statement: str
    parameters: list[Any]
    state: dict[str, str]
    trusted: bool
    rows: int
    bytes: int
    longest: int | None
    seconds: float
    patience: float
    memory: int
    process_memory: int
    threads: int
