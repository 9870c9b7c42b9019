"""A ticket's times, by the calendar and by business hours, and its SLA targets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.quality_records import MeasuredTicket, StationedMetricSet
from mcp_server_zendesk.connection.records import Minutes, parse, parse_list
from mcp_server_zendesk.serving.results import Line, Result, Time
from zendesk_tools.tickets import TicketId


class Span(Result):
    """Minutes."""

    calendar: int | None = None
    business: Annotated[int | None, Field(description="In the account's business hours")] = None


class Target(Result):
    """An SLA target that runs, or is over."""

    metric: Line | None = None
    stage: Line | None = None
    breach_at: Time | None = None


class TicketMetrics(Result):
    """How long what took, and how often."""

    ticket_id: int
    subject: Line | None = None
    status: Line | None = None
    replies: Annotated[int | None, Field(description="Public replies by agents")] = None
    reopens: int | None = None
    assignees: Annotated[int | None, Field(description="How many it went through")] = None
    groups: int | None = None
    first_reply: Span | None = None
    first_resolution: Span | None = None
    full_resolution: Span | None = None
    requester_wait: Span | None = None
    agent_wait: Span | None = None
    on_hold: Span | None = None
    assigned_at: Time | None = None
    solved_at: Time | None = None
    latest_comment_at: Time | None = None
    sla_targets: list[Target] | None = None


async def get_ticket_metrics(zendesk: Zendesk, ticket_id: TicketId) -> TicketMetrics:
    """Read how long one ticket took: first reply, resolution, waiting and holding times in minutes
    of the calendar and of business hours, its replies, reopens and hand-overs, and SLA targets.

    Use it to judge speed and service. What a ticket is about is in get_ticket, who moved it when
    in get_ticket_history, what an SLA policy promises in list_sla_policies.
    """
    answer = await zendesk.get("tickets", ticket_id, params={"include": "metric_sets,slas"})
    ticket = parse(MeasuredTicket, answer, "ticket")
    beside = iter(parse_list(StationedMetricSet, answer, "metric_sets"))
    metrics = ticket.metric_set or next(beside, StationedMetricSet())
    targets = (ticket.slas.policy_metrics if ticket.slas else None) or []
    return TicketMetrics(
        ticket_id=ticket.id,
        subject=ticket.subject,
        status=ticket.status,
        replies=metrics.replies,
        reopens=metrics.reopens,
        assignees=metrics.assignee_stations,
        groups=metrics.group_stations,
        first_reply=_span(metrics.reply_time_in_minutes),
        first_resolution=_span(metrics.first_resolution_time_in_minutes),
        full_resolution=_span(metrics.full_resolution_time_in_minutes),
        requester_wait=_span(metrics.requester_wait_time_in_minutes),
        agent_wait=_span(metrics.agent_wait_time_in_minutes),
        on_hold=_span(metrics.on_hold_time_in_minutes),
        assigned_at=metrics.assigned_at,
        solved_at=metrics.solved_at,
        latest_comment_at=metrics.latest_comment_added_at,
        sla_targets=[
            Target(metric=one.metric, stage=one.stage, breach_at=one.breach_at) for one in targets
        ]
        or None,
    )


def _span(minutes: Minutes | None) -> Span | None:
    if minutes is None or (minutes.calendar is None and minutes.business is None):
        return None
    return Span(calendar=minutes.calendar, business=minutes.business)
