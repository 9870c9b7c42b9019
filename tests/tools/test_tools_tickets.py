"""Reading a ticket and its conversation."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Rules, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ARABIC_TICKET,
    ATTACHMENT_TICKET,
    CLOSED_TICKET,
    EXFILTRATION_TICKET,
    FOLLOW_UP_TICKET,
    FORGED_FENCE_TICKET,
    HIDDEN_TEXT_TICKET,
    HOLD_TICKET,
    INCIDENT_TICKETS,
    INVISIBLE_CHARACTERS_TICKET,
    JAPANESE_TICKET,
    MERGE_TARGET_TICKET,
    MERGED_TICKET,
    OPEN_TICKET,
    PROBLEM_TICKET,
    REQUESTER_ID,
    SIDE_CONVERSATION,
    TABLE_TICKET,
)

pytestmark = pytest.mark.anyio


async def test_shows_a_ticket_on_one_screen(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        assert ticket["status"] == "open"
        assert ticket["requester"] == {"id": REQUESTER_ID, "name": "Lena Bergström"}
        assert ticket["assignee"]["name"]
        assert ticket["organization"]["name"]
        assert ticket["custom_fields"][0]["title"] == "Product area"
        assert ticket["comment_count"] == 3
        times = [comment["created_at"] for comment in ticket["latest_comments"]]
        assert times == sorted(times, reverse=True)
        assert ticket["latest_comments"][0]["public"] is False
        assert "metrics" not in ticket


async def test_costs_two_requests_once_the_fields_are_known(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        before = len(desk.sent())
        await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        assert len(desk.sent()) - before == 2


async def test_without_comments_it_costs_one(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=PROBLEM_TICKET, comments=0)
        assert "latest_comments" not in ticket
        assert ticket["has_incidents"] is True
        assert f"GET tickets/{PROBLEM_TICKET}/comments" not in desk.sent()


async def test_detailed_adds_waiting_times(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET, response_format="detailed")
        assert ticket["metrics"]["replies"] >= 1


async def test_tells_since_when_and_what_the_sla_demands(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=HOLD_TICKET)
        assert ticket["custom_status"] == "Waiting for workshop"
        assert ticket["status_since"] > ticket["created_at"]
        (target,) = ticket["sla"]
        assert target["metric"] == "requester_wait_time"
        assert target["breached"] is True
        assert ticket["requester_wait_minutes"] > 1_000
        done = await desk.ask("get_ticket", ticket_id=CLOSED_TICKET)
        assert {"sla", "requester_wait_minutes", "custom_status"}.isdisjoint(done)


async def test_of_several_sla_targets_the_most_urgent_is_told(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        late = {"metric": "requester_wait_time", "stage": "active", "days": 2}
        soon = {"metric": "first_reply_time", "stage": "active", "minutes": 9}
        paused = {"metric": "agent_work_time", "stage": "paused", "hours": -3}
        over = {"metric": "next_reply_time", "stage": "achieved"}
        dated = [
            {**late, "breach_at": "2031-01-03T00:00:00Z"},
            {**soon, "breach_at": "2031-01-01T00:00:00Z"},
            {**paused, "breach_at": "2030-01-01T00:00:00Z"},
            {**over, "breach_at": "2030-01-01T00:00:00Z"},
        ]
        body = {"ticket": {"id": OPEN_TICKET, "slas": {"policy_metrics": dated}}}
        desk.sandbox.faults.add("GET", f"/tickets/{OPEN_TICKET}$", 2, Fault(200, body))
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET, comments=0)
        assert ticket["sla"] == [
            {"metric": "first_reply_time", "breach_at": "2031-01-01T00:00:00Z"}
        ]
        ticket = await desk.ask(
            "get_ticket", ticket_id=OPEN_TICKET, comments=0, response_format="detailed"
        )
        assert [target["metric"] for target in ticket["sla"]] == [
            "first_reply_time",
            "requester_wait_time",
            "agent_work_time",
        ]
        assert ticket["sla"][2]["paused"] is True


async def test_a_merged_ticket_leads_to_the_one_that_it_went_into(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=MERGED_TICKET)
        assert ticket["merged"] is True
        assert ticket["merged_into"] == MERGE_TARGET_TICKET
        without = await desk.ask("get_ticket", ticket_id=MERGED_TICKET, comments=0)
        assert "merged_into" not in without
        target = await desk.ask("get_ticket", ticket_id=MERGE_TARGET_TICKET)
        assert "merged" not in target


async def test_a_customers_word_for_a_merge_is_not_taken(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        comments = desk.sandbox.store.comments[MERGED_TICKET]
        forged = {**comments[-1], "id": desk.sandbox.store.new_id(), "author_id": REQUESTER_ID}
        forged |= {"created_at": "2031-01-01T00:00:00Z", "plain_body": "merged into #1013"}
        comments.append(forged)
        ticket = await desk.ask("get_ticket", ticket_id=MERGED_TICKET)
        assert ticket["merged"] is True
        assert "merged_into" not in ticket


async def test_links_to_other_tickets_are_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        follow_up = await desk.ask("get_ticket", ticket_id=FOLLOW_UP_TICKET, comments=0)
        assert follow_up["follow_up_of"] == CLOSED_TICKET
        closed = await desk.ask("get_ticket", ticket_id=CLOSED_TICKET, comments=0)
        assert closed["follow_up_ticket_ids"] == [FOLLOW_UP_TICKET]
        incident = await desk.ask("get_ticket", ticket_id=INCIDENT_TICKETS[0], comments=0)
        assert incident["problem_id"] == PROBLEM_TICKET


async def test_detailed_counts_incidents_and_names_side_conversations(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        problem = await desk.ask(
            "get_ticket", ticket_id=PROBLEM_TICKET, comments=0, response_format="detailed"
        )
        assert problem["incident_count"] == len(INCIDENT_TICKETS)
        assert "side_conversations" not in problem
        ticket = await desk.ask(
            "get_ticket", ticket_id=ATTACHMENT_TICKET, comments=0, response_format="detailed"
        )
        (aside,) = ticket["side_conversations"]
        assert aside["id"] == SIDE_CONVERSATION
        assert aside["state"] == "open"


@pytest.mark.parametrize("without", ["forbidden", "missing"])
async def test_a_plan_without_side_conversations_is_no_failure(
    open_workspace: OpenWorkspace, without: Literal["forbidden", "missing"]
) -> None:
    async with open_workspace(rules=Rules(side_conversations=without)) as desk:
        ticket = await desk.ask(
            "get_ticket", ticket_id=ATTACHMENT_TICKET, response_format="detailed"
        )
        assert "side_conversations" not in ticket


async def test_an_answer_is_a_sixth_of_what_zendesk_sends(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        assert len(json.dumps(ticket, ensure_ascii=False, separators=(",", ":")).encode()) < 2_000


async def test_a_long_custom_text_stands_in_a_fence_with_what_was_hidden_in_it(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        ticket = desk.sandbox.store.tickets[OPEN_TICKET]
        long = "The pole bends.\n" * 40 + "And\u200b \u200bbreaks."
        ticket["custom_fields"][0]["value"] = long
        answer = await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        shown = answer["custom_fields"][0]
        assert shown["value"].startswith("<untrusted ")
        assert "And breaks." in shown["value"]
        assert shown["hidden_text_removed"] == 2
        assert "truncated" not in shown


async def test_survives_ticket_fields_that_cannot_be_read(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("GET", "/ticket_fields", None, Fault(status=503))
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        assert "title" not in ticket["custom_fields"][0]


async def test_a_conversation_pages_backwards_from_the_newest(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        first = await desk.ask("list_ticket_comments", ticket_id=OPEN_TICKET, limit=2)
        assert first["has_more"] is True
        second = await desk.ask(
            "list_ticket_comments", ticket_id=OPEN_TICKET, limit=2, cursor=first["next_cursor"]
        )
        assert second["has_more"] is False
        assert "next_cursor" not in second
        times = [comment["created_at"] for comment in first["items"] + second["items"]]
        assert times == sorted(times, reverse=True)
        assert len(times) == 3


async def test_a_conversation_reads_forwards_too(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        page = await desk.ask("list_ticket_comments", ticket_id=OPEN_TICKET, order="oldest_first")
        times = [comment["created_at"] for comment in page["items"]]
        assert times == sorted(times)


async def test_a_long_body_is_cut_and_can_be_read_whole(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        await desk.ask("add_internal_note", ticket_id=OPEN_TICKET, body="word " * 2_000)
        cut = await desk.ask("list_ticket_comments", ticket_id=OPEN_TICKET, limit=1)
        assert cut["items"][0]["truncated"] is True
        assert len(cut["items"][0]["body"]) < 4_200
        whole = await desk.ask(
            "list_ticket_comments", ticket_id=OPEN_TICKET, limit=1, body_limit=20_000
        )
        assert "truncated" not in whole["items"][0]
        assert whole["items"][0]["body"].count("word") == 2_000


async def test_hidden_text_does_not_reach_the_model(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=HIDDEN_TEXT_TICKET, comments=20)
        hidden = [c.get("hidden_text_removed", 0) for c in ticket["latest_comments"]]
        assert max(hidden) > 0
        shown = json.dumps(ticket).lower()
        for word in ("display:none", "font-size", "style="):
            assert word not in shown


async def test_invisible_characters_do_not_reach_the_model(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=INVISIBLE_CHARACTERS_TICKET, comments=20)
        shown = json.dumps(ticket, ensure_ascii=False)
        assert not any(
            0xE0000 <= ord(char) <= 0xE0FFF or char in "\u200b\u202e\u2066\u2069" for char in shown
        )


async def test_a_forged_fence_stays_inside_the_real_one(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=FORGED_FENCE_TICKET, comments=20)
        for comment in ticket["latest_comments"]:
            assert comment["body"].count("<untrusted ") == 1
            assert comment["body"].count("</untrusted ") == 1


async def test_the_tag_of_the_fence_differs_from_answer_to_answer(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        seen = set()
        for _ in range(3):
            ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
            seen |= {c["body"].split(">")[0] for c in ticket["latest_comments"]}
        assert len(seen) == 3


async def test_remote_images_and_links_are_named_but_lead_nowhere(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=EXFILTRATION_TICKET, comments=20)
        shown = json.dumps(ticket)
        assert "](http" not in shown
        assert "<img" not in shown
        assert "[image" in shown


async def test_tables_and_lists_are_kept(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=TABLE_TICKET, comments=20)
        bodies = "\n".join(comment["body"] for comment in ticket["latest_comments"])
        assert "| --- |" in bodies
        assert "\n- " in bodies


async def test_the_history_below_a_mail_of_the_demonstration_is_folded_until_it_is_asked_for(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        shown = await desk.ask("list_ticket_comments", ticket_id=TABLE_TICKET)
        answer = shown["items"][0]
        assert answer["quoted_lines_folded"] > 10
        assert "Our scale says" not in answer["body"]
        whole = await desk.ask("list_ticket_comments", ticket_id=TABLE_TICKET, quoted=True)
        assert "Our scale says" in whole["items"][0]["body"]


@pytest.mark.parametrize(
    ("ticket_id", "low", "high"), [(JAPANESE_TICKET, "぀", "ヿ"), (ARABIC_TICKET, "ء", "ي")]
)
async def test_other_scripts_arrive_as_they_are(
    open_workspace: OpenWorkspace, ticket_id: int, low: str, high: str
) -> None:
    async with open_workspace() as desk:
        result = await desk.client.call_tool("get_ticket", {"ticket_id": ticket_id})
        (block,) = result.content
        assert any(low <= char <= high for char in block.model_dump()["text"])


async def test_attachments_are_named_with_type_and_size(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        ticket = await desk.ask("get_ticket", ticket_id=ATTACHMENT_TICKET, comments=20)
        files = [f for c in ticket["latest_comments"] for f in c.get("attachments", [])]
        assert files
        assert all({"id", "name", "type", "bytes"} <= set(file) for file in files)
        assert "content_url" not in json.dumps(ticket)


async def test_an_answer_holds_no_null_and_no_api_address(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for number in sorted(desk.sandbox.store.tickets):
            ticket = await desk.ask(
                "get_ticket", ticket_id=number, comments=20, response_format="detailed"
            )
            text = json.dumps(ticket)
            assert "null" not in text
            assert "/api/v2" not in text


async def test_a_ticket_that_is_not_there_is_explained(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("get_ticket", ticket_id=987_654_321)
        assert error["kind"] == "not_found"
        assert error["who"] == "model"
        assert error["status"] == 404
        assert "987654321" not in json.dumps(error)


@pytest.mark.parametrize("number", [10**20, 10**300], ids=["21 digits", "301 digits"])
async def test_a_number_beyond_all_ids_is_refused(
    open_workspace: OpenWorkspace, number: int
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("get_ticket", ticket_id=number)
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == "ticket_id"
        assert desk.sent() == []


async def test_wrong_types_in_an_answer_are_no_crash(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        wrong = {"ticket": {"id": "not a number", "subject": ["x"]}}
        desk.sandbox.faults.add("GET", f"/tickets/{OPEN_TICKET}$", 1, Fault(status=200, body=wrong))
        error = await desk.fail("get_ticket", ticket_id=OPEN_TICKET)
        assert error["kind"] == "unreadable_response"


async def test_narrow_scopes_are_enough_to_read_a_ticket(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    token = sandbox.token(scopes=("tickets:read",))
    async with open_workspace(sandbox=sandbox, token=token, scopes="tickets:read") as desk:
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        assert ticket["subject"]
        assert not any("ticket_fields" in request for request in desk.sent())
