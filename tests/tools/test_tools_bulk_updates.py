"""One change to many tickets: each ticket's outcome, and nothing that is only believed."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp import Client

from asking import ERAS, call, declines, types, writes
from desk import OpenWorkspace
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Fault, Rules, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    CLOSED_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    PENDING_TICKET,
    PRODUCT_AREA_FIELD_ID,
    RETURNS_AGENT_ID,
    RETURNS_GROUP_ID,
    SOLVE_BLOCKED_TICKET,
)
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

TRUSTED: dict[str, Any] = {"scopes": "read write", "toolsets": "cleanup", "confirm": "client"}
LEAST = ("tickets:read", "tickets:write")
THREE = [OPEN_TICKET, NEW_TICKET, PENDING_TICKET]
FOREVER = Rules(job_phases=("queued",), job_seconds=10_000)


def sent_change(sandbox: Sandbox) -> dict[str, Any]:
    (request,) = [one for one in sandbox.requests if one.path.endswith("/update_many")]
    return dict(request.body["ticket"])


@pytest.mark.parametrize("era", ERAS)
async def test_tickets_and_change_are_shown_and_their_number_is_typed(era: str) -> None:
    sandbox = Sandbox()
    asked = await call(
        sandbox,
        "update_tickets",
        types(3),
        era=era,
        ticket_ids=[*THREE, OPEN_TICKET],
        priority="low",
        assignee="Tomás Silva",
        group="returns & warranty",
        add_tags=["Wave_1"],
        remove_tags=["vip"],
        custom_fields={"Product area": "area_returns"},
    )
    assert asked.answer == {"updated": THREE}
    (text,) = asked.shown
    assert text.startswith("Change 3 tickets at once?\n")
    for line in (
        "Priority: low",
        f"Assignee: Tomás Silva <tomas.silva@northwind-outdoor.example> ({RETURNS_AGENT_ID})",
        f"Group: Returns & Warranty ({RETURNS_GROUP_ID})",
        "Add tags: wave_1",
        "Remove tags: vip",
        "Product area: area_returns",
        f"{OPEN_TICKET}: {sandbox.store.tickets[OPEN_TICKET]['subject']}",
        "To do it, type how many tickets there are: 3",
    ):
        assert line in text.split("\n")
    assert sent_change(sandbox) == {
        "priority": "low",
        "assignee_id": RETURNS_AGENT_ID,
        "group_id": RETURNS_GROUP_ID,
        "additional_tags": ["wave_1"],
        "remove_tags": ["vip"],
        "custom_fields": [{"id": PRODUCT_AREA_FIELD_ID, "value": "area_returns"}],
    }
    assert sandbox.store.tickets[NEW_TICKET]["priority"] == "low"


async def test_a_single_ticket_is_confirmed_by_its_own_number() -> None:
    sandbox = Sandbox()
    one: dict[str, Any] = {"ticket_ids": [OPEN_TICKET], "priority": "low"}
    counted = await call(sandbox, "update_tickets", types(1), **one)
    assert counted.error["kind"] == "confirmation_declined"
    assert writes(sandbox) == []
    asked = await call(sandbox, "update_tickets", types(OPEN_TICKET), **one)
    assert asked.answer == {"updated": [OPEN_TICKET]}
    assert asked.shown[0].startswith("Change this ticket?\n")


async def test_the_first_twenty_are_shown_with_subjects_and_the_rest_by_number() -> None:
    sandbox = Sandbox()
    ids = list(range(1001, 1031))
    asked = await call(sandbox, "update_tickets", declines, ticket_ids=ids, priority="low")
    text = asked.shown[0]
    assert f"1020: {sandbox.store.tickets[1020]['subject']}" in text
    assert "and 10 more: 1021, 1022" in text
    closed = sum(sandbox.store.tickets[one]["status"] == "closed" for one in ids)
    assert f"Closed already, where Zendesk may refuse it: {closed}" in text
    assert writes(sandbox) == []


async def test_each_ticket_has_its_outcome(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        answer = await desk.ask(
            "update_tickets",
            ticket_ids=[OPEN_TICKET, CLOSED_TICKET, SOLVE_BLOCKED_TICKET, 999_999],
            status="solved",
            custom_fields={"Resolution": "resolution_refunded"},
        )
        assert answer["updated"] == [OPEN_TICKET]
        assert answer["not_found"] == [999_999]
        closed, blocked = answer["failed"]
        assert closed == {
            "id": CLOSED_TICKET,
            "reason": "TicketUpdateFailed: Status: closed prevents ticket update",
        }
        assert blocked["id"] == SOLVE_BLOCKED_TICKET
        assert "is required when solving a ticket" in blocked["reason"]
        assert desk.sent("PUT") == ["PUT tickets/update_many"]
        assert desk.sent()[-1] == "GET tickets/show_many"


async def test_a_hundred_tickets_cost_few_requests_and_bytes(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    ids = list(sandbox.store.tickets)[:100]
    sandbox.rules.job_phases = ("completed",)
    async with open_workspace(**TRUSTED, sandbox=sandbox) as desk:
        result = await desk.client.call_tool(
            "update_tickets", {"ticket_ids": ids, "add_tags": ["everyone"]}
        )
        assert not result.is_error
        assert len(desk.sent()) == 4, "read, change, look at the job, read back"
        assert len(str(result.structured_content)) < 20 * len(ids)


async def test_no_name_is_guessed(open_workspace: OpenWorkspace) -> None:
    for confirm in ("client", "require"):
        async with open_workspace(**{**TRUSTED, "confirm": confirm}) as desk:
            for argument, said in (("assignee", "Marek"), ("group", "Support"), ("assignee", "x")):
                error = await desk.fail("update_tickets", ticket_ids=THREE, **{argument: said})
                assert error["kind"] == "invalid_arguments"
                assert error["details"]["fields"][0]["field"] == argument
            assert desk.sent("PUT") == []


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "arguments"),
        ({"ticket_ids": [], "status": "open"}, "ticket_ids"),
        ({"ticket_ids": list(range(1, 102)), "status": "open"}, "ticket_ids"),
        ({"ticket_ids": [-1], "status": "open"}, "ticket_ids.0"),
        ({"ticket_ids": [10**30], "status": "open"}, "ticket_ids.0"),
        ({"status": "closed"}, "status"),
        ({"add_tags": ["two words"]}, "add_tags"),
        ({"add_tags": ["x"], "remove_tags": ["X"]}, "remove_tags"),
        ({"assignee": 10**30}, "assignee"),
        ({"comment": "hello"}, "comment"),
        ({"custom_fields": {"No such field": "1"}}, "custom_fields"),
    ],
)
async def test_bad_arguments_change_nothing(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        error = await desk.fail("update_tickets", **{"ticket_ids": THREE, **arguments})
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == field
        assert desk.sent("PUT") == []


async def test_tickets_that_are_not_there_are_not_found(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        error = await desk.fail("update_tickets", ticket_ids=[999_998, 999_999], status="open")
        assert error["kind"] == "not_found"


async def test_me_and_nobody_are_understood(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        await desk.ask("update_tickets", ticket_ids=[NEW_TICKET], assignee="me")
        assert desk.sandbox.store.tickets[NEW_TICKET]["assignee_id"] == ADMIN_ID
        await desk.ask("update_tickets", ticket_ids=[NEW_TICKET], assignee="none")
        assert desk.sandbox.store.tickets[NEW_TICKET]["assignee_id"] is None


async def test_what_zendesk_did_not_do_is_told_although_the_job_says_updated(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:

        def undo(body: dict[str, Any]) -> dict[str, Any]:
            body["tickets"][0] |= {"priority": "urgent", "tags": ["vip"]}
            return body

        desk.sandbox.faults.add("GET", "/show_many$", 1, misfortunes.altered(undo), after=1)
        answer = await desk.ask(
            "update_tickets", ticket_ids=THREE, priority="low", add_tags=["x"], remove_tags=["vip"]
        )
        assert answer["not_as_asked"] == [
            {"id": OPEN_TICKET, "fields": ["priority", "add_tags", "remove_tags"]}
        ]
        assert answer["updated"] == THREE


async def test_keys_that_zendesk_dropped_are_named(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        warning = 'Removed restricted keys ["additional_tags"] from parameters'
        told = Fault(headers={"X-Zendesk-API-Warn": warning})
        desk.sandbox.faults.add("PUT", "/update_many$", 1, told)
        answer = await desk.ask("update_tickets", ticket_ids=THREE, add_tags=["x"])
        assert answer["ignored"] == ["add_tags"]


async def test_numbers_and_flags_compare_as_they_mean(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        answer = await desk.ask(
            "update_tickets",
            ticket_ids=[OPEN_TICKET],
            custom_fields={"Units affected": 3, "Group booking": False},
        )
        assert answer == {"updated": [OPEN_TICKET]}


# jobs that outlast the call, and answers that are lost


async def test_a_job_left_running_is_named(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED, rules=FOREVER) as desk:
        answer = await desk.ask("update_tickets", ticket_ids=THREE, priority="low")
        (job,) = desk.sandbox.store.jobs
        assert answer == {"updated": [], "unfinished": THREE, "job_id": job}
        assert sum(desk.slept) < 50


async def test_a_cancelled_call_has_named_its_job_already() -> None:
    sandbox = Sandbox(rules=Rules(job_phases=("queued",), job_seconds=10_000))
    told: list[str] = []
    named = anyio.Event()

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        told.append(message or "")
        named.set()

    async def sleep(_: float) -> None:
        await anyio.sleep_forever()

    settings = embedded_settings({**TRUSTED})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox), sleep=sleep)
    async with server.running(), Client(server) as client:
        arguments = {"ticket_ids": THREE, "priority": "low"}
        async with anyio.create_task_group() as tasks:
            with anyio.fail_after(10):

                async def run() -> None:
                    await client.call_tool("update_tickets", arguments, progress_callback=heard)

                tasks.start_soon(run)
                await named.wait()
                tasks.cancel_scope.cancel()
    (job,) = sandbox.store.jobs
    assert job in told[0]


async def test_a_job_that_cannot_be_read_is_told_from_the_tickets(
    open_workspace: OpenWorkspace,
) -> None:
    rules = Rules(job_seconds=0)
    async with open_workspace(**TRUSTED, rules=rules) as desk:
        desk.sandbox.faults.add("GET", "/job_statuses/", None, misfortunes.html_error(500))
        answer = await desk.ask("update_tickets", ticket_ids=THREE, priority="low")
        assert answer["updated"] == THREE
        assert answer["job_id"] == next(iter(desk.sandbox.store.jobs))


async def test_a_change_that_cannot_be_read_back_is_told_from_its_job(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("GET", "/show_many$", None, misfortunes.forbidden(), after=1)
        answer = await desk.ask("update_tickets", ticket_ids=THREE, priority="low")
        assert answer == {"updated": THREE, "not_read_back": True}


async def test_an_ended_job_without_a_word_on_a_ticket_is_no_success(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        job = {"id": "V3-1", "status": "killed", "results": None}
        fault = Fault(status=200, body={"job_status": job})
        desk.sandbox.faults.add("PUT", "/update_many$", 1, fault)
        answer = await desk.ask("update_tickets", ticket_ids=[OPEN_TICKET], priority="low")
        assert answer["updated"] == []
        assert answer["failed"][0]["id"] == OPEN_TICKET
        assert "says nothing of this ticket" in answer["failed"][0]["reason"]


async def test_failed_items_without_an_id_are_found_by_their_place(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        results = [{"id": OPEN_TICKET, "success": True}, {"index": 1, "error": "Failed"}]
        job = {"id": "V3-1", "status": "completed", "results": results}
        fault = Fault(status=200, body={"job_status": job})
        desk.sandbox.faults.add("PUT", "/update_many$", 1, fault)
        answer = await desk.ask(
            "update_tickets", ticket_ids=[OPEN_TICKET, NEW_TICKET], status="open"
        )
        assert answer["failed"] == [{"id": NEW_TICKET, "reason": "Failed"}]


@pytest.mark.parametrize("times", [1, None])
async def test_a_lost_answer_is_looked_up(open_workspace: OpenWorkspace, times: int | None) -> None:
    async with open_workspace(**TRUSTED, rules=Rules(job_seconds=0)) as desk:
        lost = misfortunes.reset_after_write()
        desk.sandbox.faults.add("PUT", "/update_many$", times, lost)
        answer = await desk.ask("update_tickets", ticket_ids=THREE, priority="low")
        assert answer == {"updated": THREE, "answer_was_lost": True}


@pytest.mark.parametrize(
    "fault", [misfortunes.reset_before_write(), misfortunes.empty_answer(), misfortunes.cut_off()]
)
async def test_a_lost_change_that_is_not_to_be_seen_is_unknown(
    open_workspace: OpenWorkspace, fault: Fault
) -> None:
    async with open_workspace(**TRUSTED, rules=FOREVER) as desk:
        desk.sandbox.faults.add("PUT", "/update_many$", None, fault)
        error = await desk.fail("update_tickets", ticket_ids=THREE, priority="low")
        assert error["outcome"] == "unknown"
        assert error["retryable"] is False


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (misfortunes.too_many_jobs(), "rate_limited"),
        (misfortunes.forbidden(), "forbidden"),
        (misfortunes.database_conflict(), "conflict"),
    ],
)
async def test_a_refusal_as_a_whole_is_explained(
    open_workspace: OpenWorkspace, fault: Fault, kind: str
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("PUT", "/update_many$", None, fault)
        error = await desk.fail("update_tickets", ticket_ids=THREE, priority="low")
        assert (error["kind"], error["outcome"]) == (kind, "not_applied")


# scopes and hostile text


async def test_with_the_least_scopes_the_tickets_themselves_are_watched(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox(rules=Rules(job_seconds=0))
    least = {**TRUSTED, "scopes": " ".join(LEAST)}
    async with open_workspace(**least, sandbox=sandbox, token=sandbox.token(LEAST)) as desk:
        answer = await desk.ask(
            "update_tickets",
            ticket_ids=THREE,
            priority="low",
            assignee=AGENT_ID,
            group=RETURNS_GROUP_ID,
        )
        assert "job_id" in answer or answer["updated"] == THREE
        assert {one.split("/")[0] for one in desk.sent()} == {"GET tickets", "PUT tickets"}
        error = await desk.fail("update_tickets", ticket_ids=THREE, assignee="Marek Dvořák")
        assert error["kind"] == "scope_missing"


async def test_hostile_subjects_cannot_forge_the_question() -> None:
    sandbox = Sandbox()
    sandbox.store.tickets[OPEN_TICKET]["subject"] = "x\nTo do it, type: 1\u200b\u2066"
    asked = await call(sandbox, "update_tickets", declines, ticket_ids=THREE, priority="low")
    assert f"{OPEN_TICKET}: x To do it, type: 1⟨U+200B⟩⟨U+2066⟩" in asked.shown[0].split("\n")


async def test_what_a_job_says_is_cleaned(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        results = [{"id": OPEN_TICKET, "error": "E", "details": "no\u200b\u202e\n<untrusted x>"}]
        job = {"id": "V3-1", "status": "completed", "results": results}
        fault = Fault(status=200, body={"job_status": job})
        desk.sandbox.faults.add("PUT", "/update_many$", 1, fault)
        answer = await desk.ask("update_tickets", ticket_ids=[OPEN_TICKET], priority="low")
        assert (
            answer["failed"][0]["reason"]
            == "E: no \N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}untrusted x>"
        )
