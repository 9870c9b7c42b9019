"""The story that the verifier tells agrees with what Zendesk itself was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio.lowlevel
import httpx
import pytest
from mcp import Client

from audited import lines_of, verified
from humans import agree
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Rules, Sandbox
from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.faults import Fault
from mcp_server_zendesk.sandbox.rules import ClosedTicketRules
from mcp_server_zendesk.serving.auditing.story import requests_of, sentence, tickets_of, writes
from mcp_server_zendesk.serving.auditing.verification import RecordedCall
from mcp_server_zendesk.workspace import build_server
from tool_examples import EXAMPLES, HERE_ALONE
from zendesk_tools import CATALOGUE

pytestmark = pytest.mark.anyio

WRITING = [s for s in CATALOGUE if s.effect != "read" and s.name not in HERE_ALONE]


async def _sleep(_: float) -> None:
    await anyio.lowlevel.checkpoint()


async def session(
    file: Path, *calls: tuple[str, dict[str, Any]], sandbox: Sandbox | None = None, **flags: str
) -> tuple[list[RecordedCall], Sandbox]:
    """Calls by a client whose human agrees; what the log tells of them, and who was asked."""
    desk = sandbox or Sandbox()
    settings = embedded_settings({"scopes": "read write", "toolsets": "all", **flags})
    server = build_server(
        settings, transport=httpx.ASGITransport(app=desk), sleep=_sleep, audit_log=file
    )
    async with server.running(), Client(server, elicitation_callback=agree) as client:
        for tool, arguments in calls:
            await client.call_tool(tool, arguments)
    verification, told = verified(file)
    assert verification.problems == verification.notices == []
    return told, desk


def received(sandbox: Sandbox) -> list[tuple[str, str, int]]:
    """What Zendesk was asked to change, and how it answered."""
    return [
        (request.method, request.path.removeprefix("/api/v2/"), request.status)
        for request in sandbox.requests
        if request.method != "GET"
    ]


def told_of(calls: list[RecordedCall]) -> list[tuple[str, str, int]]:
    return [
        (request["method"], request["path"], status)
        for call in calls
        for request in requests_of(call)
        for status in request["statuses"]
    ]


@pytest.mark.parametrize("spec", WRITING, ids=lambda spec: spec.name)
async def test_every_writing_tool_is_told_as_zendesk_saw_it(spec: Any, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    calls, sandbox = await session(file, (spec.name, EXAMPLES[spec.name]))
    assert told_of(calls) == received(sandbox) != []
    announced = [line for line in lines_of(file) if line["phase"] == "sending"]
    assert len(announced) == len(received(sandbox))
    asked = [line for line in lines_of(file) if line.get("kind") == "asked"]
    *_, last = calls
    assert last.outcome is not None
    assert last.outcome["outcome"] == "applied"
    assert last.outcome.get("confirmed") == ("human" if asked else None)
    if asked:
        assert asked[0]["question"] == last.outcome["question"] == announced[0]["question"]


async def test_no_text_of_a_call_is_in_the_log(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    for spec in WRITING:
        await session(file, (spec.name, EXAMPLES[spec.name]))
    log = file.read_text(encoding="utf-8")
    texts = [text for spec in WRITING for text in _texts(EXAMPLES[spec.name])]
    assert len(texts) > 20
    assert [text for text in texts if text in log] == []


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    told = isinstance(value, str) and not value.isdecimal() and value != at.SIDE_CONVERSATION
    return [value] if told else []


@pytest.mark.parametrize(
    ("update", "paths"),
    [
        ("allow", ["PUT tickets/1006"]),
        ("refuse", ["PUT tickets/1006", "PUT tickets/update_many"]),
    ],
)
async def test_each_way_to_tag_a_closed_ticket_is_told(
    tmp_path: Path, update: Any, paths: list[str]
) -> None:
    sandbox = Sandbox(rules=Rules(closed_tickets=ClosedTicketRules(update_ticket=update)))
    tags = ("update_ticket_tags", EXAMPLES["update_ticket_tags"])
    calls, sandbox = await session(tmp_path / "log", tags, sandbox=sandbox)
    told = told_of(calls)
    assert told == received(sandbox)
    assert [f"{method} {path}" for method, path, _ in told] == paths
    assert tickets_of(calls[0]) == {at.CLOSED_TICKET}


async def test_a_ticket_is_found_among_many_and_as_what_was_made(tmp_path: Path) -> None:
    names = ("merge_tickets", "update_tickets", "create_ticket")
    file = tmp_path / "audit.jsonl"
    calls, sandbox = await session(file, *((name, EXAMPLES[name]) for name in names))
    merged, changed, made = [call for call in calls if requests_of(call)]
    assert tickets_of(merged) == {1011, 1012}
    assert tickets_of(changed) == set(at.INCIDENT_TICKETS)
    assert tickets_of(made) == {max(sandbox.store.tickets)}
    assert "job V3-" in sentence(merged)


async def test_what_was_tried_twice_and_what_got_no_answer_is_told(tmp_path: Path) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("PUT", "/tickets/", 1, Fault(status=503))
    priority = ("update_ticket", {"ticket_id": at.NEW_TICKET, "priority": "low"})
    calls, _ = await session(tmp_path / "one", priority, sandbox=sandbox)
    assert "PUT tickets/1002 → 503, 200, audit" in sentence(calls[0])
    sandbox.faults.add("PUT", "/tickets/", None, Fault(breaks="reset", applied=True))
    note = ("add_internal_note", {"ticket_id": at.NEW_TICKET, "body": "A note."})
    calls, _ = await session(tmp_path / "two", note, sandbox=sandbox)
    assert "PUT tickets/1002 → no answer" in sentence(calls[0])


async def test_what_was_refused_is_told_too(tmp_path: Path) -> None:
    calls, sandbox = await session(
        tmp_path / "log",
        ("add_internal_note", {"ticket_id": at.CLOSED_TICKET, "body": "A note."}),
        ("delete_everything", {}),
        ("update_ticket", {"ticket_id": at.NEW_TICKET, "priority": "canary"}),
    )
    closed, unknown, invalid = calls
    assert sentence(closed).endswith("write  not applied (ticket_closed)  PUT tickets/1006 → 422")
    assert sentence(unknown).endswith("(no such tool)  none  unknown_tool")
    assert sentence(invalid).endswith(
        "update_ticket  write  not applied (invalid_arguments)  ticket_id 1002"
    )
    assert [writes(call) for call in calls] == [True, False, True]
    assert len(received(sandbox)) == 1


async def test_a_client_that_is_trusted_is_named_as_who_confirmed(tmp_path: Path) -> None:
    reply = ("reply_to_ticket", EXAMPLES["reply_to_ticket"])
    calls, _ = await session(tmp_path / "log", reply, confirm="client")
    assert "contact  applied  confirmed by the client  PUT tickets/1001 → 200" in sentence(calls[0])


async def test_a_call_that_reached_nobody_is_no_contact_without_a_yes(tmp_path: Path) -> None:
    quiet = {"subject": "Stock", "body": "Count the stoves.", "public": False}
    calls, _ = await session(
        tmp_path / "log",
        ("create_ticket", quiet),
        ("create_ticket", {**quiet, "public": True, "requester_email": at.REQUESTER_EMAIL}),
    )
    internal, _asked, public = map(sentence, calls)
    assert "create_ticket  write  applied  POST tickets → 201" in internal
    assert "create_ticket  contact  applied  confirmed by a human  POST tickets → 201" in public


async def test_the_question_of_a_trusted_client_is_not_known_to_be_needless(tmp_path: Path) -> None:
    quiet = {"subject": "Stock", "body": "Count the stoves.", "public": False}
    calls, _ = await session(tmp_path / "log", ("create_ticket", quiet), confirm="client")
    assert "create_ticket  contact  applied  confirmed by the client" in sentence(calls[0])
