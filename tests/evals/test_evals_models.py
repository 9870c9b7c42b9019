"""Models are asked in their vendors' documented formats, with the user's key and no other way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from desk_evals.model import ModelAgent, ModelUnavailable
from desk_evals.running import Result, run_task
from evals.doing import tasks

pytestmark = pytest.mark.anyio

KEY = "sk-canary-5f2d8e7c"
OPENAI = "https://api.openai.com/v1/chat/completions"
ANTHROPIC = "https://api.anthropic.com/v1/messages"
TAG = {"ticket_id": 1006, "add": ["churn_risk"]}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def openai(http: httpx.AsyncClient, slept: list[float]) -> ModelAgent:
    return agent("openai:gpt-test", {"OPENAI_API_KEY": KEY}, http, slept)


@pytest.fixture
def anthropic(http: httpx.AsyncClient, slept: list[float]) -> ModelAgent:
    return agent("anthropic:claude-test", {"ANTHROPIC_API_KEY": KEY}, http, slept)


def agent(
    named: str, environment: dict[str, str], http: httpx.AsyncClient, slept: list[float]
) -> ModelAgent:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    made = ModelAgent.of(named, environment, http)
    made.sleep = sleep
    return made


def completion(content: str | None, *calls: tuple[str, Any], **more: Any) -> httpx.Response:
    wanted = [
        {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": given}}
        for place, (name, given) in enumerate(calls)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if wanted:
        message["tool_calls"] = wanted
    reason = "tool_calls" if wanted else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason, **more}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return httpx.Response(
        200, json={"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}
    )


def message(*blocks: dict[str, Any], stop: str = "tool_use") -> httpx.Response:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 95, "output_tokens": 10}
    told = {"id": "m", "type": "message", "role": "assistant", "content": list(blocks)}
    return httpx.Response(200, json={**told, "stop_reason": stop, "usage": usage})


def use(number: int, name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": given}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def bodies(route: respx.Route) -> list[dict[str, Any]]:
    return [json.loads(call.request.content) for call in route.calls]


async def run(name: str, by: ModelAgent) -> Result:
    return await run_task(tasks()[name], by)


async def test_chat_completions_carry_a_call_and_its_answer(openai: ModelAgent) -> None:
    with respx.mock() as router:
        route = router.post(OPENAI).mock(
            side_effect=[
                completion(None, ("update_ticket_tags", json.dumps(TAG))),
                completion("It is tagged."),
            ]
        )
        result = await run("tag-the-closed-one", openai)
    assert result.score.passed
    assert result.record.answer == "It is tagged."
    assert (openai.tokens_in, openai.tokens_out) == (200, 20)
    first, second = bodies(route)
    assert all(call.request.headers["authorization"] == f"Bearer {KEY}" for call in route.calls)
    assert first["model"] == "gpt-test"
    system, user = first["messages"]
    assert (system["role"], "<untrusted TAG>" in system["content"]) == ("system", True)
    assert user == {"role": "user", "content": "Tag ticket 1006 churn_risk."}
    functions = {one["function"]["name"]: one["function"] for one in first["tools"]}
    assert all(one["type"] == "function" for one in first["tools"])
    assert functions["update_ticket_tags"]["parameters"]["required"] == ["ticket_id"]
    assert "wait" in functions
    said, answered = second["messages"][2:]
    assert said["tool_calls"][0]["function"]["name"] == "update_ticket_tags"
    assert (answered["role"], answered["tool_call_id"]) == ("tool", "call_0")
    assert "churn_risk" in json.loads(answered["content"])["tags"]


async def test_messages_carry_calls_errors_and_answers(anthropic: ModelAgent) -> None:
    thinking = {"type": "thinking", "thinking": "Tags…", "signature": "signed"}
    wrong = use(1, "update_ticket", {"ticket_id": 1006, "tags": ["churn_risk"]})
    with respx.mock() as router:
        route = router.post(ANTHROPIC).mock(
            side_effect=[
                message(thinking, text("I try."), wrong, use(2, "get_user", {"user": "me"})),
                message(use(3, "update_ticket_tags", TAG)),
                message(text("It is tagged."), stop="end_turn"),
            ]
        )
        result = await run("tag-the-closed-one", anthropic)
    assert result.score.passed
    assert (len(result.record.calls), result.record.errors) == (3, 1)
    assert (anthropic.tokens_in, anthropic.tokens_out) == (300, 30)
    headers = route.calls[0].request.headers
    assert (headers["x-api-key"], headers["anthropic-version"]) == (KEY, "2023-06-01")
    first, second, _ = bodies(route)
    assert first["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert first["max_tokens"] > 0
    assert {"name", "description", "input_schema"} == set(first["tools"][0])
    question, said, results = second["messages"]
    assert question["role"] == "user"
    assert said["content"][0] == thinking
    assert results["role"] == "user"
    failed, found = results["content"]
    assert (failed["tool_use_id"], failed["is_error"]) == ("toolu_1", True)
    assert "use update_ticket_tags" in failed["content"][0]["text"]
    assert (found["tool_use_id"], "is_error" in found) == ("toolu_2", False)


async def test_a_picture_is_shown_where_the_format_can(
    anthropic: ModelAgent, openai: ModelAgent
) -> None:
    look = {"attachment_id": 41700000908604}
    with respx.mock() as router:
        shown = router.post(ANTHROPIC).mock(
            side_effect=[message(use(1, "get_attachment", look)), message(text("NW-18220"))]
        )
        named = router.post(OPENAI).mock(
            side_effect=[
                completion(None, ("get_attachment", json.dumps(look))),
                completion("NW-18220"),
            ]
        )
        assert (await run("what-does-the-receipt-say", anthropic)).score.passed
        assert (await run("what-does-the-receipt-say", openai)).score.passed
    content = bodies(shown)[1]["messages"][-1]["content"][0]["content"]
    assert [block["type"] for block in content] == ["text", "image"]
    assert content[1]["source"]["media_type"] == "image/jpeg"
    assert "[a picture, image/jpeg]" in bodies(named)[1]["messages"][-1]["content"]


async def test_arguments_that_are_no_json_are_told_and_not_sent(openai: ModelAgent) -> None:
    with respx.mock() as router:
        route = router.post(OPENAI).mock(
            side_effect=[completion(None, ("get_ticket", '{"ticket_id": ')), completion("No.")]
        )
        result = await run("what-is-it-about", openai)
    assert result.record.calls == []
    assert bodies(route)[1]["messages"][-1]["content"] == "The arguments are no JSON object."


async def test_an_overloaded_api_is_asked_again_when_it_says(
    anthropic: ModelAgent, slept: list[float]
) -> None:
    busy = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with respx.mock() as router:
        router.post(ANTHROPIC).mock(
            side_effect=[
                httpx.Response(429, json=busy, headers={"retry-after": "17"}),
                httpx.Response(529, json=busy),
                httpx.ConnectTimeout("slow"),
                message(text("nothing"), stop="end_turn"),
            ]
        )
        await run("what-is-it-about", anthropic)
    assert slept == [17.0, 4.0, 8.0]


async def test_a_refusal_names_its_code_and_no_key(
    openai: ModelAgent, anthropic: ModelAgent
) -> None:
    told = {"type": "authentication_error", "code": None, "message": f"Incorrect API key {KEY}"}
    with respx.mock() as router:
        router.post(url__regex=".*").respond(401, json={"error": told})
        for by in (openai, anthropic):
            with pytest.raises(ModelUnavailable) as refused:
                await run("what-is-it-about", by)
            assert "HTTP 401, authentication_error" in str(refused.value)
            assert KEY not in f"{refused.value!r} {by!r}"


@pytest.mark.parametrize("answer", [[], {}, {"choices": []}, {"content": [{"type": "text"}]}])
async def test_an_answer_in_another_format_ends_the_run(
    answer: Any, openai: ModelAgent, anthropic: ModelAgent
) -> None:
    with respx.mock() as router:
        router.post(url__regex=".*").respond(200, json=answer)
        for by in (openai, anthropic):
            with pytest.raises(ModelUnavailable, match=r"no (chat completion|message|JSON object)"):
                await run("what-is-it-about", by)


async def test_a_turn_that_was_cut_off_is_the_last(anthropic: ModelAgent) -> None:
    half = use(1, "update_ticket_tags", {"ticket_id": 1006})
    with respx.mock() as router:
        router.post(ANTHROPIC).mock(side_effect=[message(half, stop="max_tokens")])
        result = await run("tag-the-closed-one", anthropic)
    assert result.record.calls == []


@pytest.mark.parametrize(
    ("named", "environment", "told"),
    [
        ("openai:gpt-test", {}, "OPENAI_API_KEY is not set"),
        ("anthropic:claude-test", {"OPENAI_API_KEY": KEY}, "ANTHROPIC_API_KEY is not set"),
        ("gpt-test", {"OPENAI_API_KEY": KEY}, "anthropic:NAME or openai:NAME"),
        (
            "openai:gpt-test",
            {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://models.example/v1"},
            "https://",
        ),
    ],
)
async def test_without_a_key_or_tls_no_model_is_asked(
    named: str, environment: dict[str, str], told: str, http: httpx.AsyncClient
) -> None:
    with pytest.raises(ModelUnavailable, match=told):
        ModelAgent.of(named, environment, http)


async def test_another_address_of_the_same_format_is_asked(
    http: httpx.AsyncClient, slept: list[float]
) -> None:
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1/"}
    by = agent("openai:local", environment, http, slept)
    with respx.mock() as router:
        route = router.post("http://127.0.0.1:9/v1/chat/completions").mock(
            return_value=completion("Hm.")
        )
        await run("what-is-it-about", by)
    assert route.call_count == 1
