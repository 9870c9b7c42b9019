"""The handle: Zendesk as one tool call may use it, and no wider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.client import Answer, Json
from mcp_server_zendesk.connection.errors import (
    ConnectionFailed,
    Outcome,
    OutOfReach,
    Refused,
    ScopeMissing,
    TimedOut,
    Unavailable,
    UnreadableResponse,
    ZendeskError,
)
from mcp_server_zendesk.connection.paths import Segment, api_path
from mcp_server_zendesk.connection.scopes import HeldScopes, requirement, satisfies

T = TypeVar("T")
Params = Mapping[str, str | int]


class Progress(Protocol):
    """Tells the caller how far long work has come."""

    async def __call__(self, done: float, total: float | None, message: str) -> None:
        """Report ``done`` of ``total`` (None where that is not known), in words too."""
        ...


async def silent(done: float, total: float | None, message: str) -> None:
    """Tell nobody."""
    del done, total, message


@dataclass(frozen=True, slots=True)
class Reach:
    """What a tool declares: whether it writes, and the scopes that it may ever use."""

    writes: bool
    scopes: frozenset[str]


@dataclass(slots=True)
class Zendesk:
    """One call's view of the workspace's connection.

    It refuses what the tool does not declare (a bug of ours) and what the effective scopes do
    not allow (the admin's decision), before anything is sent. It remembers what became of the
    call's writes, so that a failure at any later point can be told truthfully.
    """

    access: Access
    reach: Reach
    held: HeldScopes
    progress: Progress = silent
    requests: int = 0
    outcome: Outcome = "not_applied"
    request_id: str | None = None

    def may(self, scope: str) -> bool:
        """Whether a read that needs this scope would pass, for answers that are richer with it."""
        return satisfies(self.reach.scopes, scope) and self.held.meets(scope)

    async def get(self, *path: Segment, params: Params | None = None) -> Json:
        """Read.

        Raises:
            ZendeskError: In one of its kinds.
        """
        return (await self._send("GET", path, params=params)).body

    async def put(self, *path: Segment, body: Json, params: Params | None = None) -> Answer:
        """Change. See ``get`` for what it raises."""
        return await self._send("PUT", path, body=body, params=params)

    async def post(
        self, *path: Segment, body: Json, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Create, or set. See ``get`` for what it raises."""
        return await self._send("POST", path, body=body, headers=headers)

    async def delete(self, *path: Segment, body: Json | None = None) -> Answer:
        """Remove. See ``get`` for what it raises."""
        return await self._send("DELETE", path, body=body)

    async def cached(self, name: str, load: Callable[[], Awaitable[T]], *, scope: str) -> T:
        """A value that rarely changes; the scope is asked for even when the value is kept."""
        self._allow(scope, reads=True)
        return await self.access.cache.get(name, load)

    def _allow(self, scope: str | None, *, reads: bool) -> None:
        if not reads and not self.reach.writes:
            raise OutOfReach("a read tool asked to write")
        if scope is None:
            return
        if not satisfies(self.reach.scopes, scope):
            raise OutOfReach(f"the tool does not declare a scope that covers {scope}")
        groups = ((scope,),)
        if not self.held.allows(groups):
            raise ScopeMissing(groups, self.held)

    async def _send(
        self,
        method: str,
        path: tuple[Segment, ...],
        *,
        params: Params | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        reads = method == "GET"
        self._allow(requirement(method, path), reads=reads)
        target = api_path(*path)
        before = self.outcome
        self.requests += 1
        if not reads:
            self.outcome = "unknown"  # until an answer, or a cancellation, says better
        try:
            answer = await self.access.connection.send(
                method, target, params=params, body=body, headers=headers
            )
        except ZendeskError as error:
            if isinstance(error, Refused):
                self.request_id = error.refusal.request_id
            if not reads and not _may_have_arrived(error):
                self.outcome = before
            raise
        self.request_id = answer.request_id or self.request_id
        if not reads:
            self.outcome = "unknown" if before == "unknown" else "applied"
        return answer


def _may_have_arrived(error: ZendeskError) -> bool:
    """Whether a write may have been applied although its answer is an error."""
    if isinstance(error, ConnectionFailed | TimedOut):
        return error.sent
    if isinstance(error, Refused):
        return isinstance(error, Unavailable)
    # What is left is an answer that could not be read, or nothing to sign with.
    return isinstance(error, UnreadableResponse)
