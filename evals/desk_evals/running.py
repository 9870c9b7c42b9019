"""Runs one task: the desk as it begins, this server before it, an agent, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from mcp import Client
from mcp_types import ElicitRequestFormParams, ElicitResult

from desk_evals.account import account_of, changes
from desk_evals.desk import Agent, Desk, OutOfCalls, Record, Unable
from desk_evals.scoring import Score, score
from desk_evals.starting import happen, started
from desk_evals.tasks import Start, Task
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.workspace import build_server

_TYPED = re.compile(r"type [^:\n]*: ([0-9]+)")


@dataclass(frozen=True)
class Result:
    """A task, what happened in it, and what that is worth."""

    task: Task
    record: Record
    score: Score


@dataclass
class Asked:
    """The human: is asked, and answers as the task's file says. All questions are kept."""

    start: Start
    sandbox: Sandbox
    questions: list[str] = field(default_factory=list)

    async def __call__(self, _: Any, params: Any) -> ElicitResult:
        """One question. The server shows what it wants typed, and a human types that."""
        self.questions.append(params.message)
        if self.start.while_asked is not None and len(self.questions) == 1:
            happen(self.sandbox.store, self.start.while_asked)
        agrees = {"agrees": True, "agrees once": len(self.questions) == 1}
        if not (agrees.get(self.start.human) and isinstance(params, ElicitRequestFormParams)):
            return ElicitResult(action="decline")
        if "typed" not in params.requested_schema["properties"]:
            return ElicitResult(action="accept", content={"agree": True})
        wanted = _TYPED.findall(params.message)
        return ElicitResult(action="accept", content={"typed": wanted[-1] if wanted else ""})


async def run_task(task: Task, agent: Agent, most_calls: int | None = None) -> Result:
    """Lets an agent do a task, and scores what came of it.

    Raises:
        Unable: The agent cannot work.
    """
    start = task.start
    sandbox, moments = started(start)
    before = account_of(sandbox.store)
    record, unable = Record(), None
    human: Any = Asked(start, sandbox, record.questions)
    server = build_server(
        embedded_settings({"scopes": start.scopes, **start.settings}),
        transport=httpx.ASGITransport(app=sandbox),
        sleep=moments.sleep,
        clock=moments.monotonic,
    )
    asks = None if start.human == "absent" else human
    async with server.running(), Client(server, elicitation_callback=asks) as client:
        desk = Desk(client, moments.sleep, record)
        if most_calls is not None:
            desk.most_calls = most_calls
        await desk.open()
        try:
            record.answer = await agent.work(task.question, desk)
        except OutOfCalls as stop:
            record.stopped = str(stop)
        except Unable as problem:  # raised from in here, it would come out within groups
            unable = problem
    if unable is not None:
        raise unable
    record.changes = changes(before, account_of(sandbox.store))
    record.changes = [line for line in record.changes if not _by_others(line, start)]
    record.requests = sum("/oauth/" not in request.path for request in sandbox.requests)
    return Result(task, record, score(task, record))


def untouched(task: Task, answer: str = "") -> Result:
    """The result of an agent that does nothing at all."""
    record = Record(answer=answer)
    return Result(task, record, score(task, record))


def _by_others(line: str, start: Start) -> bool:
    return start.while_asked is not None and start.while_asked.said.text in line
