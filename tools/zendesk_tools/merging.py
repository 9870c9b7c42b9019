"""Merging tickets: the sources end closed, and no one can take them apart again."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection import jobs
from mcp_server_zendesk.connection.errors import NotFound, Refusal, ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import JobStatus
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.questions import people, readers
from zendesk_tools.ticket_changes import CLOSED
from zendesk_tools.tickets import TicketId
from zendesk_tools.tickets_at_once import (
    UNWATCHED_WAITS,
    Batch,
    FailedItem,
    OneTicketId,
    failed_item,
    items_by_id,
    read_batch,
)

_MOST_SOURCES = 20
_LONGEST_COMMENT = 65_536

TargetId = Annotated[TicketId, Field(description="Number of the ticket that stays")]
SourceIds = Annotated[
    list[OneTicketId],
    Field(
        min_length=1,
        max_length=_MOST_SOURCES,
        description="Numbers of the tickets to close into it",
    ),
]
TargetComment = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=_LONGEST_COMMENT,
        description="Comment on the target; a standard text when left out",
    ),
]
SourceComment = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=_LONGEST_COMMENT,
        description="Comment on each source; a standard text when left out",
    ),
]
TargetPublic = Annotated[bool, Field(description="true sends target_comment to customers")]
SourcePublic = Annotated[bool, Field(description="true sends source_comment to customers")]


class TicketState(Result):
    """A ticket as it is now."""

    id: int
    subject: Line | None = None
    status: Line | None = None


class MergedTickets(Result):
    """What became of a merge, read back from the tickets."""

    target: TicketState
    merged: Annotated[list[int], Field(description="Closed into the target")]
    failed: list[FailedItem] | None = None
    unfinished: Annotated[
        list[int] | None, Field(description="Not closed yet: look up job_id, or the ticket")
    ] = None
    job_id: Annotated[Line | None, Field(description="For get_job_status")] = None
    answer_was_lost: bool | None = None


async def merge_tickets(
    zendesk: Zendesk,
    target_ticket_id: TargetId,
    source_ticket_ids: SourceIds,
    target_comment: TargetComment = None,
    source_comment: SourceComment = None,
    target_comment_is_public: TargetPublic = False,
    source_comment_is_public: SourcePublic = False,
) -> MergedTickets:
    """Merge tickets into one for good: the sources are closed and cannot be taken out again.

    Use it for duplicates, after reading them; incidents of one problem are linked instead, by
    update_ticket's problem_id. The user is shown tickets and comments, and has to type the target's
    number first. Closed tickets cannot be merged. Comments are internal unless made public. A job
    that outlasts the call is named for get_job_status.
    """
    sources = _sources(target_ticket_id, source_ticket_ids)
    body = _comments(
        target_comment, source_comment, target_comment_is_public, source_comment_is_public
    )
    await _mergeable(zendesk, target_ticket_id, sources)
    job: JobStatus | None = None
    lost: ZendeskError | None = None
    try:
        answer = await zendesk.post(
            "tickets", target_ticket_id, "merge", body={"ids": sources, **body}
        )
        job = jobs.submitted(zendesk, answer.body)
        if zendesk.may(jobs.SCOPE):
            job = await jobs.finished(zendesk, answer.body, tolerant=True)
    except ZendeskError as error:
        if not may_have_arrived(error):
            raise
        lost = error
    after = await _afterwards(zendesk, target_ticket_id, sources, job, lost)
    return _told(target_ticket_id, sources, after, job, lost=lost is not None)


async def _afterwards(
    zendesk: Zendesk,
    target: int,
    sources: list[int],
    job: JobStatus | None,
    lost: ZendeskError | None,
) -> Batch | None:
    """The tickets after the merge; watched for a while where no ended job vouches for them.

    None where they cannot be read, and the job has to speak for itself.

    Raises:
        ZendeskError: The answer was lost, and not all sources turn out to be closed.
    """
    after: Batch | None = None
    try:
        for wait in (0.0,) if job and zendesk.may(jobs.SCOPE) else UNWATCHED_WAITS:
            await zendesk.access.sleep(wait)
            after = await read_batch(zendesk, [target, *sources])
            if not _open(after, sources):
                break
    except ZendeskError:
        pass  # the merge is made or under way, and worth telling without this
    if lost is not None:
        if after is None or _open(after, sources):
            lost.outcome = "unknown"
            raise lost
        zendesk.outcome = "applied"
    return after


def _told(
    target: int, sources: list[int], after: Batch | None, job: JobStatus | None, *, lost: bool
) -> MergedTickets:
    items = items_by_id(job, sources) if job else {}
    still_open = [one for one in sources if one not in items] if after is None else []
    still_open = _open(after, sources) if after else still_open
    refused = [one for one in sources if one in items and items[one].failed]
    failed = [failed_item(items[one], sources) for one in refused]
    waiting = [one for one in still_open if one not in refused]
    if after is not None and job is not None and job.ended:
        reason = "The job has ended, and the ticket is not closed"
        failed += [FailedItem(id=one, reason=reason) for one in waiting]
        refused, waiting = [*refused, *waiting], []
    found = after.tickets.get(target) if after else None
    return MergedTickets(
        target=TicketState(
            id=target,
            subject=found.subject if found else None,
            status=found.status if found else None,
        ),
        merged=[one for one in sources if one not in {*refused, *waiting}],
        failed=failed or None,
        unfinished=waiting or None,
        job_id=job.id if job and waiting else None,
        answer_was_lost=lost or None,
    )


def _open(batch: Batch, sources: list[int]) -> list[int]:
    tickets = batch.tickets
    return [one for one in sources if one not in tickets or tickets[one].status != CLOSED]


def _sources(target: int, given: list[int]) -> list[int]:
    sources = list(dict.fromkeys(given))
    if target in sources:
        raise InvalidArguments.of("source_ticket_ids", "holds the target itself")
    return sources


def _comments(
    target: str | None, source: str | None, target_public: bool, source_public: bool
) -> dict[str, Any]:
    """The comments as Zendesk takes them; always said whether a customer sees them.

    Raises:
        InvalidArguments: One is to be public, and its text would be left to Zendesk.
    """
    body: dict[str, Any] = {}
    for side, text, public in (
        ("target", target, target_public),
        ("source", source, source_public),
    ):
        if public and text is None:
            problem = f"needs {side}_comment: nobody could see before what customers will read"
            raise InvalidArguments.of(f"{side}_comment_is_public", problem)
        if text is not None:
            body[f"{side}_comment"] = text
        body[f"{side}_comment_is_public"] = public
    return body


async def _mergeable(zendesk: Zendesk, target: int, sources: list[int]) -> Batch:
    """The tickets, all there and none of them closed.

    Raises:
        NotFound: The target is not there.
        InvalidArguments: A source is not there, or one of them is closed.
    """
    batch = await read_batch(zendesk, [target, *sources])
    if target in batch.missing:
        raise NotFound(Refusal(status=404))
    if batch.missing:
        raise InvalidArguments.of(
            "source_ticket_ids",
            f"holds tickets that do not exist or may not be seen: {_listed(batch.missing)}",
        )
    closed = [one for one in batch.asked if batch.tickets[one].status == CLOSED]
    if closed:
        field = "target_ticket_id" if target in closed else "source_ticket_ids"
        raise InvalidArguments.of(
            field, f"names closed tickets, which cannot be merged: {_listed(closed)}"
        )
    return batch


def _listed(ids: list[int]) -> str:
    return ", ".join(map(str, ids))


async def confirm_merge(
    zendesk: Zendesk,
    target_ticket_id: int,
    source_ticket_ids: list[int],
    target_comment: str | None = None,
    source_comment: str | None = None,
    target_comment_is_public: bool = False,
    source_comment_is_public: bool = False,
) -> Question:
    """What a human is asked before tickets are merged."""
    sources = _sources(target_ticket_id, source_ticket_ids)
    _comments(target_comment, source_comment, target_comment_is_public, source_comment_is_public)
    batch = await _mergeable(zendesk, target_ticket_id, sources)
    wanted = batch.tickets[target_ticket_id].requester_id
    # Zendesk may put the requesters of the sources in copy of the ticket that stays.
    on_target = _readers(batch, [target_ticket_id, *sources]) if target_comment_is_public else []
    on_sources = _readers(batch, sources) if source_comment_is_public else []
    many = f"{len(sources)} tickets" if len(sources) > 1 else "a ticket"
    lines = [
        f"Merge {many} into ticket {target_ticket_id}? This cannot be undone.",
        f"Stays: {_who_and_what(batch, target_ticket_id)}",
    ]
    for one in sources:
        other = batch.tickets[one].requester_id != wanted
        note = " (NOT the requester of the ticket that stays)" if other else ""
        lines.append(f"Is closed for good: {_who_and_what(batch, one)}{note}")
    if batch.last_change:
        lines.append(f"Last change among them: {batch.last_change}")
    lines += [
        f"To do it, type the number of the ticket that stays: {target_ticket_id}",
        "",
        f"Comment on the ticket that stays, {_shown(batch, target_comment, on_target)}",
        f"Comment on the closed ones, {_shown(batch, source_comment, on_sources)}",
    ]
    return Question(
        "\n".join(lines),
        type_back=str(target_ticket_id),
        recipients=batch.names.reached([*on_target, *on_sources]),
    )


def _readers(batch: Batch, ticket_ids: list[int]) -> list[int]:
    return list(dict.fromkeys(who for one in ticket_ids for who in readers(batch.tickets[one])))


def _who_and_what(batch: Batch, ticket_id: int) -> str:
    ticket = batch.tickets[ticket_id]
    requester = batch.names.address(ticket.requester_id)
    status = shown.short(ticket.status or "status unknown")
    return f"{batch.subject(ticket_id)}, {status}, of {requester}"


def _shown(batch: Batch, comment: str | None, sent_to: list[int]) -> str:
    seen = f"PUBLIC, sent to {people(sent_to, batch.names)}" if sent_to else "internal"
    if not comment:
        return f"{seen}: the standard text of Zendesk"
    return f"{seen} ({len(comment):,} characters):\n{shown.quoted(comment)}"
