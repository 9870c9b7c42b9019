from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments

POSITION = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200)
QUERY = st.dictionaries(
    st.text(max_size=8), st.none() | st.integers() | st.text(max_size=8), max_size=4
)


@given(POSITION, QUERY)
def test_a_cursor_brings_back_its_position(position: str, query: dict[str, object]) -> None:
    cursor = seal(position, query)
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert unseal(cursor, dict(reversed(query.items()))) == position


@given(POSITION, QUERY, QUERY)
def test_a_cursor_of_another_query_is_refused(
    position: str, query: dict[str, object], other: dict[str, object]
) -> None:
    cursor = seal(position, query)
    if query == other:
        return
    with pytest.raises(InvalidArguments, match="another query"):
        unseal(cursor, other)


@given(POSITION, QUERY, st.data())
def test_any_altered_cursor_is_refused(
    position: str, query: dict[str, object], data: st.DataObject
) -> None:
    cursor = seal(position, query)
    at = data.draw(st.integers(0, len(cursor) - 1))
    inserted = data.draw(st.text(max_size=3))
    removed = data.draw(st.integers(0, 3))
    altered = cursor[:at] + inserted + cursor[at + removed :]
    if altered == cursor:
        return
    with pytest.raises(InvalidArguments) as caught:
        unseal(altered, query)
    assert [problem.field for problem in caught.value.problems] == ["cursor"]


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_no_text_at_all_breaks_the_reading(cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        unseal(cursor, {"query": "x"})


@pytest.mark.parametrize(
    "packed",
    [
        [],
        ["a"],
        ["a", "b", "c"],
        ["a", None],
        ["a", 5],
        ["a", ""],
        ["a", "x y"],
        ["a", "\n"],
        {"a": 1, "b": 2},
        "ab",
        None,
        [[[[]]]],
    ],
)
def test_what_was_never_sealed_is_refused_without_an_echo(packed: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(packed).encode()).decode().rstrip("=")
    with pytest.raises(InvalidArguments) as caught:
        unseal(cursor, {})
    assert cursor not in str(caught.value)


@pytest.mark.parametrize("cursor", ["W" * 100_000, "Ww" * 1000, "A", "=", "\ud800", "٣٣"])
def test_a_monstrous_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArguments, match="not a cursor"):
        unseal(cursor, {})


def test_a_padded_cursor_or_one_with_junk_between_is_altered() -> None:
    cursor = seal("abc", {})
    for altered in (cursor + "=", f"{cursor[:4]}!{cursor[4:]}", f" {cursor}", cursor + "\n"):
        with pytest.raises(InvalidArguments):
            unseal(altered, {})


@pytest.mark.parametrize("position", ["x" * 1_100, "x" * 8_192, '"' * 8_192, "\\" * 8_192])
def test_what_is_sealed_is_accepted_however_long(position: str) -> None:
    assert unseal(seal(position, {"query": "x"}), {"query": "x"}) == position


@pytest.mark.parametrize("position", ["", "x" * 8_193, "a b", "a\n", "é", "\ud800"])
def test_what_would_be_refused_is_not_sealed(position: str) -> None:
    with pytest.raises(UnreadableResponse):
        seal(position, {})
