"""Every tool that contacts someone or cannot be undone, before every misfortune of an answer.

Whatever happens between the question and the act: without a yes to this very question, in time,
nothing is sent; with one, what was shown is sent once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client
from mcp.client._memory import InMemoryTransport
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from mcp_types import (
    CallToolResult,
    ElicitResult,
    ErrorData,
    InputRequiredResult,
    jsonrpc_message_adapter,
)

from asking import Asked, Human, answers_to, session, writes
from confirming import CASES, CONFIRMING, Case
from humans import not_quite, yes_to
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.serving.confirmation import WAITING_SECONDS
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.serving.request_state import ANSWER_SECONDS

pytestmark = pytest.mark.anyio

WAITS = round(ANSWER_SECONDS / WAITING_SECONDS)
TWO = ("reply_to_ticket", "delete_ticket")
"""One that contacts someone, and one that is typed back."""


def test_every_tool_has_its_row() -> None:
    assert set(CASES) == set(CONFIRMING)


def declines(_: Any) -> ElicitResult:
    return ElicitResult(action="decline")


def closes(_: Any) -> ElicitResult:
    return ElicitResult(action="cancel")


def says_nothing(_: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={})


def says_odd_things(_: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={"agree": "maybe", "typed": ["1"]})


async def thinks_for_ever(_: Any) -> ElicitResult:
    await anyio.sleep_forever()
    raise AssertionError


def fails(_: Any) -> Any:
    return ErrorData(code=-32603, message="no window to ask in")


REFUSALS: tuple[Human, ...] = (declines, closes, not_quite, says_nothing, says_odd_things)


def refused(asked: Asked, kind: str, sandbox: Sandbox) -> None:
    assert asked.error["kind"] == kind
    assert asked.error["outcome"] == "not_applied"
    assert writes(sandbox) == []


def only(tool: str) -> dict[str, Any]:
    """Of a desk that offers no more than this tool and two others: a client reads all of them."""
    return {"toolsets": "none", "tools": ",".join({tool, "reply_to_ticket", "update_user"})}


def last_outcome(log: Path) -> dict[str, Any]:
    """How the last call ended, by the audit."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return dict([line for line in lines if line["phase"] == "outcome"][-1])


async def ask(case: Case, tool: str, human: Human | None, era: str, waits: int = 0) -> Any:
    sandbox = Sandbox()
    async with session(sandbox, human, era=era, waits=waits, **only(tool)) as one:
        with anyio.fail_after(20):
            return sandbox, await one.call(tool, case.arguments)


@pytest.mark.parametrize("era", ["legacy", "auto"])
@pytest.mark.parametrize("tool", CONFIRMING)
async def test_a_yes_has_it_done_once(tool: str, era: str) -> None:
    sandbox, asked = await ask(CASES[tool], tool, yes_to, era)
    assert asked.answer
    assert len(asked.shown) == 1
    assert writes(sandbox) == [CASES[tool].sends]


@pytest.mark.parametrize("era", ["legacy", "auto"])
@pytest.mark.parametrize("tool", CONFIRMING)
async def test_what_is_no_yes_has_nothing_done(tool: str, era: str) -> None:
    sandbox = Sandbox()
    people = iter(REFUSALS)

    def each(params: Any) -> Any:
        return next(people)(params)

    async with session(sandbox, each, era=era, **only(tool)) as one:
        for number, _ in enumerate(REFUSALS, start=1):
            asked = await one.call(tool, CASES[tool].arguments)
            assert len(asked.shown) == number
            refused(asked, "confirmation_declined", sandbox)


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_a_client_that_cannot_ask_has_nothing_done(era: str) -> None:
    sandbox = Sandbox()
    async with session(sandbox, None, era=era) as one:
        for tool in CONFIRMING:
            asked = await one.call(tool, CASES[tool].arguments)
            refused(asked, "confirmation_unavailable", sandbox)


@pytest.mark.parametrize("tool", TWO)
async def test_a_client_that_fails_to_ask_has_nothing_done(tool: str) -> None:
    sandbox, asked = await ask(CASES[tool], tool, fails, "legacy")
    refused(asked, "confirmation_unavailable", sandbox)
    assert "answered with an error" in asked.error["reason"]


@pytest.mark.parametrize("tool", CONFIRMING)
async def test_a_question_that_nobody_answers_ends(tool: str) -> None:
    sandbox, asked = await ask(CASES[tool], tool, thinks_for_ever, "legacy", waits=WAITS)
    refused(asked, "confirmation_declined", sandbox)
    assert asked.error["who"] == "user"
    assert "Nobody answered the question in time" in asked.error["reason"]
    assert asked.progress == ["Waiting for the user's answer"] * (WAITS - 1)


@pytest.mark.parametrize("era", ["legacy", "auto"])
@pytest.mark.parametrize("tool", CONFIRMING)
async def test_what_changed_while_the_human_thought_is_not_done(tool: str, era: str) -> None:
    sandbox = Sandbox()
    asked_before = False

    def human(params: Any) -> ElicitResult:
        nonlocal asked_before
        if asked_before:
            return declines(params)
        asked_before = True
        CASES[tool].changes(sandbox)
        return yes_to(params)

    async with session(sandbox, human, era=era, **only(tool)) as one:
        asked = await one.call(tool, CASES[tool].arguments)
    assert writes(sandbox) == []
    assert asked.error["outcome"] == "not_applied"
    if era == "legacy":
        assert (asked.error["kind"], len(asked.shown)) == ("conflict", 1)
    else:
        assert (asked.error["kind"], len(asked.shown)) == ("confirmation_declined", 2)


# What follows needs the sealed question of today's clients; older ones answer on an open line.

Later = Callable[[Any, str, Case, Any, str], Awaitable[list[Any]]]


async def _sent(one: Any, tool: str, arguments: Any, answers: Any, sealed: Any) -> Any:
    """What came of an answer: a result, a further question or a refusal of the seal."""
    try:
        return await one.answered(tool, arguments, answers, sealed)
    except MCPError as error:
        return error


async def _after(tool: str, later: Later) -> tuple[Sandbox, list[Any]]:
    """Somebody is asked and says yes; then it goes on as ``later`` has it."""
    sandbox = Sandbox()
    async with session(sandbox, declines, **only(tool)) as one:
        asked = await one.question(tool, CASES[tool].arguments)
        assert asked.request_state is not None
        yes = answers_to(asked, yes_to)
        return sandbox, await later(one, tool, CASES[tool], yes, asked.request_state)


async def replayed(one: Any, tool: str, case: Case, yes: Any, sealed: str) -> list[Any]:
    return [await _sent(one, tool, case.arguments, yes, sealed) for _ in range(3)]


async def at_once(one: Any, tool: str, case: Case, yes: Any, sealed: str) -> list[Any]:
    results: list[Any] = []

    async def send() -> None:
        results.append(await _sent(one, tool, case.arguments, yes, sealed))

    async with anyio.create_task_group() as sending:
        for _ in range(3):
            sending.start_soon(send)
    return results


@pytest.mark.parametrize("later", [replayed, at_once])
@pytest.mark.parametrize("tool", CONFIRMING)
async def test_a_yes_that_comes_again_acts_once(tool: str, later: Later) -> None:
    sandbox, results = await _after(tool, later)
    done = [one for one in results if isinstance(one, CallToolResult) and not one.is_error]
    idle = [one for one in done if (one.structured_content or {}).get("unchanged")]
    assert len(done) - len(idle) == 1
    assert writes(sandbox) == [CASES[tool].sends]


async def misused(one: Any, tool: str, case: Case, yes: Any, sealed: str) -> list[Any]:
    """With other arguments, with what was sealed for another tool, forged, and unsealed."""
    other = "reply_to_ticket" if tool != "reply_to_ticket" else "update_user"
    theirs = await one.question(other, CASES[other].arguments)
    forged = '{"v":3,"outcomes":{},"asked":{}}'
    middle = len(sealed) // 2  # the last letters of it may stand for no bit at all
    touched = sealed[:middle] + ("B" if sealed[middle] != "B" else "C") + sealed[middle + 1 :]
    return [
        await _sent(one, tool, case.altered, yes, sealed),
        await _sent(one, tool, case.arguments, yes, theirs.request_state),
        await _sent(one, tool, case.arguments, answers_to(theirs, yes_to), theirs.request_state),
        await _sent(one, tool, case.arguments, answers_to(theirs, yes_to), sealed),
        await _sent(one, other, CASES[other].arguments, yes, sealed),
        await _sent(one, tool, case.arguments, yes, touched),
        await _sent(one, tool, case.arguments, yes, forged),
        await _sent(one, tool, case.arguments, yes, None),
    ]


@pytest.mark.parametrize("tool", CONFIRMING)
async def test_an_answer_to_another_question_counts_for_nothing(tool: str) -> None:
    sandbox, results = await _after(tool, misused)
    for result in results:
        assert isinstance(result, InputRequiredResult | MCPError), result
    assert writes(sandbox) == []


async def test_an_answer_that_comes_too_late_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox, now = Sandbox(), time.time
    async with session(sandbox, declines) as one:
        asked = {tool: await one.question(tool, CASES[tool].arguments) for tool in CONFIRMING}
        monkeypatch.setattr(time, "time", lambda: now() + ANSWER_SECONDS + 1)
        for tool, first in asked.items():
            yes = answers_to(first, yes_to)
            late = await _sent(one, tool, CASES[tool].arguments, yes, first.request_state)
            assert isinstance(late, MCPError)
            assert "expired" in str(late)
    assert writes(sandbox) == []


@pytest.mark.parametrize("tool", TWO)
async def test_a_call_that_is_cancelled_while_the_human_thinks_sends_nothing(
    tool: str, tmp_path: Path
) -> None:
    sandbox = Sandbox()
    withdrawn = anyio.Event()
    scope = anyio.CancelScope()

    async def thinks(_: Any) -> ElicitResult:
        scope.cancel()
        try:
            await anyio.sleep_forever()
        finally:
            withdrawn.set()
        raise AssertionError

    log = tmp_path / "audit.jsonl"
    async with session(sandbox, thinks, era="legacy", audit_log=log) as one:
        with scope:
            await one.call(tool, CASES[tool].arguments)
        with anyio.fail_after(20):
            await withdrawn.wait()
    assert writes(sandbox) == []
    assert last_outcome(log)["kind"] == "cancelled"


@pytest.mark.parametrize("tool", TWO)
async def test_a_question_that_is_never_answered_is_recorded_as_asked(
    tool: str, tmp_path: Path
) -> None:
    sandbox = Sandbox()
    log = tmp_path / "audit.jsonl"
    async with session(sandbox, declines, audit_log=log) as one:
        await one.question(tool, CASES[tool].arguments)
    assert writes(sandbox) == []
    last = last_outcome(log)
    assert (last["kind"], last["outcome"]) == ("asked", "not_applied")


async def test_a_client_hears_that_a_human_is_thinking() -> None:
    sandbox = Sandbox()
    told: list[str] = []

    async def thinks(params: Any) -> ElicitResult:
        with anyio.fail_after(20):
            while len(told) < 3:
                await anyio.lowlevel.checkpoint()
        return yes_to(params)

    async with session(sandbox, thinks, era="legacy", waits=3) as one:
        one.told = told
        asked = await one.call("reply_to_ticket", CASES["reply_to_ticket"].arguments)
    assert asked.answer
    assert told[:3] == ["Waiting for the user's answer"] * 3
    assert writes(sandbox) == [CASES["reply_to_ticket"].sends]


@pytest.mark.parametrize("tool", CONFIRMING)
async def test_a_yes_of_one_era_is_spent_in_the_other(tool: str) -> None:
    sandbox = Sandbox()

    async def human(_: Any, params: Any) -> ElicitResult:
        return yes_to(params)

    async with session(sandbox, declines, **only(tool)) as one:
        asked = await one.question(tool, CASES[tool].arguments)
        sealed, yes = asked.request_state, answers_to(asked, yes_to)
        callback: Any = human
        async with Client(one.server, mode="legacy", elicitation_callback=callback) as older:
            first = await older.call_tool(tool, CASES[tool].arguments)
        assert not first.is_error
        second = await _sent(one, tool, CASES[tool].arguments, yes, sealed)
    if isinstance(second, CallToolResult) and second.is_error:
        assert (second.meta or {})[META_KEY]["outcome"] == "not_applied"
    assert writes(sandbox) == [CASES[tool].sends]


async def test_an_answer_after_the_time_is_up_is_ignored() -> None:
    """By a client that heeds no withdrawal, and sends its human's yes all the same."""
    sandbox = Sandbox()
    case = CASES["reply_to_ticket"]
    async with (
        session(sandbox, None, waits=WAITS) as one,
        InMemoryTransport(one.server) as (read, write),
    ):

        async def say(**message: Any) -> None:
            parsed = jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", **message})
            await write.send(SessionMessage(parsed))

        async def heard(wanted: Any) -> Any:
            with anyio.fail_after(20):
                async for told in read:
                    assert isinstance(told, SessionMessage)
                    message = told.message.model_dump(by_alias=True)
                    if wanted in {message.get("id"), message.get("method")}:
                        return message
            raise AssertionError("the server has gone")

        who = {"name": "old", "version": "1"}
        hello = {"capabilities": {"elicitation": {}}, "clientInfo": who}
        hello["protocolVersion"] = "2025-06-18"
        await say(id="a", method="initialize", params=hello)
        await heard("a")
        await say(method="notifications/initialized")
        call = {"name": "reply_to_ticket", "arguments": case.arguments}
        await say(id="b", method="tools/call", params=call)
        question = await heard("elicitation/create")
        ended = await heard("b")
        assert ended["result"]["_meta"][META_KEY]["kind"] == "confirmation_declined"
        yes = {"action": "accept", "content": {"agree": True}}
        await say(id=question["id"], result=yes)
        await say(id="c", method="ping")
        assert await heard("c")
    assert writes(sandbox) == []
