"""What our own side refuses, before or beside Zendesk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArgumentProblem:
    """One argument at fault. It never holds the rejected value."""

    field: str
    problem: str
    code: str | None = None
    allowed_values: tuple[str, ...] = ()
    candidates: tuple[dict[str, str | int], ...] = ()


class RefusedHere(Exception):
    """Refused by this server; nothing was sent for it."""


class InvalidArguments(RefusedHere):
    """The arguments do not fit the tool."""

    def __init__(self, problems: Iterable[ArgumentProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field} {p.problem}" for p in self.problems))

    @classmethod
    def of(
        cls,
        field: str,
        problem: str,
        *,
        allowed_values: Iterable[str] = (),
        candidates: Iterable[dict[str, str | int]] = (),
    ) -> InvalidArguments:
        """One argument at fault."""
        return cls(
            [
                ArgumentProblem(
                    field,
                    problem,
                    allowed_values=tuple(allowed_values),
                    candidates=tuple(candidates),
                )
            ]
        )


class UnknownTool(RefusedHere):
    """There is no such tool, or this workspace does not offer it."""

    def __init__(self, *, exists: bool, nearest: str | None = None) -> None:
        super().__init__("this workspace has no such tool")
        self.exists = exists
        self.nearest = nearest


class ConfirmationUnavailable(RefusedHere):
    """A human has to say yes, and this client cannot ask, or ``failed`` when it tried.

    ``sessionless``: it is of an era that is asked within a session, and the server keeps none.
    """

    def __init__(self, *, failed: bool = False, sessionless: bool = False) -> None:
        super().__init__("nobody can be asked")
        self.failed = failed
        self.sessionless = sessionless


class ConfirmationDeclined(RefusedHere):
    """The human said no, ``mistyped`` what was to be typed, or did not answer ``in_time``."""

    def __init__(self, *, mistyped: bool = False, in_time: bool = True) -> None:
        super().__init__("not confirmed")
        self.mistyped = mistyped
        self.in_time = in_time


class ChangedMeanwhile(RefusedHere):
    """What the human said yes to is no longer so."""


class AlreadyDone(RefusedHere):
    """The very same was done on such a yes within the last minutes."""


class TooManyCalls(RefusedHere):
    """The caller's own limit is reached, and waiting for it would take longer than a call may.

    ``limit`` is the setting, ``allowed`` its value; ``retry_after`` in seconds.
    """

    def __init__(self, limit: str, allowed: int, *, retry_after: float) -> None:
        super().__init__(f"{limit} is reached")
        self.limit = limit
        self.allowed = allowed
        self.retry_after = retry_after


class AuditUnavailable(RefusedHere):
    """What is about to be done cannot be written down first, so it is not done."""


class ReadOnlyWorkspace(RefusedHere):
    """The workspace is read-only and the tool writes."""
