"""Every report there is."""

from __future__ import annotations

from mcp_server_zendesk.analytics.reports.backlog import BACKLOG
from mcp_server_zendesk.analytics.reports.durations import FIRST_REPLY_TIME, RESOLUTION_TIME
from mcp_server_zendesk.analytics.reports.movers import COMPLAINTS, TAGS, TOPICS
from mcp_server_zendesk.analytics.reports.quality import REOPENS, SATISFACTION, SLA_BREACHES
from mcp_server_zendesk.analytics.reports.report import Report
from mcp_server_zendesk.analytics.reports.volume import VOLUME
from mcp_server_zendesk.analytics.reports.work import BUSIEST_HOURS, LOAD, WAITING_TIMES

REPORTS: dict[str, Report] = {
    one.name: one
    for one in (
        VOLUME,
        BACKLOG,
        FIRST_REPLY_TIME,
        RESOLUTION_TIME,
        REOPENS,
        SLA_BREACHES,
        SATISFACTION,
        TAGS,
        TOPICS,
        COMPLAINTS,
        LOAD,
        WAITING_TIMES,
        BUSIEST_HOURS,
    )
}
