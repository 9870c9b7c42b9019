"""A success that says nothing, where Zendesk says what it did, proves nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, misfortunes
from tool_examples import EXAMPLES, HERE_ALONE
from zendesk_tools import CATALOGUE

pytestmark = pytest.mark.anyio

EVERYTHING = {"toolsets": "all", "scopes": "read write", "confirm": "client"}
WRITING = [s.name for s in CATALOGUE if s.effect != "read" and s.name not in HERE_ALONE]
ANSWERS: dict[str, Callable[[], Fault]] = {
    "nothing": misfortunes.empty_answer,
    "an object": lambda: Fault(status=200, body={}),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("tool", WRITING)
async def test_a_write_that_was_not_carried_out_is_not_told_as_applied(
    open_workspace: OpenWorkspace, tool: str, answer: str
) -> None:
    async with open_workspace(**EVERYTHING) as desk:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            desk.sandbox.faults.add(method, "", None, ANSWERS[answer]())
        error = await desk.fail(tool, **EXAMPLES[tool])
        assert error["outcome"] in {"unknown", "not_applied"}
