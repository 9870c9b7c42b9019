"""A public reply goes out after a human's yes, and after nothing else, on both protocol eras."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import ElicitRequestFormParams, ElicitResult

from desk import text_of
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

ERAS = ["legacy", "auto"]
REPLY = "Hello Lena,\n\nthe new pole is on its way."

Answer = Callable[[str], Awaitable[ElicitResult] | ElicitResult]


async def reply(
    sandbox: Sandbox, era: str, answer: Answer | None, *, confirm: str = "require"
) -> tuple[Any, list[str]]:
    """One reply_to_ticket by a client whose human answers so; the result and what was shown."""
    shown: list[str] = []

    async def asked(_: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        shown.append(params.message)
        assert answer is not None
        given = answer(params.message)
        return given if isinstance(given, ElicitResult) else await given

    settings = embedded_settings({"scopes": "read tickets:write", "confirm": confirm})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox))
    callback: Any = None if answer is None else asked
    async with (
        server.running(),
        Client(server, mode=era, elicitation_callback=callback) as client,
    ):
        arguments = {"ticket_id": OPEN_TICKET, "body": REPLY, "status": "pending"}
        return await client.call_tool("reply_to_ticket", arguments), shown


def yes(_: str) -> ElicitResult:
    return ElicitResult(action="accept", content={"agree": True})


def sent(sandbox: Sandbox) -> list[str]:
    return [request.method for request in sandbox.requests if request.method != "GET"]


@pytest.mark.parametrize("era", ERAS)
async def test_what_is_shown_is_what_is_sent(era: str) -> None:
    sandbox = Sandbox()
    result, shown = await reply(sandbox, era, yes)
    assert not result.is_error, text_of(result)
    assert len(shown) == 1
    assert shown[0].endswith(REPLY)
    assert "Lena Bergström <lena.bergstrom@fjallgarden.example>" in shown[0]
    assert "Status afterwards: pending" in shown[0]
    (comment,) = [c for c in sandbox.store.comments[OPEN_TICKET] if REPLY in (c["body"] or "")]
    assert comment["public"] is True
    assert sent(sandbox) == ["PUT"]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "answer",
    [
        lambda _: ElicitResult(action="decline"),
        lambda _: ElicitResult(action="cancel"),
        lambda _: ElicitResult(action="accept", content={"agree": False}),
        lambda _: ElicitResult(action="accept", content={}),
    ],
    ids=["decline", "cancel", "unticked", "empty"],
)
async def test_without_a_yes_nothing_is_sent(era: str, answer: Answer) -> None:
    sandbox = Sandbox()
    result, _ = await reply(sandbox, era, answer)
    error = (result.meta or {})["mcp-server-zendesk/error"]
    assert error["kind"] == "confirmation_declined"
    assert error["outcome"] == "not_applied"
    assert sent(sandbox) == []


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_cannot_ask_is_told_so(era: str) -> None:
    sandbox = Sandbox()
    result, _ = await reply(sandbox, era, None)
    assert (result.meta or {})["mcp-server-zendesk/error"]["kind"] == "confirmation_unavailable"
    assert sent(sandbox) == []


@pytest.mark.parametrize("era", ERAS)
async def test_a_host_that_asks_itself_can_be_trusted(era: str) -> None:
    sandbox = Sandbox()
    result, shown = await reply(sandbox, era, None, confirm="client")
    assert not result.is_error, text_of(result)
    assert shown == []
    assert sent(sandbox) == ["PUT"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_ticket_that_changed_while_the_human_thought_is_not_answered(era: str) -> None:
    sandbox = Sandbox()
    changes = 0

    def meanwhile(_: str) -> ElicitResult:
        nonlocal changes
        if changes == 3:
            return ElicitResult(action="decline")
        changes += 1
        ticket = sandbox.store.tickets[OPEN_TICKET]
        ticket["updated_at"] = stamp(sandbox.clock() + timedelta(minutes=changes))
        return yes(_)

    result, shown = await reply(sandbox, era, meanwhile)
    assert result.is_error
    kind = (result.meta or {})["mcp-server-zendesk/error"]["kind"]
    assert kind == ("conflict" if era == "legacy" else "confirmation_declined")
    assert len(shown) == (1 if era == "legacy" else 4), "today's clients are asked anew"
    assert sent(sandbox) == []
