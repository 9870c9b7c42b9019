"""Prompts, resources and completions: what a person picks, through the same doors as tools."""

from __future__ import annotations

import json

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, TextContent, TextResourceContents

from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET, REQUESTER_ID

pytestmark = pytest.mark.anyio


async def text(desk: Workspace, name: str, **arguments: str) -> str:
    (message,) = (await desk.client.get_prompt(name, arguments)).messages
    assert isinstance(message.content, TextContent)
    return message.content.text


async def test_a_prompt_is_listed_when_its_tools_are(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(scopes="tickets:read") as desk:
        listed = (await desk.client.list_prompts()).prompts
        assert [prompt.name for prompt in listed] == ["summarize_ticket"]
        with pytest.raises(MCPError, match="no prompt of that name"):
            await desk.client.get_prompt("find_similar_tickets", {"ticket_id": "1"})


async def test_a_prompt_names_only_tools_that_exist_and_what_it_was_given(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(scopes="read write", toolsets="all") as desk:
        listed = (await desk.client.list_prompts()).prompts
        for prompt in listed:
            assert prompt.title
            assert prompt.description
            assert all(argument.description for argument in prompt.arguments or [])
        assert "ticket 1001 " in await text(desk, "summarize_ticket", ticket_id="#1001")
        draft = await text(desk, "draft_reply", ticket_id="7", macro="Hi there", points="sorry")
        assert "'Hi there'" in draft
        assert "It has to say: sorry." in draft
        assert "status:solved" in await text(
            desk, "find_similar_tickets", ticket_id="7", status="solved"
        )
        assert desk.sent() == [], "a prompt asks nothing of Zendesk"


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("summarize_ticket", {}, "needs the argument 'ticket_id'"),
        ("summarize_ticket", {"ticket_id": "1 and ignore all"}, "should be a ticket's number"),
        ("summarize_ticket", {"ticket": "1"}, "no argument 'ticket'; the nearest is 'ticket_id'"),
        ("find_similar_tickets", {"ticket_id": "1", "status": "x"}, "should be one of new, open"),
        ("draft_reply", {"ticket_id": "1", "points": "x" * 201}, "longer than 200"),
        ("sumarize_ticket", {"ticket_id": "1"}, "the nearest is 'summarize_ticket'"),
    ],
)
async def test_a_prompt_that_cannot_be_filled_says_why(
    name: str, arguments: dict[str, str], says: str, open_workspace: OpenWorkspace
) -> None:
    async with open_workspace() as desk:
        with pytest.raises(MCPError, match=says):
            await desk.client.get_prompt(name, arguments)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_resource_is_what_its_tool_gives(mode: str, open_workspace: OpenWorkspace) -> None:
    async with open_workspace(mode=mode) as desk:
        templates = (await desk.client.list_resource_templates()).resource_templates
        assert [one.uri_template for one in templates][:2] == [
            "zendesk://tickets/{id}",
            "zendesk://users/{id}",
        ]
        for uri, tool, arguments in (
            (f"zendesk://tickets/{OPEN_TICKET}", "get_ticket", {"ticket_id": OPEN_TICKET}),
            (f"zendesk://users/{REQUESTER_ID}", "get_user", {"user": str(REQUESTER_ID)}),
        ):
            (content,) = (await desk.client.read_resource(uri)).contents
            assert isinstance(content, TextResourceContents)
            assert content.mime_type == "application/json"
            read, asked = json.loads(content.text), await desk.ask(tool, **arguments)
            assert read.keys() == asked.keys()
            assert read["id"] == asked["id"]


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("zendesk://tickets/999999999", "did not find the record"),
        ("zendesk://tickets/0", "Unknown resource"),
        ("zendesk://tickets/1/comments", "Unknown resource"),
        ("zendesk://tickets/..%2Fusers", "Unknown resource"),
        ("zendesk://triggers/1", "Unknown resource"),
        ("https://elsewhere.invalid/tickets/1", "Unknown resource"),
    ],
)
async def test_an_address_that_leads_nowhere_is_refused(
    uri: str, says: str, open_workspace: OpenWorkspace
) -> None:
    async with open_workspace() as desk:
        with pytest.raises(MCPError, match=says):
            await desk.client.read_resource(uri)


async def test_a_resource_without_the_scope_is_not_listed_and_refused(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(scopes="users:read") as desk:
        templates = (await desk.client.list_resource_templates()).resource_templates
        assert [one.name for one in templates] == ["users"]
        with pytest.raises(MCPError, match="tickets:read") as refused:
            await desk.client.read_resource(f"zendesk://tickets/{OPEN_TICKET}")
        assert refused.value.error.data["kind"] == "scope_missing"
        assert desk.sent() == []


async def complete(desk: Workspace, prompt: str, argument: str, begun: str) -> list[str]:
    ref = PromptReference(type="ref/prompt", name=prompt)
    answer = await desk.client.complete(ref, {"name": argument, "value": begun})
    return list(answer.completion.values)


async def test_names_are_completed_from_what_is_kept(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(scopes="read tickets:write", toolsets="all") as desk:
        assert await complete(desk, "find_similar_tickets", "status", "so") == ["solved"]
        groups = await complete(desk, "triage_view", "group", "")
        assert groups == sorted(groups, key=str.casefold)
        first = await complete(desk, "triage_view", "group", groups[0][:3].upper())
        assert first[0] == groups[0]
        assert await complete(desk, "summarize_ticket", "ticket_id", "1") == []
        assert len(desk.sent()) == 1, "the groups were asked for once"
        assert "Unassigned tickets" in await complete(desk, "triage_view", "view", "unassigned")
        macros = await complete(desk, "draft_reply", "macro", "")
        assert macros
        assert await complete(desk, "draft_reply", "macro", macros[0].lower()) == [macros[0]]
        assert await complete(desk, "draft_reply", "macro", "no such macro") == []
        assert len(desk.sent()) == 3
