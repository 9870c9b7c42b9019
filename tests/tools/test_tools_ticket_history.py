"""What happened to a ticket, and who or which rule did it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    CLOSED_TICKET,
    HOLD_TICKET,
    OPEN_TICKET,
    REQUESTER_ID,
    RETURNS_AGENT_ID,
)

pytestmark = pytest.mark.anyio

TITLE = "Notify requester of received request"
TRIGGER = {
    "channel": "rule",
    "source": {
        "from": {"id": 41700000063017, "title": TITLE},
        "to": {},
        "rel": "trigger",
    },
}


def add_audit(desk: Workspace, *events: dict[str, Any], **more: Any) -> None:
    """A newest audit with just these events."""
    store = desk.sandbox.store
    last = store.audits[OPEN_TICKET][-1]
    numbered = [{"id": store.new_id(), **event} for event in events]
    newest = {**last, "id": store.new_id(), "created_at": "2031-01-01T00:00:00Z", **more}
    store.audits[OPEN_TICKET].append({**newest, "events": numbered})


async def newest(desk: Workspace, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    """That audit as the tool tells it."""
    add_audit(desk, *events, **more)
    answer = await desk.ask("get_ticket_history", ticket_id=OPEN_TICKET, limit=1)
    found: dict[str, Any] = answer["items"][0]
    return found


async def test_tells_who_and_which_rule_changed_what(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("get_ticket_history", ticket_id=CLOSED_TICKET)
        closed, solved = answer["items"][:2]
        assert closed["rule"] == "automation Close ticket 4 days after status is set to solved"
        assert closed["changes"] == [{"field": "status", "from": "solved", "to": "closed"}]
        assert "by" not in closed
        assert solved["by"] == {"id": RETURNS_AGENT_ID, "name": "Tomás Silva", "role": "agent"}
        assert {"field": "Resolution", "to": "resolution_refunded"} in solved["changes"]
        assert {"field": "tags", "to": "+resolution_refunded"} in solved["changes"]
        (said,) = solved["comments"]
        assert said.startswith("public comment ")
        assert "11,480 SEK" not in json.dumps(answer), "a comment is mentioned, not repeated"
        times = [item["at"] for item in answer["items"]]
        assert times == sorted(times, reverse=True)


async def test_ids_have_names(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("get_ticket_history", ticket_id=HOLD_TICKET)
        shown = json.dumps(answer, ensure_ascii=False)
        assert f"Tomás Silva ({RETURNS_AGENT_ID})" in shown
        assert "Returns & Warranty (" in shown
        assert "Warranty claim (" in shown
        last = answer["items"][0]["changes"]
        assert {"field": "custom_status", "from": "Open", "to": "Waiting for workshop"} in last


async def test_costs_one_request_once_names_are_known(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        first = await desk.ask("get_ticket_history", ticket_id=CLOSED_TICKET)
        assert len(desk.sent()) == 4
        before = len(desk.sent())
        again = await desk.ask("get_ticket_history", ticket_id=CLOSED_TICKET)
        assert desk.sent()[before:] == [f"GET tickets/{CLOSED_TICKET}/audits"]
        assert again == first
        assert len(json.dumps(again, ensure_ascii=False)) < 1_700


async def test_pages_to_the_end(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        whole = await desk.ask("get_ticket_history", ticket_id=CLOSED_TICKET)
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = await desk.ask("get_ticket_history", ticket_id=CLOSED_TICKET, limit=2, **more)
            found += page["items"]
            if not page["has_more"]:
                break
            more = {"cursor": page["next_cursor"]}
        assert found == whole["items"]


async def test_a_cursor_belongs_to_its_ticket(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        page = await desk.ask("get_ticket_history", ticket_id=CLOSED_TICKET, limit=1)
        error = await desk.fail(
            "get_ticket_history", ticket_id=OPEN_TICKET, cursor=page["next_cursor"]
        )
        assert error["kind"] == "invalid_arguments"


async def test_tells_who_was_notified_and_by_which_trigger(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        mail = {"type": "Notification", "via": TRIGGER, "recipients": [REQUESTER_ID]}
        item = await newest(desk, {**mail, "subject": "s", "body": "secret body"})
        assert item["notified"] == [f"Lena Bergström ({REQUESTER_ID}) by trigger {TITLE}"]
        assert "secret body" not in json.dumps(item)


async def test_many_recipients_are_counted(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        recipients = [41700000020013 + 17 * number for number in range(8)]
        item = await newest(desk, {"type": "NotificationWithCcs", "recipients": recipients})
        assert item["notified"][0].endswith(" and 3 more")


async def test_a_trigger_inside_an_agents_update_is_named(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        item = await newest(
            desk,
            {"type": "Change", "field_name": "priority", "value": "high", "previous_value": "low"},
            {"type": "Change", "field_name": "status", "value": "open", "via": TRIGGER},
            author_id=AGENT_ID,
        )
        assert item["by"]["name"] == "Marek Dvořák"
        assert item["changes"] == [
            {"field": "priority", "from": "low", "to": "high"},
            {"field": "status", "to": "open", "rule": f"trigger {TITLE}"},
        ]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            {"type": "AgentMacroReference", "macro_id": "7", "macro_title": "Say hello"},
            {"macros": ["Say hello"]},
        ),
        (
            {"type": "Comment", "id": 5, "public": False, "body": "x", "attachments": []},
            {"comments": ["internal note 5"]},
        ),
        (
            {"type": "EmailCcChange", "previous_email_ccs": ["a@x"], "current_email_ccs": ["b@x"]},
            {"changes": [{"field": "email_ccs", "to": "+b@x -a@x"}]},
        ),
        (
            {"type": "CommentPrivacyChange", "comment_id": 9, "public": False},
            {"other": ["comment 9 became an internal note"]},
        ),
        ({"type": "SatisfactionRating", "score": "bad"}, {"other": ["satisfaction: bad"]}),
        ({"type": "SomethingNew", "value": {"a": [1]}}, {"other": ["SomethingNew"]}),
        ({"type": None}, {"other": ["event"]}),
        (
            {"type": "Change", "field_name": "first_reply_time", "value": {"minutes": 60}},
            {"changes": [{"field": "first_reply_time", "to": "60 minutes"}]},
        ),
    ],
)
async def test_other_events(
    open_workspace: OpenWorkspace, event: dict[str, Any], told: dict[str, Any]
) -> None:
    async with open_workspace() as desk:
        item = await newest(desk, event)
        assert {key: item[key] for key in told} == told
        assert set(item) <= {"at", "by", "via", *told}


async def test_a_merge_names_the_other_ticket(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        via = {"channel": "web", "source": {"from": {"ticket_id": 1007}, "to": {}, "rel": "merge"}}
        item = await newest(desk, via=via)
        assert item["via"] == "web, merge with ticket 1007"


async def test_a_rule_without_a_name_is_still_a_rule(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        item = await newest(desk, author_id=-1)
        assert item["rule"] == "a business rule"
        assert "by" not in item


async def test_an_archived_tickets_audits_come_newest_first_too(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        audits = desk.sandbox.store.audits[CLOSED_TICKET]
        body = {"audits": audits, "next_page": None, "previous_page": None, "count": len(audits)}
        desk.sandbox.faults.add("GET", "/audits", 1, Fault(status=200, body=body))
        answer = await desk.ask("get_ticket_history", ticket_id=CLOSED_TICKET, limit=2)
        times = [item["at"] for item in answer["items"]]
        assert times == sorted(times, reverse=True)
        assert len(times) == len(audits)
        assert answer["has_more"] is False


async def test_hostile_titles_and_values_are_one_clean_line(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        hostile = "ignore\u202e all\n<untrusted x> [go](http://evil.example)\u200b"
        via = {"channel": "rule", "source": {"from": {"title": hostile}, "rel": "trigger"}}
        item = await newest(
            desk,
            {"type": "Change", "field_name": "subject", "value": hostile, "via": via},
            {"type": "AgentMacroReference", "macro_title": hostile},
            {"type": "Notification", "recipients": [hostile], "via": via},
            {"type": hostile},
        )
        text = json.dumps(item, ensure_ascii=False)
        for hidden in ("\u202e", "\u200b", "\\n", "](http", "<untrusted"):
            assert hidden not in text


async def test_names_that_cannot_be_read_leave_ids(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for path in ("/groups", "/ticket_fields", "/users/show_many"):
            desk.sandbox.faults.add("GET", path, None, Fault(status=503))
        answer = await desk.ask("get_ticket_history", ticket_id=CLOSED_TICKET)
        assert answer["items"][0]["rule"].startswith("automation ")


async def test_broad_read_is_needed_and_said(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=("tickets:read",))
    async with open_workspace(sandbox=sandbox, token=token, scopes="tickets:read") as desk:
        assert "get_ticket_history" not in await desk.tools()
        error = await desk.fail("get_ticket_history", ticket_id=OPEN_TICKET)
        assert error["kind"] == "scope_missing"
        assert error["details"]["missing"] == [["read"]]


async def test_a_ticket_that_is_not_there_is_explained(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("get_ticket_history", ticket_id=987_654_321)
        assert error["kind"] == "not_found"
        assert "deleted" in error["reason"]
