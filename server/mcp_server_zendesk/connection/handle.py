"""The handle: Zendesk as one tool call may use it, and no wider."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, TypeVar

import anyio

from mcp_server_zendesk.connection import retries
from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.client import Answer
from mcp_server_zendesk.connection.downloads import WHOLE, Download, content_path
from mcp_server_zendesk.connection.errors import (
    Outcome,
    OutOfReach,
    RateLimited,
    Refusal,
    Refused,
    ScopeMissing,
    TimedOut,
    ZendeskError,
)
from mcp_server_zendesk.connection.exchange import Json, Request
from mcp_server_zendesk.connection.guarding.guard import Ledger
from mcp_server_zendesk.connection.guarding.touched import Write
from mcp_server_zendesk.connection.observing import watched
from mcp_server_zendesk.connection.paths import Segment, api_path
from mcp_server_zendesk.connection.reading import Params, Reader
from mcp_server_zendesk.connection.scopes import HeldScopes, requirement, satisfies
from mcp_server_zendesk.connection.sent import Sent

CALL_SECONDS = 50.0
"""How long one call may take with all its waiting: clients give up after a minute."""

_LEAST_SECONDS = 0.001
_MOST_WAITS = 6
_NEW_TICKET = ("tickets",)
_TOO_MANY = 429
_TELL_SECONDS = 5.0

T = TypeVar("T")
AnswerT = TypeVar("AnswerT", Answer, Download)
Carry = Callable[[Request, float], Awaitable[AnswerT]]
Check = Callable[[], Awaitable[None]]


class Progress(Protocol):
    """Tells the caller how far long work has come."""

    async def __call__(self, done: float, total: float | None, message: str) -> None:
        """Report ``done`` of ``total`` (None where that is not known), in words too."""
        ...


async def silent(done: float, total: float | None, message: str) -> None:
    """Tell nobody."""
    del done, total, message


def unannounced(sent: Sent) -> None:
    """Tell nobody."""
    del sent


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
    call's writes, so that a failure at any later point can be told truthfully, and whether a human
    has ``confirmed`` the call.

    ``caller`` tells whose call it is, where callers are told apart. ``sending`` hears of every
    request that changes something before it is sent, and can refuse it by raising; ``sent`` keeps
    what became of each. ``question`` is what a human was asked, and ``basis`` what a tool put its
    latest question together from: it acts on that very same.
    """

    access: Access
    reach: Reach
    held: HeldScopes
    caller: str = ""
    progress: Progress = silent
    requests: int = 0
    outcome: Outcome = "not_applied"
    request_id: str | None = None
    confirmed: bool = False
    spent: str | None = None
    sending: Callable[[Sent], None] = unannounced
    sent: list[Sent] = field(default_factory=list)
    question: str | None = field(default=None, repr=False)
    basis: object = field(default=None, repr=False)
    ledger: Ledger = field(default_factory=Ledger, repr=False)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.access.clock()

    def may(self, scope: str) -> bool:
        """Whether a read that needs this scope would pass, for answers that are richer with it."""
        return satisfies(self.reach.scopes, scope) and self.held.meets(scope)

    def now(self) -> float:
        """The time, in seconds from no particular moment."""
        return self.access.clock()

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """The same call, reading all that the held scopes allow: for the guard, never for tools."""
        every = Reach(writes=False, scopes=frozenset({"read"}))
        reader = replace(self, reach=every, requests=0, ledger=Ledger())
        reader.began = self.began
        try:
            yield reader
        finally:
            self.requests += reader.requests

    async def get(self, *path: Segment, params: Params | None = None) -> Json:
        """Read.

        Raises:
            ZendeskError: In one of its kinds.
        """
        return (await self.look(*path, params=params)).body

    async def look(self, *path: Segment, params: Params | None = None) -> Answer:
        """Read, with what Zendesk said beside it, such as its clock. Raises as ``get`` does."""
        return await self._send("GET", path, params=params)

    async def put(
        self, *path: Segment, body: Json, params: Params | None = None, harmless: bool = False
    ) -> Answer:
        """Change. ``harmless``: doing it twice is the same as once. Raises as ``get`` does."""
        return await self._send("PUT", path, body=body, params=params, harmless=harmless)

    async def post(self, *path: Segment, body: Json, harmless: bool = False) -> Answer:
        """Create, or set. A new ticket carries an idempotency key, the same in every attempt
        (``zendesk-api.md`` §5.5), so that repeating it creates nothing twice.
        """
        keyed = path == _NEW_TICKET
        headers = {"Idempotency-Key": str(uuid.uuid4())} if keyed else None
        return await self._send(
            "POST", path, body=body, headers=headers, harmless=harmless or keyed
        )

    async def delete(
        self, *path: Segment, body: Json | None = None, harmless: bool = False
    ) -> Answer:
        """Remove. See ``put``."""
        return await self._send("DELETE", path, body=body, harmless=harmless)

    async def upload(self, file_name: str, content: bytes, content_type: str) -> Answer:
        """Send a file. Twice does no harm: an upload that nothing refers to expires."""
        headers = {"Content-Type": content_type}
        params = {"filename": file_name}
        path = ("uploads",)
        return await self._send(
            "POST", path, params=params, content=content, headers=headers, harmless=True
        )

    async def download(self, link: str, *, most: int) -> Download:
        """Read what an attachment's ``content_url`` leads to, or its first ``most`` bytes.

        Raises:
            ForeignAddress: The link is not on the account's origin; nothing was sent.
            ZendeskError: In one of its kinds.
        """
        self._allow(requirement("GET", ("attachments",)), reads=True)
        path = content_path(link, self.access.connection.account.origin)
        request = Request("GET", path, headers=WHOLE)
        carry = partial(self.access.connection.download, most=most)
        return (await self._repeating(request, carry, harmless=True))[0]

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

    def seconds_left(self) -> float:
        """What is left of the call's time."""
        return self.began + CALL_SECONDS - self.access.clock()

    async def _send(
        self,
        method: str,
        path: tuple[Segment, ...],
        *,
        params: Params | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        harmless: bool = False,
    ) -> Answer:
        """Send what the scopes allow."""
        self._allow(requirement(method, path), reads=method == "GET")
        again: Check | None = None
        if method != "GET":
            write = Write(method, path, params or {}, body or {})
            again = partial(self._check_again, write, self.ledger.made)
            await self.access.guard.check_write(self, write)
        request = Request(method, api_path(*path), params, body, headers, content)
        carry = self.access.connection.carry
        if method != "GET":
            self._announce(Sent.of(method, path, params, body))
        answer, lost = await self._repeating(request, carry, harmless=harmless, again=again)
        if method != "GET":
            self.sent[-1].answer(answer.body)
        return replace(answer, repeated=lost)

    async def _check_again(self, write: Write, made: int) -> None:
        """The policy's word on a request that waited, as things are by now; it counts once."""
        self.ledger.began, self.ledger.made = None, made
        await self.access.guard.check_write(self, write)

    def _announce(self, sent: Sent) -> None:
        try:
            self.sending(sent)
        except Exception:
            if self.outcome == "applied":
                self.outcome = "unknown"  # half of the call is done
            raise
        self.sent.append(sent)

    async def _repeating(
        self,
        request: Request,
        carry: Carry[AnswerT],
        *,
        harmless: bool,
        again: Check | None = None,
    ) -> tuple[AnswerT, bool]:
        """Send within the call's time, repeating where that cannot do harm.

        Returns:
            The answer, and whether an earlier one was lost.
        """
        import stamina  # noqa: PLC0415 - not needed to list tools

        reads = request.method == "GET"
        before, lost = self.outcome, False
        access = self.access
        carry = watched(
            carry, access.observer, access.workspace, lambda: access.connection.gate.headroom
        )
        async for attempt in stamina.retry_context(
            on=lambda error: self._repeats(error, harmless=reads or harmless),
            attempts=retries.ATTEMPTS,
            timeout=max(self.seconds_left(), _LEAST_SECONDS),
            wait_initial=retries.FIRST_WAIT_SECONDS,
            wait_max=retries.LONGEST_WAIT_SECONDS,
            wait_jitter=retries.JITTER_SECONDS,
        ):
            with attempt:
                if attempt.num > 1:
                    await self.progress(attempt.num, None, "Zendesk failed; trying again")
                try:
                    answer = await self._when_it_may_go(request, carry, again)
                except ZendeskError as error:
                    lost = lost or retries.may_have_arrived(error)
                    if not reads:
                        # After an earlier write of this call, a failure leaves half of it done.
                        self.outcome = "unknown" if lost or before != "not_applied" else before
                    raise
        if not reads:
            self.outcome = "unknown" if before == "unknown" else "applied"
        return answer, lost

    async def _when_it_may_go(
        self, request: Request, carry: Carry[AnswerT], again: Check | None
    ) -> AnswerT:
        """Send once the known limits and a free place allow; wait for a limit met anyway."""
        gate, places = self.access.connection.gate, self.access.places
        waits = 0
        while True:
            if await self._wait_for_limits(request) and again is not None:
                await again()
            await self._take_a_place()
            try:
                if not await gate.enter(request.method, request.path, self.caller):
                    continue  # used up by others while we queued
                try:
                    return await self._once(request, carry)
                finally:
                    await gate.leave(request.method, request.path)
            except RateLimited as error:
                asked = error.refusal.retry_after
                waits += 1
                if asked is None or asked > self.seconds_left() or waits > _MOST_WAITS:
                    raise
            finally:
                places.release()

    async def _wait_for_limits(self, request: Request) -> bool:
        """Whether it had to wait."""
        gate = self.access.connection.gate
        waited = False
        while (closed := gate.seconds_to_wait(request.method, request.path, self.caller))[0]:
            wait, limit = closed
            if wait > self.seconds_left():
                known = Refusal(status=_TOO_MANY, retry_after=wait, limit=limit)
                raise RateLimited(known, sent=False)
            await self.progress(0, wait, f"Waiting {wait:.0f} s for Zendesk's request limit")
            await self.access.sleep(wait)
            waited = True
        return waited

    async def _take_a_place(self) -> None:
        """A place among the requests under way. It is told now and then that this takes time."""
        places, taken = self.access.places, False
        if places.taken():
            return
        try:
            async with anyio.create_task_group() as telling:
                telling.start_soon(self._tell_of_the_queue)
                with anyio.move_on_after(max(self.seconds_left(), 0)):
                    await places.wait(self.caller)
                    taken = True
                telling.cancel_scope.cancel()
        except BaseException:
            if taken:
                places.release()
            raise
        if not taken:
            raise TimedOut("the time of this call is used up", sent=False)

    async def _tell_of_the_queue(self) -> None:
        while True:
            await anyio.sleep(_TELL_SECONDS)
            waited = self.access.clock() - self.began
            await self.progress(waited, None, "Waiting for other requests to Zendesk to end")

    async def _once(self, request: Request, carry: Carry[AnswerT]) -> AnswerT:
        self.requests += 1
        statuses: list[int | None] = []
        if request.method != "GET":
            self.outcome = "unknown"  # until an answer, or a cancellation, says better
            statuses = self.sent[-1].statuses
        statuses.append(None)
        try:
            answer = await carry(request, self.seconds_left())
        except Refused as error:
            self.request_id = error.refusal.request_id
            statuses[-1] = error.refusal.status
            raise
        statuses[-1] = answer.status if isinstance(answer, Answer) else None
        self.request_id = answer.request_id or self.request_id
        return answer

    def _repeats(self, error: Exception, *, harmless: bool) -> bool | float:
        """Whether to repeat after the usual backoff; at once where the gate already waits."""
        if not isinstance(error, ZendeskError) or not retries.may_repeat(error, harmless=harmless):
            return False
        asked = retries.asked_to_wait(error)
        if asked is None:
            return self.seconds_left() > 0
        if isinstance(error, RateLimited) or asked > self.seconds_left():
            return False  # it has been waited for as often as is decent, or is too long
        return 0.0
