"""One yes of a human counts once, however often a client sends it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult

from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.faults import Fault
from mcp_server_zendesk.sandbox.landmarks import ATTACHMENT_TICKET, OPEN_TICKET, REQUESTER_ID
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

NEW_TICKET = {"subject": "s", "body": "b", "requester_id": REQUESTER_ID, "public": True}


async def twice(
    sandbox: Sandbox, tool: str, arguments: dict[str, Any], times: int = 2
) -> list[CallToolResult]:
    """The same answered call, sent again by a client that lost the result."""
    settings = embedded_settings({"scopes": "read write", "toolsets": "all"})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox))

    async def human(*_: Any) -> ElicitResult:
        return ElicitResult(action="decline")

    callback: Any = human
    results = []
    async with server.running(), Client(server, elicitation_callback=callback) as client:
        first = await client.session.call_tool(tool, arguments, allow_input_required=True)
        assert isinstance(first, InputRequiredResult)
        yes = ElicitResult(action="accept", content={"agree": True})
        answers: Any = dict.fromkeys(first.input_requests or {}, yes)
        for _ in range(times):
            result = await client.session.call_tool(
                tool,
                arguments,
                input_responses=answers,
                request_state=first.request_state,
                allow_input_required=True,
            )
            assert isinstance(result, CallToolResult | InputRequiredResult)
            if isinstance(result, CallToolResult):
                results.append(result)
    return results


def made(sandbox: Sandbox) -> list[str]:
    return [request.path for request in sandbox.requests if request.method != "GET"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("create_ticket", NEW_TICKET),
        (
            "create_side_conversation",
            {"ticket_id": ATTACHMENT_TICKET, "subject": "q", "body": "b", "to": ["a@b.example"]},
        ),
        ("reply_to_ticket", {"ticket_id": OPEN_TICKET, "body": "hi"}),
    ],
)
async def test_a_yes_that_is_sent_twice_counts_once(tool: str, arguments: dict[str, Any]) -> None:
    sandbox = Sandbox()
    first, *later = await twice(sandbox, tool, arguments)
    assert not first.is_error
    for result in later:
        assert (result.meta or {})[META_KEY]["kind"] == "conflict"
    assert len(made(sandbox)) == 1


async def test_a_yes_of_which_nothing_came_is_still_good() -> None:
    sandbox = Sandbox()
    refused = {"error": "RecordInvalid", "description": "no", "details": {}}
    sandbox.faults.add("POST", "/tickets", 1, Fault(status=422, body=refused))
    first, second = await twice(sandbox, "create_ticket", NEW_TICKET)
    assert (first.meta or {})[META_KEY]["outcome"] == "not_applied"
    assert not second.is_error
