"""One change to many tickets, with the outcome of each (Update Many, ``zendesk-api.md`` §5.6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from mcp_server_zendesk.connection import jobs
from mcp_server_zendesk.connection.client import Answer
from mcp_server_zendesk.connection.errors import NotFound, Refusal, ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import JobStatus
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving.results import Line, Result
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.bulk_changes import ARGUMENTS, Change, in_words, wanted_change
from zendesk_tools.custom_fields import CustomFields
from zendesk_tools.ticket_changes import CLOSED, ignored_keys
from zendesk_tools.tickets_at_once import (
    MOST_AT_ONCE,
    UNWATCHED_WAITS,
    Batch,
    FailedItem,
    OneTicketId,
    failed_item,
    items_by_id,
    read_batch,
)

_MOST_SHOWN = 20

TicketIds = Annotated[
    list[OneTicketId],
    Field(min_length=1, max_length=MOST_AT_ONCE, description="The tickets' numbers"),
]
Status = Annotated[
    Literal["open", "pending", "hold", "solved"] | None, Field(description="New status")
]
Priority = Annotated[
    Literal["low", "normal", "high", "urgent"] | None, Field(description="New priority")
]
Kind = Annotated[
    Literal["problem", "incident", "question", "task"] | None, Field(description="New type")
]
Assignee = Annotated[
    str | int | None, Field(description="Id, name, e-mail or `me`; `none` unassigns")
]
Group = Annotated[str | int | None, Field(description="Id or name; `none` removes it")]

Tags = Annotated[list[str] | None, Field(max_length=100, description="Tags without spaces")]


class Different(Result):
    """A ticket that is not as it was asked to be."""

    id: int
    fields: list[Line]


class BulkUpdate(Result):
    """What became of each ticket, by Zendesk's job and by reading the tickets back."""

    updated: list[int]
    failed: list[FailedItem] | None = None
    not_found: list[int] | None = None
    unfinished: Annotated[
        list[int] | None, Field(description="Not done yet: look up job_id later")
    ] = None
    not_as_asked: Annotated[
        list[Different] | None, Field(description="Updated, and yet these fields differ")
    ] = None
    ignored: Annotated[
        list[Line] | None, Field(description="Asked for, but dropped by Zendesk")
    ] = None
    not_read_back: bool | None = None
    job_id: Annotated[Line | None, Field(description="For get_job_status")] = None
    answer_was_lost: bool | None = None


async def update_tickets(
    zendesk: Zendesk,
    ticket_ids: TicketIds,
    status: Status = None,
    priority: Priority = None,
    type: Kind = None,  # noqa: A002 - Zendesk's name for it
    assignee: Assignee = None,
    group: Group = None,
    add_tags: Tags = None,
    remove_tags: Tags = None,
    custom_fields: CustomFields = None,
) -> BulkUpdate:
    """Make one change to up to 100 tickets; nothing takes it back in one step, and triggers may
    send mail. It adds no comments.

    Find them with search_tickets. For one ticket use update_ticket; to close one, close_ticket. The
    user is shown tickets and change, and has to type how many there are first. The answer tells
    each ticket's outcome; a job that outlasts the call is named for get_job_status.
    """
    change = await wanted_change(
        zendesk, status, priority, type, assignee, group, add_tags, remove_tags, custom_fields
    )
    before = await _there(zendesk, ticket_ids)
    sent = [one for one in before.asked if one in before.tickets]
    job: JobStatus | None = None
    answer: Answer | None = None
    lost: ZendeskError | None = None
    try:
        answer = await zendesk.put(
            "tickets",
            "update_many",
            params={"ids": ",".join(map(str, sent))},
            body={"ticket": change.body},
            harmless=True,
        )
        job = jobs.submitted(zendesk, answer.body)
        if zendesk.may(jobs.SCOPE):
            job = await jobs.finished(zendesk, answer.body, tolerant=True)
    except ZendeskError as error:
        if not may_have_arrived(error):
            raise
        lost = error
    after = await _read_back(zendesk, sent, change, watch=job is None or not job.ended)
    if lost is not None:
        if after is None or _unlike(after, sent, change):
            lost.outcome = "unknown"
            raise lost
        zendesk.outcome = "applied"
    return _told(
        sent,
        change,
        after,
        job,
        not_found=before.missing,
        ignored=ignored_keys(answer.warning if answer else None, change.body),
        lost=lost is not None or (answer is not None and answer.repeated),
    )


async def _there(zendesk: Zendesk, ticket_ids: Iterable[int]) -> Batch:
    """The tickets that exist.

    Raises:
        NotFound: None does.
    """
    batch = await read_batch(zendesk, ticket_ids)
    if not batch.tickets:
        raise NotFound(Refusal(status=404))
    return batch


async def _read_back(
    zendesk: Zendesk, sent: list[int], change: Change, *, watch: bool
) -> Batch | None:
    """The tickets afterwards; None where they cannot be read.

    ``watch``: for a while, where no ended job vouches for them.
    """
    after: Batch | None = None
    try:
        for wait in UNWATCHED_WAITS if watch else (0.0,):
            if wait >= zendesk.seconds_left():
                break
            await zendesk.access.sleep(wait)
            after = await read_batch(zendesk, sent)
            if not _unlike(after, sent, change):
                break
    except ZendeskError:
        pass  # the change is made or under way, and worth telling without this
    return after


def _unlike(after: Batch, sent: list[int], change: Change) -> dict[int, list[str]]:
    """What differs from the change, by ticket."""
    found = {one: after.tickets.get(one) for one in sent}
    differing = {one: change.differs_in(it) if it else ["ticket"] for one, it in found.items()}
    return {one: fields for one, fields in differing.items() if fields}


def _told(
    sent: list[int],
    change: Change,
    after: Batch | None,
    job: JobStatus | None,
    *,
    not_found: list[int],
    ignored: list[str],
    lost: bool,
) -> BulkUpdate:
    items = items_by_id(job, sent) if job else {}
    unlike = _unlike(after, sent, change) if after else {}
    failed = [failed_item(items[one], sent) for one in sent if one in items and items[one].failed]
    refused = {item.id for item in failed}
    unproven = [one for one in sent if one not in items and (after is None or one in unlike)]
    if job is not None and job.ended:
        reason = "The job has ended, and says nothing of this ticket, which is not as asked"
        failed += [FailedItem(id=one, reason=reason) for one in unproven]
        refused.update(unproven)
        unproven = []
    updated = [one for one in sent if one not in refused and one not in unproven]
    differing = [Different(id=one, fields=unlike[one]) for one in updated if one in unlike]
    return BulkUpdate(
        updated=updated,
        failed=failed or None,
        not_found=not_found or None,
        unfinished=unproven or None,
        not_as_asked=differing or None,
        ignored=[ARGUMENTS.get(key, key) for key in ignored] or None,
        not_read_back=True if after is None else None,
        job_id=job.id if job and (unproven or not job.ended) else None,
        answer_was_lost=lost or None,
    )


async def confirm_update(
    zendesk: Zendesk,
    ticket_ids: list[int],
    status: str | None = None,
    priority: str | None = None,
    type: str | None = None,  # noqa: A002 - Zendesk's name for it
    assignee: str | int | None = None,
    group: str | int | None = None,
    add_tags: list[str] | None = None,
    remove_tags: list[str] | None = None,
    custom_fields: CustomFields = None,
) -> Question:
    """What a human is asked before many tickets change."""
    change = await wanted_change(
        zendesk, status, priority, type, assignee, group, add_tags, remove_tags, custom_fields
    )
    batch = await _there(zendesk, ticket_ids)
    found = sorted(batch.tickets)
    many = len(found) > 1
    lines = [
        f"Change {len(found)} tickets at once?" if many else "Change this ticket?",
        *await in_words(zendesk, change),
        "Tickets:",
        *(batch.subject(one) for one in found[:_MOST_SHOWN]),
    ]
    if len(found) > _MOST_SHOWN:
        rest = found[_MOST_SHOWN:]
        lines.append(f"and {len(rest)} more: {', '.join(map(str, rest))}")
    if batch.missing:
        lines.append(f"Not found and left out: {len(batch.missing)}")
    if closed := sum(one.status == CLOSED for one in batch.tickets.values()):
        lines.append(f"Closed already, where Zendesk may refuse it: {closed}")
    if batch.last_change:
        lines.append(f"Last change among them: {batch.last_change}")
    lines.append("The account's triggers run and may send mail.")
    typed = len(found) if many else found[0]
    what = "how many tickets there are" if many else "the ticket's number"
    lines.append(f"To do it, type {what}: {typed}")
    return Question("\n".join(lines), type_back=str(typed))
