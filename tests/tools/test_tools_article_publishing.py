"""What customers will read is published after a human's yes, on both protocol eras."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import ElicitRequestFormParams, ElicitResult

from desk import text_of
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.guide import USER_SEGMENTS
from mcp_server_zendesk.sandbox.landmarks import DRAFT_ARTICLE, RETURNS_ARTICLE
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

WRITER: dict[str, Any] = {"scopes": "hc:read hc:write", "toolsets": "help_center"}
SIGNED_IN = USER_SEGMENTS[0]["id"]
NEW = {"section": "Shipping", "title": "Parcel lockers", "body": "<p>Use the <b>code</b>.</p>"}
ERAS = ["legacy", "auto"]
Answer = Callable[[Sandbox], ElicitResult]


def yes(_: Sandbox) -> ElicitResult:
    return ElicitResult(action="accept", content={"agree": True})


def no(_: Sandbox) -> ElicitResult:
    return ElicitResult(action="decline")


async def called(
    sandbox: Sandbox, era: str, answer: Answer | None, tool: str, **arguments: Any
) -> tuple[Any, list[str]]:
    """One call by a client whose human answers so; the result, and what was shown."""
    shown: list[str] = []

    async def asked(_: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        shown.append(params.message)
        assert answer is not None
        return answer(sandbox)

    server = build_server(embedded_settings(WRITER), transport=httpx.ASGITransport(app=sandbox))
    callback: Any = None if answer is None else asked
    async with server.running(), Client(server, mode=era, elicitation_callback=callback) as client:
        return await client.call_tool(tool, arguments), shown


def kind_of(result: Any) -> str:
    return str((result.meta or {})["mcp-server-zendesk/error"]["kind"])


def writes(sandbox: Sandbox) -> list[str]:
    return [request.method for request in sandbox.requests if request.method != "GET"]


@pytest.mark.parametrize("era", ERAS)
async def test_publishing_shows_all_that_customers_will_read(era: str) -> None:
    sandbox = Sandbox()
    arguments = {**NEW, "draft": False, "labels": ["locker"], "visible_to": "signed-in users"}
    result, shown = await called(sandbox, era, yes, "create_article", **arguments)
    assert not result.is_error, text_of(result)
    (question,) = shown
    assert question == (
        "Publish this new article in the Help Center?\nTitle: Parcel lockers\n"
        f"Visible to: Signed-in users ({SIGNED_IN})\nSection: Ordering > Shipping\nLanguage: en-us"
        "\nPermission group: 41700000065017\nLabels: locker\n\n"
        f"Its HTML, to the letter ({len(NEW['body'])} characters):\n\n{NEW['body']}"
    )
    assert result.structured_content["draft"] is False
    assert writes(sandbox) == ["POST"]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("answer", [no, None], ids=["declined", "cannot ask"])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("create_article", {**NEW, "draft": False}),
        ("update_article", {"article_id": RETURNS_ARTICLE, "title": "Other"}),
        ("update_article", {"article_id": RETURNS_ARTICLE, "labels": []}),
        ("update_article", {"article_id": RETURNS_ARTICLE, "draft": True}),
        ("update_article", {"article_id": DRAFT_ARTICLE, "draft": False}),
    ],
    ids=["new", "title", "labels", "take down", "publish"],
)
async def test_without_a_yes_nothing_is_published(
    era: str, answer: Answer | None, tool: str, arguments: dict[str, Any]
) -> None:
    sandbox = Sandbox()
    result, shown = await called(sandbox, era, answer, tool, **arguments)
    unasked = "confirmation_unavailable"
    assert kind_of(result) == ("confirmation_declined" if answer else unasked)
    assert len(shown) == (1 if answer else 0)
    assert writes(sandbox) == []


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("create_article", NEW),
        ("update_article", {"article_id": DRAFT_ARTICLE, "title": "Other", "labels": ["x"]}),
    ],
)
async def test_drafts_need_nobodys_yes(era: str, tool: str, arguments: dict[str, Any]) -> None:
    result, shown = await called(Sandbox(), era, None, tool, **arguments)
    assert not result.is_error, text_of(result)
    assert shown == []


@pytest.mark.parametrize("era", ERAS)
async def test_a_change_of_a_published_article_is_shown(era: str) -> None:
    sandbox = Sandbox()
    result, shown = await called(
        sandbox, era, yes, "update_article", article_id=RETURNS_ARTICLE, title="Returning",
        old_text="60 days", new_text="90 days", labels=[], section="Shipping",
    )  # fmt: skip
    assert not result.is_error, text_of(result)
    (question,) = shown
    head, changes = question.split("\nArticle last changed: ")
    assert head == (
        "Change this published article of the Help Center?\nTitle: How to return an item\n"
        f"Visible to: everyone\nArticle: {RETURNS_ARTICLE}, language en-us\n"
        "Section: Ordering > Returns and warranty"
    )
    assert changes.partition("\n")[2] == (
        "New title: Returning\nNew section: Ordering > Shipping\nNew labels: none\n\n"
        "This passage:\n| 60 days\n\nis replaced by:\n| 90 days"
    )


@pytest.mark.parametrize("era", ERAS)
async def test_publishing_a_draft_shows_its_text(era: str) -> None:
    sandbox = Sandbox()
    draft = {"article_id": DRAFT_ARTICLE, "draft": False}
    result, (question,) = await called(sandbox, era, yes, "update_article", **draft)
    assert result.structured_content["draft"] is False
    assert question.startswith("Publish this article in the Help Center?")
    assert question.endswith("<p>DRAFT: lots 0311 to 0318 are affected.</p>")
    body = "<p>Lots 0311 to 0318.</p>"
    result, (question,) = await called(Sandbox(), era, yes, "update_article", **draft, body=body)
    assert question.endswith(f"The new HTML, to the letter ({len(body)} characters):\n\n{body}")


@pytest.mark.parametrize("era", ERAS)
async def test_an_article_that_changed_while_the_human_thought_is_left_alone(era: str) -> None:
    sandbox = Sandbox()
    answers = 0

    def meanwhile(desk: Sandbox) -> ElicitResult:
        nonlocal answers
        answers += 1
        if answers > 3:
            return no(desk)
        text = desk.store.translations[RETURNS_ARTICLE]["en-us"]
        text["updated_at"] = stamp(desk.clock() + timedelta(minutes=answers))
        return yes(desk)

    result, _ = await called(
        sandbox, era, meanwhile, "update_article", article_id=RETURNS_ARTICLE, title="x"
    )
    assert kind_of(result) == ("conflict" if era == "legacy" else "confirmation_declined")
    assert writes(sandbox) == []
