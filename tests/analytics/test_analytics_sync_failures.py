"""Whatever fails in the middle of a sync, nothing is lost, nothing is doubled, and it is told."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from analytics.syncs import PAGE, Synced, account, begun, synced
from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Rules, Sandbox
from mcp_server_zendesk.sandbox.landmarks import AGENT_ID, OPEN_TICKET
from mcp_server_zendesk.sandbox.misfortunes import (
    altered,
    cut_off,
    forbidden,
    html_error,
    html_with_200,
    never_answered,
    rate_limited,
    wrong_types,
)
from mcp_server_zendesk.serving.local_refusals import SyncUnderWay

pytestmark = [pytest.mark.heavy, pytest.mark.anyio]

TABLES = ("tickets", "users", "organizations", "comments", "status_changes", "sla_events")


def reconciled(one: Synced) -> None:
    """Every ticket is there once, and so is everything of it."""
    assert one.numbers("tickets") == sorted(one.sandbox.store.tickets)
    for table in TABLES:
        numbers = one.numbers(table)
        assert len(numbers) == len(set(numbers)), table


@pytest.mark.parametrize(
    "fault",
    [rate_limited(70), never_answered(), wrong_types()],
    ids=["429", "silence", "wrong types"],
)
async def test_what_fails_between_pages_is_told_and_the_next_run_goes_on(
    open_workspace: OpenWorkspace, tmp_path: Path, fault: Fault
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/tickets/cursor", 60, fault, after=1)
        first = await one.sync(per_page=20, seconds=40)
        assert not first.complete
        assert first.stopped
        assert first.stored > 0
        assert len(one.numbers("tickets")) == 20
        one.sandbox.faults.clear()
        second = await one.sync(per_page=PAGE)
        assert second.complete
        assert second.tickets == len(one.sandbox.store.tickets)
        reconciled(one)


async def test_a_run_without_an_end_waits_out_what_passes(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/tickets", 5, html_error(502), after=0)
        one.sandbox.faults.add("GET", "/incremental/users", 2, rate_limited(90))
        one.sandbox.faults.add("GET", "/incremental/ticket_events", 5, cut_off())
        report = await one.sync()
        assert report.complete
        assert not one.sandbox.faults.waiting
        assert sum(one.workspace.slept) >= 180
        reconciled(one)


async def test_before_anything_is_stored_a_failure_is_explained(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/|satisfaction", None, html_with_200())
        error = await one.workspace.fail("sync_tickets")
        assert error["kind"] == "unreadable_response"
        assert error["outcome"] == "not_applied"


async def test_an_answer_too_large_is_asked_for_in_smaller_pages(
    open_workspace: OpenWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_server_zendesk.connection.exchange.MAX_ANSWER_BYTES", 150_000)
    async with synced(open_workspace, tmp_path) as one:
        assert (await one.sync()).complete
        sizes = [int(asked["per_page"]) for asked in one.asked("/incremental/ticket_events")]
        assert sizes[-1] < sizes[0]
        reconciled(one)


async def test_a_page_full_of_one_second_is_asked_for_larger(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/ticket_events", 1, altered(_cut))
        assert (await one.sync(per_page=50)).complete
        assert [asked["per_page"] for asked in one.asked("/incremental/ticket_events")][:2] == [
            "50",
            "1000",
        ]
        reconciled(one)


def _cut(page: Any) -> Any:
    """Fifty events of the second that was asked for, and more to come."""
    events = page["ticket_events"][:50]
    return {**page, "ticket_events": events, "end_of_stream": False, "end_time": 1}


async def test_a_second_that_no_page_can_hold_stops_that_export_and_no_other(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    def full(page: Any) -> Any:
        first = page["ticket_events"][0]
        events = [{**first, "id": number} for number in range(1, 1_001)]
        return {**page, "ticket_events": events, "end_of_stream": False, "end_time": 1}

    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/ticket_events", None, altered(full))
        report = await one.sync(per_page=1_000)
        assert not report.complete
        assert "one second" in str(report.stopped)
        assert one.numbers("sla_events")
        assert one.rows("SELECT count(*) FROM kept.status_changes") == [(0,)]


async def test_a_cursor_that_zendesk_takes_no_longer_loses_nothing(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path) as one:
        await one.agent("PUT", f"tickets/{OPEN_TICKET}", {"ticket": {"priority": "low"}})
        refused = Fault(status=400, body={"error": "InvalidCursor", "description": "no"})
        one.sandbox.faults.add("GET", "/incremental/tickets/cursor", 1, refused)
        assert (await one.sync()).complete
        assert one.rows("SELECT priority FROM kept.tickets WHERE id = ?", OPEN_TICKET) == [("low",)]
        reconciled(one)


async def test_a_start_that_is_too_recent_is_taken_back(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    text = "Too recent start_time. Use a start_time older than 60 seconds"
    refused = Fault(status=422, body={"error": "InvalidValue", "description": text})
    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/tickets/cursor", 2, refused)
        assert (await one.sync()).complete
        starts = [int(asked["start_time"]) for asked in one.asked("/incremental/tickets/cursor")]
        assert starts[0] > starts[1] > starts[2]
        reconciled(one)


async def test_the_exports_limit_is_never_met(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    rules = Rules(rate_limited=True, requests_per_minute=700)
    async with synced(open_workspace, tmp_path, rules=rules) as one:
        start, began = one.clock(), time.monotonic()
        one.sandbox.store.clock = lambda: (
            start + timedelta(seconds=time.monotonic() - began + sum(one.workspace.slept))
        )
        report = await one.sync(per_page=20)
        assert report.complete
        assert len(one.asked("/incremental/")) > 25
        assert {asked.status for asked in one.sandbox.requests} <= {200}
        assert any("limits" in told for told in one.told)
        reconciled(one)


async def test_ten_a_minute_are_asked_where_no_header_tells_of_the_limit(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        moments: list[float] = []
        real = one.access.connection.gate.learn

        def learn(method: str, path: str, status: int, headers: Any) -> None:
            kept = {k: v for k, v in headers.items() if not k.startswith("zendesk-ratelimit-")}
            if "/incremental/" in path:
                moments.append(sum(one.workspace.slept))
            real(method, path, status, kept)

        one.access.connection.gate.learn = learn  # type: ignore[method-assign]
        assert (await one.sync(per_page=20)).complete
        assert len(moments) > 25
        for first, eleventh in zip(moments, moments[10:], strict=False):
            assert eleventh - first > 55


async def test_the_tool_tells_how_long_the_limit_lasts_and_goes_on_when_called_again(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/ticket_events", 1, rate_limited(55))
        state = await one.workspace.ask("sync_tickets")
        assert not state["complete"]
        assert 50 <= state["continue_in_seconds"] <= 55
        assert f"again in {state['continue_in_seconds']} s" in state["next"]
        assert state["tickets"] == len(one.sandbox.store.tickets)
        assert "as_of" not in state
        one.workspace.slept.append(60)
        state = await one.workspace.ask("sync_tickets")
        assert state["complete"]
        assert state["as_of"]
        assert not one.workspace.sent("PUT") + one.workspace.sent("POST")
        reconciled(one)


async def test_of_two_at_once_one_works(open_workspace: OpenWorkspace, tmp_path: Path) -> None:
    async with synced(open_workspace, tmp_path) as one:
        release = anyio.Event()
        met = anyio.Event()

        async def hold(_: float) -> None:
            met.set()
            await release.wait()

        one.sandbox._sleep = hold
        one.sandbox.faults.add("GET", "/users/me", 1, Fault(delay_seconds=1))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.sync)
            await met.wait()
            error = await one.workspace.fail("sync_tickets")
            assert error["kind"] == "conflict"
            with pytest.raises(SyncUnderWay):
                await one.sync()
            release.set()
        assert (await one.sync()).complete
        reconciled(one)


async def test_a_sync_that_is_cancelled_ends_at_once_with_whole_pages(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        met = anyio.Event()

        async def hold(_: float) -> None:
            met.set()
            await anyio.sleep_forever()

        one.sandbox._sleep = hold
        fault = Fault(delay_seconds=1)
        one.sandbox.faults.add("GET", "/incremental/tickets/cursor", 1, fault, after=1)
        with anyio.move_on_after(20) as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: one.sync(per_page=20))
                await met.wait()
                tasks.cancel_scope.cancel()
        assert not scope.cancelled_caught
        assert len(one.numbers("tickets")) == 20
        assert (await one.sync()).complete
        reconciled(one)


async def test_whoever_is_no_admin_gets_the_search_and_is_told_what_is_lacking(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    sandbox = Sandbox(account())
    token = sandbox.token(("read",), AGENT_ID)
    flags: dict[str, Any] = {"analytics": True, "analytics_folder": tmp_path, "scopes": "read"}
    async with open_workspace(sandbox=sandbox, token=token, **flags) as workspace:
        state = await workspace.ask("sync_tickets")
        assert state["complete"]
        assert state["way"] == "search"
        assert "deletions" in state["lacks"]
        assert "admin" in state["next"]
        assert 0 < state["tickets"] <= len(sandbox.store.tickets)
        searched = await workspace.ask("sync_tickets", query="type:ticket status:open")
        assert searched["complete"]
        queries = [r.query["query"] for r in sandbox.requests if "search/export" in r.path]
        assert queries[0].startswith("updated>=")
        assert queries[-1] == "status:open"
        one = Synced(workspace, workspace.server._access, _analytics(workspace), sandbox.clock)
        assert one.rows("SELECT count(replies) FROM kept.tickets") == [(0,)]
        assert one.rows("SELECT count(*) FROM kept.users WHERE name IS NOT NULL")[0][0] > 3
        assert dict(one.rows("SELECT name, value FROM kept.facts"))["way"] == "search"


async def test_a_search_whose_cursor_has_expired_begins_again(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    sandbox = Sandbox(account(tickets=180))
    token = sandbox.token(("read",), AGENT_ID)
    flags: dict[str, Any] = {"analytics": True, "analytics_folder": tmp_path, "scopes": "read"}
    async with open_workspace(
        sandbox=sandbox, token=token, retention_days=2_000, **flags
    ) as workspace:
        one = Synced(workspace, workspace.server._access, _analytics(workspace), sandbox.clock)
        sandbox.faults.add("GET", "/search/export", 60, html_error(503), after=1)
        first = await one.sync(seconds=40)
        assert not first.complete
        assert first.tickets == 100
        sandbox.faults.clear()
        one.later(4_000)
        second = await one.sync()
        assert second.complete
        assert second.tickets > 100
        numbers = one.numbers("tickets")
        assert len(numbers) == len(set(numbers))


def _analytics(workspace: Any) -> Any:
    return workspace.server._offers.inventory.policy.analytics


async def test_what_this_account_does_not_have_is_left_out_and_told(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/satisfaction_ratings", None, forbidden())
        gone = Fault(status=404, body={"error": "InvalidEndpoint", "description": "Not found"})
        one.sandbox.faults.add("GET", "/brands", None, gone)
        one.sandbox.faults.add("GET", "/incremental/users/cursor", None, gone)
        report = await one.sync()
        assert report.complete
        assert report.until is not None
        assert set(report.lacks) == {"satisfaction ratings", "brands"}
        assert one.numbers("users") == sorted(one.sandbox.store.users)
        reconciled(one)


async def test_a_query_of_an_admin_is_not_needed_and_said_so(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path) as one:
        state = await one.workspace.ask("sync_tickets", query="status:open")
        assert state["tickets"] == len(one.sandbox.store.tickets)
        assert "not needed" in state["next"]


ODD: tuple[Any, ...] = (None, {"a": [1]}, [[]], "x" * 500, 10**30, True, -1.5, "\ud800\0", "")


async def test_values_of_any_type_cost_themselves_and_not_the_page(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    odd: Callable[[], Any] = itertools.cycle(ODD).__next__

    def oddly(page: Any) -> Any:
        for key in ("tickets", "users", "organizations", "ticket_events", "ticket_metric_events"):
            for record in page.get(key, ()):
                for name in record:
                    if name not in {"id", "ticket_id", "child_events"}:
                        record[name] = odd()
                for child in record.get("child_events", ()):
                    for name in child:
                        child[name] = odd()
        return page

    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/", None, altered(oddly))
        report = await one.sync()
        assert report.complete
        assert one.numbers("tickets") == sorted(one.sandbox.store.tickets)


async def test_a_record_without_an_id_is_explained(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    def nameless(page: Any) -> Any:
        return {**page, "tickets": [{**page["tickets"][0], "id": None}]}

    async with synced(open_workspace, tmp_path) as one:
        one.sandbox.faults.add("GET", "/incremental/tickets", None, altered(nameless))
        report = await one.sync()
        assert not report.complete
        assert "without id" in str(report.stopped)
