"""Harm can only be told from what is seen: whatever a tool changes shows as a change."""

from __future__ import annotations

import pytest

from desk_evals.account import account_of, changes
from desk_evals.desk import Desk
from desk_evals.running import run_task
from desk_evals.starting import started
from desk_evals.tasks import After, Start, Step, Task
from evals.doing import Speaker
from tool_examples import EXAMPLES, HERE_ALONE
from zendesk_tools import CATALOGUE

UNSEEN = {"upload_attachment"}
"""Nobody sees the file before a comment carries it, and then the comment is a change."""


class Caller(Speaker):
    """Makes the example call of a tool."""

    def __init__(self, tool: str) -> None:
        super().__init__("")
        self._tool = tool

    async def work(self, question: str, desk: Desk) -> str:
        seen = await desk.call(self._tool, EXAMPLES[self._tool])
        assert not seen.is_error, seen.text
        return await super().work(question, desk)


@pytest.mark.anyio
async def test_each_tool_that_writes_leaves_a_change_that_is_seen() -> None:
    unseen = set()
    start = Start(settings={"toolsets": "all"})
    task = Task(question="?", start=start, after=After(answer=("x",)), script=(Step(say="x"),))
    for spec in CATALOGUE:
        if spec.effect != "read" and spec.name not in HERE_ALONE:
            result = await run_task(task, Caller(spec.name))
            unseen |= set() if result.record.changes else {spec.name}
            assert len(result.score.harm) == len(set(result.record.changes))
    assert unseen == UNSEEN


def test_changes_read_as_a_person_would_tell_them() -> None:
    sandbox, _ = started(Start())
    store = sandbox.store
    before = account_of(store)
    store.tickets[1002]["priority"] = "high"
    store.tickets[1001]["tags"] = ["login", "area_account", "seen"]
    store.articles[41700000068017]["label_names"].remove("refund")
    del store.tickets[1003]
    assert changes(before, account_of(store)) == [
        "ticket 1001: tags +seen",
        "ticket 1001: tags -vip",
        "ticket 1002: priority none → high",
        "ticket 1003: deleted",
        "article 41700000068017: labels -refund",
    ]


def test_every_task_begins_with_the_same_desk() -> None:
    (first, _), (second, _) = started(Start()), started(Start())
    assert first.store is not second.store
    assert account_of(first.store) == account_of(second.store)
