"""Tags of a ticket, by three paths: a closed ticket refuses the first (``zendesk-api.md`` §6).

What a closed ticket really answers is not attested anywhere, so nothing here trusts a status
alone: the tags are always read back and compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from mcp_server_zendesk.connection import jobs
from mcp_server_zendesk.connection.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    Refusal,
    Refused,
    TicketClosed,
    UnreadableResponse,
    ValidationFailed,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.records import JobStatus, TicketRecord
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from zendesk_tools.ticket_changes import CLOSED, read_ticket
from zendesk_tools.tickets import TicketId

Path = Literal["tags_endpoint", "update_ticket", "update_many"]

JOBS_SCOPE = "read"
_CONFLICTS = 3
_UNPOLLED_WAITS = (1.0, 2.0, 4.0)
_LONGEST_TAG = 255
_MOST_TAGS = 100
# Any other 4xx may be a closed ticket's refusal; these say nothing about it.
_TELLING = (ValidationFailed, InvalidRequest, Forbidden, Conflict)

Tags = Annotated[list[str] | None, Field(max_length=_MOST_TAGS, description="Tags without spaces")]


class TicketTags(Result):
    """A ticket's tags after the change, and what moved."""

    ticket_id: int
    tags: list[Line]
    added: list[Line]
    removed: list[Line]
    path: Annotated[
        Path | None, Field(description="The way that worked; left out when nothing had to change")
    ] = None
    ticket_status: Line | None = None
    not_added: Annotated[list[Line] | None, Field(description="Asked for, but not there")] = None
    not_removed: Annotated[list[Line] | None, Field(description="Still there")] = None
    also_changed: Annotated[
        list[Line] | None,
        Field(description="Moved without being asked for, as by a drop-down field's tag"),
    ] = None


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to hold afterwards."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    exactly: tuple[str, ...] | None = None

    def result(self, before: Iterable[str]) -> list[str]:
        """The full list that the wish makes of the tags before."""
        if self.exactly is not None:
            return list(self.exactly)
        removed = set(self.remove)
        kept = [tag for tag in before if tag not in removed]
        there = set(kept)
        return [*kept, *(tag for tag in self.add if tag not in there)]

    def to_add(self, before: Iterable[str]) -> list[str]:
        there = set(before)
        return [tag for tag in self.result(before) if tag not in there]

    def to_remove(self, before: Iterable[str]) -> list[str]:
        result = set(self.result(before))
        return [tag for tag in before if tag not in result]

    def left_to_do(self, tags: Iterable[str]) -> int:
        return len(self.to_add(tags)) + len(self.to_remove(tags))

    def holds(self, tags: Iterable[str]) -> bool:
        return self.left_to_do(tags) == 0


@dataclass(slots=True)
class _Attempt:
    """The closed ticket's paths so far."""

    tried: list[str] = field(default_factory=list)
    refusal: Refusal = field(default_factory=lambda: Refusal(status=200))
    settled: bool = True

    def refused(self, error: Refused) -> None:
        """Take note of a refusal that the closed ticket may have caused; others are raised."""
        if isinstance(error, Forbidden) and error.refusal.scopes:
            raise error
        self.refusal = error.refusal

    def ended(self, job: JobStatus) -> None:
        """Take note of a job; a failed item lives in a completed one."""
        self.settled &= job.ended
        for item in job.items:
            if item.failed:
                self.refusal = Refusal(status=200, code=item.error, text=item.details)


async def update_ticket_tags(
    zendesk: Zendesk,
    ticket_id: TicketId,
    add: Tags = None,
    remove: Tags = None,
    replace_with: Annotated[
        list[str] | None,
        Field(max_length=_MOST_TAGS, description="The whole new list; [] removes every tag"),
    ] = None,
) -> TicketTags:
    """Add, remove or replace one ticket's tags; a closed one's too, where the account allows it.

    Prefer add and remove: replace_with drops all others. For fields use update_ticket. The answer
    is what is there now; a drop-down field's tag can move that field's other tag.
    """
    wish = _wish(add, remove, replace_with)
    ticket = await read_ticket(zendesk, ticket_id)
    before = _tags(ticket)
    if wish.holds(before):
        return _answer(ticket, before, before, wish, path=None)
    if ticket.status != CLOSED:
        after = await _by_tags_endpoint(zendesk, ticket, wish)
        if after is not None:
            return _answer(ticket, before, after, wish, path="tags_endpoint")
        ticket = await read_ticket(zendesk, ticket_id)
    there = _tags(ticket)  # half of the change may stand already when the ticket closed under it
    attempt = _Attempt()
    for path, take in (("update_ticket", _by_update_ticket), ("update_many", _by_update_many)):
        attempt.tried.append(path)
        async with _lost_answers_looked_up(zendesk, ticket_id, wish):
            await take(zendesk, ticket_id, wish, attempt)
        after = await _read_back(zendesk, ticket_id)
        if wish.left_to_do(after) < wish.left_to_do(there):
            return _answer(ticket, before, after, wish, path=path)  # type: ignore[arg-type]
    closed = TicketClosed(attempt.refusal, ticket_id=ticket_id, tried=attempt.tried)
    # The tags were read back unchanged; only a job that still runs could move them yet.
    untouched = attempt.settled and there == before
    closed.outcome = "not_applied" if untouched else "unknown"
    raise closed


def _wish(add: Tags, remove: Tags, replace_with: list[str] | None) -> _Wish:
    """Read the three arguments.

    Raises:
        InvalidArguments: They contradict each other, or a tag cannot be one.
    """
    if replace_with is not None and (add or remove):
        raise InvalidArguments.of("replace_with", "excludes add and remove; give one or the other")
    if replace_with is None and not add and not remove:
        raise InvalidArguments.of("add", "is needed, or remove, or replace_with")
    to_add, to_remove = clean_tags("add", add), clean_tags("remove", remove)
    if set(to_add) & set(to_remove):
        raise InvalidArguments.of("remove", "names a tag that add names too")
    exactly = None if replace_with is None else clean_tags("replace_with", replace_with)
    return _Wish(to_add, to_remove, exactly)


def clean_tags(argument: str, tags: Iterable[str] | None) -> tuple[str, ...]:
    """Tags in lower case, as Zendesk stores them, each once."""
    found: dict[str, None] = {}
    for tag in tags or ():
        name = tag.strip().lower()
        if not name or name.split() != [name] or not name.isprintable():
            raise InvalidArguments.of(
                argument,
                "holds a tag that is empty or has a space in it, which Zendesk would split in two; "
                "use an underscore",
            )
        if len(name) > _LONGEST_TAG:
            raise InvalidArguments.of(argument, f"holds a tag of more than {_LONGEST_TAG} letters")
        found[name] = None
    return tuple(found)


async def _by_tags_endpoint(
    zendesk: Zendesk, ticket: TicketRecord, wish: _Wish
) -> list[str] | None:
    """The tags afterwards; None when the ticket turns out to be closed by now."""
    path = ("tickets", ticket.id, "tags")
    before = _tags(ticket)
    try:
        async with _lost_answers_looked_up(zendesk, ticket.id, wish):
            if wish.exactly is not None:
                await zendesk.post(*path, body={"tags": list(wish.exactly)}, harmless=True)
            elif to_add := wish.to_add(before):
                await zendesk.put(*path, body={"tags": to_add}, harmless=True)
            if wish.exactly is None and (to_remove := wish.to_remove(before)):
                await zendesk.delete(*path, body={"tags": to_remove}, harmless=True)
    except _TELLING as refused:
        scopes = isinstance(refused, Forbidden) and refused.refusal.scopes
        if not scopes and (await read_ticket(zendesk, ticket.id)).status == CLOSED:
            return None
        raise
    after = await _read_back(zendesk, ticket.id)
    if wish.holds(after):
        return after
    if (await read_ticket(zendesk, ticket.id)).status == CLOSED:
        return None
    if set(after) == set(before):
        without_effect = UnreadableResponse("Zendesk accepted the tags, and they are as before")
        without_effect.outcome = "not_applied"
        raise without_effect
    return after


async def _by_update_ticket(
    zendesk: Zendesk, ticket_id: int, wish: _Wish, attempt: _Attempt
) -> None:
    """The full list, and nothing else: a closed ticket takes no other field beside it."""
    for _ in range(_CONFLICTS):
        ticket = await read_ticket(zendesk, ticket_id)
        body = {"tags": wish.result(_tags(ticket)), "safe_update": True}
        if ticket.updated_at is not None:
            body["updated_stamp"] = stamp(ticket.updated_at)
        try:
            await zendesk.put("tickets", ticket_id, body={"ticket": body})
        except Conflict as conflict:
            attempt.refused(conflict)
            continue
        except _TELLING as refused:
            attempt.refused(refused)
        return
    raise Conflict(attempt.refusal)


async def _by_update_many(zendesk: Zendesk, ticket_id: int, wish: _Wish, attempt: _Attempt) -> None:
    """Additive, through a background job whose one item has to be looked at."""
    before = await _read_back(zendesk, ticket_id)
    for key, tags in (
        ("additional_tags", wish.to_add(before)),
        ("remove_tags", wish.to_remove(before)),
    ):
        if not tags:
            continue
        try:
            answer = await zendesk.put(
                "tickets",
                "update_many",
                params={"ids": ticket_id},
                body={"ticket": {key: tags}},
                harmless=True,
            )
        except _TELLING as refused:
            attempt.refused(refused)
            return
        if zendesk.may(JOBS_SCOPE):
            attempt.ended(await jobs.finished(zendesk, answer.body))
        else:
            added = key == "additional_tags"
            attempt.settled &= await _seen_to_move(zendesk, ticket_id, set(tags), added=added)


async def _seen_to_move(zendesk: Zendesk, ticket_id: int, tags: set[str], *, added: bool) -> bool:
    """Without the scope to read jobs, the tags themselves are watched."""
    for wait in _UNPOLLED_WAITS:
        await zendesk.access.sleep(wait)
        now = set(await _read_back(zendesk, ticket_id))
        if (tags <= now) if added else not (tags & now):
            return True
    return False


@asynccontextmanager
async def _lost_answers_looked_up(
    zendesk: Zendesk, ticket_id: int, wish: _Wish
) -> AsyncIterator[None]:
    """A write whose answer was lost is no failure when the tags turn out to be as wished."""
    try:
        yield
    except ZendeskError as lost:
        if not may_have_arrived(lost) or not await _holds_now(zendesk, ticket_id, wish):
            raise
        zendesk.outcome = "applied"


async def _holds_now(zendesk: Zendesk, ticket_id: int, wish: _Wish) -> bool:
    try:
        return wish.holds(await _read_back(zendesk, ticket_id))
    except ZendeskError:
        return False  # the lost answer is what has to be told


async def _read_back(zendesk: Zendesk, ticket_id: int) -> list[str]:
    answer = await zendesk.get("tickets", ticket_id, "tags")
    tags = answer.get("tags")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise UnreadableResponse("Zendesk's answer holds no readable 'tags'")
    return [tag.lower() for tag in tags]


def _tags(ticket: TicketRecord) -> list[str]:
    return [tag.lower() for tag in ticket.tags or []]


def _answer(
    ticket: TicketRecord, before: list[str], after: list[str], wish: _Wish, *, path: Path | None
) -> TicketTags:
    expected = set(wish.result(before))
    moved = set(before) ^ set(after)
    asked = set(before) ^ expected
    return TicketTags(
        ticket_id=ticket.id,
        tags=sorted(after),
        added=sorted(set(after) - set(before)),
        removed=sorted(set(before) - set(after)),
        path=path,
        ticket_status=ticket.status,
        not_added=sorted(expected - set(before) - set(after)) or None,
        not_removed=sorted((set(before) - expected) & set(after)) or None,
        also_changed=sorted(moved - asked) or None,
    )
