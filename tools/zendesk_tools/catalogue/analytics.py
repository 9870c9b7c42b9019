"""The toolset `analytics`: a copy of the tickets on this machine, and questions to it."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.ticket_sync:sync_tickets",
        title="Sync tickets for analytics",
        toolset="analytics",
        effect="write",
        scopes=(("read",),),
        idempotent=True,
    ),
    ToolSpec(
        handler="zendesk_tools.ticket_queries:query_tickets",
        title="Query tickets with SQL",
        toolset="analytics",
        effect="read",
        scopes=(("read",),),
    ),
    ToolSpec(
        handler="zendesk_tools.ticket_reports:ticket_report",
        title="Report on tickets",
        toolset="analytics",
        effect="read",
        scopes=(("read",),),
    ),
)
