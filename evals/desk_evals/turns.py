"""What is the same in every model's API: a turn of the model, and the calls that it wants made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from desk_evals.desk import Seen, Tool


class Unreadable(Exception):
    """A model's API answered something that is not in its documentation."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that a model wants made. ``arguments`` are None where they are no JSON object."""

    id: str
    tool: str
    arguments: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a model says in one answer of its API."""

    text: str
    wanted: tuple[Wanted, ...]
    tokens_in: int
    tokens_out: int
    cut: bool = False
    """Whether it was cut off, or held back by the API."""


class Wire(Protocol):
    """One vendor's format; ``body`` is the next request, which grows with the conversation."""

    path: str

    def headers(self, key: str) -> dict[str, str]:
        """How a request says who pays."""

    def begun(
        self, model: str, system: str, question: str, tools: Iterable[Tool]
    ) -> dict[str, Any]:
        """The first request."""

    def read(self, body: dict[str, Any], answer: Mapping[str, Any]) -> Turn:
        """Takes an answer into the conversation.

        Raises:
            Unreadable: It is none.
        """

    def told(self, body: dict[str, Any], results: Sequence[tuple[Wanted, Seen]]) -> None:
        """Takes the results of all calls of a turn into the conversation."""
