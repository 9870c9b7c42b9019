"""A sync leaves the store as Zendesk is, whatever happened since the one before."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.syncs import begun, synced
from desk import OpenWorkspace
from generated_desk import EVENTS, METRIC_EVENTS, client_of, walked
from mcp_server_zendesk.sandbox import Rules
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, AGENT_ID, OPEN_TICKET, PENDING_TICKET
from mcp_server_zendesk.sandbox.misfortunes import altered, forbidden, html_error
from mcp_server_zendesk.sandbox.oddities import (
    hologram_field,
    permanently_deleted,
    redacted_comment,
)

pytestmark = [pytest.mark.heavy, pytest.mark.anyio]


async def _zendesk(one: Any, address: str, key: str) -> list[dict[str, Any]]:
    async with client_of(one.sandbox) as client:
        return await walked(client, address, key)


async def test_a_full_sync_equals_zendesks_own_data(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path, tickets=30) as one:
        report = await one.sync()
        store = one.sandbox.store
        assert report.complete
        assert report.stopped is None
        assert report.tickets == len(store.tickets)
        assert one.numbers("tickets") == sorted(store.tickets)
        assert one.numbers("users") == sorted(store.users)
        assert one.numbers("organizations") == sorted(store.organizations)
        assert one.numbers("groups") == sorted(store.groups)
        assert one.numbers("fields") == sorted(store.ticket_fields)
        address = "incremental/tickets/cursor?start_time=0&include=metric_sets"
        theirs = {t["id"]: t for t in await _zendesk(one, address, "tickets")}
        for number, status, tags, replies, calendar, updated in one.rows(
            "SELECT id, status, tags, replies, first_reply.calendar, updated_at FROM kept.tickets"
        ):
            ticket = theirs[number]
            metrics = ticket["metric_set"]
            assert (status, sorted(tags)) == (ticket["status"], sorted(ticket["tags"]))
            assert replies == metrics["replies"]
            assert calendar == metrics["reply_time_in_minutes"]["calendar"]
            assert updated == datetime.fromisoformat(ticket["updated_at"])
        events = await _zendesk(one, EVENTS, "ticket_events")
        children = [(event, child) for event in events for child in event["child_events"]]
        comments = [child["id"] for _, child in children if child["event_type"] == "Comment"]
        assert one.numbers("comments") == sorted(comments)
        changes = [
            (event["ticket_id"], child.get("previous_value"), child["status"])
            for event, child in children
            if "status" in child
        ]
        assert sorted(
            one.rows("SELECT ticket_id, from_status, to_status FROM kept.status_changes"), key=str
        ) == sorted(changes, key=str)
        address = "satisfaction_ratings?score=received&page[size]=100"
        ratings = await _zendesk(one, address, "satisfaction_ratings")
        assert one.numbers("satisfaction") == sorted(rating["id"] for rating in ratings)


async def test_a_breach_is_kept_with_the_target_that_was_missed(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path, tickets=30) as one:
        await one.sync(per_page=150)
        events = await _zendesk(one, METRIC_EVENTS, "ticket_metric_events")
        breaches = {e["id"] for e in events if e["type"] == "breach" and not e.get("deleted")}
        applied = {
            (e["ticket_id"], e["metric"], e["instance_id"], e["sla"]["target"])
            for e in events
            if e["type"] == "apply_sla"
        }
        kept = one.rows(
            "SELECT id, ticket_id, metric, instance_id, target_minutes, policy "
            "FROM kept.sla_events WHERE type = 'breach'"
        )
        assert breaches
        assert {row[0] for row in kept} == breaches
        assert all(row[1:5] in applied for row in kept)
        assert all(row[5] for row in kept)


async def test_a_second_sync_takes_only_what_changed(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path) as one:
        ticket = {"status": "hold", "comment": {"body": "We look into it", "public": False}}
        await one.agent("PUT", f"tickets/{PENDING_TICKET}", {"ticket": ticket})
        second = await one.sync()
        assert second.complete
        assert second.tickets == len(one.sandbox.store.tickets)
        assert 0 < second.stored < 40
        (asked,) = one.asked("/incremental/tickets/cursor")
        assert "start_time" not in asked
        assert one.rows("SELECT status FROM kept.tickets WHERE id = ?", PENDING_TICKET) == [
            ("hold",)
        ]
        assert one.rows(
            "SELECT from_status, to_status FROM kept.status_changes WHERE ticket_id = ? "
            "ORDER BY changed_at DESC, id DESC LIMIT 1",
            PENDING_TICKET,
        ) == [("pending", "hold")]
        assert one.rows("SELECT count(*) FROM kept.comments WHERE body = 'We look into it'") == [
            (1,)
        ]
        for table in ("tickets", "comments", "status_changes", "sla_events", "satisfaction"):
            numbers = one.numbers(table)
            assert len(numbers) == len(set(numbers)), table


async def test_a_deleted_ticket_leaves_and_one_restored_comes_back_with_its_history(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path) as one:
        count = "SELECT count(*) FROM kept.{} WHERE ticket_id = ?"
        tables = ("comments", "status_changes")
        before = [one.rows(count.format(table), OPEN_TICKET) for table in tables]
        await one.agent("DELETE", f"tickets/{OPEN_TICKET}")
        report = await one.sync()
        assert report.removed == 1
        assert OPEN_TICKET not in one.numbers("tickets")
        for table in ("comments", "status_changes", "sla_events", "satisfaction"):
            assert one.rows(count.format(table), OPEN_TICKET) == [(0,)]
        assert one.numbers("gone") == [OPEN_TICKET]
        await one.agent("PUT", f"deleted_tickets/{OPEN_TICKET}/restore")
        await one.sync()
        assert OPEN_TICKET in one.numbers("tickets")
        assert one.numbers("gone") == []
        assert [one.rows(count.format(table), OPEN_TICKET) for table in tables] == before
        assert one.numbers("reread") == []


@pytest.mark.parametrize("shown", ["deleted", "as_before"])
async def test_a_permanently_deleted_ticket_leaves_however_zendesk_shows_it(
    open_workspace: OpenWorkspace, tmp_path: Path, shown: Any
) -> None:
    rules = Rules(scrubbed_tickets=shown)
    async with begun(open_workspace, tmp_path, rules=rules) as one:
        number = permanently_deleted(one.sandbox.store)
        one.later()
        await one.sync()
        assert number not in one.numbers("tickets")
        assert number not in one.numbers("comments", "ticket_id")
        assert number in one.numbers("gone")


async def test_a_redacted_comment_is_read_again(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path) as one:
        body = "SELECT body FROM kept.comments WHERE id = ?"
        first = one.sandbox.store.comments[OPEN_TICKET][0]
        word = max(first["plain_body"].split(), key=len)
        assert word in one.rows(body, first["id"])[0][0]
        redacted_comment(one.sandbox.store, OPEN_TICKET, word)
        one.later()
        one.forget_requests()
        report = await one.sync()
        assert report.complete
        ((now,),) = one.rows(body, first["id"])
        assert word not in now
        assert one.asked(f"/tickets/{OPEN_TICKET}/comments")
        assert one.numbers("reread") == []


async def test_where_a_redacted_ticket_cannot_be_read_again_its_texts_are_gone(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path) as one:
        redacted_comment(one.sandbox.store, OPEN_TICKET)
        one.later()
        one.sandbox.faults.add("GET", f"/tickets/{OPEN_TICKET}/comments", None, forbidden())
        assert (await one.sync()).complete
        assert OPEN_TICKET not in one.numbers("comments", "ticket_id")


async def test_a_field_type_that_nobody_has_seen_is_kept_as_json_and_never_among_fields_only(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    for keep in ("texts", "fields"):
        async with begun(open_workspace, tmp_path / keep, keep=keep) as one:
            field = hologram_field(one.sandbox.store, PENDING_TICKET)
            one.later()
            assert (await one.sync()).complete
            found = one.rows(
                "SELECT f.value FROM (SELECT unnest(custom_fields) AS f FROM kept.tickets) "
                "WHERE f.id = ?",
                field,
            )
            if keep == "texts":
                assert "tetrahedron" in found[0][0]
            else:
                assert found == []


async def test_with_fields_only_no_text_of_anybody_outside_is_on_the_disk(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path, tickets=40, keep="fields") as one:
        assert (await one.sync()).complete
        store = one.sandbox.store
        assert one.rows("SELECT count(*) FROM kept.comments") == [(0,)]
        content = one.analytics.file.read_bytes()
        customers = [u for u in store.users.values() if u["role"] == "end-user"]
        words = [u["name"] for u in customers] + [u["email"] for u in customers if u["email"]]
        words += [t["subject"] for t in (store.tickets[n] for n in list(store.tickets)[:60])]
        for word in words:
            assert word.encode() not in content, word
        names = one.rows("SELECT name FROM kept.users WHERE role <> 'end-user'")
        assert all(name for (name,) in names)
        assert not [one for one in one.asked("/incremental/ticket_events") if "include" in one]


async def test_texts_kept_no_longer_are_removed_before_anything_else(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path) as one:
        subject, words = one.rows("SELECT subject, len(tags) FROM kept.tickets WHERE id = 1001")[0]
        assert subject
    async with synced(open_workspace, tmp_path, keep="fields") as one:
        one.sandbox.faults.add("GET", "/incremental/", None, html_error(503, retry_after=900))
        one.sandbox.faults.add("GET", "/ticket_fields", None, html_error(503, retry_after=900))
        await one.workspace.fail("sync_tickets")
        assert one.rows("SELECT count(subject) FROM kept.tickets") == [(0,)]
        assert one.rows("SELECT count(*) FROM kept.comments") == [(0,)]
        assert one.rows("SELECT len(tags) FROM kept.tickets WHERE id = 1001") == [(words,)]
        one.sandbox.faults.clear()
        assert (await one.sync()).complete
        assert subject.encode() not in one.analytics.file.read_bytes()


async def test_texts_that_are_kept_from_now_on_are_read_anew(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path, keep="fields"):
        pass
    async with synced(open_workspace, tmp_path, keep="texts") as one:
        assert (await one.sync()).complete
        assert one.rows("SELECT count(*) FROM kept.tickets WHERE subject IS NULL") == [(0,)]
        assert one.rows("SELECT count(*) FROM kept.comments")[0][0] > 50


async def test_retention_begins_where_the_settings_say_by_zendesks_clock(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    def years_ahead() -> datetime:
        return datetime.fromisoformat("2199-01-01T00:00:00Z")

    async with synced(open_workspace, tmp_path, tickets=30, retention_days=300) as one:
        report = await one.sync(now=years_ahead)
        start = int(one.asked("/incremental/tickets/cursor")[0]["start_time"])
        assert start == int(one.clock().timestamp()) - 300 * 86_400
        assert report.complete
        assert report.until is not None
        assert report.until < one.clock()
        theirs = one.sandbox.store.tickets
        young = [
            number
            for number in sorted(theirs)
            if datetime.fromisoformat(theirs[number]["updated_at"]).timestamp() >= start
        ]
        assert 0 < len(young) < len(theirs)
        assert one.numbers("tickets") == young


async def test_where_more_is_to_be_kept_the_older_tickets_are_read_too(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with synced(open_workspace, tmp_path, tickets=30, retention_days=100) as one:
        few = (await one.sync()).tickets
    async with synced(open_workspace, tmp_path, tickets=30, retention_days=4_000) as one:
        assert (await one.sync()).tickets == len(one.sandbox.store.tickets) > few


async def test_the_store_says_whose_it_is_and_nobody_else_may_sync_it(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path) as one:
        facts = dict(one.rows("SELECT name, value FROM kept.facts"))
        assert facts["synced_by"] == str(ADMIN_ID)
        assert facts["way"] == "incremental"
        stranger = one.sandbox.token(("read",), AGENT_ID)
        one.forget_requests()
    async with open_workspace(
        sandbox=one.sandbox,
        token=stranger,
        scopes="read",
        analytics=True,
        analytics_folder=tmp_path,
    ) as workspace:
        error = await workspace.fail("sync_tickets")
        assert error["kind"] == "forbidden"
        assert "another Zendesk user" in error["message"]
        assert not [path for path in workspace.sent() if "incremental" in path]


async def test_a_comment_made_private_is_private_in_the_store(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path) as one:
        comments = one.sandbox.store.comments[OPEN_TICKET]
        comment = next(comment for comment in comments if comment["public"])
        told = "SELECT public FROM kept.comments WHERE id = ?"
        assert one.rows(told, comment["id"]) == [(True,)]
        comment["public"] = False
        change = {"event_type": "CommentPrivacyChange", "comment_id": comment["id"], "id": 1}

        def changed(page: Any) -> Any:
            event = {"id": 2, "ticket_id": OPEN_TICKET, "child_events": [change]}
            return {**page, "ticket_events": [event]}

        one.sandbox.faults.add("GET", "/incremental/ticket_events", 1, altered(changed))
        assert (await one.sync()).complete
        assert one.rows(told, comment["id"]) == [(False,)]


async def test_what_an_admin_redacts_does_not_reach_the_disk(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with begun(open_workspace, tmp_path, redact=["cards"]) as one:
        note = {"body": "The card 4111 1111 1111 1111 was charged twice", "public": False}
        await one.agent("PUT", f"tickets/{OPEN_TICKET}", {"ticket": {"comment": note}})
        assert (await one.workspace.ask("sync_tickets"))["complete"]
        found = one.rows("SELECT body FROM kept.comments WHERE body LIKE '%charged twice'")
        assert "redacted" in found[0][0]
        assert b"4111 1111" not in one.analytics.file.read_bytes()
