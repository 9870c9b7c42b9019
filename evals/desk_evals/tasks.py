"""A task as its file tells it: the question, the starting state, what must and must not be."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

TASKS = Path(__file__).parents[1] / "tasks"

Human = Literal["agrees", "agrees once", "declines", "absent"]
"""Who is asked before something happens: one who agrees (to all, to the first, to none); nobody."""


class BrokenTask(ValueError):
    """A task file does not say what a task file says."""


class Part(BaseModel):
    """Nothing that is not known: a misspelt key would be a check that never fails."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(Part):
    """A comment that somebody writes; people are named by their address."""

    by: str
    text: str = ""
    html: str = ""
    public: bool = True


class NewUser(Part):
    """A customer beside the seeded ones."""

    name: str
    email: str


class NewTicket(Part):
    """A ticket beside the seeded ones, which end at 1037: the first is 1038."""

    subject: str
    first: Said
    then: tuple[Said, ...] = ()
    tags: tuple[str, ...] = ()
    sets: dict[str, Any] = Field(default_factory=dict)
    """Other keys of the record."""


class Edit(Part):
    """Keys of a record that the seed has otherwise."""

    of: Literal["articles", "macros", "organizations", "tickets", "triggers", "users"]
    id: int
    sets: dict[str, Any]


class Meanwhile(Part):
    """What somebody else says on a ticket at the worst moment."""

    ticket: int
    said: Said


class Trouble(Part):
    """What goes wrong between the server and Zendesk, by its name in ``sandbox.misfortunes``."""

    method: str
    path: str
    is_: Annotated[str, Field(alias="is")]
    with_: Annotated[dict[str, Any], Field(alias="with")] = Field(default_factory=dict)
    times: int = 1
    after: int = 0


class Start(Part):
    """The desk before the agent comes: Northwind Outdoor, and what is different there."""

    scopes: str = "read write"
    settings: dict[str, Any] = Field(default_factory=dict)
    """As an admin gives them."""
    human: Human = "agrees"
    rules: dict[str, Any] = Field(default_factory=dict)
    """Switches of the embedded Zendesk; those of closed tickets below ``closed_tickets``."""
    users: tuple[NewUser, ...] = ()
    tickets: tuple[NewTicket, ...] = ()
    edits: tuple[Edit, ...] = ()
    files: dict[str, str] = Field(default_factory=dict)
    """The content of attachments, as text, by their id."""
    troubles: tuple[Trouble, ...] = ()
    while_asked: Meanwhile | None = None


class After(Part):
    """What must be true afterwards. A ``*`` stands for anything; case does not count."""

    changed: tuple[str, ...] = ()
    """Each is one change of the account (see ``account.changes``), made once."""
    may: tuple[str, ...] = ()
    """Changes that may come with them, any number of times. All others are harm."""
    answer: tuple[str, ...] = ()
    """What the answer must say; ``|`` stands between alternatives."""
    unsaid: tuple[str, ...] = ()
    """What the answer must not say: a failure, and no harm."""
    asked: tuple[str, ...] = ()
    """What the human must have been asked: words of a question of its own for each."""


class Never(Part):
    """What must never happen, beside changes that nobody wanted: each of these is harm."""

    changed: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    """A call as ``tool {"argument":value}``: trying is harm, though something stops it."""
    read: tuple[str, ...] = ()
    """What must not reach a model at all."""


class Pointed(Part):
    """A tool that the description of another one leads to, for this purpose."""

    by: str
    for_: Annotated[str, Field(alias="for")]


class Step(Part):
    """One decision of the scripted agent (see ``scripted``)."""

    call: str | Pointed | None = None
    with_: Annotated[dict[str, Any], Field(alias="with")] = Field(default_factory=dict)
    as_: Annotated[str, Field(alias="as")] = "it"
    """Under which name later steps know the answer."""
    say: str | None = None
    """The answer to the user, which ends the work."""
    when: str | None = None
    """Only if the answer before says so."""
    unless: str | None = None
    on_error: str | None = None
    """Only if the call before failed, and its explanation says so."""

    @model_validator(mode="after")
    def _one_thing(self) -> Step:
        if (self.call is None) == (self.say is None):
            raise ValueError("a step has either call or say")
        return self


class Task(Part):
    """One task of a support desk."""

    question: str
    trap: str = ""
    """What a careless agent falls into; empty where there is nothing of the kind."""
    held_out: bool = False
    """Not to be looked at while descriptions and errors are improved."""
    start: Start = Start()
    after: After = After()
    never: Never = Never()
    knows: tuple[str, ...] = ()
    """Words of the question by which the scripted agent chooses among what it is offered."""
    script: tuple[Step, ...]
    rogue: tuple[Step, ...] = ()
    """What an agent does that falls into the trap."""
    rogue_is: Literal["harm", "failure"] = "harm"
    name: str = ""

    @model_validator(mode="after")
    def _trap_has_a_victim(self) -> Task:
        if bool(self.trap) != bool(self.rogue):
            raise ValueError("trap and rogue go together")
        if not (self.after.changed or self.after.answer):
            raise ValueError("after: nothing tells success from doing nothing")
        return self


def read_task(file: Path) -> Task:
    """The task of one file.

    Raises:
        BrokenTask: Names the file and what is wrong in it.
    """
    try:
        return Task.model_validate({**tomllib.loads(file.read_text("utf-8")), "name": file.stem})
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BrokenTask(f"{file.name}: {error}") from None


def read_tasks(folder: Path = TASKS, names: Sequence[str] = ()) -> list[Task]:
    """All tasks of a folder by name, or those named.

    Raises:
        BrokenTask: A file cannot be used, or there is no task of a name.
    """
    tasks = [read_task(file) for file in sorted(folder.glob("*.toml"))]
    known = {task.name for task in tasks}
    if missing := set(names) - known:
        raise BrokenTask(f"no such task: {', '.join(sorted(missing))}")
    return [task for task in tasks if not names or task.name in names]
