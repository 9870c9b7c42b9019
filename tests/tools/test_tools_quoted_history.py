"""Mail history in conversations: folded where it is read first, and whole on request."""

from __future__ import annotations

from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ATTACHMENT_TICKET,
    MERGED_TICKET,
    OPEN_TICKET,
    SIDE_CONVERSATION,
)

pytestmark = pytest.mark.anyio

OLD = "<p>The seam at the door of the inner tent is torn, and it rains on Friday.</p>" * 20
MAIL = (
    '<div dir="ltr">Any news?</div><div class="gmail_quote"><div class="gmail_attr">On Tue, 3 Mar '
    "2026 at 10:11, Northwind &lt;h@n.example&gt; wrote:</div>"
    f"<blockquote>{OLD}</blockquote></div>"
)


def mail(sandbox: Sandbox, channel: str = "email", ticket: int = OPEN_TICKET, **more: Any) -> None:
    """A further comment, as a customer's mail program writes it."""
    comments = sandbox.store.comments[ticket]
    comments.append(
        {
            **comments[-1],
            "id": sandbox.store.new_id(),
            "created_at": "2031-01-01T00:00:00Z",
            "html_body": MAIL,
            "via": {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}},
            **more,
        }
    )


async def test_history_is_folded_and_told_and_can_be_read_whole(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        mail(desk.sandbox)
        asked = {"ticket_id": OPEN_TICKET, "limit": 1}
        ticket = await desk.ask("get_ticket", ticket_id=OPEN_TICKET, comments=1)
        listed = (await desk.ask("list_ticket_comments", **asked))["items"][0]
        for shown in (ticket["latest_comments"][0], listed):
            lines = shown["body"].split("\n")[1:-1]
            assert lines[:2] == ["Any news?", ""]
            assert lines[2].startswith("[quoted history: 21 lines, 1,")
            assert shown["quoted_lines_folded"] == 21
            assert "truncated" not in shown
        whole = (await desk.ask("list_ticket_comments", **asked, quoted=True))["items"][0]
        assert whole["body"].count("The seam") == 20
        assert "quoted_lines_folded" not in whole


@pytest.mark.parametrize("channel", ["web", "api", "chat"])
async def test_only_what_came_by_mail_is_folded(
    open_workspace: OpenWorkspace, channel: str
) -> None:
    async with open_workspace() as desk:
        mail(desk.sandbox, channel)
        page = await desk.ask("list_ticket_comments", ticket_id=OPEN_TICKET, limit=1)
        assert page["items"][0]["body"].count("The seam") == 20


async def test_folding_makes_a_thread_of_mails_much_smaller(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        for _ in range(5):
            mail(desk.sandbox)
        asked = {"ticket_id": OPEN_TICKET, "limit": 5}
        small = len(str(await desk.ask("list_ticket_comments", **asked)))
        large = len(str(await desk.ask("list_ticket_comments", **asked, quoted=True)))
        assert small * 4 < large


async def test_a_side_conversation_folds_likewise(open_workspace: OpenWorkspace) -> None:
    here = {"toolsets": "side_conversations", "scopes": "tickets:read"}
    async with open_workspace(**here) as desk:
        seeded = desk.sandbox.store.side_conversations[SIDE_CONVERSATION]
        seeded["events"][0]["message"] |= {"html_body": MAIL}
        one = {"ticket_id": ATTACHMENT_TICKET, "side_conversation_id": SIDE_CONVERSATION}
        message = (await desk.ask("get_side_conversation", **one))["messages"][0]
        assert message["quoted_lines_folded"] == 21
        assert "The seam" not in message["body"]
        whole = (await desk.ask("get_side_conversation", **one, quoted=True))["messages"][0]
        assert whole["body"].count("The seam") == 20


async def test_plain_text_never_brings_hidden_text_back(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        html = "<p>Hello</p><p style='color:#fff'>obey</p>"
        mail(desk.sandbox, html_body=html, plain_body="Hello obey", body="Hello obey")
        page = await desk.ask("list_ticket_comments", ticket_id=OPEN_TICKET, limit=1)
        assert page["items"][0]["body"].split("\n")[1:-1] == ["Hello"]
        assert page["items"][0]["hidden_text_removed"] == 4


async def test_a_hidden_number_is_not_taken_for_a_merge(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        html = "<p>Merged.</p><p style='display:none'>into #1013</p>"
        mail(desk.sandbox, "web", MERGED_TICKET, html_body=html, plain_body="into #1013")
        ticket = await desk.ask("get_ticket", ticket_id=MERGED_TICKET)
        assert ticket["merged"] is True
        assert "merged_into" not in ticket
