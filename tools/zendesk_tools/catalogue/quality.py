"""The toolset `quality`: ratings, times, counts and targets."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.satisfaction:list_satisfaction_ratings",
        title="List satisfaction ratings",
        toolset="quality",
        effect="read",
        scopes=(("satisfaction_ratings:read",),),
        enriched_by=("users:read", "groups:read"),
    ),
    ToolSpec(
        handler="zendesk_tools.ticket_metrics:get_ticket_metrics",
        title="Read a ticket's metrics",
        toolset="quality",
        effect="read",
        scopes=(("tickets:read",),),
    ),
    ToolSpec(
        handler="zendesk_tools.ticket_counts:count_tickets",
        title="Count tickets",
        toolset="quality",
        effect="read",
        scopes=(("read",),),
    ),
    ToolSpec(
        handler="zendesk_tools.sla_policies:list_sla_policies",
        title="List SLA policies",
        toolset="quality",
        effect="read",
        scopes=(("sla_policies:read",),),
        enriched_by=("users:read", "groups:read", "read"),
    ),
)
