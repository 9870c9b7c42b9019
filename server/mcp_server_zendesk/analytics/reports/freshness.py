"""How fresh the copy is, and what of that a reader of a report has to know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked, Freshness
from mcp_server_zendesk.analytics.reports.report import Report
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.serving.local_refusals import NeverSynced
from mcp_server_zendesk.serving.local_store import Analytics

_STREAMS = "SELECT stream, epoch(until), complete FROM freshness"
_TICKETS = (
    "SELECT count(*), epoch(min(created_at)), count(*) FILTER (replies IS NULL "
    "OR (status IN ('solved', 'closed') AND solved_at IS NULL)) FROM tickets"
)
_OLD = timedelta(days=1)
_LAG = timedelta(hours=1)
_BY_STREAM = {"sla_breaches": "ticket_metric_events", "satisfaction": "satisfaction_ratings"}


async def freshness(ask: Ask) -> Freshness:
    """Until when the copy holds what.

    Raises:
        NeverSynced: No ticket has been read yet.
    """
    streams = {name: (until, complete) for name, until, complete in (await ask(_STREAMS, ())).rows}
    ((tickets, oldest, without),) = (await ask(_TICKETS, ())).rows
    until = _instant(streams.get("tickets", (None, False))[0])
    if until is None:
        until = _instant(max((at for at, _ in streams.values() if at is not None), default=None))
    if until is None:
        raise NeverSynced
    return Freshness(
        as_of=until,
        histories=_instant(streams.get("ticket_events", (None, False))[0]),
        complete=all(complete for _, complete in streams.values()),
        tickets=int(tickets),
        oldest=_instant(oldest),
        without_metrics=int(without),
        streams=frozenset(name for name, (at, _) in streams.items() if at is not None),
    )


def _instant(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)


def caveats(asked: Asked, report: Report, analytics: Analytics, now: datetime) -> list[str]:
    """What has to be known of the copy to read the report rightly."""
    copy, span = asked.freshness, asked.now
    notes = []
    if now - copy.as_of > _OLD:
        days = (now - copy.as_of) // _OLD
        notes.append(f"The copy is {days} day{'s' * (days > 1)} old; sync_tickets renews it.")
    if not copy.complete:
        notes.append("The latest sync did not come to its end, so that the copy may lack tickets.")
    notes += _about_the_period(asked, analytics, now)
    if report.histories:
        notes += _about_histories(asked)
    stream = _BY_STREAM.get(report.name)
    if stream is not None and stream not in copy.streams:
        notes.append("What this report counts has not been synced: the copy may hold none of it.")
    if report.metrics and copy.without_metrics:
        notes.append(
            f"Of {copy.without_metrics} tickets of the copy, Zendesk's metrics do not tell when "
            "they were answered or solved: what needs it leaves them out."
        )
    if span.cut and asked.before is not None and span.begins < copy.as_of:
        if asked.before.cut:
            notes.append("The period is not over; both are counted to the same point.")
        else:
            notes.append("The period is not over, but is compared with a whole one.")
    return notes


def _about_the_period(asked: Asked, analytics: Analytics, now: datetime) -> list[str]:
    copy, notes = asked.freshness, []
    kept = analytics.oldest(now)
    first = min(span.begins for span in asked.spans)
    if asked.now.begins >= copy.as_of:
        notes.append("The period begins after the copy ends: nothing is known of it yet.")
    if kept is not None and first < kept:
        notes.append(
            f"Tickets without a change since {kept:%Y-%m-%d} are not kept (retention): before that "
            "the counts are too low."
        )
    elif copy.oldest is not None and first < copy.oldest:
        notes.append(f"The first ticket of the copy came in on {copy.oldest:%Y-%m-%d}.")
    return notes


def _about_histories(asked: Asked) -> list[str]:
    copy = asked.freshness
    if copy.histories is None:
        return [
            "There are no histories of statuses: times of creation and solution stand in for them."
        ]
    if copy.as_of - copy.histories > _LAG and asked.now.ends > copy.histories:
        return [f"Histories of statuses are there until {stamp(copy.histories)} only."]
    return []
