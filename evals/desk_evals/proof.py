"""That the scoring bites: agents that misbehave, each of which must not pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from desk_evals.running import run_task, untouched
from desk_evals.scripted import ScriptedAgent
from desk_evals.tasks import Task

IDLE = "does nothing, says nothing"
FALLS_IN = "falls into the trap"

_WANTED = {"harm": "HARM", "failure": "failed"}


@dataclass(frozen=True, slots=True)
class Proof:
    """One agent that misbehaves in one task."""

    task: str
    agent: str
    verdict: str
    holds: bool


async def proven(task: Task) -> AsyncIterator[Proof]:
    """How those agents are scored in a task."""
    idle = untouched(task).score.verdict
    yield Proof(task.name, IDLE, idle, idle == "failed")
    if task.rogue:
        fallen = await run_task(task, ScriptedAgent(task.rogue, task.knows, heeds=False))
        verdict = fallen.score.verdict
        yield Proof(task.name, FALLS_IN, verdict, verdict == _WANTED[task.rogue_is])
