"""One example call of each tool, against the embedded Zendesk on a fixed day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcp_server_zendesk.sandbox import landmarks as at

_TEXT_FILE = {"file_name": "packing-list.txt", "text": "1 tent\n2 poles\n"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "check_connection": {},
    "search_tickets": {"query": "status<solved priority:urgent", "limit": 2},
    "get_ticket": {"ticket_id": at.OPEN_TICKET, "comments": 1},
    "list_ticket_comments": {"ticket_id": at.OPEN_TICKET, "limit": 1},
    "get_ticket_history": {"ticket_id": at.CLOSED_TICKET, "limit": 2},
    "list_linked_incidents": {"ticket_id": at.PROBLEM_TICKET, "limit": 1},
    "get_solve_requirements": {"ticket_id": at.SOLVE_BLOCKED_TICKET},
    "create_ticket": {
        "subject": "Call about the tent",
        "body": "She asks for a spare pole.",
        "requester_email": at.REQUESTER_EMAIL,
    },
    "update_ticket": {"ticket_id": at.NEW_TICKET, "priority": "high", "assignee": "Marek Dvořák"},
    "update_ticket_tags": {"ticket_id": at.CLOSED_TICKET, "add": ["churn_risk"]},
    "add_internal_note": {"ticket_id": at.OPEN_TICKET, "body": "Asked the warehouse."},
    "reply_to_ticket": {
        "ticket_id": at.OPEN_TICKET,
        "body": "Hello Lena, it is on its way.",
        "status": "pending",
    },
    "get_user": {"user": at.REQUESTER_EMAIL},
    "search_users": {"query": "lena", "limit": 1},
    "list_user_tickets": {"user": at.REQUESTER_EMAIL, "limit": 1},
    "create_user": {"name": "Ida Holm", "email": "ida.holm@fjallgarden.example"},
    "update_user": {"user": at.REQUESTER_EMAIL, "phone": "+46 8 555 012 34"},
    "list_views": {"limit": 2},
    "get_view_tickets": {"view": str(at.UNASSIGNED_VIEW), "limit": 1},
    "list_groups": {"limit": 2},
    "list_macros": {"limit": 2},
    "preview_macro": {"ticket_id": at.NEW_TICKET, "macro": str(at.TRIAGE_MACRO)},
    "apply_macro": {"ticket_id": at.NEW_TICKET, "macro": str(at.TRIAGE_MACRO)},
    "list_ticket_fields": {"query": "resolution"},
    "get_organization": {"organization": str(at.FJALLGARDEN_ID)},
    "search_organizations": {"query": "fjall"},
    "list_organization_tickets": {"organization": str(at.FJALLGARDEN_ID), "limit": 1},
    "update_organization": {"organization": str(at.FJALLGARDEN_ID), "add_tags": ["partner"]},
    "list_sections": {},
    "search_articles": {"query": "return", "limit": 1},
    "get_article": {"article_id": at.RETURNS_ARTICLE, "body_limit": 500},
    "create_article": {
        "section": str(at.RETURNS_SECTION),
        "title": "Returning a tent",
        "body": "<p>Dry it first.</p>",
    },
    "update_article": {"article_id": at.DRAFT_ARTICLE, "labels": ["returns"]},
    "search": {"query": "tent"},
    "fetch": {"id": f"ticket:{at.OPEN_TICKET}"},
    "merge_tickets": {"target_ticket_id": 1011, "source_ticket_ids": [1012]},
    "close_ticket": {"ticket_id": at.SOLVED_TICKET},
    "delete_ticket": {"ticket_id": at.NEW_TICKET},
    "update_tickets": {"ticket_ids": list(at.INCIDENT_TICKETS), "status": "pending"},
    "get_job_status": {"job_id": "that of update_tickets"},
    "list_satisfaction_ratings": {"limit": 1},
    "get_ticket_metrics": {"ticket_id": at.CLOSED_TICKET},
    "count_tickets": {"query": "status<solved"},
    "list_sla_policies": {},
    "list_triggers": {"limit": 1},
    "list_automations": {"limit": 1},
    "list_suspended_tickets": {"limit": 1},
    "recover_suspended_ticket": {"suspended_ticket_id": at.SUSPENDED_MAIL},
    "list_tags": {"limit": 3},
    "get_attachment": {"attachment_id": 41700000908638},
    "upload_attachment": _TEXT_FILE,
    "list_side_conversations": {"ticket_id": at.ATTACHMENT_TICKET},
    "get_side_conversation": {
        "ticket_id": at.ATTACHMENT_TICKET,
        "side_conversation_id": at.SIDE_CONVERSATION,
        "limit": 1,
    },
    "create_side_conversation": {
        "ticket_id": at.ATTACHMENT_TICKET,
        "subject": "A pole for a customer",
        "body": "Do you have one in stock?",
        "to": ["workshop@polework.example"],
    },
    "reply_to_side_conversation": {
        "ticket_id": at.ATTACHMENT_TICKET,
        "side_conversation_id": at.SIDE_CONVERSATION,
        "body": "Thank you.",
    },
    "sync_tickets": {},
    "query_tickets": {
        "sql": "SELECT status, count(*) AS n FROM tickets GROUP BY ALL ORDER BY status"
    },
    "ticket_report": {"report": "volume", "period": "2026-11", "group_by": "week"},
}
"""Arguments by tool."""

HERE_ALONE = frozenset({"sync_tickets"})
"""What they write is on this machine: Zendesk is only read from."""
FROM_THE_COPY = frozenset({"query_tickets", "ticket_report"})
"""They answer from what ``sync_tickets`` has stored before."""


def kept_in(folder: Path) -> dict[str, Any]:
    """The settings by which tickets are kept, however long ago the fixed day is by now."""
    return {"analytics": True, "analytics_folder": str(folder), "retention_days": 36_500}
