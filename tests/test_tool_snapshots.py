"""Each tool's listing as it is kept and served, held against the code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, BeforeValidator

from mcp_server_zendesk.serving import listing
from mcp_server_zendesk.serving.results import Result
from mcp_server_zendesk.serving.spec import ALWAYS, DEFAULT_TOOLSETS, TOOLSETS, ToolSpec
from zendesk_tools import CATALOGUE, LISTINGS
from zendesk_tools.names import Named

UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"
AVERAGE_BYTES = 900
DESCRIPTION_CHARACTERS = 1_024
MOST_BY_DEFAULT = 25

every_tool = pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)


@pytest.mark.listings
@every_tool
def test_the_kept_listing_is_what_the_code_says(spec: ToolSpec) -> None:
    file = LISTINGS / f"{spec.name}.json"
    current = listing.as_text(listing.compute(spec))
    if UPDATE:
        LISTINGS.mkdir(exist_ok=True)
        file.write_text(current, encoding="utf-8")
    assert file.is_file(), "run `make snapshots` and review the new file"
    assert file.read_text(encoding="utf-8") == current, "run `make snapshots`, review the change"


@pytest.mark.listings
def test_no_listing_is_kept_for_a_tool_that_is_gone() -> None:
    assert {file.stem for file in LISTINGS.iterdir()} == {spec.name for spec in CATALOGUE}


@pytest.mark.budgets
@every_tool
def test_every_tool_says_what_it_is(spec: ToolSpec) -> None:
    shown = listing.compute(spec)
    assert shown["title"]
    assert 40 <= len(shown["description"]) <= DESCRIPTION_CHARACTERS
    hints = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert hints <= set(shown["annotations"])
    assert shown["annotations"]["readOnlyHint"] is (spec.effect == "read")
    assert shown["inputSchema"]["type"] == "object"
    assert shown["outputSchema"]["type"] == "object"
    for name, parameter in shown["inputSchema"]["properties"].items():
        assert parameter.get("description"), f"{name} is not described"


@pytest.mark.budgets
@every_tool
def test_no_schema_is_nested_or_repeats_its_names(spec: ToolSpec) -> None:
    shown = listing.compute(spec)
    text = json.dumps(shown["inputSchema"])
    assert "$ref" not in text
    assert '"title": "' not in text
    for parameter in shown["inputSchema"]["properties"].values():
        types = [parameter, *parameter.get("anyOf", [])]
        assert not any("null" in option.get("type", "") for option in types)


@pytest.mark.budgets
def test_the_default_set_stays_small() -> None:
    default = [spec for spec in CATALOGUE if spec.toolset in {ALWAYS, *DEFAULT_TOOLSETS}]
    assert len(default) <= MOST_BY_DEFAULT
    assert average_bytes(default) <= AVERAGE_BYTES


@pytest.mark.budgets
@pytest.mark.parametrize("toolset", TOOLSETS)
def test_every_set_stays_within_its_budget(toolset: str) -> None:
    assert average_bytes([spec for spec in CATALOGUE if spec.toolset == toolset]) <= AVERAGE_BYTES


def average_bytes(specs: Sequence[ToolSpec]) -> float:
    sizes = [as_a_model_sees(listing.compute(spec)) for spec in specs]
    return sum(sizes) / len(sizes)


def as_a_model_sees(shown: dict[str, Any]) -> int:
    """Bytes of name, description and input schema."""
    seen = {key: shown[key] for key in ("name", "description", "inputSchema")}
    return len(json.dumps(seen, ensure_ascii=False, separators=(",", ":")).encode())


@every_tool
def test_every_string_of_an_answer_passes_the_cleaner(spec: ToolSpec) -> None:
    """Outside text is typed Line or Body; a bare string would go round the cleaner."""
    for model in models_in(spec.answer):
        for name, field in model.model_fields.items():
            if name != "next_cursor":
                unclean = has_bare_string(field.annotation, field.metadata)
                assert not unclean, f"{model.__name__}.{name} is a bare string"


def test_a_bare_string_would_be_noticed() -> None:
    class Leaky(Result):
        named: Named
        words: list[str] | None = None

    assert [model.__name__ for model in models_in(Leaky)] == ["Leaky", "Named"]
    assert has_bare_string(Leaky.model_fields["words"].annotation, [])
    assert not has_bare_string(Named.model_fields["name"].annotation, [])


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an answer is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for part in get_args(annotation):
        yield from models_in(part)


def has_bare_string(annotation: Any, metadata: Sequence[object]) -> bool:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return has_bare_string(inner, more)
    if get_origin(annotation) is Literal:
        return False
    if annotation is str:
        return not any(isinstance(entry, BeforeValidator) for entry in metadata)
    return any(has_bare_string(part, ()) for part in get_args(annotation))
