"""Editing JSON with comments: one member changes, and every other character stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_server_zendesk.clients import jsonc
from mcp_server_zendesk.clients.jsonc_tree import MAX_DEPTH, Number, read
from mcp_server_zendesk.clients.refusals import Unparsable

PATH = ("mcpServers",)
ENTRY = {"command": "uvx", "args": ["mcp-server-zendesk"], "env": {"A": "ü"}}


def put(text: str, entry: Any = 1) -> str:
    return jsonc.put(text, PATH, "zendesk", entry)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "mcpServers": {\n    "zendesk": 1\n  }\n}\n'),
        (" \n", ' \n{\n  "mcpServers": {\n    "zendesk": 1\n  }\n}\n'),
        ("// mine", '// mine\n{\n  "mcpServers": {\n    "zendesk": 1\n  }\n}\n'),
        ("{}", '{\n  "mcpServers": {\n    "zendesk": 1\n  }\n}'),
        ("{ }", '{ \n  "mcpServers": {\n    "zendesk": 1\n  }\n}'),
        ("{\n}\n", '{\n  "mcpServers": {\n    "zendesk": 1\n  }\n}\n'),
        (
            "{ // none yet\n}",
            '{ // none yet\n  "mcpServers": {\n    "zendesk": 1\n  }\n}',
        ),
        (
            '{\n\t"mcpServers": {}\n}',
            '{\n\t"mcpServers": {\n\t\t"zendesk": 1\n\t}\n}',
        ),
        ('{"a":1}', '{"a":1, "mcpServers": {"zendesk": 1}}'),
        ('{"mcpServers": {}}', '{"mcpServers": {"zendesk": 1}}'),
        ('{"mcpServers": {"a": 2,}}', '{"mcpServers": {"a": 2, "zendesk": 1,}}'),
        (
            '{\n    "mcpServers": {\n        "a": 2\n    }\n}',
            '{\n    "mcpServers": {\n        "a": 2,\n        "zendesk": 1\n    }\n}',
        ),
        (
            '{\n  "mcpServers": {\n    "a": 2, // last\n    // "b": 3\n  },\n}',
            '{\n  "mcpServers": {\n    "a": 2, // last\n    "zendesk": 1,\n    // "b": 3\n  },\n}',
        ),
        (
            '{\n  "mcpServers": {\n    "a": 2 /* x */ // last, }\n  }\n}',
            '{\n  "mcpServers": {\n    "a": 2, /* x */ // last, }\n    "zendesk": 1\n  }\n}',
        ),
        (
            '{\r\n  "mcpServers": {\r\n    "a": 2\r\n  }\r\n}\r\n',
            '{\r\n  "mcpServers": {\r\n    "a": 2,\r\n    "zendesk": 1\r\n  }\r\n}\r\n',
        ),
        ('\ufeff{"mcpServers": {"zendesk": null}}', '\ufeff{"mcpServers": {"zendesk": 1}}'),
        (r'{"mcp\u0053ervers": {"a": "}"}}', r'{"mcp\u0053ervers": {"a": "}", "zendesk": 1}}'),
        ('{"mcpServers": {"zendesk" : {"x": [1]} /**/}}', '{"mcpServers": {"zendesk" : 1 /**/}}'),
    ],
)
def test_a_member_is_put_as_a_person_would_write_it(before: str, after: str) -> None:
    assert put(before) == after
    assert put(after) == after


def test_a_mapping_is_laid_out_like_its_neighbours() -> None:
    before = '{\n   "mcpServers": {\n      "a": {}\n   }\n}\n'
    assert put(before, ENTRY) == (
        '{\n   "mcpServers": {\n      "a": {},\n      "zendesk": {\n'
        '         "command": "uvx",\n         "args": ["mcp-server-zendesk"],\n'
        '         "env": {\n            "A": "ü"\n         }\n      }\n   }\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[]", 1, 1),
        ('{"mcpServers": []}', 1, 16),
        ('{"mcpServers": null}', 1, 16),
        ('{"a": 1, "a": 2}', 1, 10),
        (r'{"a": 1, "\u0061": 2}', 1, 10),
        ('{"a": 1}}', 1, 9),
        ('{"a": 1 "b": 2}', 1, 9),
        ('{"a": [1 2]}', 1, 10),
        ('{"a": 1,, "b": 2}', 1, 9),
        ("{,}", 1, 2),
        ('{"a": [,]}', 1, 8),
        ('{"a"}', 1, 5),
        ("{'a': 1}", 1, 2),
        ("{a: 1}", 1, 2),
        ('{\n"a":\r\n  NaN}', 3, 3),
        ('{"a": 01}', 1, 7),
        ('{"a": +1}', 1, 7),
        ('{"a": 1.}', 1, 7),
        ('{"a": truely}', 1, 7),
        ('{"a": "\n"}', 1, 7),
        (r'{"a": "\x"}', 1, 7),
        ('{"a": "', 1, 7),
        ('{"a": 1 /* ', 1, 9),
        ("{", 1, 2),
        ("/", 1, 1),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(Unparsable) as caught:
        put(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_refusal_never_shows_the_text() -> None:
    with pytest.raises(Unparsable) as caught:
        put('{"token": "hunter2" hunter2}')
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).startswith("line 1, column 21: ")


def test_what_is_nested_without_end_is_refused() -> None:
    deep = "[" * (MAX_DEPTH + 2)
    with pytest.raises(Unparsable, match="nested too deeply"):
        put('{"a": ' + deep + "}")


def test_numbers_of_any_size_stay_as_written() -> None:
    huge = "9" * 6_000
    before = f'{{"a": {huge}, "b": -0.10e+4000, "mcpServers": {{}}}}'
    assert put(before) == before[:-2] + '"zendesk": 1}}'
    assert jsonc.parse(before)["a"] == Number(huge)


def test_a_long_text_is_read_at_once() -> None:
    history = json.dumps({"history": [{"text": 'a "quoted" \\ line\n' * 500}] * 200})
    assert jsonc.parse(put(history))["mcpServers"] == {"zendesk": Number("1")}


keys = st.sampled_from(["mcpServers", "zendesk", "a", "b", 'q"', "\\", "ü", "//", "{", ""])
flags = st.booleans()
blanks = st.sampled_from(
    ["", "", " ", "\n", "\r\n", "\t", "\n  ", "// c }\n", "/* c, */", "/*\n*/ ", " // \r\n  "]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
servers = st.dictionaries(keys, values, max_size=3)
documents = st.dictionaries(keys, values, max_size=3) | st.builds(
    lambda rest, table: {**rest, "mcpServers": table},
    st.dictionaries(keys, values, max_size=3),
    servers,
)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A document, and one of the ways to write it."""
    document: dict[str, Any] = draw(documents)
    ascii_only = draw(flags)

    def write(value: Any) -> str:
        if isinstance(value, dict):
            members = [
                f"{draw(blanks)}{write(key)}{draw(blanks)}:{draw(blanks)}{write(item)}{draw(blanks)}"
                for key, item in value.items()
            ]
            return "{" + ",".join(members) + ending(members) + "}"
        if isinstance(value, list):
            items = [f"{draw(blanks)}{write(item)}{draw(blanks)}" for item in value]
            return "[" + ",".join(items) + ending(items) + "]"
        return json.dumps(value, ensure_ascii=ascii_only)

    def ending(parts: list[str]) -> str:
        comma = "," if draw(flags) and parts else ""
        return comma + draw(blanks)

    mark = draw(st.sampled_from(["", "\ufeff"]))
    return mark + draw(blanks) + write(document) + draw(blanks), document


def computed(value: Any) -> Any:
    """What was read, with its numbers computed."""
    if isinstance(value, dict):
        return {key: computed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [computed(item) for item in value]
    return json.loads(value.text) if isinstance(value, Number) else value


def is_only_added_to(before: str, after: str) -> bool:
    """Whether one text is the other with one insertion, or with a comma and one more."""
    for first in range(len(before) + 1):
        if before[:first] != after[:first]:
            return False
        rest = after[first:]
        if rest.endswith(before[first:]):
            return True
        second = first
        while rest[:1] == "," and before[first:second] == rest[1 : 1 + second - first]:
            if rest[1 + second - first :].endswith(before[second:]):
                return True
            if second == len(before):
                break
            second += 1
    return False


@given(written())
def test_every_way_to_write_a_document_is_read(case: tuple[str, dict[str, Any]]) -> None:
    text, document = case
    assert computed(jsonc.parse(text)) == document


@given(written(), st.sampled_from([ENTRY, {}, "text", True]))
@example(('{"a": 1 // c\n}', {"a": 1}), ENTRY)
def test_a_put_adds_its_member_and_changes_nothing_else(
    case: tuple[str, dict[str, Any]], entry: Any
) -> None:
    text, document = case
    table = document.get("mcpServers", {})
    if not isinstance(table, dict):
        with pytest.raises(Unparsable):
            put(text, entry)
        return
    after = put(text, entry)
    expected = {**document, "mcpServers": {**table, "zendesk": entry}}
    assert computed(jsonc.parse(after)) == expected
    assert list(jsonc.parse(after))[: len(document)] == list(document)
    assert put(after, entry) == after
    if "zendesk" in table:
        start, end = place_of_value(text)
        assert after.startswith(text[:start])
        assert after.endswith(text[end:])
    else:
        assert is_only_added_to(text, after)


@given(st.text(max_size=30) | st.text(alphabet='{}[]":,/*1n\\ \n', max_size=30))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    try:
        after = put(text)
    except Unparsable:
        return
    assert jsonc.parse(after)["mcpServers"]["zendesk"] == Number("1")


def place_of_value(text: str) -> tuple[int, int]:
    offset = 1 if text.startswith("\ufeff") else 0
    root = read(text[offset:])
    assert root is not None
    table = root.member("mcpServers")
    assert table is not None
    member = table.value.member("zendesk")
    assert member is not None
    return member.value.start + offset, member.value.end + offset
