"""An agent without a model: decisions that are written in the task's file, and rules for errors.

It sees what a model sees. It calls no tool that is not listed, it knows no id that no answer told
it, and after an error it does what the explanation leads to, or gives up and passes it on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from desk_evals.desk import WAIT, Desk, Seen
from desk_evals.mending import Call, mended
from desk_evals.paths import NotThere, filled, found
from desk_evals.tasks import Pointed, Step

_MOST_MENDS = 4
_SENTENCE = re.compile(r"[^.\n]+")
_WORD = re.compile(r"\w+")


class Lost(Exception):
    """There is nothing that the script says to do here."""


class ScriptedAgent:
    """Does the steps of a script.

    Args:
        script: The decisions.
        knows: Words of the question by which it chooses among what an error offers.
        heeds: Whether it reads explanations at all.
    """

    def __init__(
        self, script: Sequence[Step], knows: Sequence[str] = (), *, heeds: bool = True
    ) -> None:
        self._script = script
        self._knows = knows
        self._heeds = heeds
        self._known: dict[str, Any] = {}
        self._last = Seen("")

    async def work(self, question: str, desk: Desk) -> str:
        """Does them one after the other, and returns what it says at last."""
        del question  # it was read when the script was written
        try:
            for step in self._script:
                if not self._applies(step):
                    continue
                if step.say is not None:
                    return str(filled(step.say, self._known))
                await self._do(step, desk)
        except (Lost, NotThere) as lost:
            return f"I do not know how to go on: {lost}."
        return self._told()

    def _applies(self, step: Step) -> bool:
        error = self._error()
        if step.on_error is not None:
            return error is not None and step.on_error.casefold() in self._told().casefold()
        if error is not None:
            return False
        said = self._last.text.casefold()
        if step.when is not None and step.when.casefold() not in said:
            return False
        return step.unless is None or step.unless.casefold() not in said

    def _error(self) -> dict[str, Any] | None:
        if not self._last.is_error:
            return None
        try:
            return dict(json.loads(self._last.text)["error"])
        except (ValueError, KeyError, TypeError):
            return {"kind": "unexplained", "message": self._last.text, "reason": "", "hint": ""}

    def _told(self) -> str:
        """What it says where the script does not go on: the explanation, if there is one."""
        error = self._error()
        if error is None:
            return ""
        return f"It did not work. {error['message']} {error['reason']} {error['hint']}"

    async def _do(self, step: Step, desk: Desk) -> None:
        arguments = filled(step.with_, self._known)
        tool = step.call if isinstance(step.call, str) else _pointed(step.call, desk)
        await self._call(Call(tool, arguments), desk)
        for _ in range(_MOST_MENDS if self._heeds else 0):
            error = self._error()
            if error is None:
                break
            calls = mended(Call(tool, arguments), error, desk.tools, self._knows)
            if not calls:
                break
            for call in calls:
                await self._call(call, desk)
                if self._last.is_error:
                    break
            if call.tool != WAIT:
                tool, arguments = call.tool, dict(call.arguments)
        if not self._last.is_error:
            self._known[step.as_] = _read(self._last.text)

    async def _call(self, call: Call, desk: Desk) -> None:
        if call.tool not in desk.tools:
            raise Lost(f"no tool here is called {call.tool}")
        if call.unless_said is not None and call.unless_said in self._last.text:
            return
        before = _read(self._last.text)
        taken = {name: found(f"it.{path}", {"it": before}) for name, path in call.takes.items()}
        self._last = await desk.call(call.tool, {**call.arguments, **taken})


def _pointed(pointed: Pointed | None, desk: Desk) -> str:
    """The tool that another one's description names for a purpose: the next one after it."""
    if pointed is None or pointed.by not in desk.tools:
        raise Lost("there is no such tool to read about")
    for sentence in _SENTENCE.findall(desk.tools[pointed.by].description):
        _, named_it, rest = sentence.casefold().partition(pointed.for_.casefold())
        named = [word for word in _WORD.findall(rest) if word in desk.tools]
        if named_it and named:
            return str(named[0])
    raise Lost(f"{pointed.by} does not tell which tool is for {pointed.for_}")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text}
