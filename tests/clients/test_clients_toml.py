"""Editing TOML, which only Codex is configured in."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from mcp_server_zendesk.clients import toml_text
from mcp_server_zendesk.clients.refusals import Unparsable

ENTRY = {"command": "uvx", "args": ["a"], "env": {"A": "1"}}
WRITTEN = (
    '[mcp_servers.zendesk]\ncommand = "uvx"\nargs = ["a"]\n\n[mcp_servers.zendesk.env]\nA = "1"\n'
)


def put(text: str, entry: Any = ENTRY) -> str:
    return toml_text.put(text, ("mcp_servers",), "zendesk", entry)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", WRITTEN),
        ("# mine\n", "# mine\n\n" + WRITTEN),
        ("\ufeffa = 1\n", "\ufeffa = 1\n\n" + WRITTEN),
        ("[x] # c\ny = 1", "[x] # c\ny = 1\n\n" + WRITTEN.removesuffix("\n")),
        ("a = 1\r\n", "a = 1\r\n\r\n" + WRITTEN.replace("\n", "\r\n")),
        ("[mcp_servers.o]\nurl = 'x'\n", "[mcp_servers.o]\nurl = 'x'\n\n" + WRITTEN),
        ("mcp_servers.o.url = 'x'\n", "mcp_servers.o.url = 'x'\n\n" + WRITTEN),
        (
            "mcp_servers = {} # c\n",
            'mcp_servers = {zendesk = {command = "uvx", args = ["a"], env = {A = "1"}}} # c\n',
        ),
    ],
)
def test_a_new_table_goes_to_the_end(before: str, after: str) -> None:
    assert put(before) == after
    tomllib.loads(after.removeprefix("\ufeff"))


def test_a_name_that_needs_quotes_gets_them() -> None:
    after = toml_text.put("", ("mcp_servers",), "a.b", {"x": 'C:\\"\n\x7f'})
    assert tomllib.loads(after) == {"mcp_servers": {"a.b": {"x": 'C:\\"\n\x7f'}}}


def test_a_value_is_replaced_with_its_remark_kept() -> None:
    before = '# top\n[mcp_servers.zendesk]  # ours\ncommand = "old"  # why\n\n[x]\ny = 1.50\n'
    after = toml_text.put(before, ("mcp_servers", "zendesk"), "command", "new")
    assert after == before.replace("old", "new")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_new_key_stands_with_its_table_and_not_behind_remarks(newline: str) -> None:
    before = '[mcp_servers.zendesk]\ncommand = "a"\n\n# about x\n[x]\ny = 1\n'
    after = toml_text.put(before.replace("\n", newline), ("mcp_servers", "zendesk"), "args", ["b"])
    assert after == before.replace('"a"\n', '"a"\nargs = ["b"]\n').replace("\n", newline)


@pytest.mark.parametrize(
    "before",
    [
        "[mcp_servers.zendesk]",
        "[mcp_servers.zendesk]\n",
        '[mcp_servers.zendesk]\ncommand = "a"',
        "[mcp_servers.zendesk]\nenv.A = '1'\n",
        "[mcp_servers]\nzendesk = { command = 'a' }\n",
        "[mcp_servers.zendesk.env]\nA = '1'\n\n[x]\n\n[mcp_servers.zendesk]\ncommand = 'a'\n",
    ],
)
def test_a_key_is_added_however_the_table_is_written(before: str) -> None:
    after = toml_text.put(before, ("mcp_servers", "zendesk"), "args", ["b"])
    expected = tomllib.loads(before)
    expected["mcp_servers"]["zendesk"]["args"] = ["b"]
    assert tomllib.loads(after) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a = ",
        "a = 1\na = 2",
        "mcp_servers = 1",
        "[[mcp_servers]]",
        "a = " + "9" * 6_000,
        "a = " + "[" * 5_000,
    ],
)
def test_what_is_no_such_toml_is_refused(text: str) -> None:
    with pytest.raises(Unparsable):
        put(text)


def test_what_tomlkit_does_not_take_is_refused() -> None:
    text = "[[mcp_servers.zendesk.tools]]\n[mcp_servers.o]\n[mcp_servers.zendesk]\n"
    text += "[mcp_servers]\nx = 1\n[mcp_servers.zendesk.env]\n"
    assert tomllib.loads(text)
    with pytest.raises(Unparsable):
        put(text)


def test_a_refusal_says_where_and_never_shows_the_text() -> None:
    with pytest.raises(Unparsable) as caught:
        put('a = 1\ntoken = "hunter2" hunter2\n')
    assert caught.value.line == 2
    assert "hunter2" not in str(caught.value)
