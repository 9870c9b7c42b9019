"""A call of every tool that a human has to agree to, and what it does to the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import landmarks as at
from tool_examples import EXAMPLES
from zendesk_tools import CATALOGUE

CONFIRMING = tuple(spec.name for spec in CATALOGUE if spec.effect in {"contact", "irreversible"})
_LATER = "2031-01-01T00:00:00Z"
_TARGET, _SOURCE = at.INCIDENT_TICKETS


@dataclass(frozen=True)
class Case:
    """One call: what is sent after a yes, and what takes the ground from under the question."""

    arguments: dict[str, Any]
    sends: str
    changes: Callable[[Sandbox], None]

    @property
    def altered(self) -> dict[str, Any]:
        """Other arguments than those that a human saw."""
        name, value = next(iter(self.arguments.items()))
        return {**self.arguments, name: value + 1 if isinstance(value, int) else f"{value} too"}


def _ticket(number: int) -> Callable[[Sandbox], None]:
    def change(sandbox: Sandbox) -> None:
        sandbox.store.tickets[number]["updated_at"] = _LATER

    return change


def _requester(sandbox: Sandbox) -> None:
    sandbox.store.users[at.REQUESTER_ID].update(name="Lena B. Lindgren", updated_at=_LATER)


def _neighbours(sandbox: Sandbox) -> None:
    for article in sandbox.store.articles.values():
        article["permission_group_id"] += 1


def _article(sandbox: Sandbox) -> None:
    sandbox.store.articles[at.RETURNS_ARTICLE]["updated_at"] = _LATER


def _mail(sandbox: Sandbox) -> None:
    sandbox.store.suspended_tickets[at.SUSPENDED_MAIL]["subject"] = "Another one"


def _conversation(sandbox: Sandbox) -> None:
    sandbox.store.side_conversations[at.SIDE_CONVERSATION]["updated_at"] = _LATER


_SIDE = f"tickets/{at.ATTACHMENT_TICKET}/side_conversations"

CASES: dict[str, Case] = {
    "create_ticket": Case(
        {
            "subject": "Call about the tent",
            "body": "A spare pole is on its way.",
            "requester_id": at.REQUESTER_ID,
            "public": True,
        },
        "POST tickets",
        _requester,
    ),
    "reply_to_ticket": Case(
        EXAMPLES["reply_to_ticket"], f"PUT tickets/{at.OPEN_TICKET}", _ticket(at.OPEN_TICKET)
    ),
    "update_user": Case(
        {"user": at.REQUESTER_EMAIL, "email": "lena@home.example"},
        f"POST users/{at.REQUESTER_ID}/identities",
        _requester,
    ),
    "apply_macro": Case(
        {"ticket_id": at.NEW_TICKET, "macro": str(at.FIRST_ANSWER_MACRO)},
        f"PUT tickets/{at.NEW_TICKET}",
        _ticket(at.NEW_TICKET),
    ),
    "create_article": Case(
        {**EXAMPLES["create_article"], "draft": False},
        f"POST help_center/sections/{at.RETURNS_SECTION}/articles.json",
        _neighbours,
    ),
    "update_article": Case(
        {"article_id": at.RETURNS_ARTICLE, "title": "Returning things"},
        f"PUT help_center/articles/{at.RETURNS_ARTICLE}/translations/en-us.json",
        _article,
    ),
    "merge_tickets": Case(
        {"target_ticket_id": _TARGET, "source_ticket_ids": [_SOURCE]},
        f"POST tickets/{_TARGET}/merge",
        _ticket(_SOURCE),
    ),
    "close_ticket": Case(
        EXAMPLES["close_ticket"], f"PUT tickets/{at.SOLVED_TICKET}", _ticket(at.SOLVED_TICKET)
    ),
    "delete_ticket": Case(
        EXAMPLES["delete_ticket"], f"DELETE tickets/{at.NEW_TICKET}", _ticket(at.NEW_TICKET)
    ),
    "update_tickets": Case(EXAMPLES["update_tickets"], "PUT tickets/update_many", _ticket(_SOURCE)),
    "recover_suspended_ticket": Case(
        EXAMPLES["recover_suspended_ticket"], "PUT suspended_tickets/recover_many", _mail
    ),
    "create_side_conversation": Case(
        EXAMPLES["create_side_conversation"], f"POST {_SIDE}", _ticket(at.ATTACHMENT_TICKET)
    ),
    "reply_to_side_conversation": Case(
        EXAMPLES["reply_to_side_conversation"],
        f"POST {_SIDE}/{at.SIDE_CONVERSATION}/reply",
        _conversation,
    ),
}
"""By tool. One that is missing fails a test."""
