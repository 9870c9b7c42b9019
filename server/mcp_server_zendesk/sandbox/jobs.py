"""Background jobs: submitted at once, done later, polled meanwhile (`zendesk-api.md` §5.6)."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from mcp_server_zendesk.sandbox.call import Call
from mcp_server_zendesk.sandbox.errors import ApiError, record_not_found, too_many_jobs
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.rules import Rules
from mcp_server_zendesk.sandbox.store import Job, Store
from mcp_server_zendesk.sandbox.tickets.closed import judge
from mcp_server_zendesk.sandbox.tickets.writing import Writer

MAX_JOBS = 30
"""Queued or running at once, in one account (`zendesk-api.md` §4)."""


def submit(call: Call, job_type: str, items: Sequence[Json]) -> Json:
    """Queues a job; returns its status. Each item has an `id` and what is `wanted` of it."""
    store = call.store
    if sum(job.results is None for job in store.jobs.values()) >= MAX_JOBS:
        raise too_many_jobs()
    digest = hashlib.md5(str(store.new_id()).encode(), usedforsecurity=False).hexdigest()
    job = Job(f"V3-{digest}", job_type, list(items), call.user, store.now())
    store.jobs[job.id] = job
    return call.wire.job(job, "queued")


def poll(call: Call, job_id: str) -> Json:
    """The status of a job: one phase further with each look."""
    job = call.store.jobs.get(job_id)
    if job is None:
        raise record_not_found()
    phases = call.rules.job_phases
    phase = phases[min(job.polls, len(phases) - 1)]
    job.polls += 1
    if phase == "completed" and job.results is None:
        _run(call.store, call.rules, job)
    return call.wire.job(job, phase if job.results is None else "completed")


def run_due(store: Store, rules: Rules) -> None:
    """Does the jobs whose time has come, polled or not."""
    due = store.now() - timedelta(seconds=rules.job_seconds)
    for job in store.jobs.values():
        if job.results is None and job.submitted_at <= due:
            _run(store, rules, job)


def _run(store: Store, rules: Rules, job: Job) -> None:
    job.finished_at = store.now()
    job.results = [_update(store, rules, job, index) for index in range(len(job.items))]


def _update(store: Store, rules: Rules, job: Job, index: int) -> Json:
    """One item of an update; a failure is told by `error`, without a `success` key [REC].

    The recorded failure is `OrganizationUpdateFailed`; the name for tickets is by analogy.
    """
    item = job.items[index]
    try:
        _update_ticket(store, rules, job.by, item)
    except ApiError as refused:
        details = _told(refused)
        return {"index": index, "error": "TicketUpdateFailed", "id": item["id"]} | {
            "details": details,
        }
    return {"action": "update", "id": item["id"], "status": "Updated", "success": True}


def _update_ticket(store: Store, rules: Rules, by: Json, item: Json) -> None:
    ticket = store.tickets.get(item["id"])
    if ticket is None:
        raise record_not_found()
    closed = rules.closed_tickets
    if (
        ticket["status"] == "closed"
        and judge(store, closed, closed.update_many, by, item["wanted"]) == "ignore"
    ):
        return
    Writer.now(store, rules, by).change(ticket, item["wanted"])


def _told(refused: ApiError) -> str:
    """The refusal as one line of text, which is all that a job's item has room for."""
    if isinstance(refused.body, str):
        return refused.body
    details = refused.body.get("details", {})
    entries = [entry["description"] for listed in details.values() for entry in listed]
    return " ".join(entries) or str(refused.body.get("description", ""))
