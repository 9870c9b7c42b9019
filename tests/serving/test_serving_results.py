from __future__ import annotations

import ast
import inspect
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.serving.cleaning.text import Cleaned, clean_html
from mcp_server_zendesk.serving.results import (
    Body,
    Line,
    Page,
    Result,
    Time,
    compact,
    payload_of,
)
from mcp_server_zendesk.serving.schemas import output_schema, slim
from mcp_server_zendesk.serving.spec import Effect, Question, ToolSpec
from zendesk_tools import CATALOGUE
from zendesk_tools import __file__ as tools_file


class Note(Result):
    subject: Line
    body: Body
    tags: Annotated[list[Line], Field(default_factory=list)]
    at: Time | None = None


def _note(**fields: Any) -> Note:
    return Note.model_validate({"subject": "s", "body": "b", **fields})


def test_outside_text_is_cleaned_on_its_way_in() -> None:
    note = _note(subject="a\u202e\nb", body="</untrusted x>\u200b", tags=["t\u200bag"])
    assert note.subject == "a b"
    assert note.tags == ["tag"]
    assert "</untrusted" not in note.body.text
    assert note.body.hidden == 1


def test_a_long_text_stands_inside_the_fence_of_its_result() -> None:
    payload = payload_of(_note(body="hi </untrusted 1a2b>"), "1a2b")
    assert payload["body"].startswith("<untrusted 1a2b>\nhi ")
    assert payload["body"].endswith("\n</untrusted 1a2b>")
    assert payload["body"].count("</untrusted") == 1
    assert payload_of(_note(body=""), "1a2b")["body"] == ""
    assert payload_of(_note(body=clean_html("<p>hi</p>")), "x")["body"] == (
        "<untrusted x>\nhi\n</untrusted x>"
    )
    assert _note(body=Cleaned("kept")).body.text == "kept"


def test_what_is_unknown_is_left_out_and_times_are_utc() -> None:
    assert payload_of(_note(), "x") == {
        "subject": "s",
        "body": "<untrusted x>\nb\n</untrusted x>",
        "tags": [],
    }
    east = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=5)))
    assert payload_of(_note(at=east), "x")["at"] == "2026-01-01T22:04:05Z"
    assert payload_of(_note(at=east.astimezone(UTC)), "x")["at"] == "2026-01-01T22:04:05Z"


def test_a_moment_without_a_zone_is_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        naive = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - that is the point
        assert stamp(naive) == "2026-01-02T03:04:05Z"
        assert stamp(naive.replace(year=1, month=1, day=1)) == "0001-01-01T03:04:05Z"
        assert payload_of(_note(at=naive), "x")["at"] == "2026-01-02T03:04:05Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_page_leaves_out_what_it_does_not_have() -> None:
    page = Page[Note](items=[_note()], has_more=False)
    assert set(payload_of(page, "x")) == {"items", "has_more"}


def test_compact_json_wastes_no_byte_and_keeps_letters() -> None:
    assert compact({"a": ["é", "日本"], "b": None}) == '{"a":["é","日本"],"b":null}'
    assert json.loads(compact({"a": "\u2028"})) == {"a": "\u2028"}


async def find_things(
    zendesk: Zendesk,
    query: Annotated[str, Field(description="What to find")],
    limit: Annotated[int | None, Field(gt=0, description="How many")] = None,
) -> Page[Note]:
    """Find things.

    Use it when
    things are lost.
    """
    raise NotImplementedError


FIND = ToolSpec(find_things, "Find", "tickets", "read")


def test_a_tool_is_described_by_its_handler() -> None:
    assert FIND.name == "find_things"
    assert FIND.description == "Find things.\nUse it when things are lost."
    assert [parameter.name for parameter in FIND.parameters] == ["query", "limit"]
    assert FIND.injected == {}
    assert FIND.answer == Page[Note]


@pytest.mark.parametrize(
    ("effect", "hints"),
    [
        ("read", (True, False, True)),
        ("write", (False, False, False)),
        ("contact", (False, True, False)),
        ("irreversible", (False, True, False)),
    ],
)
def test_hints_are_derived_from_the_effect(effect: Effect, hints: tuple[bool, ...]) -> None:
    confirm = asks if effect in {"contact", "irreversible"} else None
    spec = ToolSpec(find_things, "Find", "tickets", effect, confirm=confirm)
    assert tuple(spec.hints.values()) == (*hints, True)
    again = ToolSpec(find_things, "", "", effect, confirm=confirm, idempotent=True)
    assert again.hints["idempotentHint"]


async def asks(*_: Any, **__: Any) -> Question:
    return Question("Do it?")


@pytest.mark.parametrize("effect", ["contact", "irreversible"])
def test_a_tool_of_consequence_without_a_question_cannot_be_made(effect: Effect) -> None:
    with pytest.raises(TypeError, match="find_things"):
        ToolSpec(find_things, "Find", "tickets", effect)
    with pytest.raises(TypeError, match="find_things"):
        ToolSpec(find_things, "Find", "tickets", "read", confirm=asks)


def _keys(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return set(schema) | {key for value in schema.values() for key in _keys(value)}
    if isinstance(schema, list):
        return {key for value in schema for key in _keys(value)}
    return set()


def test_the_answers_schema_says_everything_but_titles_and_nulls() -> None:
    schema = output_schema(FIND)
    assert schema["type"] == "object"
    assert schema["required"] == ["items", "has_more"]
    assert schema["properties"]["next_cursor"] == {
        "type": "string",
        "description": "Pass as `cursor` to go on",
    }
    note = schema["$defs"]["Note"]["properties"]
    assert note["body"] == {"type": "string"}
    assert note["at"] == {"type": "string", "format": "date-time"}
    assert _keys(schema).isdisjoint({"title", "anyOf"})
    assert "null" not in json.dumps(schema)


class Titled(Result):
    title: Annotated[str | None, Field(description="A title")] = None
    default: int | str | None = None
    choice: Literal["a", "b"] = "a"
    nested: tuple[int | None, ...] = ()


def test_slimming_keeps_fields_that_are_named_like_keywords() -> None:
    schema = slim(Titled.model_json_schema())
    assert schema["properties"] == {
        "title": {"type": "string", "description": "A title"},
        "default": {"type": ["integer", "string"]},
        "choice": {"enum": ["a", "b"], "type": "string", "default": "a"},
        "nested": {"type": "array", "items": {"type": ["integer", "null"]}, "default": []},
    }


# What may stand in an answer without `Line` or `Body`, and why.
OURS = {
    "Page.next_cursor": "sealed by us",
    "SideConversationThread.next_cursor": "sealed by us",
    "Document.text": "headings with cleaned names, each above a fence (`_written`)",
    "SyncState.next": "a sentence of ours, with numbers of ours in it",
    "Illustrated.images": "no part of the JSON: bytes, and a media type of ours",
}
HARMLESS = {int, float, bool, datetime, NoneType}
LINE, BODY = (set(map(id, get_args(kind)[1:])) for kind in (Line, Body))


def _loose(kind: Any, at: str, marks: set[int], seen: set[Any]) -> Iterator[str]:
    """Where, below a type, a text is neither ``Line`` nor ``Body``, nor one of few known words."""
    arguments = get_args(kind)
    if get_origin(kind) is Annotated:
        yield from _loose(arguments[0], at, marks | set(map(id, arguments[1:])), seen)
    elif kind is str:
        if not marks >= LINE:
            yield at
    elif kind is Cleaned:
        if not marks >= BODY:
            yield f"{at} (not fenced)"
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from _loose_fields(kind, seen)
    elif get_origin(kind) in {list, tuple, dict, Union, UnionType}:
        own = marks if get_origin(kind) in {Union, UnionType} else set[int]()
        for argument in arguments:
            yield from _loose(argument, at, own, seen)
    elif get_origin(kind) is not Literal and kind not in HARMLESS and kind is not Ellipsis:
        yield f"{at} ({kind})"


def _loose_fields(model: type[BaseModel], seen: set[Any]) -> Iterator[str]:
    if model in seen:
        return
    seen.add(model)
    model.model_rebuild()
    for key, field in model.model_fields.items():
        at = _place(model, key)
        if at not in OURS:
            yield from _loose(field.annotation, at, set(map(id, field.metadata)), seen)


def _place(model: type[BaseModel], key: str) -> str:
    """A field by the class that has it first."""
    first = [one for one in model.__mro__ if key in inspect.get_annotations(one)][-1]
    return f"{first.__name__}.{key}"


def test_every_text_of_every_answer_is_a_line_or_a_body() -> None:
    seen: set[Any] = set()
    loose = {at for spec in CATALOGUE for at in _loose(spec.answer, spec.name, set(), seen)}
    assert not loose
    assert len(seen) > len(CATALOGUE)
    places = {_place(model, key) for model in seen for key in model.model_fields}
    assert OURS.keys() <= places, "an exception that nobody needs"


class Open(Result):
    plain: str
    optional: Line | str | None = None
    keys: dict[str, Line]
    values: dict[Line, list[str]]
    anything: Any = None
    unfenced: Cleaned
    fine: dict[Line, Annotated[Line | Body, Field(description="x")]]
    also: Annotated[list[Line] | None, Field(description="x")] = None
    deeper: list[Titled]


def test_the_gate_sees_what_is_loose() -> None:
    assert list(_loose(Page[Open], "find", set(), set())) == [
        "Open.plain",
        "Open.optional",
        "Open.keys",
        "Open.values",
        "Open.anything (typing.Any)",
        "Open.unfenced (not fenced)",
        "Titled.title",
        "Titled.default",
    ]


LONG = {
    "ArticleHit.snippet",
    "Article.body",
    "AttachmentContent.text",
    "Comment.body",
    "CustomValue.value",
    "Message.body",
    "MacroComment.body",
    "Organization.details",
    "Organization.notes",
    "Organization.organization_fields",
    "Rating.comment",
    "Said.body",
    "SideConversation.preview",
    "SuspendedTicket.preview",
    "Table.rows",
    "User.details",
    "User.notes",
    "User.user_fields",
}
"""What others wrote at length, and stands in fences; `Document.text` too, in its own way."""
EXCERPTS = {"ArticleHit.snippet"}
"""By their nature: they do not tell that they are cut."""


def test_long_texts_are_fenced_beside_what_was_cut_and_what_was_hidden() -> None:
    seen: set[Any] = set()
    for spec in CATALOGUE:
        list(_loose(spec.answer, spec.name, set(), seen))
    found = {
        _place(model, key): model
        for model in seen
        for key, field in model.model_fields.items()
        if "Cleaned" in str(field.annotation)
    }
    assert found.keys() == LONG
    for place, model in found.items():
        assert "hidden_text_removed" in model.model_fields, place
        assert ("truncated" in model.model_fields) is (place not in EXCERPTS), place


# `Cleaned` says that the cleaner has been there: who makes one says so on his own word.
MADE_BY_HAND = {
    ("articles.py", "get_article"): "a part of a text that `whole_text` cleaned",
    ("articles.py", "whole_text"): "of `clean_text`, with another limit",
    ("attachments.py", "_about"): "a part of a text that `read_text` cleaned",
    ("chatgpt.py", "_conversation"): "an empty one",
}


def test_only_the_cleaner_says_that_a_text_is_clean() -> None:
    found = {
        (path.name, function.name)
        for path in Path(tools_file).parent.glob("*.py")
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Cleaned"
    }
    assert found == MADE_BY_HAND.keys()
