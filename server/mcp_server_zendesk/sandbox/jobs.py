"""Background jobs: submitted at once, done later, polled meanwhile (`zendesk-api.md` §5.6)."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mcp_server_zendesk.sandbox.call import Call
from mcp_server_zendesk.sandbox.errors import ApiError, record_not_found, too_many_jobs
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.rules import Rules
from mcp_server_zendesk.sandbox.store import Job, Store

MAX_JOBS = 30
"""Queued or running at once, in one account (`zendesk-api.md` §4)."""


@dataclass(frozen=True)
class Work:
    """One item of a job, on its turn."""

    store: Store
    rules: Rules
    by: Json
    index: int
    item: Json


@dataclass(frozen=True)
class Task:
    """What a job does with each of its items.

    `do` returns an item's result; what it raises becomes a failed item.
    """

    job_type: str
    failure: str
    """The `error` of a failed item. Recorded is `OrganizationUpdateFailed`; others by analogy."""
    do: Callable[[Work], Json]
    single: bool = False
    """Whether the results are one object, not a list."""


def submit(call: Call, task: Task, items: Sequence[Json]) -> Json:
    """Queues a job; returns its status. What an item holds is the task's own business."""
    store = call.store
    if sum(job.results is None for job in store.jobs.values()) >= MAX_JOBS:
        raise too_many_jobs()
    digest = hashlib.md5(str(store.new_id()).encode(), usedforsecurity=False).hexdigest()
    job = Job(f"V3-{digest}", task.job_type, list(items), call.user, store.now(), task=task)
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


def changed(item_id: object, action: str = "update", status: str = "Updated") -> Json:
    """The result of an item that was updated or deleted [REC]."""
    return {"action": action, "id": item_id, "status": status, "success": True}


def _run(store: Store, rules: Rules, job: Job) -> None:
    job.finished_at = store.now()
    results = [
        _result(job.task, Work(store, rules, job.by, index, item))
        for index, item in enumerate(job.items)
    ]
    job.results = {"success": True} if job.task.single else results


def _result(task: Task, work: Work) -> Json:
    """One item; a failure is told by `error`, without a `success` key [REC]."""
    try:
        return task.do(work)
    except ApiError as refused:
        known = {"id": work.item["id"]} if work.item.get("id") else {}
        return {"index": work.index, "error": task.failure, **known, "details": _told(refused)}


def _told(refused: ApiError) -> str:
    """The refusal as one line of text, which is all that a job's item has room for."""
    if isinstance(refused.body, str):
        return refused.body
    details = refused.body.get("details", {})
    entries = [entry["description"] for listed in details.values() for entry in listed]
    return " ".join(entries) or str(refused.body.get("description", ""))
