"""Background jobs of Zendesk: bulk changes answer with one (``zendesk-api.md`` §5.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.connection.records import JobStatus, parse

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.handle import Zendesk

# Short first: a job over one ticket is done in a second or two.
_WAITS = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 5.0, 5.0)


async def finished(zendesk: Zendesk, answer: Mapping[str, Any]) -> JobStatus:
    """Poll the job that an answer names until it ends, for half a minute at most.

    A job that has not ended by then is returned as it stands; a completed one may still hold
    failed items, so look at ``items``.

    Raises:
        ZendeskError: The job could not be read. The change may still happen.
    """
    job = parse(JobStatus, answer, "job_status")
    for wait in _WAITS:
        if job.ended or wait >= zendesk.seconds_left():
            break
        await zendesk.progress(
            job.progress or 0, job.total, f"Zendesk is working on it ({job.status})"
        )
        await zendesk.access.sleep(wait)
        job = parse(JobStatus, await zendesk.get("job_statuses", job.id), "job_status")
    return job
