"""A ticket with its side-loads: how long it waits, and what its SLA policy still demands."""

from __future__ import annotations

from mcp_server_zendesk.connection.audit_records import SourcedVia
from mcp_server_zendesk.connection.records import MetricSet, Moment, Record, TicketRecord


class SlaTarget(Record):
    """A target of the ticket's SLA policy. What is left is told in one of three units."""

    metric: str | None = None
    stage: str | None = None
    breach_at: Moment = None
    days: float | None = None
    hours: float | None = None
    minutes: float | None = None

    @property
    def breached(self) -> bool:
        """Whether the time is up, by what Zendesk says is left."""
        return any((left or 0) < 0 for left in (self.days, self.hours, self.minutes))


class Slas(Record):
    """The side-load ``slas``."""

    policy_metrics: list[SlaTarget] | None = None


class DatedMetricSet(MetricSet):
    """The side-load ``metric_sets``, with the dates in it."""

    status_updated_at: Moment = None


class FullTicket(TicketRecord):
    """A ticket as one screen shows it."""

    via: SourcedVia | None = None
    metric_set: DatedMetricSet | None = None
    slas: Slas | None = None
