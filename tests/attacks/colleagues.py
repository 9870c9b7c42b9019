"""Callers of one HTTP server, each of whom may do something else."""

from __future__ import annotations

import json
from typing import Any

import httpx

from attacks.attack import Attacks, Ground, all_of, put_in_place
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.serving.callers import LOCAL
from mcp_server_zendesk.serving.request_state import sealing
from team import Team, team

ATTACKS = Attacks("callers over HTTP")

SERVING = "mcp_server_zendesk.serving"
WRITES = {"scopes": "read tickets:write"}
REPLY = {"ticket_id": OPEN_TICKET, "body": "Agreed to for another workspace."}
KEY = "k" * 40

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


async def called(served: Team, prefix: str, **more: Any) -> dict[str, Any]:
    """One call of today's clients, as it goes over the wire."""
    version = "2026-07-28"
    headers = {
        "MCP-Protocol-Version": version,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "reply_to_ticket",
        "Accept": "application/json, text/event-stream",
        "Authorization": "Bearer anna",
    }
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
    }
    params = {"name": "reply_to_ticket", "arguments": REPLY, "_meta": meta, **more}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    async with httpx.AsyncClient(headers=headers) as http:
        return dict(json.loads((await http.post(served.url(prefix), json=body)).text))
