"""Callers of one HTTP server, each of whom may do something else."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from unittest import mock

import httpx
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp_types import ElicitResult

from attacks.attack import Attacks, Ground, all_of, as_it_is, nothing, put_in_place
from attacks.doors import HELLO
from mcp_server_zendesk.hosting import crowds
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.serving.callers import LOCAL, Caller
from mcp_server_zendesk.serving.request_state import sealing
from team import JSON_AND_STREAM, Team, team

ATTACKS = Attacks("callers over HTTP")

SERVING = "mcp_server_zendesk.serving"
WRITES = {"scopes": "read tickets:write"}
REPLY = {"ticket_id": OPEN_TICKET, "body": "Agreed to for another workspace."}
KEY = "k" * 40


async def _handled(ctx: Any, call_next: Any) -> Any:
    return await call_next(ctx)


NOBODY_IN_PARTICULAR = all_of(
    put_in_place(f"{SERVING}.boundary:current_caller", lambda: LOCAL),
    put_in_place(f"{SERVING}.offers:current_caller", lambda: LOCAL),
)


@ATTACKS.add(
    "tool of a colleague",
    who="caller",
    tries="calls what only another caller of the same server may",
    defence="a call goes by the scopes of its own request's token",
    without=NOBODY_IN_PARTICULAR,
)
async def _(_: Ground) -> bool:
    callers = {"reads": "read", "writes": "read tickets:write"}
    async with (
        team({"demo": WRITES}, callers=callers) as served,
        served.client("writes") as colleague,
        served.client("reads") as caller,
    ):
        await colleague.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        await caller.call_tool("update_ticket", {"ticket_id": OPEN_TICKET, "priority": "low"})
        return any(one.method == "PUT" for one in served.sandbox.requests)


@ATTACKS.add(
    "calls in nobody's name",
    who="caller",
    tries="leaves no trace of who it was in the log that all callers share",
    defence="a call goes by the scopes of its own request's token",
    without=NOBODY_IN_PARTICULAR,
)
async def _(ground: Ground) -> bool:
    file = ground.folder / "audit.jsonl"
    flags = {**WRITES, "audit_log": file}
    async with (
        team({"demo": flags}, callers={"anna": "read"}) as served,
        served.client("anna") as client,
    ):
        await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
    return '"caller":"anna"' not in file.read_text(encoding="utf-8")


@ATTACKS.add(
    "yes of another workspace",
    who="caller",
    tries="carries a human's yes from one workspace of a server into another",
    defence="a question is sealed for its own workspace",
    without=put_in_place(f"{SERVING}.request_state:sealing", lambda keys, _: sealing(keys)),
)
async def _(_: Ground) -> bool:
    flags = {"one": WRITES, "two": WRITES}
    callers = {"anna": "read tickets:write"}
    async with team(flags, several=True, callers=callers, settings={"state_keys": KEY}) as served:
        asked = (await called(served, "/one"))["result"]
        (key,) = asked["inputRequests"]
        answers = {key: {"action": "accept", "content": {"agree": True}}}
        sealed = asked["requestState"]
        await called(served, "/two", inputResponses=answers, requestState=sealed)
        return any(one.method == "PUT" for one in served.sandbox.requests)


@ATTACKS.add(
    "yes that outlives the policy",
    who="model",
    tries="has a question open while an admin forbids to write, and gets the yes afterwards",
    defence="the policy is asked again before each request that changes something",
    without=put_in_place(
        f"{SERVING}.boundary:Boundary._announce", lambda _, call, sent: call.announce(sent)
    ),
)
async def _(_: Ground) -> bool:
    async with team({"demo": dict(WRITES)}) as served:

        async def agree_too_late(*_: Any) -> ElicitResult:
            served.source.workspaces["demo"]["read_only"] = True
            await served.reloader.reload()
            return ElicitResult(action="accept", content={"agree": True})

        callback: Any = agree_too_late
        async with served.client(mode="legacy", elicitation_callback=callback) as client:
            await client.call_tool("reply_to_ticket", REPLY)
        return any(one.method == "PUT" for one in served.sandbox.requests)


def _by_client() -> Caller:
    token = get_access_token()
    assert token is not None
    return Caller(token.subject, "tests", token.client_id, frozenset(token.scopes))


@ATTACKS.add(
    "call without a context",
    who="caller",
    tries="is handled in a task that has lost whose request it is, as on a fault of a library",
    defence="a message is handled by its own token alone",
    without=put_in_place(f"{SERVING}.server:by_its_own_token", _handled),
)
async def _(_: Ground) -> bool:
    lost = mock.patch("mcp_server_zendesk.hosting.gate.AuthContextMiddleware", as_it_is)
    with lost:
        async with team({"demo": WRITES}, callers={"anna": "read"}) as served:
            note = {"ticket_id": OPEN_TICKET, "body": "In nobody's name."}
            await called(served, "", "add_internal_note", note)
            return any(one.method == "PUT" for one in served.sandbox.requests)


@ATTACKS.add(
    "limits of another client",
    who="caller",
    tries="registers a second client, to change as much again by it",
    defence="a user is one caller through all clients",
    without=put_in_place(f"{SERVING}.boundary:current_caller", _by_client),
)
async def _(_: Ground) -> bool:
    flags = {**WRITES, "writes_per_session": 1}
    async with team({"demo": flags}, callers={}) as served:
        for client_id in ("one", "two"):
            served.tokens.give(client_id, "read tickets:write", subject="anna")
            async with served.client(client_id) as client:
                note = {"ticket_id": OPEN_TICKET, "body": f"By {client_id}."}
                await client.call_tool("add_internal_note", note)
        return sum(one.method == "PUT" for one in served.sandbox.requests) > 1


@ATTACKS.add(
    "every session of the server",
    who="caller",
    tries="opens sessions until there is none left for anybody else",
    defence="a caller has so many sessions at a time",
    without=put_in_place("mcp_server_zendesk.hosting.crowds:Room._too_many_sessions", nothing),
)
async def _(_: Ground) -> bool:
    async with team(callers={"anna": "read", "mallory": "read"}) as served:
        (workspace,) = served.workspaces
        assert workspace.server is not None
        workspace.server.session_manager.max_sessions = 6
        with mock.patch.object(crowds, "MOST_SESSIONS", 4):
            statuses = [await _opened(served, name) for name in (*["mallory"] * 8, "anna")]
        return statuses[-1] != HTTPStatus.OK


async def _opened(served: Team, token: str) -> int:
    headers = {**JSON_AND_STREAM, "Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        return (await http.post(served.url(), json=HELLO)).status_code


async def called(
    served: Team,
    prefix: str,
    tool: str = "reply_to_ticket",
    arguments: dict[str, Any] = REPLY,
    **more: Any,
) -> dict[str, Any]:
    """One call of today's clients, as it goes over the wire."""
    version = "2026-07-28"
    headers = {
        "MCP-Protocol-Version": version,
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
        "Accept": "application/json, text/event-stream",
        "Authorization": "Bearer anna",
    }
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta, **more}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        return dict(json.loads((await http.post(served.url(prefix), json=body)).text))
