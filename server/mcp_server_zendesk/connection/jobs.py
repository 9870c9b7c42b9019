"""Background jobs of Zendesk: bulk changes answer with one (``zendesk-api.md`` §5.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.connection.errors import UnreadableResponse, ZendeskError
from mcp_server_zendesk.connection.records import JobStatus, parse

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.handle import Zendesk

SCOPE = "read"  # no narrow scope is documented for job statuses (zendesk-api.md §2.4)

# Short first: a job over one ticket is done in a second or two.
_WAITS = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 5.0, 5.0)


class Job(JobStatus):
    """A job with what it is called, and what Zendesk says of it as a whole."""

    job_type: str | None = None
    message: str | None = None


async def read_job(zendesk: Zendesk, job_id: str) -> Job:
    """A job as it stands now."""
    return parse(Job, await zendesk.get("job_statuses", job_id), "job_status")


def submitted(zendesk: Zendesk, answer: Mapping[str, Any]) -> JobStatus:
    """The job that an answer names.

    Raises:
        UnreadableResponse: It names none: whether anything will happen is unknown.
    """
    try:
        return parse(JobStatus, answer, "job_status")
    except UnreadableResponse:
        zendesk.outcome = "unknown"
        raise


async def finished(
    zendesk: Zendesk, answer: Mapping[str, Any], *, tolerant: bool = False
) -> JobStatus:
    """Poll the job that an answer names until it ends, for half a minute at most.

    A job that has not ended by then is returned as it stands; a completed one may still hold
    failed items, so look at ``items``. The job's id is in what is told on the way: a call that is
    cancelled has no answer to tell it in.

    Args:
        zendesk: The call's handle.
        answer: Of the request that started the job.
        tolerant: A job that cannot be read is returned as it was last seen.

    Raises:
        ZendeskError: The job could not be read. The change may still happen.
    """
    job: JobStatus = submitted(zendesk, answer)
    for wait in _WAITS:
        if job.ended or wait >= zendesk.seconds_left():
            break
        await zendesk.progress(
            job.progress or 0, job.total, f"Zendesk is working on it: job {job.id} ({job.status})"
        )
        await zendesk.access.sleep(wait)
        try:
            job = await read_job(zendesk, job.id)
        except ZendeskError:
            if not tolerant:
                raise
            break
    return job
