"""Editing YAML, which only Goose is configured in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from mcp_server_zendesk.clients import yaml_text
from mcp_server_zendesk.clients.refusals import Unparsable

ENTRY = {"cmd": "uvx", "args": ["a b"], "envs": {"A": "on"}}
LINES = '  zendesk:\n    cmd: uvx\n    args: ["a b"]\n    envs:\n      A: "on"\n'
WRITTEN = "extensions:\n" + LINES


def put(text: str, entry: Any = ENTRY) -> str:
    return yaml_text.put(text, ("extensions",), "zendesk", entry)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", WRITTEN),
        ("# mine", "# mine\n" + WRITTEN.removesuffix("\n")),
        ("---\n# mine\n", "---\n# mine\n" + WRITTEN),
        ("\ufeffa: 1\n", "\ufeffa: 1\n" + WRITTEN),
        ("a: 1", "a: 1\n" + WRITTEN.removesuffix("\n")),
        ("a: 1\r\n", "a: 1\r\n" + WRITTEN.replace("\n", "\r\n")),
        ("a: |\n  text\n\nb: x # c\n# end\n", "a: |\n  text\n\nb: x # c\n" + WRITTEN + "# end\n"),
        ("extensions:  # none\nb: 1\n", "extensions:  # none\n" + LINES + "b: 1\n"),
        ("extensions: {} # none\nb: 1\n", "extensions: # none\n" + LINES + "b: 1\n"),
        ("extensions: null\n", "extensions:\n" + LINES),
        (
            'extensions:\n  "o":\n    args:\n    - x # c\n  # "p":\n\nb: 1\n',
            'extensions:\n  "o":\n    args:\n    - x # c\n' + LINES + '  # "p":\n\nb: 1\n',
        ),
        (
            "extensions: {o: {x: 1}} # c\n",
            'extensions: {o: {x: 1}, zendesk: {cmd: uvx, args: ["a b"], envs: {A: "on"}}} # c\n',
        ),
        ("extensions:\n  zendesk:\nb: 1\n", WRITTEN + "b: 1\n"),
        ("extensions:\n  zendesk: old # c\n", WRITTEN.replace("zendesk:", "zendesk: # c")),
    ],
)
def test_a_member_is_put_as_a_person_would_write_it(before: str, after: str) -> None:
    assert put(before) == after
    entry = yaml.safe_load(after.removeprefix("\ufeff"))["extensions"]["zendesk"]
    assert entry == ENTRY


def test_the_indent_of_the_text_is_kept() -> None:
    after = put("extensions:\n    o:\n        x: 1\n")
    assert after.endswith(LINES.replace("  ", "    "))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("z: {cmd: old, x: 1} # c\n", 'z: {cmd: "a b", x: 1} # c\n'),
        ("z:\n  cmd: old # c\n  x: 1\n", 'z:\n  cmd: "a b" # c\n  x: 1\n'),
        ("z:\n  cmd:\n  - p # q\n  - r\n  x: 1\n", 'z:\n  cmd: "a b"\n  x: 1\n'),
        ("z:\n  cmd: |\n    p\n  x: 1\n", 'z:\n  cmd: "a b"\n  x: 1\n'),
        ("z:\n  x: 1\n", 'z:\n  x: 1\n  cmd: "a b"\n'),
        ("z: {}\n", 'z:\n  cmd: "a b"\n'),
    ],
)
def test_a_value_is_replaced_and_what_stands_behind_it_stays(before: str, after: str) -> None:
    assert yaml_text.put(before, ("z",), "cmd", "a b") == after


@pytest.mark.parametrize(
    "text",
    [
        "- a\n",
        "text",
        "extensions: [1]\n",
        "extensions: text\n",
        "a: &x 1\nb: *x\n",
        "a: 1\na: 2\n",
        "? [a]\n: 1\n",
        "a: 1\n---\nb: 2\n",
        "a: [1\n",
        "a: \x07\n",
        "\ta: 1\n",
        "a: " + "[" * 600,
        "a: " + "[" * 600 + "]" * 600,
        "extensions: {zendesk}\n",
    ],
)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(Unparsable):
        put(text)


def test_a_refusal_says_where_and_never_shows_the_text() -> None:
    with pytest.raises(Unparsable) as caught:
        put("a: 1\ntoken: hunter2: hunter2\n")
    assert caught.value.line == 2
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["on", "null", "1e3", "0x1F", "y", "a: b", "# a", "- a", "", "C:\\x", "é\n", "2020-01-01"],
)
def test_text_is_read_back_as_the_same_text(value: str) -> None:
    after = yaml_text.put("", (value,), value, [value, True, 300])
    assert yaml.safe_load(after) == {value: {value: [value, True, 300]}}
