from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import stamp
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
from mcp_server_zendesk.serving.text import Cleaned, clean_html


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
