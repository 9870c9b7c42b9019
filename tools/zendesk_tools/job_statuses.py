"""Looking up a background job: what became of each of its items (``zendesk-api.md`` §5.6)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection import jobs
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import JobResult
from mcp_server_zendesk.serving.results import Line, Result
from zendesk_tools.tickets_at_once import FailedItem, failed_item

_COMPLETED = "completed"


class JobOutcome(Result):
    """A job, and what became of its items."""

    job_id: Line
    kind: Line | None = None
    status: Line | None = None
    ended: Annotated[bool, Field(description="False: look again later")]
    done: int | None = None
    total: int | None = None
    succeeded: Annotated[int | None, Field(description="How many items")] = None
    succeeded_ids: list[int] | None = None
    failed: list[FailedItem] | None = None
    message: Line | None = None


async def get_job_status(
    zendesk: Zendesk,
    job_id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,100}$",
            description="The job_id that merge_tickets or update_tickets named, e.g. V3-8d31…",
        ),
    ],
) -> JobOutcome:
    """Look up a background job of Zendesk: whether it has ended, and what became of each item.

    Use it when merge_tickets or update_tickets left a job running or was cancelled; they wait for
    their jobs by themselves otherwise. A completed job can hold failed items: see failed. Zendesk
    forgets jobs after a while; then read the tickets.
    """
    job = await jobs.read_job(zendesk, job_id)
    items = [job.results] if isinstance(job.results, JobResult) else job.items
    done = [item for item in items if not item.failed]
    return JobOutcome(
        job_id=job.id,
        kind=job.job_type,
        status=job.status,
        ended=job.ended,
        done=None if job.ended else job.progress,
        total=job.total,
        succeeded=len(done) if job.ended else None,
        succeeded_ids=[item.id for item in done if item.id is not None] or None,
        failed=[failed_item(item) for item in items if item.failed] or None,
        message=None if job.status == _COMPLETED else job.message,
    )
