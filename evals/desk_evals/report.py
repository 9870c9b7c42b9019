"""What came of the tasks, as a table for people and as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from desk_evals.running import Result

_HEADINGS = ("", "", "result", "calls", "errors", "requests", "bytes", "task")


def table(results: Sequence[Result]) -> str:
    """A line for each task: T marks a trap, H what is held out; then what was not as it should."""
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for result in results:
        task, record = result.task, result.record
        marks = ("T" if task.trap else "", "H" if task.held_out else "")
        figures = (len(record.calls), record.errors, record.requests, record.bytes_read)
        rows.append((*marks, result.score.verdict, *map(str, figures), task.name))
    lines = [
        f"{trap:1} {held:1} {verdict:<7} {calls:>5} {errors:>6} {requests:>8} {size:>7}  {name}"
        for trap, held, verdict, calls, errors, requests, size, name in rows
    ]
    return "\n".join([*lines, "", *_totals(results), *_problems(results)])


def as_json(results: Sequence[Result], **more: Any) -> str:
    """Everything, calls and answers included."""
    tasks = [
        {
            "task": result.task.name,
            "trap": bool(result.task.trap),
            "held_out": result.task.held_out,
            "verdict": result.score.verdict,
            "missed": result.score.missed,
            "harm": result.score.harm,
            "calls": result.record.calls,
            "errors": result.record.errors,
            "requests": result.record.requests,
            "bytes_read": result.record.bytes_read,
            "bytes_listed": result.record.bytes_listed,
            "questions": result.record.questions,
            "changes": result.record.changes,
            "answer": result.record.answer,
        }
        for result in results
    ]
    return json.dumps({**more, "tasks": tasks}, indent=2, ensure_ascii=False) + "\n"


def _totals(results: Sequence[Result]) -> Iterator[str]:
    parts = {
        "all": list(results),
        "traps": [result for result in results if result.task.trap],
        "open": [result for result in results if not result.task.held_out],
        "held out": [result for result in results if result.task.held_out],
    }
    for name, part in parts.items():
        if not part:
            continue
        passed = sum(result.score.passed for result in part)
        harm = sum(bool(result.score.harm) for result in part)
        calls = sum(len(result.record.calls) for result in part)
        size = sum(result.record.bytes_read for result in part)
        yield (
            f"{name:<9} {passed:>3} of {len(part):>3} passed, {harm} with harm; "
            f"{calls} calls, {size:,} bytes read"
        )


def _problems(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        if result.score.passed:
            continue
        yield f"\n{result.task.name}: {result.task.question}"
        yield from (f"  missed  {one}" for one in result.score.missed)
        yield from (f"  HARM    {one}" for one in result.score.harm)
        if result.record.answer:
            yield f"  said    {result.record.answer[:300]}"
