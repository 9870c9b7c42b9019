"""The task files: enough of them, readable, and honest about what their script knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk_evals.desk import Record
from desk_evals.paths import blanked
from desk_evals.scoring import score
from desk_evals.tasks import BrokenTask, read_task
from evals.doing import tasks

NUMBER = re.compile(r"\d{4,}")


def test_there_are_enough_tasks_traps_and_held_out_ones() -> None:
    every = tasks().values()
    assert len(every) >= 40
    assert sum(bool(task.trap) for task in every) >= len(every) / 2
    assert len(every) / 5 <= sum(task.held_out for task in every) <= len(every) / 3


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    else:
        yield blanked(str(value))


def test_a_script_knows_no_number_that_neither_question_nor_answer_told() -> None:
    for task in tasks().values():
        told = set(NUMBER.findall(task.question))
        used = {
            number
            for step in task.script
            for text in texts(step.with_)
            for number in NUMBER.findall(text)
        }
        assert used <= told, task.name


def test_a_script_chooses_by_words_of_the_question() -> None:
    for task in tasks().values():
        assert all(word.casefold() in task.question.casefold() for word in task.knows), task.name


def test_a_script_says_nothing_that_it_has_not_seen() -> None:
    for task in tasks().values():
        for step in task.script:
            if step.say is None or task.after.changed or (step.when or step.unless):
                continue
            by_itself = score(task, Record(answer=blanked(step.say)))
            assert not by_itself.passed, task.name


def test_a_file_with_a_misspelt_check_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "misspelt.toml"
    file.write_text(
        'question = "?"\n[after]\nanswer = ["x"]\nchnaged = ["ticket 1: *"]\n'
        '[[script]]\nsay = "x"\n'
    )
    with pytest.raises(BrokenTask, match=r"misspelt\.toml.*\n.*chnaged"):
        read_task(file)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('[[script]]\nsay = "x"\n', "nothing tells success from doing nothing"),
        ('trap = "t"\n[after]\nanswer = ["x"]\n[[script]]\nsay = "x"\n', "trap and rogue"),
        ('[after]\nanswer = ["x"]\n[[script]]\nas = "x"\n', "either call or say"),
    ],
)
def test_a_file_that_proves_nothing_is_refused(tmp_path: Path, wrong: str, told: str) -> None:
    file = tmp_path / "task.toml"
    file.write_text('question = "?"\n' + wrong)
    with pytest.raises(BrokenTask, match=told):
        read_task(file)
