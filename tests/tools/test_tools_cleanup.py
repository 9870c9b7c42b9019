"""Closing and deleting after a human typed the number, and jobs that outlast a call."""

from __future__ import annotations

from typing import Any

import pytest

from asking import ERAS, call, declines, types, writes
from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.landmarks import (
    CLOSED_TICKET,
    HIDDEN_TEXT_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    PENDING_TICKET,
    SOLVED_TICKET,
)

pytestmark = pytest.mark.anyio

MERGE: dict[str, Any] = {
    "target_ticket_id": OPEN_TICKET,
    "source_ticket_ids": [NEW_TICKET, PENDING_TICKET],
}
TRUSTED: dict[str, Any] = {"scopes": "read write", "toolsets": "cleanup", "confirm": "client"}
LEAST = ("tickets:read", "tickets:write")


def status(sandbox: Sandbox, ticket: int) -> str:
    return str(sandbox.store.tickets[ticket]["status"])


# closing


@pytest.mark.parametrize("era", ERAS)
async def test_a_solved_ticket_is_closed_after_its_number_was_typed(era: str) -> None:
    sandbox = Sandbox()
    asked = await call(
        sandbox, "close_ticket", types(f"#{SOLVED_TICKET}"), era=era, ticket_id=SOLVED_TICKET
    )
    assert asked.answer["status"] == "closed"
    assert asked.answer["changes"] == [
        {"field": "status", "from": "solved", "to": "closed", "requested": True}
    ]
    assert "It can never be opened again" in asked.shown[0]
    assert "Subject: Invoice for NW-20533 without VAT number" in asked.shown[0]
    assert "Requester: Hannah Weiß <" in asked.shown[0]
    assert asked.shown[0].endswith(f"type the ticket's number: {SOLVED_TICKET}")
    assert writes(sandbox) == [f"PUT tickets/{SOLVED_TICKET}"]


@pytest.mark.parametrize("ticket", [OPEN_TICKET, NEW_TICKET, PENDING_TICKET])
async def test_only_solved_tickets_are_closed(open_workspace: OpenWorkspace, ticket: int) -> None:
    for confirm in ("client", "require"):
        async with open_workspace(**{**TRUSTED, "confirm": confirm}) as desk:
            error = await desk.fail("close_ticket", ticket_id=ticket)
            assert error["kind"] == "invalid_arguments"
            assert "update_ticket" in error["reason"]
            assert desk.sent("PUT") == []


async def test_a_closed_ticket_is_left_alone_and_nobody_is_asked() -> None:
    sandbox = Sandbox()
    asked = await call(sandbox, "close_ticket", declines, ticket_id=CLOSED_TICKET)
    assert asked.answer == {
        "ticket_id": CLOSED_TICKET,
        "status": "closed",
        "changes": [],
        "unchanged": ["status"],
    }
    assert asked.shown == writes(sandbox) == []


async def test_a_ticket_that_reopens_at_the_last_moment_is_not_closed(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        ticket = desk.sandbox.store.tickets[SOLVED_TICKET]

        def reopen() -> None:
            ticket.update(status="open", updated_at=stamp(desk.sandbox.clock()))

        desk.sandbox.faults.add("PUT", "/tickets/", 1, Fault(effect=reopen))
        error = await desk.fail("close_ticket", ticket_id=SOLVED_TICKET)
        assert error["kind"] == "conflict"
        assert error["outcome"] == "not_applied"
        assert ticket["status"] == "open"


async def test_a_ticket_that_the_automation_closes_first_is_closed(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        ticket = desk.sandbox.store.tickets[SOLVED_TICKET]
        close = Fault(effect=lambda: ticket.update(status="closed"))
        desk.sandbox.faults.add("PUT", "/tickets/", 1, close)
        answer = await desk.ask("close_ticket", ticket_id=SOLVED_TICKET)
        assert (answer["status"], answer["changes"]) == ("closed", [])


async def test_a_lost_answer_to_closing_is_looked_up(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("PUT", "/tickets/", 1, misfortunes.reset_after_write())
        answer = await desk.ask("close_ticket", ticket_id=SOLVED_TICKET)
        assert (answer["status"], answer["answer_was_lost"]) == ("closed", True)
        assert len(desk.sent("PUT")) == 1


async def test_a_lost_closing_that_did_not_happen_is_unknown(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("PUT", "/tickets/", 1, misfortunes.reset_before_write())
        error = await desk.fail("close_ticket", ticket_id=SOLVED_TICKET)
        assert error["outcome"] == "unknown"
        assert desk.sent("PUT") == [], "it was broken, and is not tried again"


# deleting


@pytest.mark.parametrize("era", ERAS)
async def test_a_ticket_is_deleted_and_the_way_back_is_said(era: str) -> None:
    sandbox = Sandbox()
    subject = sandbox.store.tickets[OPEN_TICKET]["subject"]
    asked = await call(sandbox, "delete_ticket", types(OPEN_TICKET), era=era, ticket_id=OPEN_TICKET)
    assert "30 days" in asked.answer["way_back"]
    assert asked.answer["subject"] == subject
    assert asked.answer["deleted"] is True
    assert "30 days" in asked.shown[0]
    assert writes(sandbox) == [f"DELETE tickets/{OPEN_TICKET}"]
    assert OPEN_TICKET in sandbox.store.deleted_tickets


async def test_another_number_deletes_nothing() -> None:
    sandbox = Sandbox()
    asked = await call(sandbox, "delete_ticket", types(NEW_TICKET), ticket_id=OPEN_TICKET)
    assert asked.error["kind"] == "confirmation_declined"
    assert writes(sandbox) == []


async def test_a_client_that_cannot_ask_deletes_nothing() -> None:
    sandbox = Sandbox()
    for tool, arguments in (
        ("delete_ticket", {"ticket_id": OPEN_TICKET}),
        ("close_ticket", {"ticket_id": SOLVED_TICKET}),
        ("merge_tickets", MERGE),
    ):
        asked = await call(sandbox, tool, None, **arguments)
        assert asked.error["kind"] == "confirmation_unavailable"
    assert writes(sandbox) == []


async def test_a_ticket_that_changed_while_the_human_typed_is_kept() -> None:
    sandbox = Sandbox()

    def meanwhile(_: str) -> Any:
        sandbox.store.tickets[OPEN_TICKET]["updated_at"] = stamp(sandbox.clock())
        return types(OPEN_TICKET)(_)

    asked = await call(sandbox, "delete_ticket", meanwhile, era="legacy", ticket_id=OPEN_TICKET)
    assert asked.error["kind"] == "conflict"
    assert writes(sandbox) == []


async def test_a_lost_answer_to_deleting_is_looked_up(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("DELETE", "/tickets/", 1, misfortunes.reset_after_write())
        answer = await desk.ask("delete_ticket", ticket_id=OPEN_TICKET)
        assert answer["answer_was_lost"] is True
        assert len(desk.sent("DELETE")) == 1
        desk.sandbox.faults.add("DELETE", "/tickets/", 1, misfortunes.reset_before_write())
        error = await desk.fail("delete_ticket", ticket_id=NEW_TICKET)
        assert error["outcome"] == "unknown"


async def test_only_zendesks_own_word_makes_a_ticket_deleted(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("DELETE", "/tickets/", 1, misfortunes.empty_answer())
        error = await desk.fail("delete_ticket", ticket_id=OPEN_TICKET)
        assert (error["kind"], error["outcome"]) == ("unreadable_response", "unknown")
        assert OPEN_TICKET in desk.sandbox.store.tickets


@pytest.mark.parametrize(
    ("tool", "method", "ticket"),
    [("close_ticket", "PUT", SOLVED_TICKET), ("delete_ticket", "DELETE", OPEN_TICKET)],
)
async def test_a_lost_answer_that_cannot_be_looked_up_is_unknown(
    open_workspace: OpenWorkspace, tool: str, method: str, ticket: int
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add(method, "/tickets/", 1, misfortunes.reset_after_write())
        desk.sandbox.faults.add("GET", "/tickets/", None, misfortunes.forbidden(), after=1)
        error = await desk.fail(tool, ticket_id=ticket)
        assert (error["kind"], error["outcome"]) == ("network_error", "unknown")


async def test_hidden_text_of_a_subject_does_not_come_through(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.store.tickets[HIDDEN_TEXT_TICKET]["subject"] = "a\u202eb\u200bc\nd"
        answer = await desk.ask("delete_ticket", ticket_id=HIDDEN_TEXT_TICKET)
        assert answer["subject"] == "abc d"


async def test_cleaning_up_needs_to_be_switched_on_and_scopes(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(scopes="read write") as desk:
        assert not {"merge_tickets", "delete_ticket", "close_ticket"} & set(await desk.tools())
    async with open_workspace(scopes="read", toolsets="cleanup") as desk:
        assert await desk.tools() == ["check_connection", "get_job_status"]
        assert (await desk.fail("delete_ticket", ticket_id=OPEN_TICKET))["kind"] == "scope_missing"
    sandbox = Sandbox()
    least = {**TRUSTED, "scopes": " ".join(LEAST), "token": sandbox.token(LEAST)}
    async with open_workspace(**least, sandbox=sandbox) as desk:
        await desk.ask("close_ticket", ticket_id=SOLVED_TICKET)
        await desk.ask("delete_ticket", ticket_id=OPEN_TICKET)


# jobs


async def test_a_job_is_looked_up_item_by_item(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.rules.job_phases = ("queued",)
        desk.sandbox.rules.job_seconds = 10_000
        left = await desk.ask(
            "update_tickets",
            ticket_ids=[OPEN_TICKET, CLOSED_TICKET],
            add_tags=["x"],
            status="pending",
        )
        before = await desk.ask("get_job_status", job_id=left["job_id"])
        assert before == {
            "job_id": left["job_id"],
            "kind": "Bulk Update Ticket",
            "status": "queued",
            "ended": False,
            "total": 2,
        }
        desk.sandbox.rules.job_phases = ("completed",)
        after = await desk.ask("get_job_status", job_id=left["job_id"])
        assert after == {
            "job_id": left["job_id"],
            "kind": "Bulk Update Ticket",
            "status": "completed",
            "ended": True,
            "total": 2,
            "succeeded": 1,
            "succeeded_ids": [OPEN_TICKET],
            "failed": [
                {
                    "id": CLOSED_TICKET,
                    "reason": "TicketUpdateFailed: Status: closed prevents ticket update",
                }
            ],
        }


@pytest.mark.parametrize(
    ("results", "shown"),
    [
        ({"success": True}, {"succeeded": 1}),
        ([{"index": 3, "error": "X\u202eFailed"}], {"failed": [{"index": 3, "reason": "XFailed"}]}),
        (
            [{"id": 7, "success": False}],
            {"failed": [{"id": 7, "reason": "Zendesk gives no reason"}]},
        ),
        (None, {"succeeded": 0}),
    ],
)
async def test_results_of_every_shape_are_read(
    open_workspace: OpenWorkspace, results: Any, shown: dict[str, Any]
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        job = {
            "id": "V3-1",
            "status": "completed",
            "total": 1,
            "message": "Done",
            "results": results,
        }
        fault = Fault(status=200, body={"job_status": job})
        desk.sandbox.faults.add("GET", "/job_statuses/", 1, fault)
        answer = await desk.ask("get_job_status", job_id="V3-1")
        assert answer.items() >= shown.items()
        assert "message" not in answer


async def test_a_job_that_failed_as_a_whole_says_why(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        job = {"id": "V3-1", "status": "killed", "message": "Too\u200b long", "results": None}
        fault = Fault(status=200, body={"job_status": job})
        desk.sandbox.faults.add("GET", "/job_statuses/", 1, fault)
        answer = await desk.ask("get_job_status", job_id="V3-1")
        assert (answer["ended"], answer["message"]) == (True, "Too long")


@pytest.mark.parametrize("job_id", ["", "..", "a/b", "x y", "é", "x" * 101])
async def test_what_is_no_job_id_is_refused(open_workspace: OpenWorkspace, job_id: str) -> None:
    async with open_workspace(**TRUSTED) as desk:
        error = await desk.fail("get_job_status", job_id=job_id)
        assert error["kind"] == "invalid_arguments"
        assert desk.sent() == []


async def test_a_forgotten_job_is_not_found(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        assert (await desk.fail("get_job_status", job_id="V3-old"))["kind"] == "not_found"
