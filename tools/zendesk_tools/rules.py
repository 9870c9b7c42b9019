"""Triggers and automations: what the account does by itself, and under which conditions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.rule_records import RuleRecord
from mcp_server_zendesk.serving.results import Line, Page, Result, Time
from zendesk_tools.kept_lists import page_of, whole_list
from zendesk_tools.rule_words import Vocabulary, vocabulary_of

Active = Annotated[
    bool | None,
    Field(description="Only active (true) or inactive (false) ones; both when left out"),
]
Words = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=200,
        description="Words of title, conditions or actions, all of them",
    ),
]
Limit = Annotated[int, Field(ge=1, le=100, description="Rules a page")]
Cursor = Annotated[str | None, Field(description="next_cursor of the page before")]


class Rule(Result):
    """A rule: it acts where all of ``all`` hold, and one of ``any`` if there is any."""

    id: int
    title: Line | None = None
    active: bool | None = None
    description: Line | None = None
    all: list[Line] | None = None
    any: list[Line] | None = None
    actions: list[Line] | None = None
    updated_at: Time | None = None


async def list_triggers(
    zendesk: Zendesk,
    active: Active = None,
    query: Words = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[Rule]:
    """List triggers: what the account does at once when a ticket is created or changed, such as
    mail to the requester, and under which conditions.

    Use it to say why something happened (get_ticket_history names the rule), or what a change
    will set off. What happens after a time is in list_automations. Changes show within ten minutes.
    """
    return await _rules(zendesk, "triggers", active, query, limit, cursor)


async def list_automations(
    zendesk: Zendesk,
    active: Active = None,
    query: Words = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[Rule]:
    """List automations: what the account does to tickets as time passes, such as closing solved
    ones or reminding people, and under which conditions; Zendesk runs them once an hour.

    Use it to say why a ticket changed without anyone's doing (get_ticket_history names the rule).
    What happens at once on a change is in list_triggers. Changes show within ten minutes.
    """
    return await _rules(zendesk, "automations", active, query, limit, cursor)


async def _rules(
    zendesk: Zendesk,
    kind: str,
    active: bool | None,
    query: str | None,
    limit: int,
    cursor: str | None,
) -> Page[Rule]:
    """Filtered here: Zendesk's own search knows titles only."""
    records = await whole_list(zendesk, RuleRecord, kind, key=kind, scope=f"{kind}:read")
    records = [one for one in records if active is None or one.active is active]
    if query:
        records = await _holding(zendesk, records, query.casefold().split())
    bound_to = {"tool": f"list_{kind}", "active": active, "query": query}
    shown, following = page_of(records, bound_to, limit, cursor)
    words = await _vocabulary(zendesk, shown)
    return Page[Rule](
        items=[_rule(one, words) for one in shown],
        has_more=following is not None,
        next_cursor=following,
        total=len(records),
    )


async def _holding(
    zendesk: Zendesk, records: list[RuleRecord], wanted: list[str]
) -> list[RuleRecord]:
    """The rules with every wanted word somewhere in what is shown of them."""
    words = await _vocabulary(zendesk, records)
    texts = ((one, _text(_rule(one, words))) for one in records)
    return [one for one, text in texts if all(word in text for word in wanted)]


async def _vocabulary(zendesk: Zendesk, records: list[RuleRecord]) -> Vocabulary:
    actions = [action for one in records for action in one.actions or []]
    return await vocabulary_of(zendesk, [one.conditions for one in records], actions)


def _rule(record: RuleRecord, words: Vocabulary) -> Rule:
    conditions = record.conditions
    return Rule(
        id=record.id,
        title=record.title,
        active=record.active,
        description=record.description or None,
        all=words.conditions(conditions.all) if conditions else None,
        any=words.conditions(conditions.any) if conditions else None,
        actions=[words.action(one) for one in record.actions or []] or None,
        updated_at=record.updated_at,
    )


def _text(rule: Rule) -> str:
    parts = [rule.title or "", *(rule.all or []), *(rule.any or []), *(rule.actions or [])]
    return "\n".join(parts).casefold()
