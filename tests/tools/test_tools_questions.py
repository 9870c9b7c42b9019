"""What a human agrees to: nothing in it is forged, hidden or left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import ElicitResult

from desk import OpenWorkspace
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    CLOSED_TICKET,
    OPEN_TICKET,
    REQUESTER_EMAIL,
    SIDE_CONVERSATION,
    UNITS_FIELD_ID,
)
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

Reply = Callable[[str], ElicitResult]
ERAS = pytest.mark.parametrize("era", ["legacy", "auto"])


async def ask(
    tool: str, reply: Reply, era: str = "auto", **arguments: Any
) -> tuple[list[str], dict[str, Any] | None, Sandbox]:
    """What a human was shown, the error if there was one, and the desk afterwards."""
    sandbox = Sandbox()
    settings = embedded_settings({"scopes": "read write", "toolsets": "all"})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox))
    shown: list[str] = []

    async def human(_: Any, params: Any) -> ElicitResult:
        shown.append(params.message)
        return reply(params.message)

    callback: Any = human
    async with (
        server.running(),
        Client(server, mode=era, elicitation_callback=callback) as client,
    ):
        result = await client.call_tool(tool, arguments)
    return shown, (result.meta or {}).get(META_KEY), sandbox


def decline(_: str) -> ElicitResult:
    return ElicitResult(action="decline")


@ERAS
async def test_nobody_is_asked_about_a_reply_that_a_closed_ticket_would_refuse(era: str) -> None:
    shown, error, sandbox = await ask(
        "reply_to_ticket", decline, era, ticket_id=CLOSED_TICKET, body="It has gone out."
    )
    assert shown == []
    assert error is not None
    assert (error["kind"], error["outcome"]) == ("ticket_closed", "not_applied")
    assert "follow-up ticket" in error["hint"]
    assert [request.method for request in sandbox.requests] == ["GET"] * len(sandbox.requests)


async def test_a_subject_cannot_pass_for_lines_of_the_question() -> None:
    subject = "Hello\nPriority: low\n\nHi Bob, all fine."
    shown, _, _ = await ask(
        "create_ticket",
        decline,
        subject=subject,
        body="The real text.",
        requester_email=REQUESTER_EMAIL,
        public=True,
    )
    assert "Subject: Hello Priority: low Hi Bob, all fine.\n" in shown[0]
    assert shown[0].endswith("\n\nThe real text.")


async def test_values_that_are_nothing_to_python_are_shown_too() -> None:
    shown, _, _ = await ask(
        "create_ticket",
        decline,
        subject="x",
        body="y",
        requester_email=REQUESTER_EMAIL,
        public=True,
        custom_fields={str(UNITS_FIELD_ID): 0},
    )
    assert f"{UNITS_FIELD_ID}: 0" in shown[0]


async def test_an_address_with_something_invisible_is_refused(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(scopes="read write") as desk:
        error = await desk.fail(
            "create_ticket", subject="x", body="y", requester_email="a\u200b@exa\u202emple.com"
        )
        assert error["kind"] == "invalid_arguments"
        assert desk.sent("POST") == []


async def test_a_merge_comment_cannot_hide_the_other_one() -> None:
    forged = "Merged.\nComment on the closed ones, internal: the standard text" + "\n" * 40
    shown, _, _ = await ask(
        "merge_tickets",
        decline,
        target_ticket_id=1011,
        source_ticket_ids=[1012],
        target_comment=forged,
        source_comment="To the customers.",
        source_comment_is_public=True,
    )
    ours = [line for line in shown[0].splitlines() if not line.startswith("| ")]
    on_target, on_sources = (line for line in ours if line.startswith("Comment on"))
    assert on_target.startswith("Comment on the ticket that stays, internal (")
    assert on_sources.startswith("Comment on the closed ones, PUBLIC, sent to ")


async def test_what_a_human_would_not_see_is_shown_by_its_number() -> None:
    body = "Pay \u202e654321\u202c now\u200b\U000e0041."
    shown, _, _ = await ask("reply_to_ticket", decline, ticket_id=OPEN_TICKET, body=body)
    assert shown[0].endswith("Pay ⟨U+202E⟩654321⟨U+202C⟩ now⟨U+200B⟩⟨U+E0041⟩.")


@ERAS
@pytest.mark.parametrize(
    "content", [None, {"agree": "maybe"}, {"agree": []}], ids=["none", "word", "list"]
)
async def test_an_answer_that_is_none_counts_as_no(era: str, content: Any) -> None:
    def odd(_: str) -> ElicitResult:
        return ElicitResult(action="accept", content=content)

    shown, error, sandbox = await ask(
        "reply_to_ticket", odd, era, ticket_id=OPEN_TICKET, body="Hello"
    )
    assert shown
    assert error is not None
    assert error["kind"] == "confirmation_declined"
    assert all(request.method == "GET" for request in sandbox.requests)


@ERAS
async def test_a_further_address_of_a_customer_needs_a_yes(era: str) -> None:
    shown, error, sandbox = await ask(
        "update_user", decline, era, user=REQUESTER_EMAIL, email="attacker@evil.example"
    )
    assert "attacker@evil.example" in shown[0]
    assert "can act as them" in shown[0]
    assert error is not None
    assert error["kind"] == "confirmation_declined"
    assert all(request.method == "GET" for request in sandbox.requests)


async def test_other_changes_of_a_person_ask_nobody() -> None:
    shown, error, _ = await ask("update_user", decline, user=REQUESTER_EMAIL, notes="Prefers mail")
    assert shown == []
    assert error is None


@pytest.mark.parametrize("name", [".", "..", "a/b", f"{SIDE_CONVERSATION}/.."])
async def test_an_id_that_is_none_is_refused_before_anything_is_sent(
    name: str, open_workspace: OpenWorkspace
) -> None:
    async with open_workspace(scopes="read write", toolsets="all") as desk:
        error = await desk.fail(
            "get_side_conversation", ticket_id=OPEN_TICKET, side_conversation_id=name
        )
        assert error["kind"] == "invalid_arguments"
        assert desk.sent() == []


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["<a ", '<p x="', "<!--"])
async def test_html_that_never_ends_is_refused_at_once(
    piece: str, open_workspace: OpenWorkspace
) -> None:
    async with open_workspace(scopes="read write", toolsets="all") as desk:
        error = await desk.fail(
            "create_article", section="x", title="x", body="<p>x</p>" + piece * 10_000
        )
        assert error["kind"] == "invalid_arguments"
        assert desk.sent("POST") == []


async def test_files_are_named_before_they_are_sent() -> None:
    sandbox = Sandbox()
    settings = embedded_settings({"scopes": "read write", "toolsets": "all"})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox))
    shown: list[str] = []

    async def human(_: Any, params: Any) -> ElicitResult:
        shown.append(params.message)
        return ElicitResult(action="decline")

    callback: Any = human
    async with server.running(), Client(server, elicitation_callback=callback) as client:
        upload = {"file_name": "all-customers.csv", "text": "secret"}
        made = await client.call_tool("upload_attachment", upload)
        tokens = [(made.structured_content or {})["upload_token"], "another"]
        reply = {"ticket_id": OPEN_TICKET, "body": "See there.", "upload_tokens": tokens}
        await client.call_tool("reply_to_ticket", reply)
    assert "Attached files: all-customers.csv (6 bytes); a file that was not" in shown[0]
