"""docs/tools.md: each tool with its arguments and a real answer, held against the code."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

from humans import agree
from mcp_server_zendesk.analytics.reports.running import run
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.serving import binding, listing
from mcp_server_zendesk.serving.spec import ToolSpec
from mcp_server_zendesk.workspace import build_server
from tool_examples import EXAMPLES, FROM_THE_COPY, kept_in
from zendesk_tools import CATALOGUE

pytestmark = [pytest.mark.anyio, pytest.mark.generated]

REFERENCE = Path(__file__).parent.parent / "docs" / "tools.md"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"
DAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HEAD = """# The tools

Generated from the code by `make snapshots`; the answers are the embedded workspace's. *Effect*:
`read` changes nothing, `write` changes what an agent can change back, `contact` reaches a person
outside, `irreversible` cannot be undone; the last two ask a human first. *Scopes*: each group of
alternatives must be met. What stands in fences was written by other people.
"""


async def _answer(spec: ToolSpec, folder: Path) -> dict[str, Any]:
    sandbox = Sandbox(clock=ManualClock(DAY))
    flags = {"scopes": "read write", "toolsets": "all", **kept_in(folder)}
    settings = embedded_settings(flags)

    async def sleep(_: float) -> None:
        return None

    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox), sleep=sleep)
    async with server.running(), Client(server, elicitation_callback=agree) as client:
        arguments = EXAMPLES[spec.name]
        if "job_id" in arguments:
            await client.call_tool("update_tickets", EXAMPLES["update_tickets"])
            arguments = {"job_id": next(iter(sandbox.store.jobs))}
        if spec.name in FROM_THE_COPY:
            await client.call_tool("sync_tickets", {})
        result = await client.call_tool(spec.name, arguments)
    assert not result.is_error, result.content
    return dict(result.structured_content or {})


def _section(spec: ToolSpec, answer: dict[str, Any]) -> str:
    shown = listing.compute(spec)
    groups = " and ".join(" or ".join(f"`{scope}`" for scope in group) for group in spec.scopes)
    lines = [
        f"### `{spec.name}`",
        "",
        f"{shown['description']}",
        "",
        f"Effect: `{spec.effect}` · scopes: {groups or 'none'}",
        "",
    ]
    schema = shown["inputSchema"]
    if schema["properties"]:
        lines += ["| argument | | meaning |", "|---|---|---|"]
        for name, parameter in schema["properties"].items():
            need = "required" if name in schema.get("required", ()) else _default(parameter)
            lines.append(f"| `{name}` | {need} | {parameter['description'].replace('|', '/')} |")
        lines.append("")
    call = json.dumps(EXAMPLES[spec.name], ensure_ascii=False)
    text = json.dumps(answer, ensure_ascii=False, indent=1)
    return "\n".join([*lines, f"Example: `{call}`", "", "```json", text, "```", ""])


def _default(parameter: dict[str, Any]) -> str:
    default = parameter.get("default")
    return "optional" if default is None else f"`{json.dumps(default)}`"


def test_every_tool_has_an_example() -> None:
    assert EXAMPLES.keys() == {spec.name for spec in CATALOGUE}


async def test_the_reference_is_what_the_code_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(binding, "random_tag", lambda: "example")
    monkeypatch.setattr("zendesk_tools.ticket_reports.run", partial(run, now=lambda: DAY))
    parts = [HEAD]
    toolset = ""
    for spec in CATALOGUE:
        if spec.toolset != toolset:
            toolset = spec.toolset
            parts.append(f"## {toolset}\n")
        parts.append(_section(spec, await _answer(spec, tmp_path / spec.name)))
    fresh = "\n".join(parts)
    if UPDATE:
        REFERENCE.write_text(fresh, encoding="utf-8")
    kept = REFERENCE.read_text(encoding="utf-8")
    assert kept == fresh, "run `make snapshots`, review the change"
