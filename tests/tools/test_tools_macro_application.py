"""Macros applied: once, as previewed, and after a human's yes where a customer is written to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import ElicitRequestFormParams, ElicitResult

from desk import OpenWorkspace, text_of
from made_macros import add_macro, changes_of, written
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    CLOSED_TICKET,
    FIRST_ANSWER_MACRO,
    LIGHT_AGENT_ID,
    NEW_TICKET,
    NOTE_MACRO,
    OPEN_TICKET,
    PRODUCT_AREA_FIELD_ID,
    RETURNS_GROUP_ID,
    TRIAGE_MACRO,
)
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

ERAS = ["legacy", "auto"]
HELLO = "Hello Grace,\n\nthank you for writing. I am looking into it.\n\nAda"


async def test_a_macro_is_applied_in_one_update_of_what_its_preview_shows(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        stamp = desk.sandbox.store.tickets[OPEN_TICKET]["updated_at"]
        tags = {*desk.sandbox.store.tickets[OPEN_TICKET]["tags"], "returns", "triaged"}
        answer = await desk.ask("apply_macro", ticket_id=OPEN_TICKET, macro="Triage::Returns")
        (update,) = written(desk.sandbox)
        assert set(update.pop("tags")) == tags
        assert update == {
            "priority": "normal",
            "group_id": RETURNS_GROUP_ID,
            "custom_fields": [{"id": PRODUCT_AREA_FIELD_ID, "value": "area_returns"}],
            "macro_id": TRIAGE_MACRO,
            "safe_update": True,
            "updated_stamp": stamp,
        }
        assert answer["macro"] == {"id": TRIAGE_MACRO, "name": "Triage::Returns"}
        changes = changes_of(answer)
        assert changes["priority"] == {"from": "high", "to": "normal", "requested": True}
        assert changes["Product area"]["requested"] is True
        assert changes["assignee"]["requested"] is False
        assert "triaged" in changes["tags"]["to"]
        assert "comment_public" not in answer


async def test_an_internal_note_needs_no_confirmation(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=NOTE_MACRO)
        assert answer["comment_id"]
        assert answer["comment_public"] is False
        (update,) = written(desk.sandbox)
        assert update["comment"] == {
            "body": f"Sent to the workshop, ticket {NEW_TICKET}.",
            "public": False,
        }


async def test_a_public_reply_needs_it(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("apply_macro", ticket_id=NEW_TICKET, macro=FIRST_ANSWER_MACRO)
        assert error["kind"] == "confirmation_unavailable"
        assert written(desk.sandbox) == []


async def applied(
    sandbox: Sandbox, era: str, answer: ElicitResult, *, macro: int = FIRST_ANSWER_MACRO
) -> tuple[Any, list[str]]:
    """One apply_macro by a client whose human answers so; the result and what was shown."""
    shown: list[str] = []

    async def asked(_: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        shown.append(params.message)
        return answer

    settings = embedded_settings({"scopes": "read tickets:write"})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox))
    callback: Any = asked
    async with server.running(), Client(server, mode=era, elicitation_callback=callback) as client:
        arguments = {"ticket_id": NEW_TICKET, "macro": macro}
        return await client.call_tool("apply_macro", arguments), shown


YES = ElicitResult(action="accept", content={"agree": True})


@pytest.mark.parametrize("era", ERAS)
async def test_the_human_sees_recipients_changes_and_the_whole_text(era: str) -> None:
    sandbox = Sandbox()
    sandbox.store.tickets[NEW_TICKET]["email_cc_ids"] = [AGENT_ID]
    stamp = sandbox.store.tickets[NEW_TICKET]["updated_at"]
    result, shown = await applied(sandbox, era, YES)
    assert not result.is_error, text_of(result)
    (question,) = shown
    assert question == (
        f"Apply this macro to ticket {NEW_TICKET} and send its public reply?\n"
        "To: Grace Mwangi <grace.mwangi@mail.example>\n"
        "Copies to: Marek Dvořák <marek.dvorak@northwind-outdoor.example>\n"
        "Macro: Take it and say hello\n"
        "Status: new → pending\n"
        f"Assignee: nothing → Ada Okafor ({ADMIN_ID})\n"
        "Subject: Do the Sarek 45 hip belts fit the Sarek 60?\n"
        f"Ticket last changed: {stamp}\n\n"
        f"The reply, to the letter ({len(HELLO)} characters in {len(HELLO.splitlines())} lines):"
        f"\n\n{HELLO}"
    )
    (update,) = written(sandbox)
    assert update["comment"] == {"body": HELLO, "public": True}
    assert result.structured_content["comment_public"] is True


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "answer",
    [ElicitResult(action="decline"), ElicitResult(action="accept", content={"agree": False})],
    ids=["decline", "unticked"],
)
async def test_without_a_yes_nothing_is_changed(era: str, answer: ElicitResult) -> None:
    sandbox = Sandbox()
    result, shown = await applied(sandbox, era, answer)
    error = (result.meta or {})["mcp-server-zendesk/error"]
    assert error["kind"] == "confirmation_declined"
    assert len(shown) == 1
    assert written(sandbox) == []


@pytest.mark.parametrize("era", ERAS)
async def test_rich_text_is_confirmed_and_sent_to_the_letter(era: str) -> None:
    sandbox = Sandbox()
    html = '<p>See <a href="https://shop.example/a?b=c">the shop</a>\u200b</p>'
    macro = add_macro(
        sandbox,
        "Rich",
        ("comment_value_html", html),
        ("comment_mode_is_public", "true"),
        ("current_tags", "sent"),
    )
    result, (question,) = await applied(sandbox, era, YES, macro=macro)
    assert not result.is_error, text_of(result)
    assert question.endswith(html.replace("\u200b", "⟨U+200B⟩"))
    assert "Tags added: sent" in question
    assert "what cannot be seen stands as ⟨U+…⟩" in question
    (update,) = written(sandbox)
    assert update["comment"] == {"html_body": html, "public": True}


async def test_a_host_that_asks_itself_can_be_trusted(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(confirm="client") as desk:
        answer = await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=FIRST_ANSWER_MACRO)
        assert answer["comment_public"] is True
        assert desk.sent() == [
            "GET macros",
            f"GET tickets/{NEW_TICKET}",
            f"GET tickets/{NEW_TICKET}/macros/{FIRST_ANSWER_MACRO}/apply",
            f"GET tickets/{NEW_TICKET}/comments",
            f"PUT tickets/{NEW_TICKET}",
            "GET users/show_many",
            "GET groups",
        ]


async def test_a_comment_that_does_not_say_is_as_public_as_its_ticket(
    open_workspace: OpenWorkspace,
) -> None:
    def undecided(body: Any) -> Any:
        del body["result"]["ticket"]["comment"]["public"]
        return body

    async with open_workspace() as desk:
        for public in (True, False):
            desk.sandbox.store.tickets[NEW_TICKET]["is_public"] = public
            desk.sandbox.faults.add("GET", "/apply$", 1, misfortunes.altered(undecided))
            answer = await desk.ask("preview_macro", ticket_id=NEW_TICKET, macro=NOTE_MACRO)
            assert answer["comment"]["public"] is answer["contacts_customer"] is public


async def test_a_light_agents_reply_is_told_as_the_note_that_it_became(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    token = sandbox.token(user_id=LIGHT_AGENT_ID)
    macro = add_macro(sandbox, "Hi", ("comment_value", "Hi"), ("comment_mode_is_public", "true"))
    async with open_workspace(sandbox=sandbox, token=token, confirm="client") as desk:
        answer = await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=macro)
        assert answer["comment_public"] is False


async def test_what_no_update_can_do_is_named(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        macro = add_macro(desk.sandbox, "More", ("priority", "urgent"), ("cc", str(AGENT_ID)))
        answer = await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=macro)
        assert answer["not_applied"] == ["cc"]
        assert [change["field"] for change in answer["changes"]] == ["priority"]


async def test_nothing_is_sent_where_nothing_would_change(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        macro = add_macro(desk.sandbox, "Same", ("priority", "high"))
        answer = await desk.ask("apply_macro", ticket_id=OPEN_TICKET, macro=macro)
        assert answer["changes"] == []
        assert desk.sent("PUT") == []


async def test_a_ticket_that_changed_since_it_was_read_is_left_alone(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        arguments = {"ticket_id": OPEN_TICKET, "macro": TRIAGE_MACRO}
        stamp = desk.sandbox.store.tickets[OPEN_TICKET]["updated_at"]
        error = await desk.fail(
            "apply_macro", **arguments, expected_updated_at="2020-01-01T00:00:00Z"
        )
        assert (error["kind"], error["outcome"]) == ("conflict", "not_applied")
        assert desk.sent("PUT") == []
        await desk.ask("apply_macro", **arguments, expected_updated_at=stamp)


async def test_a_change_between_preview_and_update_is_a_conflict(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:

        def colleague() -> None:
            desk.sandbox.store.tickets[OPEN_TICKET]["updated_at"] = "2031-01-01T00:00:00Z"

        other_hands = replace(misfortunes.altered(lambda body: body), effect=colleague)
        desk.sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, other_hands)
        error = await desk.fail("apply_macro", ticket_id=OPEN_TICKET, macro=TRIAGE_MACRO)
        assert (error["kind"], error["outcome"]) == ("conflict", "not_applied")
        assert desk.sandbox.store.tickets[OPEN_TICKET]["priority"] == "high"


async def test_a_closed_ticket_is_explained_before_anyone_is_asked(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        for macro in (FIRST_ANSWER_MACRO, NOTE_MACRO):
            error = await desk.fail("apply_macro", ticket_id=CLOSED_TICKET, macro=macro)
            assert error["kind"] == "ticket_closed"
            assert "follow-up" in error["hint"]
        assert desk.sent("PUT") == []
        # Without a comment the account may allow it: Zendesk is asked.
        error = await desk.fail("apply_macro", ticket_id=CLOSED_TICKET, macro=TRIAGE_MACRO)
        assert error["kind"] == "ticket_closed"
        assert len(desk.sent("PUT")) == 1


async def test_a_field_required_on_solve_is_named(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        macro = add_macro(desk.sandbox, "Solve", ("status", "solved"))
        error = await desk.fail("apply_macro", ticket_id=OPEN_TICKET, macro=macro)
        assert error["kind"] == "validation_failed"
        assert "resolution_fixed" in error["details"]["fields"][0]["allowed_values"]


async def test_a_comment_whose_answer_was_lost_is_found_and_not_sent_again(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        lost = misfortunes.reset_after_write()
        desk.sandbox.faults.add("PUT", f"/tickets/{NEW_TICKET}$", 1, lost)
        answer = await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=NOTE_MACRO)
        assert answer["answer_was_lost"] is True
        assert answer["comment_id"]
        assert answer["comment_public"] is False
        assert answer["changes"] == [
            {"field": "status", "from": "new", "to": "hold", "requested": True}
        ]
        assert len(desk.sent("PUT")) == 1


async def test_a_rich_comment_whose_answer_was_lost_is_found_too(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(confirm="client") as desk:
        html = "<p>Hello <b>there</b> &amp; then</p>"
        macro = add_macro(
            desk.sandbox, "Rich", ("comment_value_html", html), ("comment_mode_is_public", "true")
        )
        lost = misfortunes.reset_after_write()
        desk.sandbox.faults.add("PUT", f"/tickets/{NEW_TICKET}$", 1, lost)
        answer = await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=macro)
        assert answer["answer_was_lost"] is True
        assert len(desk.sent("PUT")) == 1


async def test_a_comment_that_cannot_be_found_again_is_unknown(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        lost = misfortunes.reset_before_write()
        desk.sandbox.faults.add("PUT", f"/tickets/{NEW_TICKET}$", 1, lost)
        error = await desk.fail("apply_macro", ticket_id=NEW_TICKET, macro=NOTE_MACRO)
        assert error["outcome"] == "unknown"
        assert written(desk.sandbox) == [], "it is not sent again"


@pytest.mark.parametrize("arrived", [True, False])
async def test_fields_whose_answer_was_lost_are_read_again(
    open_workspace: OpenWorkspace, arrived: bool
) -> None:
    async with open_workspace() as desk:
        lost = misfortunes.reset_after_write() if arrived else misfortunes.reset_before_write()
        desk.sandbox.faults.add("PUT", f"/tickets/{NEW_TICKET}$", 1, lost)
        macro = add_macro(
            desk.sandbox, "Sort", ("group_id", str(RETURNS_GROUP_ID)), ("current_tags", "sorted")
        )
        if arrived:
            answer = await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=macro)
            assert answer["answer_was_lost"] is True
            assert changes_of(answer)["group"]["to"] == f"Returns & Warranty ({RETURNS_GROUP_ID})"
        else:
            error = await desk.fail("apply_macro", ticket_id=NEW_TICKET, macro=macro)
            assert error["outcome"] == "unknown"
        assert len(written(desk.sandbox)) == int(arrived), "it is not sent again"


async def test_with_the_least_scopes_a_macro_is_applied(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    scopes = ("tickets:read", "tickets:write", "macros:read")
    token = sandbox.token(scopes=scopes)
    async with open_workspace(sandbox=sandbox, token=token, scopes=" ".join(scopes)) as desk:
        answer = await desk.ask("apply_macro", ticket_id=OPEN_TICKET, macro=TRIAGE_MACRO)
        assert changes_of(answer)["group"]["to"] == str(RETURNS_GROUP_ID)
        assert [line.split("/")[0] for line in desk.sent()] == [
            "GET macros", "GET tickets", "GET tickets", "PUT tickets",
        ]  # fmt: skip


async def test_a_text_of_ones_own_leads_to_the_reply(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        error = await desk.fail(
            "apply_macro", ticket_id=NEW_TICKET, macro=NOTE_MACRO, body="My own words"
        )
        assert "reply_to_ticket" in json.dumps(error)
        assert desk.sent() == []


async def test_fields_that_cannot_be_read_again_are_unknown(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:

        def goes_down() -> None:
            desk.sandbox.faults.add("GET", f"/tickets/{NEW_TICKET}$", 9, misfortunes.forbidden())

        lost = replace(misfortunes.reset_after_write(), effect=goes_down)
        desk.sandbox.faults.add("PUT", f"/tickets/{NEW_TICKET}$", 1, lost)
        macro = add_macro(desk.sandbox, "Sort", ("group_id", str(RETURNS_GROUP_ID)))
        error = await desk.fail("apply_macro", ticket_id=NEW_TICKET, macro=macro)
        assert error["outcome"] == "unknown"
