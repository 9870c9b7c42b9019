"""Macros that a test makes, and what came of them."""

from __future__ import annotations

from typing import Any

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import TRIAGE_MACRO

Action = tuple[str, Any]


def add_macro(sandbox: Sandbox, title: str, *actions: Action, **known: Any) -> int:
    macro = {
        **sandbox.store.macros[TRIAGE_MACRO],
        "id": None,
        "title": title,
        "actions": [{"field": field, "value": value} for field, value in actions],
        **known,
    }
    return int(sandbox.store.add(sandbox.store.macros, macro)["id"])


def changes_of(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {change.pop("field"): change for change in answer["changes"]}


def written(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [request.body["ticket"] for request in sandbox.requests if request.method == "PUT"]
