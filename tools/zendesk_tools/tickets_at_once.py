"""Several tickets at once: reading them, and what a background job did to each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.records import JobResult, JobStatus, TicketRecord, parse_list
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.results import Line, Result
from zendesk_tools.names import Names
from zendesk_tools.tickets import an_id

MOST_AT_ONCE = 100
"""Tickets of one request, and items of one job."""

UNWATCHED_WAITS = (1.0, 2.0, 4.0)
"""How long the tickets themselves are watched where the job may not be read, or is not known."""

_DELETED = "deleted"


def _ticket_number(number: int) -> int:
    """Bounds without a byte in the schemas of lists."""
    if number <= 0:
        raise ValueError("should be greater than 0")
    return an_id(number)


OneTicketId = Annotated[int, AfterValidator(_ticket_number)]


class FailedItem(Result):
    """One item that a job did not do."""

    id: int | None = None
    index: Annotated[int | None, Field(description="Its place in what was sent")] = None
    reason: Line


@dataclass(frozen=True, slots=True)
class Batch:
    """Tickets that were read together; what is missing does not exist for the server's user."""

    asked: tuple[int, ...]
    tickets: dict[int, TicketRecord]
    names: Names = field(default_factory=Names)

    @property
    def missing(self) -> list[int]:
        """What was asked for and is not there."""
        return [number for number in self.asked if number not in self.tickets]

    @property
    def last_change(self) -> str:
        """When the latest change among them was; empty where Zendesk does not say."""
        moments = [found.updated_at for found in self.tickets.values() if found.updated_at]
        return stamp(max(moments)) if moments else ""

    def subject(self, ticket_id: int) -> str:
        """A ticket as a person recognises it: number and subject."""
        return f"{ticket_id}: {shown.short(self.tickets[ticket_id].subject or '(no subject)')}"


async def read_batch(zendesk: Zendesk, ticket_ids: Iterable[int]) -> Batch:
    """A hundred tickets at most, by one request; with their people where the scopes allow."""
    asked = tuple(dict.fromkeys(ticket_ids))
    params: dict[str, str | int] = {"ids": ",".join(map(str, asked))}
    if zendesk.may("users:read"):
        params["include"] = "users"
    answer = await zendesk.get("tickets", "show_many", params=params)
    found = parse_list(TicketRecord, answer, "tickets")
    there = {one.id: one for one in found if one.id in asked and one.status != _DELETED}
    return Batch(asked, there, Names.of(answer))


def failed_item(item: JobResult, sent: Sequence[int] = ()) -> FailedItem:
    """A failed item with Zendesk's words. Without an id, its place among the sent ones tells it."""
    words = ": ".join(part for part in (item.error, item.details) if part)
    known = item.id if item.id is not None else _sent_at(item.index, sent)
    return FailedItem(
        id=known,
        index=item.index if known is None else None,
        reason=words or "Zendesk gives no reason",
    )


def items_by_id(job: JobStatus, sent: Sequence[int]) -> dict[int, JobResult]:
    """A job's items by the ticket that they are about."""
    placed = ((item.id or _sent_at(item.index, sent), item) for item in job.items)
    return {number: item for number, item in placed if number is not None}


def _sent_at(index: int | None, sent: Sequence[int]) -> int | None:
    return sent[index] if index is not None and 0 <= index < len(sent) else None
