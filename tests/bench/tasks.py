"""Twenty everyday tasks of a support desk: the calls, Zendesk requests and bytes of each.

The tasks were written down before anything was measured; each names the calls that a model makes
which reads the tools' descriptions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from mcp import Client
from mcp_types import TextContent

from bench.figures import Table
from humans import agree
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.workspace import build_server

Answers = list[dict[str, Any]]
Call = tuple[str, dict[str, Any] | Callable[[Answers], dict[str, Any]]]
DAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Task:
    """What somebody asks for, and the calls that it takes."""

    asked: str
    calls: tuple[Call, ...]


def _solved(answers: Answers) -> dict[str, Any]:
    """Fill in what the requirements of solving name, with their first allowed value."""
    missing = answers[0]["missing"]
    values = {
        str(field["id"]): field["allowed_values"][0]["value"]
        for field in missing
        if field.get("allowed_values")
    }
    return {
        "ticket_id": at.SOLVE_BLOCKED_TICKET,
        "status": "solved",
        "assignee": "me",
        "custom_fields": values,
    }


def _first(tool_argument: str) -> Callable[[Answers], dict[str, Any]]:
    return lambda answers: {tool_argument: answers[-1]["items"][0]["id"]}


def _picture(answers: Answers) -> dict[str, Any]:
    files = [file for c in answers[0]["latest_comments"] for file in c.get("attachments") or []]
    images = [file for file in files if str(file.get("type", "")).startswith("image/")]
    return {"attachment_id": (images or files)[0]["id"]}


TASKS = (
    Task(
        "Which unsolved tickets are urgent, and who has them?",
        (("search_tickets", {"query": "status<solved priority:urgent"}),),
    ),
    Task("What is ticket 1001 about?", (("get_ticket", {"ticket_id": at.OPEN_TICKET}),)),
    Task(
        "How did the conversation of 1024 begin?",
        (("list_ticket_comments", {"ticket_id": at.TABLE_TICKET, "order": "oldest_first"}),),
    ),
    Task(
        "Do we know lena.bergstrom@…, and whose is she?",
        (("get_user", {"user": at.REQUESTER_EMAIL}),),
    ),
    Task("What else has she asked for?", (("list_user_tickets", {"user": at.REQUESTER_EMAIL}),)),
    Task(
        "Give 1002 to Marek and make it high.",
        (("update_ticket", {"ticket_id": 1002, "assignee": "Marek Dvořák", "priority": "high"}),),
    ),
    Task(
        "Tag the closed ticket 1006 churn_risk.",
        (("update_ticket_tags", {"ticket_id": at.CLOSED_TICKET, "add": ["churn_risk"]}),),
    ),
    Task(
        "Why can 1023 not be solved?",
        (("get_solve_requirements", {"ticket_id": at.SOLVE_BLOCKED_TICKET}),),
    ),
    Task(
        "Then solve it with what fits.",
        (
            ("get_solve_requirements", {"ticket_id": at.SOLVE_BLOCKED_TICKET}),
            ("update_ticket", _solved),
        ),
    ),
    Task(
        "Leave a note on 1001 for the next shift.",
        (("add_internal_note", {"ticket_id": at.OPEN_TICKET, "body": "Waiting for stock."}),),
    ),
    Task(
        "Answer the customer of 1001 and set it to pending.",
        (
            ("get_ticket", {"ticket_id": at.OPEN_TICKET}),
            (
                "reply_to_ticket",
                {"ticket_id": at.OPEN_TICKET, "body": "It is on its way.", "status": "pending"},
            ),
        ),
    ),
    Task("Who closed 1006, and why?", (("get_ticket_history", {"ticket_id": at.CLOSED_TICKET}),)),
    Task(
        "Merge 1012 into 1011, they are the same.",
        (
            (
                "merge_tickets",
                {"target_ticket_id": 1011, "source_ticket_ids": [1012]},
            ),
        ),
    ),
    Task(
        "What waits unassigned?",
        (("list_views", {}), ("get_view_tickets", {"view": str(at.UNASSIGNED_VIEW)})),
    ),
    Task(
        "Apply the triage macro to 1002.",
        (
            ("list_macros", {}),
            ("preview_macro", {"ticket_id": 1002, "macro": str(at.TRIAGE_MACRO)}),
            ("apply_macro", {"ticket_id": 1002, "macro": str(at.TRIAGE_MACRO)}),
        ),
    ),
    Task(
        "A customer called: open a ticket for Lena.",
        (
            ("search_users", {"query": "lena", "limit": 5}),
            (
                "create_ticket",
                {
                    "subject": "Call about the tent",
                    "body": "She asks for a spare pole.",
                    "requester_email": at.REQUESTER_EMAIL,
                },
            ),
        ),
    ),
    Task(
        "What do we tell customers about returns?",
        (
            ("search_articles", {"query": "return"}),
            ("get_article", _first("article_id")),
        ),
    ),
    Task(
        "What is in the picture of 1025?",
        (
            ("get_ticket", {"ticket_id": at.ATTACHMENT_TICKET}),
            ("get_attachment", _picture),
        ),
    ),
    Task(
        "Set both incidents to pending.",
        (
            ("list_linked_incidents", {"ticket_id": at.PROBLEM_TICKET}),
            ("update_tickets", {"ticket_ids": list(at.INCIDENT_TICKETS), "status": "pending"}),
        ),
    ),
    Task("How satisfied were customers lately?", (("list_satisfaction_ratings", {}),)),
)


async def measure(task: Task) -> tuple[int, int, int]:
    """Calls, requests to Zendesk, and bytes that the model reads, beginning afresh."""
    sandbox = Sandbox(clock=ManualClock(DAY))
    settings = embedded_settings({"scopes": "read write", "toolsets": "all"})

    async def sleep(_: float) -> None:
        return None

    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox), sleep=sleep)
    answers: Answers = []
    size = 0
    async with server.running(), Client(server, elicitation_callback=agree) as client:
        for tool, given in task.calls:
            arguments = given(answers) if callable(given) else given
            result = await client.call_tool(tool, arguments)
            texts = [block.text for block in result.content if isinstance(block, TextContent)]
            assert not result.is_error, (task.asked, tool, texts)
            size += sum(len(text.encode()) for text in texts)
            answers.append(dict(result.structured_content or {}))
    requests = [r for r in sandbox.requests if "/oauth/" not in r.path]
    return len(task.calls), len(requests), size


def tables() -> list[Table]:
    """Measure."""
    return [asyncio.run(_measured())]


async def _measured() -> Table:
    rows = []
    totals = [0, 0, 0]
    for task in TASKS:
        figures = await measure(task)
        totals = [total + figure for total, figure in zip(totals, figures, strict=True)]
        rows.append((task.asked, *(f"{figure:,}" for figure in figures)))
    rows.append(("all of them", *(f"{total:,}" for total in totals)))
    return Table(
        "Everyday tasks",
        "What each takes of a server that has just started: calls of tools, requests to Zendesk, "
        "and bytes that the model reads. The tasks were written down before anything was measured.",
        ("task", "calls", "requests", "bytes"),
        rows,
    )
