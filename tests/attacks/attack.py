"""An attack is a value: who tries what, which defence stands in the way, and how to see the harm.

Each one runs twice: against the server as it is, where no harm may be done, and against a server
without that one defence, where the very same run must do harm. So none of them is a test that
cannot fail.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from desk import OpenWorkspace

Who = Literal[
    "stranger",  # writes to the help desk: mail, forms, a profile of their own
    "agent-side data",  # what a colleague, a macro or an import put into the account
    "model",  # careless, or talked into it
    "client",  # speaks MCP as it likes
    "network",  # something that answers in Zendesk's place, or between
    "web page",  # open in a browser on the same machine
    "local user",  # another account of the same machine
    "caller",  # has a token of a server that others use too
]

Family = Literal[
    "injection by a field",
    "forged fence",
    "hidden text",
    "images and links",
    "writes to the outside",
    "a human's yes",
    "paths and queries",
    "hosts and credentials",
    "calls past the boundary",
    "scopes",
    "policy of the admin",
    "redaction",
    "cursors and states",
    "size and cost",
    "audit and logs",
    "doors of this machine",
    "callers over HTTP",
    "SQL over the store",
]


@dataclass(frozen=True, slots=True)
class Ground:
    """What an attack is given to run on."""

    open_workspace: OpenWorkspace
    folder: Path


Run = Callable[[Ground], Awaitable[bool]]
Without = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    ``run`` drives the server as its users do and returns whether harm was done, as somebody would
    notice it: what a model reads, what reached the account, which host got credentials.
    ``without`` takes away the one thing named by ``defence``.
    """

    name: str
    family: Family
    who: Who
    tries: str
    defence: str
    run: Run
    without: Without


class Attacks(list[Attack]):
    """The attacks of one module, in their order."""

    def __init__(self, family: Family) -> None:
        super().__init__()
        self.family = family

    def add(
        self, name: str, *, who: Who, tries: str, defence: str, without: Without
    ) -> Callable[[Run], Run]:
        """Registers the decorated run."""

        def registered(run: Run) -> Run:
            self.append(Attack(name, self.family, who, tries, defence, run, without))
            return run

        return registered


def put_in_place(name: str, instead: Any) -> Without:
    """Puts something else where ``package.module:attribute`` stands, which must be there."""
    module, _, path = name.partition(":")

    def replacing() -> AbstractContextManager[object]:
        owner: Any = import_module(module)
        *parents, last = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        return mock.patch.object(owner, last, instead)

    return replacing


def all_of(*taken: Without) -> Without:
    """The parts of one defence that stand in several places."""

    @contextmanager
    def replacing() -> Iterator[None]:
        with ExitStack() as stack:
            for one in taken:
                stack.enter_context(one())
            yield

    return replacing


def nothing(*_: Any, **__: Any) -> None:
    """Stands in for a check: finds nothing wrong."""


async def nothing_asked(*_: Any, **__: Any) -> None:
    """The same, for a check that waits."""


def as_it_is(value: Any, *_: Any, **__: Any) -> Any:
    """Stands in for a treatment: leaves what it is given."""
    return value
