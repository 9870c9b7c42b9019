"""Tasks as the scripted agent does them, for tests of the evals."""

from __future__ import annotations

from functools import cache

from desk_evals.desk import Desk
from desk_evals.running import Result, run_task
from desk_evals.scripted import ScriptedAgent
from desk_evals.tasks import Task, read_tasks


@cache
def tasks() -> dict[str, Task]:
    return {task.name: task for task in read_tasks()}


async def done(name: str) -> Result:
    task = tasks()[name]
    return await run_task(task, ScriptedAgent(task.script, task.knows))


class Meddler:
    """Does the task, and something that nobody asked for."""

    def __init__(self, task: Task, tool: str, **arguments: object) -> None:
        self._agent = ScriptedAgent(task.script, task.knows)
        self._tool, self._arguments = tool, dict(arguments)

    async def work(self, question: str, desk: Desk) -> str:
        answer = await self._agent.work(question, desk)
        seen = await desk.call(self._tool, self._arguments)
        assert not seen.is_error, seen.text
        return answer


class Speaker:
    """Calls nothing and says something."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    async def work(self, question: str, desk: Desk) -> str:  # noqa: ARG002 - as any agent
        return self._answer
