"""Messages that are none: refused in words that help, with their id where there is one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some
from mcp_types import INVALID_REQUEST, PARSE_ERROR, jsonrpc_message_adapter

from mcp_server_zendesk.serving.messages import expects_answer, refusal_of

WORDS = "c4n4ry"


def call(argument: str) -> bytes:
    message = '{"method":"tools/call","params":{"name":"x","arguments":{"%s":%s}},%s}'
    return (message % (WORDS, argument, '"jsonrpc":"2.0","id":7')).encode()


UNREADABLE = {
    "half a character": (call('"\\ud83d"'), 7, "cut in the middle of a character"),
    "half a character as a name": (call('{"\\udc00":1}'), 7, "cut in the middle of a character"),
    "a number of thousands of digits": (call("9" * 5_000), 7, "thousands of digits"),
    "an id of thousands of digits": (
        call("1").replace(b":7", b":" + b"7" * 5_000),
        None,
        "thousands of digits",
    ),
    "nested": (call("[" * 400 + "]" * 400), 7, "nested too deeply"),
    "nested without end": (call("[" * 200_000), None, "nested too deeply"),
    "another encoding": (call('"x"').replace(b"x", b"\xe9"), 7, "not UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf" + call("1"), None, "no JSON"),
    "no JSON": (WORDS.encode(), None, "no JSON"),
    "half a message": (call("1")[:-9], None, "no JSON"),
    "nothing": (b"", None, "no JSON"),
}
INVALID = {
    "a batch": (b"[" + call("1") + b"]", None, "batch"),
    "a number": (b"5", None, "no JSON object"),
    "null": (b"null", None, "no JSON object"),
    "no version": (b'{"id":7,"method":"ping"}', 7, '"jsonrpc": "2.0"'),
    "another version": (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', 7, '"jsonrpc": "2.0"'),
    "an id that is null": (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, "id"),
    "an id that is no integer": (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None, "id"),
    "an id that is true": (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, "id"),
    "an id that is an object": (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', None, "id"),
    "no method": (b'{"jsonrpc":"2.0","id":"a"}', "a", "method"),
    "a method that is no text": (b'{"jsonrpc":"2.0","id":"a","method":["c4n4ry"]}', "a", "method"),
    "params in a list": (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":["x"]}', 7, "params"),
    "an error that is none": (b'{"jsonrpc":"2.0","id":7,"error":{}}', 7, "answer"),
}


@pytest.mark.parametrize("what", [*UNREADABLE, *INVALID])
def test_what_is_no_message_is_refused_with_its_reason_and_its_id(what: str) -> None:
    raw, message_id, words = (UNREADABLE | INVALID)[what]
    refused = refusal_of(raw)
    assert refused is not None
    assert refused.id == message_id
    assert refused.error.code == (PARSE_ERROR if what in UNREADABLE else INVALID_REQUEST)
    assert words in refused.error.message
    assert "Nothing was done" in refused.error.message
    assert WORDS not in refused.model_dump_json()


@pytest.mark.parametrize(
    "raw",
    [
        call('"\\ud83d\\ude00"'),
        call("NaN"),
        call("9" * 400),
        b'{"jsonrpc":"2.0","id":"","method":"ping","more":1}',
        b'{"jsonrpc":"2.0","id":99999999999999999999999999,"method":"ping"}',
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
        b'{"jsonrpc":"2.0","id":7,"result":{}}',
        b'{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}',
    ],
)
def test_a_message_is_taken(raw: bytes) -> None:
    assert refusal_of(raw) is None


def test_an_answer_that_is_none_is_not_answered() -> None:
    assert expects_answer(b'{"jsonrpc":"2.0","id":7}')
    assert expects_answer(WORDS.encode())
    assert not expects_answer(b'{"jsonrpc":"2.0","id":7,"error":{}}')
    assert not expects_answer(b'{"jsonrpc":"2.0","id":7.5,"result":{}}')
    assert not expects_answer(b'{"jsonrpc":"2.0","method":"ping","params":[]}')


_ids = some.none() | some.booleans() | some.integers() | some.floats() | some.text()
_json = some.recursive(
    _ids, lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner)
)
_like = some.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": some.just("2.0") | _json,
        "id": _ids,
        "method": some.just("ping") | _json,
        "params": _json,
        "result": _json,
        "error": _json,
    },
)


@given(some.binary() | (_like | _json).map(lambda found: json.dumps(found).encode()))
def test_what_is_not_refused_is_a_message_and_no_request_in_disguise(raw: bytes) -> None:
    if refusal_of(raw) is not None:
        return
    message = jsonrpc_message_adapter.validate_json(raw, by_name=False)
    assert ("id" in json.loads(raw)) == hasattr(message, "id")
