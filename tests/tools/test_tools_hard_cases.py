"""Cases that a careful reader found: halves of writes, other hands, odd times, long waits."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.connection import handle
from mcp_server_zendesk.sandbox import ClosedTicketRules, Fault, Rules, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import CLOSED_TICKET, OPEN_TICKET

pytestmark = pytest.mark.anyio

REFUSED = Fault(status=403, body={"error": {"title": "Forbidden", "message": "No."}})


async def test_half_of_a_tag_change_is_not_told_as_the_whole(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.faults.add("DELETE", "/tags$", None, REFUSED)
        error = await desk.fail(
            "update_ticket_tags", ticket_id=OPEN_TICKET, add=["new_one"], remove=["vip"]
        )
        assert error["kind"] == "forbidden"
        assert error["outcome"] == "unknown"
        assert "read the record again" in error["hint"]


async def test_a_ticket_that_closes_after_half_of_the_change_is_told_as_such(
    open_workspace: OpenWorkspace,
) -> None:
    rules = Rules(closed_tickets=ClosedTicketRules(modify_closed_tickets=False))
    async with open_workspace(rules=rules) as desk:
        ticket = desk.sandbox.store.tickets[OPEN_TICKET]
        close = Fault(effect=lambda: ticket.update(status="closed"))
        desk.sandbox.faults.add("DELETE", "/tags$", 1, close)
        error = await desk.fail(
            "update_ticket_tags", ticket_id=OPEN_TICKET, add=["new_one"], remove=["vip"]
        )
        assert error["kind"] == "ticket_closed"
        assert error["outcome"] == "unknown"
        assert "new_one" in ticket["tags"]


async def test_a_missing_scope_is_not_blamed_on_the_closed_ticket(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        body = {"error": "Forbidden", "description": "You are missing the … scopes: write"}
        desk.sandbox.faults.add("PUT", "/tickets/", None, Fault(status=403, body=body))
        error = await desk.fail("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["x_1"])
        assert error["kind"] == "scope_missing"


async def test_a_colleagues_tag_is_no_sign_that_a_path_worked(
    open_workspace: OpenWorkspace,
) -> None:
    rules = Rules(closed_tickets=ClosedTicketRules(update_ticket="refuse", update_many="allow"))
    async with open_workspace(rules=rules) as desk:
        ticket = desk.sandbox.store.tickets[CLOSED_TICKET]

        def colleague() -> None:
            ticket["tags"] = [*ticket["tags"], "by_colleague"]

        path = f"/tickets/{CLOSED_TICKET}$"
        desk.sandbox.faults.add("PUT", path, 1, Fault(effect=colleague))
        answer = await desk.ask("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["ours"])
        assert answer["path"] == "update_many"
        assert "ours" in answer["added"]


async def test_what_a_failed_item_of_a_job_says_is_told(open_workspace: OpenWorkspace) -> None:
    rules = Rules(closed_tickets=ClosedTicketRules(update_ticket="refuse", update_many="refuse"))
    async with open_workspace(rules=rules) as desk:
        error = await desk.fail("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["ours"])
        assert error["kind"] == "ticket_closed"
        assert error["details"]["zendesk_says"]


async def test_ten_thousand_tags_do_not_hold_the_server_up(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        desk.sandbox.store.tickets[OPEN_TICKET]["tags"] = [f"tag_{n}" for n in range(10_000)]
        answer = await desk.ask("update_ticket_tags", ticket_id=OPEN_TICKET, remove=["tag_7"])
        assert answer["removed"] == ["tag_7"]


@pytest.mark.parametrize(
    ("right", "stale"),
    [
        ("2026-11-20T12:00:00Z", "2026-11-20T11:59:30Z"),
        ("2026-11-20T12:00:00", "2026-11-20T11:59:30"),
        ("2026-11-20T14:00:00+02:00", "2026-11-20T13:59:30+02:00"),
        ("2026-11-20T07:00:00-05:00", "2026-11-20T06:59:30-05:00"),
    ],
)
async def test_the_expected_time_means_the_same_in_every_zone(
    open_workspace: OpenWorkspace, right: str, stale: str
) -> None:
    async with open_workspace() as desk:
        desk.sandbox.store.tickets[OPEN_TICKET]["updated_at"] = "2026-11-20T12:00:00Z"
        change = {"ticket_id": OPEN_TICKET, "priority": "low"}
        error = await desk.fail("update_ticket", **change, expected_updated_at=stale)
        assert error["kind"] == "conflict"
        await desk.ask("update_ticket", **change, expected_updated_at=right)


@pytest.mark.parametrize("due", ["2026", "1767225600", "tomorrow", 1767225600])
async def test_a_due_date_that_is_no_date_is_refused(
    open_workspace: OpenWorkspace, due: str | int
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket", ticket_id=OPEN_TICKET, due_at=due)
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == "due_at"
        assert desk.sent() == []


async def test_a_due_date_is_sent_in_utc(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        await desk.client.call_tool(
            "update_ticket",
            {"ticket_id": OPEN_TICKET, "type": "task", "due_at": "2026-12-01T10:00:00+02:00"},
        )
        (write,) = [request for request in desk.sandbox.requests if request.method == "PUT"]
        assert write.body["ticket"]["due_at"] == "2026-12-01T08:00:00Z"


async def test_a_system_field_is_sent_to_its_own_argument(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Priority": "urgent"}
        )
        assert "argument priority" in error["reason"]


async def test_a_title_without_the_scope_to_read_fields_names_the_scope(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    scopes = ("tickets:read", "tickets:write")
    token = sandbox.token(scopes=scopes)
    async with open_workspace(sandbox=sandbox, token=token, scopes=" ".join(scopes)) as desk:
        error = await desk.fail(
            "update_ticket", ticket_id=OPEN_TICKET, custom_fields={"Product area": "x"}
        )
        assert error["kind"] == "scope_missing"


async def test_a_note_that_arrives_late_is_not_told_as_not_made(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        lost = misfortunes.reset_before_write()
        desk.sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, lost)
        error = await desk.fail("add_internal_note", ticket_id=OPEN_TICKET, body="Slow one.")
        assert error["outcome"] == "unknown"
        assert error["retryable"] is False


async def test_another_agents_same_emoji_is_not_ours(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:

        def colleague() -> None:
            comments = desk.sandbox.store.comments[OPEN_TICKET]
            new = {"id": desk.sandbox.store.new_id(), "plain_body": "!!!", "public": False}
            comments.append({**comments[-1], **new})

        lost = replace(misfortunes.reset_before_write(), effect=colleague)
        desk.sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, lost)
        error = await desk.fail("add_internal_note", ticket_id=OPEN_TICKET, body="👍")
        assert error["outcome"] == "unknown"


async def test_a_call_ends_within_its_time(
    open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handle, "CALL_SECONDS", 0.3)
    asked = 0

    async def silent(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        import anyio  # noqa: PLC0415 - only here

        await anyio.sleep_forever()
        raise AssertionError

    async with open_workspace(transport=httpx.MockTransport(silent)) as desk:
        error = await desk.fail("get_user", user="me")
        assert error["kind"] == "timeout"
        assert asked <= 3
