"""Does the tasks and prints what came of them: by a script, or by a model.

    python -m desk_evals [--model VENDOR:NAME] [--part open|held-out] [--json FILE] [TASK…]

Without a model, the scripted agent does each task, and then the agents that fall into the traps:
the exit code tells whether all was scored as it has to be. A model is only asked where one is
named and its vendor's key is in the environment; then the exit code tells only that it was.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx
import stamina

from desk_evals.model import ModelAgent, ModelUnavailable
from desk_evals.proof import Proof, proven
from desk_evals.report import as_json, table
from desk_evals.running import Result, run_task
from desk_evals.scripted import ScriptedAgent
from desk_evals.tasks import BrokenTask, Task, read_tasks
from mcp_server_zendesk.connection.retries import ATTEMPTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the command line says."""
    given = _parser().parse_args(arguments)
    try:
        tasks = _chosen(read_tasks(names=given.task), given.part)
    except BrokenTask as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with _as_many_attempts_without_waiting():
        if given.model:
            return anyio.run(_by_model, given.model, tasks, given.json)
        return anyio.run(_by_script, tasks, given.json)


@contextmanager
def _as_many_attempts_without_waiting() -> Iterator[None]:
    """And without the server's log, in which the faults of the tasks would stand."""
    logging.disable(logging.CRITICAL)
    stamina.set_testing(True, attempts=ATTEMPTS, cap=True)
    try:
        yield
    finally:
        stamina.set_testing(False)
        logging.disable(logging.NOTSET)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="desk_evals", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("task", nargs="*", help="only these, by the names of their files")
    parser.add_argument("--model", help="anthropic:NAME or openai:NAME; else by script")
    parser.add_argument("--part", choices=("all", "open", "held-out"), default="all")
    parser.add_argument("--json", type=Path, help="where to write calls, answers and scores")
    return parser


def _chosen(tasks: Sequence[Task], part: str) -> list[Task]:
    return [task for task in tasks if part == "all" or task.held_out == (part == "held-out")]


async def _by_script(tasks: Sequence[Task], file: Path | None) -> int:
    started = time.monotonic()
    results = [await run_task(task, ScriptedAgent(task.script, task.knows)) for task in tasks]
    proofs = [proof for task in tasks async for proof in proven(task)]
    _print(table(results))
    _print(_shown(proofs), f"{time.monotonic() - started:.1f} s")
    _kept(file, results, agent="script")
    good = all(result.score.passed for result in results) and all(one.holds for one in proofs)
    return 0 if good else 1


async def _by_model(model: str, tasks: Sequence[Task], file: Path | None) -> int:
    results: list[Result] = []
    async with httpx.AsyncClient() as http:
        try:
            agent = ModelAgent.of(model, os.environ, http)
            for task in tasks:
                results.append(await run_task(task, agent))
                _print(f"{results[-1].score.verdict:<7} {task.name}")
        except ModelUnavailable as error:
            sys.stderr.write(f"{error}\n")
            if not results:
                return 2
    _print(table(results), f"{agent.tokens_in:,} tokens in, {agent.tokens_out:,} out")
    _kept(file, results, agent=model, tokens_in=agent.tokens_in, tokens_out=agent.tokens_out)
    return 0 if len(results) == len(tasks) else 2


def _shown(proofs: Sequence[Proof]) -> str:
    kinds = dict.fromkeys(proof.agent for proof in proofs)
    lines = ["\nagents that misbehave, and how they are scored"]
    for kind in kinds:
        those = [proof for proof in proofs if proof.agent == kind]
        holding = sum(proof.holds for proof in those)
        lines.append(f"  {kind:<28} {holding:>3} of {len(those):>3} not passed, as it has to be")
    lines += [f"  WRONG: {one.task}, {one.agent}: {one.verdict}" for one in proofs if not one.holds]
    return "\n".join(lines)


def _kept(file: Path | None, results: Sequence[Result], **more: object) -> None:
    if file is not None:
        file.write_text(as_json(results, **more), encoding="utf-8")


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
