"""What every call passes: permission, arguments, explanation, audit."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from desk import OpenWorkspace, text_of
from mcp_server_zendesk.connection.errors import NotConfigured
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.landmarks import CLOSED_TICKET, NEW_TICKET, OPEN_TICKET
from mcp_server_zendesk.serving import explanation
from mcp_server_zendesk.serving.spec import ALWAYS, DEFAULT_TOOLSETS
from tool_examples import kept_in
from zendesk_tools import CATALOGUE

pytestmark = pytest.mark.anyio

DEFAULT = [spec for spec in CATALOGUE if spec.toolset in {ALWAYS, *DEFAULT_TOOLSETS}]
READS = [spec.name for spec in DEFAULT if spec.effect == "read"]
WRITES = [spec.name for spec in DEFAULT if spec.effect != "read"]
BOTH_ERAS = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
CANARY = "c4n4ry-7f3e91"


@BOTH_ERAS
async def test_default_scopes_offer_only_what_reads(
    open_workspace: OpenWorkspace, mode: str
) -> None:
    async with open_workspace(scopes="read", mode=mode) as desk:
        tools = (await desk.client.list_tools()).tools
        assert [tool.name for tool in tools] == READS
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)


async def test_the_list_stands_in_the_catalogues_order(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with open_workspace(scopes="read write") as desk:
        assert await desk.tools() == [spec.name for spec in DEFAULT]
        assert await desk.tools() == await desk.tools()
    every = {"toolsets": "all", **kept_in(tmp_path)}
    async with open_workspace(scopes="read write", **every) as desk:
        assert await desk.tools() == [spec.name for spec in CATALOGUE]


@BOTH_ERAS
async def test_a_hidden_tool_called_anyway_is_refused_before_anything_is_sent(
    open_workspace: OpenWorkspace, mode: str
) -> None:
    async with open_workspace(scopes="read", mode=mode) as desk:
        error = await desk.fail("update_ticket_tags", ticket_id=OPEN_TICKET, add=["vip"])
        assert error["kind"] == "scope_missing"
        assert error["details"]["required"] == [["tickets:read"], ["tickets:write"]]
        assert error["details"]["missing"] == [["tickets:write"]]
        assert error["details"]["held"] == ["read"]
        assert error["details"]["lacking"] == ["workspace"]
        assert error["outcome"] == "not_applied"
        assert "ZENDESK_SCOPES" in error["hint"]
        assert desk.sandbox.requests == []


async def test_read_only_beats_scopes_and_single_tools(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(scopes="read write", read_only=True, tools="update_ticket") as desk:
        assert await desk.tools() == READS
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, priority="low")
        assert error["kind"] == "read_only"
        assert desk.sandbox.requests == []


async def test_exclude_beats_tools_beats_toolsets(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(
        scopes="tickets:read users:read",
        toolsets="users",
        tools="get_ticket,search_users",
        exclude_tools="search_users,list_user_tickets",
    ) as desk:
        assert await desk.tools() == ["check_connection", "get_ticket", "get_user"]
        error = await desk.fail("search_users", query="x")
        assert error["kind"] == "unknown_tool"
        assert error["who"] == "admin"


async def test_an_unknown_tool_is_answered_with_the_nearest(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("get_tickets")
        assert error["kind"] == "unknown_tool"
        assert "get_ticket" in error["reason"]


async def test_the_nearest_tool_is_never_a_hidden_one(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(scopes="read") as desk:
        error = await desk.fail("update_tickets")
        assert "update_ticket" not in error["reason"]


async def test_an_unknown_argument_is_named_with_the_nearest(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("get_ticket", ticket_id=OPEN_TICKET, comment=3)
        assert error["kind"] == "invalid_arguments"
        (problem,) = error["details"]["fields"]
        assert problem["field"] == "comment"
        assert "'comments'" in problem["problem"]
        assert desk.sandbox.requests == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"ticket_id": CANARY},
        {"ticket_id": [CANARY]},
        {"ticket_id": OPEN_TICKET, "status": CANARY},
        {"ticket_id": OPEN_TICKET, "due_at": CANARY},
        {"ticket_id": OPEN_TICKET, CANARY + " is a name": 1},
        {"ticket_id": OPEN_TICKET, "assignee": {"x": CANARY}},
        {"ticket_id": OPEN_TICKET, "group": CANARY},
        {"ticket_id": OPEN_TICKET, "custom_fields": {CANARY: "x"}},
    ],
)
async def test_a_rejected_value_is_never_echoed(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with open_workspace() as desk:
        caplog.set_level(logging.DEBUG)
        result = await desk.client.call_tool("update_ticket", arguments)
        assert result.is_error
        assert CANARY not in text_of(result)
        assert CANARY not in "".join(r.getMessage() for r in caplog.records if ours(r))


def ours(record: logging.LogRecord) -> bool:
    return record.name.startswith("mcp_server_zendesk")


async def test_what_zendesk_echoes_of_the_arguments_is_left_out(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        body = {
            "error": "RecordInvalid",
            "details": {"subject": [{"description": f"Subject: {CANARY} <b>is</b> bad\u202e"}]},
        }
        desk.sandbox.faults.add("PUT", "/tickets/", 1, Fault(status=422, body=body))
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, subject=CANARY)
        text = json.dumps(error, ensure_ascii=False)
        assert CANARY not in text
        assert "\u202e" not in text


async def test_an_answer_is_compact_and_the_same_twice(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        result = await desk.client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        text = text_of(result)
        assert json.loads(text) == result.structured_content
        assert "\n" not in text
        assert '": ' not in text.replace('\\": ', "")[:200]


async def test_a_crash_is_hidden_from_the_model_and_logged(
    open_workspace: OpenWorkspace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_workspace() as desk:

        def broken(*_: object) -> None:
            raise RuntimeError(CANARY)

        monkeypatch.setattr("zendesk_tools.users._user", broken)
        error = await desk.fail("get_user", user="me")
        assert error["kind"] == "internal_error"
        assert CANARY not in json.dumps(error)
        (record,) = [r for r in caplog.records if ours(r) and r.levelno == logging.ERROR]
        assert record.exc_info


async def test_a_tool_that_leaves_its_declared_reach_is_stopped(
    open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read tool with a bug that writes: nothing may arrive at Zendesk."""
    async with open_workspace(scopes="read write") as desk:

        async def writes(zendesk: Any, ticket_id: int) -> None:
            await zendesk.put("tickets", ticket_id, body={"ticket": {"priority": "low"}})

        async def sideways(zendesk: Any, *_: object, **__: object) -> None:
            await writes(zendesk, OPEN_TICKET)

        monkeypatch.setattr("zendesk_tools.tickets._comments", sideways)
        error = await desk.fail("get_ticket", ticket_id=OPEN_TICKET)
        assert error["kind"] == "internal_error"
        assert desk.sent("PUT") == []


async def test_granted_scopes_shrink_the_list_and_it_is_announced(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=("read",))
    async with open_workspace(
        sandbox=sandbox, token=token, scopes="read write", mode="legacy"
    ) as desk:
        announced = anyio.Event()

        async def hear(message: Any) -> None:
            if "list_changed" in str(getattr(message, "method", "")):
                announced.set()

        desk.client.session._message_handler = hear
        assert "update_ticket" in await desk.tools()
        await desk.ask("get_user", user="me")
        with anyio.fail_after(5):
            await announced.wait()
        assert await desk.tools() == READS
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, priority="low")
        assert error["details"]["lacking"] == ["token"]


async def test_a_scope_that_zendesk_refuses_is_the_tokens(open_workspace: OpenWorkspace) -> None:
    """Before the granted scopes are known, Zendesk's own 403 explains."""
    sandbox = Sandbox()
    token = sandbox.token(scopes=("users:read",))
    async with open_workspace(sandbox=sandbox, token=token, scopes="read") as desk:
        sandbox.faults.add("GET", "/oauth/", None, Fault(status=500))
        error = await desk.fail("search_tickets", query="x")
        assert error["kind"] == "scope_missing"
        assert error["details"]["lacking"] == ["token"]
        assert error["status"] == 403


async def test_the_first_call_explains_when_nothing_is_configured(
    open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_workspace() as desk:

        def nothing(_: object) -> str:
            raise NotConfigured("ZENDESK_OAUTH_TOKEN must be set", missing=["ZENDESK_OAUTH_TOKEN"])

        monkeypatch.setattr(
            "mcp_server_zendesk.connection.credentials.BearerToken.authorization", nothing
        )
        assert await desk.tools()
        error = await desk.fail("get_ticket", ticket_id=OPEN_TICKET)
        assert error["kind"] == "not_configured"
        assert "ZENDESK_OAUTH_TOKEN" in error["hint"]


async def test_tools_are_listed_while_zendesk_is_down(open_workspace: OpenWorkspace) -> None:
    class Down(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("All connection attempts failed", request=request)

    async with open_workspace(scopes="read write", transport=Down()) as desk:
        assert len(await desk.tools()) == len(DEFAULT)
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, priority="low")
        assert error["kind"] == "network_error"
        assert error["outcome"] == "not_applied"
        assert error["retryable"] is True


async def test_many_calls_at_once_mix_nothing_up(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        numbers = sorted(desk.sandbox.store.tickets)
        found: dict[int, int] = {}

        async def read(number: int) -> None:
            found[number] = (await desk.ask("get_ticket", ticket_id=number, comments=1))["id"]

        async with anyio.create_task_group() as tasks:
            for number in numbers:
                tasks.start_soon(read, number)
        assert found == {number: number for number in numbers}


def audit_in(file: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line["phase"] in {"intent", "outcome"}]


async def test_a_write_is_recorded_before_and_after(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    file = tmp_path / "audit.jsonl"
    async with open_workspace(audit_log=file) as desk:
        await desk.ask("update_ticket_tags", ticket_id=CLOSED_TICKET, add=[CANARY])
        await desk.fail("add_internal_note", ticket_id=CLOSED_TICKET, body=f"{CANARY} secret")
        await desk.ask("get_ticket", ticket_id=NEW_TICKET)
    lines = audit_in(file)
    assert [(line["tool"], line["phase"], line.get("kind")) for line in lines] == [
        ("update_ticket_tags", "intent", None),
        ("update_ticket_tags", "outcome", "ok"),
        ("add_internal_note", "intent", None),
        ("add_internal_note", "outcome", "ticket_closed"),
        ("get_ticket", "outcome", "ok"),
    ]
    assert lines[1]["records"] == {"ticket_id": CLOSED_TICKET}
    assert lines[1]["outcome"] == "applied"
    assert lines[3]["outcome"] == "not_applied"
    assert lines[1]["zendesk_request_id"]
    assert lines[1]["arguments"] == lines[0]["arguments"] != lines[3]["arguments"]
    assert CANARY not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_cancelled_call_is_recorded_as_such(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    file = tmp_path / "audit.jsonl"

    async def forever(_: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    async with open_workspace(audit_log=file, transport=httpx.MockTransport(forever)) as desk:
        with anyio.move_on_after(0.05):
            await desk.server.call_tool("update_ticket", {"ticket_id": 1, "priority": "low"})
    lines = audit_in(file)
    assert [line.get("kind", line["phase"]) for line in lines] == ["intent", "cancelled"]
    assert lines[-1]["outcome"] == "unknown"


async def test_instructions_are_short_and_say_what_matters(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(mode="legacy") as desk:
        told = desk.client.instructions or ""
        assert len(told) <= 1_500
        for word in ("<untrusted", "next_cursor", "customers", "outcome"):
            assert word in told
    async with open_workspace(mode="legacy", scopes="read") as desk:
        assert "no tool here changes anything" in (desk.client.instructions or "")


async def test_every_kind_is_one_of_the_contract(open_workspace: OpenWorkspace) -> None:
    assert len(explanation.KINDS) == len(set(explanation.KINDS)) == 22
