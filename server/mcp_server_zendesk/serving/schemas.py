"""JSON Schemas as a model should read them: what pydantic writes, without what nobody needs.

Titles repeat the names; a nullable optional argument is simply one that may be left out (the
boundary takes null for that).
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from mcp_server_zendesk.serving.spec import ToolSpec

_NULL = {"type": "null"}
_INSIDE = ("properties", "$defs")
_VALUES = ("items", "additionalProperties")


def slim(schema: dict[str, Any], *, null: bool = False) -> dict[str, Any]:
    """The same schema in fewer bytes. What it accepts differs in null alone, which is left out.

    Inside a list or a mapping null is a value (it clears a custom field), and stays.
    """
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title" or (key == "default" and value is None):
            continue
        if key in _INSIDE:
            kept[key] = {name: slim(inner) for name, inner in value.items()}
        elif key == "anyOf":
            kept |= _any_of([slim(option) for option in value], null=null)
        elif isinstance(value, dict):
            kept[key] = slim(value, null=key in _VALUES)
        else:
            kept[key] = value
    return kept


def _any_of(options: list[dict[str, Any]], *, null: bool) -> dict[str, Any]:
    """One option stands for itself; several plain types become a list of types."""
    rest = [option for option in options if null or option != _NULL]
    if len(rest) == 1:
        return rest[0]
    if all(set(option) == {"type"} for option in rest):
        return {"type": [option["type"] for option in rest]}
    return {"anyOf": rest}


def output_schema(spec: ToolSpec) -> dict[str, Any]:
    """The schema of a tool's answer."""
    schema = slim(TypeAdapter(spec.answer).json_schema())
    schema.pop("description", None)
    for definition in schema.get("$defs", {}).values():
        definition.pop("description", None)
    return schema
