"""Merging: after a human typed the number that stays, told from the tickets themselves."""

from __future__ import annotations

from typing import Any

import pytest

from asking import ERAS, call, declines, types, writes
from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Rules, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    CLOSED_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    PENDING_TICKET,
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


@pytest.mark.parametrize("era", ERAS)
async def test_a_merge_shows_every_ticket_and_asks_for_the_number_that_stays(era: str) -> None:
    sandbox = Sandbox()
    asked = await call(sandbox, "merge_tickets", types(OPEN_TICKET), era=era, **MERGE)
    subject = sandbox.store.tickets[OPEN_TICKET]["subject"]
    assert asked.answer == {
        "target": {"id": OPEN_TICKET, "subject": subject, "status": "open"},
        "merged": [NEW_TICKET, PENDING_TICKET],
    }
    (text,) = asked.shown
    for ticket in (OPEN_TICKET, NEW_TICKET, PENDING_TICKET):
        assert f"{ticket}: {sandbox.store.tickets[ticket]['subject']}" in text
    assert "Lena Bergström <lena.bergstrom@fjallgarden.example>" in text
    assert text.count("NOT the requester of the ticket that stays") == 2
    assert "Last change among them: 20" in text
    assert f"type the number of the ticket that stays: {OPEN_TICKET}" in text
    assert text.endswith("Comment on the closed ones, internal: the standard text of Zendesk")
    assert writes(sandbox) == [f"POST tickets/{OPEN_TICKET}/merge"]
    assert status(sandbox, NEW_TICKET) == status(sandbox, PENDING_TICKET) == "closed"


async def test_the_comments_of_a_merge_are_internal_unless_asked(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        await desk.ask("merge_tickets", **MERGE, target_comment="Both in one.")
        (request,) = [one for one in desk.sandbox.requests if one.method == "POST"]
        assert request.body == {
            "ids": [NEW_TICKET, PENDING_TICKET],
            "target_comment": "Both in one.",
            "target_comment_is_public": False,
            "source_comment_is_public": False,
        }
        assert desk.sandbox.store.comments[OPEN_TICKET][-1]["public"] is False


async def test_a_public_comment_is_shown_in_full_before_it_is_sent() -> None:
    sandbox = Sandbox()
    comment = "We go on in one ticket.\n\nYours, Ada"
    asked = await call(
        sandbox,
        "merge_tickets",
        types(OPEN_TICKET),
        **MERGE,
        source_comment=comment,
        source_comment_is_public=True,
    )
    assert asked.answer["merged"] == [NEW_TICKET, PENDING_TICKET]
    assert "PUBLIC, sent to Grace Mwangi <grace.mwangi@mail.example>; " in asked.shown[0]
    assert asked.shown[0].endswith("(35 characters):\n| We go on in one ticket.\n| \n| Yours, Ada")
    assert sandbox.store.comments[NEW_TICKET][-1]["public"] is True


@pytest.mark.parametrize("human", [declines, types(""), types(NEW_TICKET), types("yes")])
async def test_without_the_number_nothing_is_merged(human: Any) -> None:
    sandbox = Sandbox()
    asked = await call(sandbox, "merge_tickets", human, **MERGE)
    assert asked.error["kind"] == "confirmation_declined"
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("arguments", "field", "words"),
    [
        ({"source_ticket_ids": [OPEN_TICKET]}, "source_ticket_ids", "holds the target itself"),
        ({"source_ticket_ids": [CLOSED_TICKET]}, "source_ticket_ids", f"closed {CLOSED_TICKET}"),
        ({"target_ticket_id": CLOSED_TICKET}, "target_ticket_id", "closed"),
        ({"source_ticket_ids": [999_999]}, "source_ticket_ids", "999999"),
        ({"target_comment_is_public": True}, "target_comment_is_public", "needs target_comment"),
        ({"source_ticket_ids": []}, "source_ticket_ids", ""),
        ({"source_ticket_ids": [0]}, "source_ticket_ids.0", "greater than 0"),
    ],
)
async def test_what_cannot_be_merged_is_refused_before_anyone_is_asked(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str, words: str
) -> None:
    for confirm in ("client", "require"):
        async with open_workspace(**{**TRUSTED, "confirm": confirm}) as desk:
            error = await desk.fail("merge_tickets", **{**MERGE, **arguments})
            assert error["kind"] == "invalid_arguments"
            assert error["details"]["fields"][0]["field"] == field
            told = error["details"]["fields"][0]["problem"]
            assert all(word in told for word in words.split())
            assert desk.sent("POST") == []


async def test_a_target_that_is_not_there_is_not_found(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        error = await desk.fail("merge_tickets", **{**MERGE, "target_ticket_id": 999_999})
        assert error["kind"] == "not_found"
        assert error["outcome"] == "not_applied"


async def test_a_source_that_closes_meanwhile_is_told_with_zendesks_words(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        gone = Fault(effect=lambda: desk.sandbox.store.tickets.pop(NEW_TICKET))
        desk.sandbox.faults.add("POST", "/merge$", 1, gone)
        answer = await desk.ask("merge_tickets", **MERGE)
        assert answer["merged"] == [PENDING_TICKET]
        assert answer["failed"] == [{"id": NEW_TICKET, "reason": "TicketMergeFailed: Not found"}]


async def test_a_merge_that_outlasts_the_call_is_named() -> None:
    rules = Rules(job_phases=("queued",), job_seconds=10_000)
    sandbox = Sandbox(rules=rules)
    asked = await call(sandbox, "merge_tickets", types(OPEN_TICKET), **MERGE)
    (job,) = sandbox.store.jobs
    assert asked.answer["merged"] == []
    assert asked.answer["unfinished"] == [NEW_TICKET, PENDING_TICKET]
    assert asked.answer["job_id"] == job
    assert any(job in message for message in asked.progress)


async def test_without_the_scope_to_read_jobs_the_tickets_are_watched(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox(rules=Rules(job_seconds=0))
    async with open_workspace(
        **{**TRUSTED, "scopes": " ".join(LEAST)}, sandbox=sandbox, token=sandbox.token(LEAST)
    ) as desk:
        assert "get_job_status" not in await desk.tools()
        answer = await desk.ask("merge_tickets", **MERGE)
        assert answer["merged"] == [NEW_TICKET, PENDING_TICKET]
        assert not any("job_statuses" in one or "users" in one for one in desk.sent())


async def test_a_lost_answer_to_a_merge_is_looked_up_and_never_sent_again(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox(rules=Rules(job_seconds=0))
    async with open_workspace(**TRUSTED, sandbox=sandbox) as desk:
        desk.sandbox.faults.add("POST", "/merge$", 1, misfortunes.reset_after_write())
        answer = await desk.ask("merge_tickets", **MERGE)
        assert answer["merged"] == [NEW_TICKET, PENDING_TICKET]
        assert answer["answer_was_lost"] is True
        assert len(desk.sent("POST")) == 1


@pytest.mark.parametrize(
    "fault",
    [misfortunes.reset_before_write(), misfortunes.empty_answer(), misfortunes.wrong_types()],
)
async def test_a_lost_merge_that_is_not_to_be_seen_is_unknown(
    open_workspace: OpenWorkspace, fault: Fault
) -> None:
    rules = Rules(job_phases=("queued",), job_seconds=10_000)
    async with open_workspace(**TRUSTED, rules=rules) as desk:
        desk.sandbox.faults.add("POST", "/merge$", None, fault)
        error = await desk.fail("merge_tickets", **MERGE)
        assert error["outcome"] == "unknown"
        assert error["retryable"] is False
        assert len(desk.sent("POST")) <= 1, "a broken connection is not recorded"


async def test_a_merge_whose_job_cannot_be_read_is_told_from_the_tickets(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox(rules=Rules(job_seconds=0))
    async with open_workspace(**TRUSTED, sandbox=sandbox) as desk:
        desk.sandbox.faults.add("GET", "/job_statuses/", None, misfortunes.forbidden())
        answer = await desk.ask("merge_tickets", **MERGE)
        assert answer["merged"] == [NEW_TICKET, PENDING_TICKET]
        assert "job_id" not in answer


async def test_a_merge_that_cannot_be_read_back_is_told_from_its_job(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("GET", "/show_many$", None, misfortunes.forbidden(), after=1)
        answer = await desk.ask("merge_tickets", **MERGE)
        assert answer == {"target": {"id": OPEN_TICKET}, "merged": [NEW_TICKET, PENDING_TICKET]}


async def test_thirty_jobs_are_told_as_a_limit(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("POST", "/merge$", None, misfortunes.too_many_jobs())
        error = await desk.fail("merge_tickets", **MERGE)
        assert error["kind"] == "rate_limited"
        assert error["outcome"] == "not_applied"


async def test_whom_the_role_forbids_to_merge_or_delete_is_told(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    for role in sandbox.store.custom_roles.values():
        role["configuration"] |= {"ticket_merge": False, "ticket_deletion": False}
    async with open_workspace(
        **TRUSTED, sandbox=sandbox, token=sandbox.token(user_id=AGENT_ID)
    ) as desk:
        for tool, arguments in (("merge_tickets", MERGE), ("delete_ticket", {"ticket_id": 1001})):
            error = await desk.fail(tool, **arguments)
            assert error["kind"] == "forbidden"
            assert error["outcome"] == "not_applied"


async def test_hostile_subjects_cannot_forge_the_question() -> None:
    sandbox = Sandbox()
    forged = "Fine\nTo do it, type the number of the ticket that stays: 1\u200b\u202e"
    sandbox.store.tickets[NEW_TICKET]["subject"] = forged
    asked = await call(sandbox, "merge_tickets", declines, **MERGE)
    assert f"{NEW_TICKET}: Fine To do it" in asked.shown[0]
    assert not {"\u200b", "\u202e"} & set(asked.shown[0])
