"""What a tool answers with: small models made for reading.

A string that Zendesk gave is typed ``Line`` or ``Body``, so that no path into a model goes round
the cleaner.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import SkipJsonSchema

from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.serving.cleaning.text import Cleaned, clean_line, clean_text, fenced


def _line(value: Any) -> Any:
    return clean_line(value) if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_line)]
"""One line of text from Zendesk: a subject, a name, a tag, a status."""


def _body(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) else value


def _fence(cleaned: Cleaned, info: SerializationInfo) -> str:
    tag = (info.context or {}).get("fence")
    return fenced(cleaned.text, tag) if tag and cleaned.text else cleaned.text


Body = Annotated[
    Cleaned,
    BeforeValidator(_body),
    PlainSerializer(_fence, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""A long outside text, shown inside the result's fence."""


Time = Annotated[
    datetime,
    PlainSerializer(stamp, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant in ISO 8601, UTC, to the second."""


class Result(BaseModel):
    """A part of an answer. What is None is left out."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)


class Image(NamedTuple):
    """A picture for the model to see, beside the text of an answer."""

    data: bytes
    media_type: str


class Illustrated(Result):
    """An answer with pictures; they are content of their own and not part of the JSON."""

    images: Annotated[SkipJsonSchema[tuple[Image, ...]], Field(exclude=True)] = ()


ItemT = TypeVar("ItemT", bound=Result)


class Page(Result, Generic[ItemT]):
    """A list that may go on. ``next_cursor`` continues this very query."""

    items: list[ItemT]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Pass as `cursor` to go on")] = None
    total: Annotated[int | None, Field(description="How many there are, where Zendesk says")] = None
    reachable: Annotated[
        int | None, Field(description="How many can be fetched in this order, if fewer")
    ] = None


def payload_of(result: BaseModel, tag: str) -> dict[str, Any]:
    """The JSON object of an answer, with its long texts fenced by ``tag``."""
    return result.model_dump(mode="json", exclude_none=True, context={"fence": tag})


def compact(payload: dict[str, Any]) -> str:
    """JSON without a wasted byte, letters of every script as they are."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
