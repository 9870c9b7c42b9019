from __future__ import annotations

from pydantic import TypeAdapter

from mcp_server_zendesk.serving.schemas import slim


def test_null_goes_where_it_only_says_may_be_left_out() -> None:
    assert slim({"anyOf": [{"type": "integer"}, {"type": "null"}]}) == {"type": "integer"}


def test_null_stays_where_it_is_a_value() -> None:
    values = slim(TypeAdapter(dict[str, str | int | None] | None).json_schema())
    assert values["additionalProperties"] == {"type": ["string", "integer", "null"]}
    mixed = slim(TypeAdapter(dict[str, list[str] | None]).json_schema())
    assert {"type": "null"} in mixed["additionalProperties"]["anyOf"]
    assert slim(TypeAdapter(list[int | None]).json_schema())["items"] == {
        "type": ["integer", "null"]
    }
