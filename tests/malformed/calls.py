"""Arguments that Hypothesis makes up, for every tool, in one process with the embedded Zendesk."""

from __future__ import annotations

import json
import time
from typing import Any

import anyio
import anyio.lowlevel
import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from mcp import Client

from malformed.judging import Judged
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.workspace import build_server
from tool_examples import EXAMPLES
from zendesk_tools import CATALOGUE

_CALLS = 12
_TEXT = some.text(some.characters(exclude_categories=["Cs"]))
_PLAIN = some.none() | some.booleans() | some.integers() | some.floats() | _TEXT
_ANY = some.recursive(
    _PLAIN,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)


@some.composite
def _calls(draw: some.DrawFn) -> tuple[str, dict[str, Any]]:
    spec = draw(some.sampled_from(CATALOGUE))
    names = [parameter.name for parameter in spec.parameters] or ["query"]
    more = draw(some.dictionaries(some.sampled_from(names) | _TEXT, _ANY, max_size=4))
    left_out = draw(some.sets(some.sampled_from(names), max_size=1))
    given_ = {**EXAMPLES.get(spec.name, {}), **more}
    return spec.name, {name: value for name, value in given_.items() if name not in left_out}


async def _call(calls: list[tuple[str, dict[str, Any]]], judged: Judged) -> None:
    chosen = embedded_settings({"scopes": "read write", "toolsets": "all", "confirm": "client"})
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await anyio.lowlevel.checkpoint()

    server = build_server(
        chosen,
        transport=httpx.ASGITransport(app=Sandbox()),
        sleep=sleep,
        clock=lambda: time.monotonic() + sum(slept),
    )
    async with server.running(), Client(server) as client:
        for tool, arguments in calls:
            judged.sent += 1
            result = await client.call_tool(tool, arguments)
            answer = {
                "jsonrpc": "2.0",
                "id": 1,
                "result": json.loads(result.model_dump_json(by_alias=True)),
            }
            known = len(judged.wrong)
            judged.judge(answer)
            if judged.wrong[known:]:
                raise AssertionError(judged.wrong[known])


def trying(examples: int, judged: Judged) -> None:
    """Try so many examples, of some calls each.

    Raises:
        AssertionError: An answer explains nothing; Hypothesis tells the shortest such example.
    """
    steady = settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

    @steady
    @given(some.lists(_calls(), min_size=1, max_size=_CALLS))
    def every_call_is_answered_or_explained(calls: list[tuple[str, dict[str, Any]]]) -> None:
        anyio.run(_call, calls, judged)

    every_call_is_answered_or_explained()
