"""What tells how well a desk does: satisfaction ratings, SLA policies and running targets."""

from __future__ import annotations

from mcp_server_zendesk.connection.records import MetricSet, Moment, Record
from mcp_server_zendesk.connection.rule_records import Conditions


class RatingRecord(Record):
    """A customer's answer to the satisfaction survey of a ticket (``zendesk-api.md`` §5.7)."""

    id: int
    ticket_id: int | None = None
    score: str | None = None
    comment: str | None = None
    reason: str | None = None
    reason_code: int | None = None
    requester_id: int | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    created_at: Moment = None


class RunningTarget(Record):
    """A target of a ticket's SLA policy (side-load ``slas``)."""

    metric: str | None = None
    stage: str | None = None
    breach_at: Moment = None


class RunningTargets(Record):
    """Those of one ticket."""

    policy_metrics: list[RunningTarget] | None = None


class MeasuredTicket(Record):
    """A ticket with its metrics and SLA targets beside it."""

    id: int
    subject: str | None = None
    status: str | None = None
    metric_set: StationedMetricSet | None = None
    slas: RunningTargets | None = None


class StationedMetricSet(MetricSet):
    """A metric set with how often the ticket changed hands."""

    group_stations: int | None = None
    assignee_stations: int | None = None


class SlaMetric(Record):
    """One target of a policy; ``target`` is in minutes."""

    priority: str | None = None
    metric: str | None = None
    target: int | None = None
    target_in_seconds: int | None = None
    business_hours: bool | None = None


class SlaPolicyRecord(Record):
    """An SLA policy: which tickets it is for, and what it promises."""

    id: int
    title: str | None = None
    description: str | None = None
    position: int | None = None
    filter: Conditions | None = None
    policy_metrics: list[SlaMetric] | None = None
