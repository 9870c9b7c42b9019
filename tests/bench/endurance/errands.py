"""What the clients of the endurance run do: a mix of reads, writes and mistakes."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from typing import Any

from bench.team.settling import Task
from mcp_server_zendesk.sandbox import landmarks as at

_TICKETS = (at.OPEN_TICKET, at.PENDING_TICKET, at.CLOSED_TICKET, at.HOSTILE_TICKET)

Errand = tuple[str, dict[str, Any]]

READS: tuple[Callable[[random.Random, int], Errand], ...] = (
    lambda chance, own: (
        "get_ticket",
        {"ticket_id": chance.choice((own, *_TICKETS)), "comments": chance.randrange(6)},
    ),
    lambda chance, own: ("list_ticket_comments", {"ticket_id": chance.choice((own, *_TICKETS))}),
    lambda chance, _: (
        "search_tickets",
        {"query": chance.choice(("status:open", "tent", "priority:urgent")), "limit": 10},
    ),
    lambda _, own: ("get_ticket_history", {"ticket_id": own, "limit": 10}),
    lambda _, own: ("get_solve_requirements", {"ticket_id": own}),
    lambda _, __: ("get_user", {"user": at.REQUESTER_EMAIL}),
    lambda _, __: ("search_users", {"query": "lena", "limit": 5}),
    lambda _, __: ("list_user_tickets", {"user": at.REQUESTER_EMAIL, "limit": 5}),
    lambda _, __: ("list_views", {"limit": 5}),
    lambda _, __: ("get_view_tickets", {"view": str(at.UNASSIGNED_VIEW), "limit": 5}),
    lambda _, __: ("list_groups", {"limit": 5}),
    lambda _, own: ("preview_macro", {"ticket_id": own, "macro": str(at.TRIAGE_MACRO)}),
    lambda _, __: ("list_ticket_fields", {"query": "resolution"}),
    lambda _, __: ("get_organization", {"organization": str(at.FJALLGARDEN_ID)}),
    lambda _, __: ("search_articles", {"query": "return", "limit": 3}),
    lambda _, __: ("check_connection", {}),
    lambda _, __: ("count_tickets", {"query": "status<solved"}),
)

MISTAKES: tuple[Callable[[random.Random, int], Errand], ...] = (
    lambda _, __: ("get_tickets", {"ticket_id": at.OPEN_TICKET}),
    lambda _, __: ("get_ticket", {"ticket_id": "the last one"}),
    lambda _, __: ("get_ticket", {"ticket_id": 999_999_999}),
    lambda _, own: ("update_ticket", {"ticket_id": own, "priority": "yesterday"}),
    lambda _, own: ("update_ticket", {"ticket_id": own, "tags": ["vip"]}),
    lambda _, own: ("add_internal_note", {"ticket_id": own}),
    lambda _, __: ("search_tickets", {"query": "status:open", "cursor": "invented"}),
    lambda _, __: ("list_ticket_comments", {"ticket_id": -1, "limit": 10**30}),
)


def read(caller: str | None, chance: random.Random, own: int) -> Task:
    """Look at something."""
    return Task(caller, *chance.choice(READS)(chance, own))


def mistake(caller: str | None, chance: random.Random, own: int) -> Task:
    """Call something as it cannot be called."""
    return Task(caller, *chance.choice(MISTAKES)(chance, own))


def write(caller: str | None, chance: random.Random, own: int) -> Task:
    """Change something in one's own ticket, so that each change can be found again."""
    kind = chance.choices(("note", "reply", "tag", "title", "bulk"), (5, 2, 3, 3, 1))[0]
    if kind == "note":
        return noted(caller, "add_internal_note", own)
    if kind == "reply":
        return noted(caller, "reply_to_ticket", own)
    if kind == "title":
        marker = _marker("title")
        return Task(caller, "update_ticket", {"ticket_id": own, "subject": marker}, marker)
    marker = _marker("tag")
    if kind == "tag":
        return Task(caller, "update_ticket_tags", {"ticket_id": own, "add": [marker]}, marker)
    return Task(caller, "update_tickets", {"ticket_ids": [own], "add_tags": [marker]}, marker)


def noted(caller: str | None, tool: str, own: int) -> Task:
    """Say something in a ticket."""
    marker = _marker("note")
    return Task(caller, tool, {"ticket_id": own, "body": f"Seen. {marker}"}, marker)


def opened(caller: str | None) -> Task:
    """A ticket of one's own: the writes of others to it would be conflicts."""
    marker = _marker("ticket")
    arguments = {"subject": f"Endures {marker}", "body": f"It has to last. {marker}"}
    return Task(caller, "create_ticket", arguments, marker)


def look_for(task: Task) -> Task:
    """The read in whose answer the task's marker stands, if it was carried out."""
    if task.tool == "create_ticket":
        return Task(task.caller, "search_tickets", {"query": f'"{task.marker}"', "limit": 5})
    own = task.arguments.get("ticket_id") or task.arguments["ticket_ids"][0]
    if task.tool in {"add_internal_note", "reply_to_ticket"}:
        return Task(task.caller, "list_ticket_comments", {"ticket_id": own})
    return Task(task.caller, "get_ticket", {"ticket_id": own, "comments": 0})


def _marker(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex}"
