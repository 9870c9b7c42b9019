"""Bad messages and calls, a few hundred of `make malformed`'s ten thousand."""

from __future__ import annotations

import json
import random
from itertools import chain
from typing import Any

import pytest

from malformed.calls import trying
from malformed.judging import Judged
from malformed.messages import LEGACY, MODERN, Sent, corpus, damaged_calls, damaged_messages
from malformed.nasty import CANARY
from malformed.streams import try_over_stdio
from mcp_server_zendesk.serving.explanation import META_KEY


@pytest.mark.parametrize("era", [LEGACY, MODERN])
def test_a_process_answers_and_explains_whatever_it_is_sent(era: str) -> None:
    judged, chance = Judged(), random.Random(7)  # noqa: S311 - the same damage each time
    calls, others = damaged_calls(chance, era, 150), damaged_messages(chance, era, 100)
    try_over_stdio(era, chain(corpus(era), calls, others), judged)
    assert judged.wrong == []
    assert judged.sent > 250
    assert {"ok", "invalid_arguments", "-32700", "-32600", "-32602"} <= set(judged.answered)


def test_whatever_arguments_are_made_up_are_answered_or_explained() -> None:
    judged = Judged()
    trying(20, judged)
    assert judged.sent > 20


def _refusal(**told: Any) -> dict[str, Any]:
    explained = {"kind": "forbidden", "message": "m", "hint": "h", **told}
    content = [{"type": "text", "text": json.dumps({"error": explained})}]
    return {"isError": True, "content": content, "_meta": {META_KEY: explained}}


BAD: dict[str, dict[str, Any]] = {
    "no message": {"id": "a"},
    "a failure of ours": {"error": {"code": -32603, "message": "Internal error"}},
    "an error of no kind": {"error": {"code": 0, "message": "boom"}},
    "an error without words": {"error": {"code": -32602, "message": ""}},
    "an error that echoes": {"error": {"code": -32602, "message": f"not {CANARY}"}},
    "a crash": {"result": _refusal(kind="internal_error")},
    "a refusal without a hint": {"result": _refusal(hint="")},
    "a refusal that echoes": {"result": _refusal(message=CANARY)},
    "a refusal with content": {"result": {**_refusal(), "structuredContent": {}}},
}


@pytest.mark.parametrize("bad", BAD)
def test_what_explains_nothing_is_found_wrong(bad: str) -> None:
    judged = Judged()
    judged.judge({"jsonrpc": "2.0", "id": "a", **BAD[bad]})
    assert len(judged.wrong) == 1


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_request_is_answered_once(times: int) -> None:
    judged = Judged()
    request = Sent(b'{"jsonrpc":"2.0","id":"a","method":"ping"}', "a")
    judged.hold([request], [{"jsonrpc": "2.0", "id": "a", "result": {}}] * times)
    assert (judged.wrong == []) is (times == 1)
    judged.hold([Sent(b'{"jsonrpc":"2.0","method":"ping"}', "b")], [])
    assert (judged.wrong == []) is (times == 1)


def test_a_refusal_that_explains_is_right() -> None:
    judged = Judged()
    judged.judge({"jsonrpc": "2.0", "id": "a", "result": _refusal()})
    assert judged.wrong == []
