"""SLA policies: what the desk promises to whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.quality_records import SlaMetric, SlaPolicyRecord
from mcp_server_zendesk.serving.results import Line, Page, Result
from zendesk_tools.kept_lists import page_of, whole_list
from zendesk_tools.rule_words import Vocabulary, vocabulary_of

_SCOPE = "sla_policies:read"
_PRIORITIES = ("urgent", "high", "normal", "low")


class Promise(Result):
    """One target."""

    priority: Line | None = None
    metric: Line | None = None
    minutes: int | None = None
    business_hours: Annotated[
        bool | None, Field(description="Counted in business hours; calendar when left out")
    ] = None


class SlaPolicy(Result):
    """A policy: the tickets it is for, and its targets by priority."""

    id: int
    title: Line | None = None
    description: Line | None = None
    all: list[Line] | None = None
    any: list[Line] | None = None
    targets: list[Promise]


async def list_sla_policies(
    zendesk: Zendesk,
    limit: Annotated[int, Field(ge=1, le=100, description="Policies a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[SlaPolicy]:
    """List SLA policies: which tickets each is for, and the minutes it allows for each metric and
    priority. They stand in order: the first that fits a ticket is its policy.

    Use it to say what was promised; whether one ticket keeps to it is in get_ticket_metrics. Not
    in every Zendesk plan. Changes show within ten minutes.
    """
    records = await whole_list(
        zendesk, SlaPolicyRecord, "slas", "policies", key="sla_policies", scope=_SCOPE
    )
    records = sorted(records, key=lambda one: one.position or 0)
    query = {"tool": "list_sla_policies"}
    shown, following = page_of(records, query, limit, cursor)
    words = await vocabulary_of(zendesk, [one.filter for one in shown])
    return Page[SlaPolicy](
        items=[_policy(one, words) for one in shown],
        has_more=following is not None,
        next_cursor=following,
        total=len(records),
    )


def _policy(record: SlaPolicyRecord, words: Vocabulary) -> SlaPolicy:
    wanted = record.filter
    targets = sorted(record.policy_metrics or [], key=_by_priority)
    return SlaPolicy(
        id=record.id,
        title=record.title,
        description=record.description or None,
        all=words.conditions(wanted.all) if wanted else None,
        any=words.conditions(wanted.any) if wanted else None,
        targets=[
            Promise(
                priority=one.priority,
                metric=one.metric,
                minutes=_minutes(one),
                business_hours=one.business_hours or None,
            )
            for one in targets
        ],
    )


def _by_priority(one: SlaMetric) -> int:
    known = one.priority in _PRIORITIES
    return _PRIORITIES.index(one.priority) if known and one.priority else len(_PRIORITIES)


def _minutes(one: SlaMetric) -> int | None:
    seconds = one.target_in_seconds
    return one.target if seconds is None else seconds // 60
